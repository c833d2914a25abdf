"""The figures of a result beside those of its baseline: what the style recording itself would get.

A content *survives* where the result is nearer to it than the style recording is, by features and by
onsets; a style is *reached* where less than `REACHED` of the untouched content's distance is left.
"""

from __future__ import annotations

from dataclasses import dataclass

from nast_fx.audio import Audio
from nast_fx.evaluate import Figures, evaluate
from nast_fx.reproductions.base import Cell
from nast_fx.reproductions.materials import seen
from nast_fx.reproductions.spectra import flatness
from nast_fx.reproductions.transfers import Made

__all__ = ["REACHED", "Judge", "Judged"]

REACHED = 0.6
NEARER = 0.02  # of the style recording's own content error


@dataclass(frozen=True)
class Judged:
    """One result and its figures."""

    made: Made
    figures: Figures
    flatness: float
    content_survives: bool
    style_is_reached: bool

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
            "content error": self.figures.content_error,
            "onset agreement": self.figures.onset_agreement,
            "chroma agreement": self.figures.chroma_agreement,
            "style residual": self.figures.style_residual,
            "texture residual": self.figures.texture_residual,
            "flatness": self.flatness,
            "copy": self.figures.copy,
            "content survives": self.content_survives,
            "style is reached": self.style_is_reached,
            "seconds": self.made.seconds,
        }


class Judge:
    """Judges the results of one pair of content and style."""

    def __init__(self, content: Audio, style: Audio) -> None:
        self.content, self.style = content, style
        self.baseline = evaluate(content, style, style).output

    def __call__(self, made: Made) -> Judged:
        """Measure a result."""
        figures = evaluate(self.content, self.style, made.audio).output
        error, onsets = figures.content_error, figures.onset_agreement
        limit, least = self.baseline.content_error, self.baseline.onset_agreement
        survives = (
            error is not None
            and limit is not None
            and error < (1 - NEARER) * limit
            and (onsets or 0.0) > (least or 0.0)
        )
        residual = figures.style_residual
        reached = residual is not None and residual < REACHED
        return Judged(made, figures, flatness(seen(made.audio)), survives, reached)
