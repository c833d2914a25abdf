"""What is said of a style: rows of its facts, of a list of styles, and what was learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nast_fx.models.key import parse_key
from nast_fx.models.portable_style import RecordingFacts, StyleFacts

if TYPE_CHECKING:
    from nast_fx.styles import FoundStyle

__all__ = ["STYLE_HEADS", "fact_rows", "learnt_summary", "style_row"]

SURE_KEY, SURE_BEAT = 0.5, 0.3  # as in nast_fx.analysis, which takes long to import
STYLE_HEADS = ("style", "whose", "key", "length", "channels", "rate", "error", "from")
WHOSE = {"user": "yours", "factory": "nast-fx", "file": "a file"}


def fact_rows(found: FoundStyle, facts: StyleFacts) -> list[tuple[str, str]]:
    """Give label and value of everything that is known of one style."""
    learning, sound = facts.learning, facts.sound
    weights = ", ".join(f"{weight:.2f}" for weight in facts.weights)
    count = len(facts.weights)
    kept = f"{_seconds(facts.seconds)} in {count} run{'s' if count > 1 else ''} of {weights}"
    near = f"{100 * learning.error_with_phases:.1f} % from the recordings"
    if learning.halves is not None:
        near += f"; their own halves are {100 * learning.halves:.1f} % apart"
    rows = [
        ("name", facts.name),
        ("whose", WHOSE[found.layer] + (", in place of that of nast-fx" if found.shadows else "")),
        ("author", facts.author or "-"),
        ("license", facts.license or "-"),
        *(("from", _recording(one)) for one in facts.recordings),
        ("kept", kept),
        ("near", near),
        ("key", _key(facts)),
        ("tuning", _number(sound.tuning_cents, "cents from A = 440 Hz", sign="+", digits=0)),
        ("loudness", _number(sound.integrated_lufs, "LUFS")),
        ("loudness range", _number(sound.range_lu, "LU")),
        ("tempo", _doubted(_number(sound.bpm, "BPM"), sound.tempo_confidence, SURE_BEAT)),
        ("sound", f"{_channels(facts)}, {facts.sample_rate} Hz"),
        ("frames", f"n_fft {facts.n_fft}, hop {facts.hop_length}, {facts.window} window"),
        ("learnt", f"{facts.created}, by nast-fx {facts.version}"),
        ("file", str(found.path)),
    ]
    return rows


def style_row(found: FoundStyle, facts: StyleFacts) -> tuple[str, ...]:
    """One row of a list."""
    names = ", ".join(one.file for one in facts.recordings)
    return (
        found.name,
        WHOSE[found.layer] + (" *" if found.shadows else ""),
        _key(facts),
        _seconds(facts.seconds),
        _channels(facts),
        f"{facts.sample_rate} Hz",
        f"{100 * facts.learning.error_with_phases:.0f} %",
        names,
    )


def learnt_summary(facts: StyleFacts, n_bytes: int) -> str:
    """Say what was learnt, and how near it is."""
    learning, sound = facts.learning, f"{_channels(facts)} at {facts.sample_rate} Hz"
    return (
        f"{_seconds(facts.seconds)} of {_seconds(learning.seconds)}, {sound}, {n_bytes / 1e6:.1f} MB; "
        f"{100 * learning.error_with_phases:.1f} % from the recordings"
    )


def _recording(one: RecordingFacts) -> str:
    place = f" from {_seconds(one.start_seconds)} on" if one.start_seconds else ""
    channels = "1 channel" if one.channels == 1 else f"{one.channels} channels"
    return f"{one.file}{place}, {_seconds(one.seconds)}, {channels}, {one.sample_rate} Hz"


def _key(facts: StyleFacts) -> str:
    sound = facts.sound
    if sound.key is None:
        return "-"
    return _doubted(f"{sound.key} {parse_key(sound.key).camelot}", sound.key_confidence, SURE_KEY)


def _channels(facts: StyleFacts) -> str:
    return "stereo" if len(facts.parts) == 2 else "mono"


def _doubted(value: str, confidence: float, sure: float) -> str:
    return f"{value} ?" if value != "-" and confidence < sure else value


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _number(value: float | None, unit: str, *, digits: int = 1, sign: str = "") -> str:
    return "-" if value is None else f"{round(value, digits) + 0.0:{sign}.{digits}f} {unit}"
