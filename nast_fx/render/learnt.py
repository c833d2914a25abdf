"""A learnt style as a reference: its runs are the excerpts, its key needs no listening."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nast_fx.analysis import KeyEstimate
from nast_fx.audio import Audio, shown
from nast_fx.errors import UsageError
from nast_fx.models import StyleReference, parse_key
from nast_fx.models.portable_style import STYLE_SUFFIX, SoundFacts
from nast_fx.render.reference import Reference, Span
from nast_fx.styles import LearntStyle, find_style, named_style, read_style
from nast_fx.styles.sound import StyleSource

__all__ = ["learnt_audio", "learnt_file", "learnt_reference", "open_learnt"]

REPEATS = 4  # of a run with the mean weight


def learnt_file(path: Path) -> Path | None:
    """Give the file of a learnt style that `path` means, by its suffix or its name; None for a recording.

    Raises
    ------
    UsageError
        There is neither a file nor a style of that name.
    """
    if path.suffix.lower() == STYLE_SUFFIX:
        return find_style(path).path
    if path.is_file():
        return None
    if found := named_style(path):
        return found.path
    if path.name == str(path) and not path.suffix:
        find_style(path)  # says which style is meant, perhaps
    return None


def open_learnt(file: Path, reference: StyleReference) -> Reference:
    """Open a style file; phases are found when it is first heard.

    Raises
    ------
    AudioFileError
        It cannot be read, or is no style.
    UsageError
        A part of it is asked for.
    """
    if reference.start_seconds or reference.length_seconds is not None:
        raise UsageError(
            f"{shown(reference.path)}: is a learnt style, of which no part can be used; "
            "leave @START:LENGTH out"
        )
    return learnt_reference(read_style(file), reference.path.name, reference.weight)


def learnt_reference(style: LearntStyle, name: str, weight: float = 1.0) -> Reference:
    """Take a style as a reference; `name` is for messages."""
    source = StyleSource(style)
    return Reference(
        source,
        name,
        weight,
        tuple(Span(span.start, span.n_frames, span.weight) for span in source.spans),
        source.levels,
        _key(style.facts.sound),
    )


def learnt_audio(file: Path) -> Audio:
    """Give the sound of a style file, to be measured: each run as often as its weight says."""
    source = StyleSource(read_style(file))
    runs = []
    for span in source.spans:
        count = max(1, round(REPEATS * len(source.spans) * span.weight))
        runs += [source.read(span.start, span.n_frames)] * count
    return Audio(np.concatenate(runs, axis=1), source.sample_rate)


def _key(sound: SoundFacts) -> KeyEstimate:
    key = None if sound.key is None else parse_key(sound.key)
    return KeyEstimate(key, sound.key_confidence, sound.tuning_cents, ())
