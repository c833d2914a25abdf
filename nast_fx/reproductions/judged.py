"""The figures of a result beside those of its baseline: what the style recording itself would get.

A content *survives* where the result is nearer to it than the style recording is, by features and by
onsets; a style is *reached* where less than `REACHED` of the untouched content's distance is left. The
figures are those of `nast_fx.evaluate`; what the pair alone decides is measured once.
"""

from __future__ import annotations

from dataclasses import dataclass

from nast_fx.audio import Audio
from nast_fx.evaluate.content import (
    chroma_agreement,
    content_error,
    copy_share,
    frame_view,
    onset_agreement,
)
from nast_fx.evaluate.features import Signal, trimmed_alike
from nast_fx.evaluate.style import style_scale
from nast_fx.reproductions.base import Cell
from nast_fx.reproductions.materials import seen
from nast_fx.reproductions.spectra import flatness
from nast_fx.reproductions.transfers import Made

__all__ = ["REACHED", "Judge", "Judged", "Kept"]

REACHED = 0.6
NEARER = 0.02  # of the style recording's own content error


@dataclass(frozen=True)
class Kept:
    """How much of the content is in a signal: see `nast_fx.evaluate`."""

    error: float
    onsets: float
    chroma: float


@dataclass(frozen=True)
class Judged:
    """One result and its figures."""

    made: Made
    kept: Kept
    style_residual: float
    flatness: float
    copy: float
    content_survives: bool

    @property
    def style_is_reached(self) -> bool:
        """Whether little of the distance to the style is left."""
        return self.style_residual < REACHED

    @property
    def works(self) -> bool:
        """Whether both content and style are retained."""
        return self.content_survives and self.style_is_reached

    def row(self) -> dict[str, Cell]:
        """Give the figures by name."""
        return {
            "run": self.made.run.name,
            "loss at start": self.made.loss(at=0),
            "loss at end": self.made.loss(),
            "content error": self.kept.error,
            "onset agreement": self.kept.onsets,
            "chroma agreement": self.kept.chroma,
            "style residual": self.style_residual,
            "flatness": self.flatness,
            "copy": self.copy,
            "content survives": self.content_survives,
            "style is reached": self.style_is_reached,
            "seconds": self.made.seconds,
        }


class Judge:
    """Judges the results of one pair of content and style."""

    def __init__(self, content: Audio, style: Audio) -> None:
        self.content, self.style = seen(content), seen(style)
        self.scale = style_scale(self.style, self.content)
        self.baseline = self.kept(self.style)

    def __call__(self, made: Made) -> Judged:
        """Measure a result."""
        signal = seen(made.audio)
        kept = self.kept(signal)
        nearer = kept.error < (1 - NEARER) * self.baseline.error and kept.onsets > self.baseline.onsets
        residual = self.scale.residual(signal)
        return Judged(
            made,
            kept,
            float("nan") if residual is None else residual,
            flatness(signal),
            copy_share(signal, self.style),
            nearer,
        )

    def kept(self, signal: Signal) -> Kept:
        """Measure how much of the content is in waveform (frame,)."""
        pair = trimmed_alike(signal, self.content)
        if pair is None:
            return Kept(float("nan"), 0.0, 0.0)
        views = frame_view(pair[0]), frame_view(pair[1])
        error = content_error(*pair)
        return Kept(
            float("nan") if error is None else error,
            onset_agreement(*views) or 0.0,
            chroma_agreement(*views) or 0.0,
        )
