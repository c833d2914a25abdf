"""What a render kept of its content: loudness, silence, key and tempo, before and after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nast_fx.analysis import Analysis, Loudness, lufs
from nast_fx.analysis.loudness import MOMENTARY
from nast_fx.render.facts import TrackFacts
from nast_fx.render.keys import Transposition
from nast_fx.render.leveling import Leveled

__all__ = ["Tracked", "tracking_rows"]

LABELS = {
    "integrated_lufs": ("Integrated loudness", "LUFS"),
    "range_lu": ("Loudness range", "LU"),
    "momentary_max_lufs": ("Largest momentary loudness", "LUFS"),
    "short_term_max_lufs": ("Largest short-term loudness", "LUFS"),
    "true_peak_dbtp": ("True peak", "dBTP"),
    "sample_peak_dbfs": ("Sample peak", "dBFS"),
}
EDGE_POINTS = 5  # 50 ms before a silence ends, over which level following already sees what comes


@dataclass(frozen=True, eq=False)
class Tracked:
    """Facts of one render.

    Attributes
    ----------
    facts : TrackFacts or None
        Of the content as it came; None for a texture.
    leveled : Leveled
        The result's loudness, and how it was reached.
    transposition : Transposition
    gate_lufs : float
        Below it the content counts as silent.
    """

    facts: TrackFacts | None
    leveled: Leveled
    transposition: Transposition
    gate_lufs: float = -math.inf

    @property
    def content(self) -> Analysis | None:
        """What was heard in the content, or read from its score."""
        return self.facts.analysis if self.facts else None

    @property
    def silence(self) -> dict[str, float | None]:
        """Length of the content's silences in seconds, and the loudness there in LUFS, before and after.

        A silence counts from 0.4 s after it begins to 50 ms before it ends. None where there is none, or
        nothing at all in it.
        """
        if self.content is None:
            return {"seconds": 0.0, "content_lufs": None, "result_lufs": None}
        own, made = self.content.loudness, self.leveled.loudness
        quiet = own.momentary < self.gate_lufs
        quiet[: MOMENTARY - 1] = False
        inside = np.flatnonzero(quiet & np.pad(quiet, (0, EDGE_POINTS), mode="edge")[EDGE_POINTS:])
        return {
            "seconds": len(inside) * own.seconds / max(len(own.power), 1),
            "content_lufs": _mean(own, inside),
            "result_lufs": _mean(made, inside),
        }

    @property
    def summary(self) -> str:
        """Two sentences for people."""
        after = self.leveled.loudness
        before = self.content.loudness if self.content else None
        loudness = _change("LUFS", before.integrated_lufs if before else None, after.integrated_lufs)
        peak = _change("dBTP", before.true_peak_dbtp if before else None, after.true_peak_dbtp)
        said = f"Loudness {loudness or 'not defined'}, true peak {peak or 'none'}."
        return " ".join(filter(None, [said, self.transposition.summary]))

    def as_dict(self, styles: Sequence[str]) -> dict[str, Any]:
        """Facts for programs; `styles` are the names of the styles."""
        leveled = self.leveled
        loudness = {
            "content": _figures(self.content.loudness) if self.content else None,
            "result": _figures(leveled.loudness),
            "target_lufs": _rounded(leveled.target_lufs),
            "ceiling_dbtp": _rounded(leveled.ceiling_dbtp),
            "gain_db": _rounded(leveled.gain_db),
            "limited_db": _rounded(leveled.limited_db),
            "shortfall_lu": _rounded(leveled.shortfall_lu),
        }
        silence = {name: _rounded(value) for name, value in self.silence.items()}
        tempo = {"bpm": _rounded(self.content.tempo.bpm)} if self.content else None
        key = self.transposition.as_dict(styles)
        return {"loudness": loudness, "silence": silence, "key": key, "tempo": tempo}


def _figures(loudness: Loudness) -> dict[str, float | None]:
    return {name: _rounded(value) for name, value in loudness.figures.items()}


def tracking_rows(tracked: Tracked) -> list[tuple[str, str, str]]:
    """Label, content and result of each figure, for people."""
    facts = tracked.as_dict([""] * len(tracked.transposition.styles))
    own, made, silence = facts["loudness"]["content"] or {}, facts["loudness"]["result"], facts["silence"]
    rows = [
        (label, _cell(own.get(name), unit), _cell(made[name], unit)) for name, (label, unit) in LABELS.items()
    ]
    levels = (_cell(silence["content_lufs"], "LUFS"), _cell(silence["result_lufs"], "LUFS"))
    rows.append((f"In its silences ({silence['seconds']:.1f} s)", *levels))
    short = facts["loudness"]["shortfall_lu"] or 0.0
    return [*rows, ("Kept down by the ceiling", "", _cell(short, "LU"))]


def _cell(value: float | None, unit: str) -> str:
    return "\N{EN DASH}" if value is None else f"{value:.1f} {unit}".replace("-", "\N{MINUS SIGN}")


def _change(unit: str, before: float | None, after: float | None) -> str:
    """Say ``-14.2 to -14.0 LUFS``, or only what there is."""
    if after is None:
        return ""
    return f"{after:.1f} {unit}" if before is None else f"{before:.1f} to {after:.1f} {unit}"


def _mean(loudness: Loudness, inside: NDArray[np.intp]) -> float | None:
    """Loudness in LUFS of some points; None where they hold nothing."""
    power = loudness.power[inside].mean() if len(inside) else 0.0
    return float(lufs(power)) if power > 0 else None


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 2) + 0.0  # no -0
