"""How each segment of a render went."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nast_fx.audio import Samples
from nast_fx.optimize import Outcome, Solution
from nast_fx.render.segments import Span
from nast_fx.render.store import KeptSegment

__all__ = ["SegmentRecord"]


@dataclass(frozen=True, eq=False)
class SegmentRecord:
    """How one segment went; a few hundred bytes, since a long track has many.

    Attributes
    ----------
    index : int
    outcomes : tuple of Outcome
        One a row.
    names : tuple of str
        Of the losses: the total and the terms.
    losses : ndarray, (step, name) float32
    n_evaluations : int
    start_seconds, end_seconds : float
        Its place in the track, overlaps included.
    """

    index: int
    outcomes: tuple[Outcome, ...]
    names: tuple[str, ...] = ()
    losses: Samples = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    n_evaluations: int = 0
    start_seconds: float = 0.0
    end_seconds: float = 0.0

    @classmethod
    def of(cls, span: Span, sample_rate: int, solution: Solution | None) -> SegmentRecord:
        """Keep what is worth keeping of a solution; None where all was silent."""
        start, end = span.start / sample_rate, span.end / sample_rate
        if solution is None:
            return cls(span.index, (Outcome.SILENT,), start_seconds=start, end_seconds=end)
        names = tuple(solution.history[0]) if solution.history else ()
        losses = np.array([[step[name] for name in names] for step in solution.history], dtype=np.float32)
        outcomes, n_evaluations = tuple(solution.outcomes), solution.n_evaluations
        return cls(span.index, outcomes, names, losses, n_evaluations, start, end)

    @classmethod
    def of_kept(cls, span: Span, sample_rate: int, kept: KeptSegment) -> SegmentRecord:
        """Make the record of a segment that was finished before."""
        start, end = span.start / sample_rate, span.end / sample_rate
        return cls(span.index, kept.outcomes, kept.names, kept.losses, kept.n_evaluations, start, end)

    def kept(self, waveform: Samples) -> KeptSegment:
        """Make of it, and of the segment's rows (row, frame), what is kept."""
        return KeptSegment(waveform, self.outcomes, self.names, self.losses, self.n_evaluations)

    @property
    def history(self) -> list[dict[str, float]]:
        """Losses by name after every step."""
        return [dict(zip(self.names, map(float, step), strict=True)) for step in self.losses]
