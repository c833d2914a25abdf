"""How an optimization ended, and with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from torch import Tensor

__all__ = ["Outcome", "Solution"]


class Outcome(Enum):
    """Why the optimizer stopped, as a sentence."""

    CONVERGED = "The loss no longer falls."
    MAX_ITERATIONS = "All iterations were used."
    STALLED = "No step along the gradient lowers the loss any further."
    RECOVERED = "A value was not finite; the work went on from the best point before it."
    GAVE_UP = "Values were not finite again and again; this is the best point before them."
    SILENT = "The content is silent here and stays so."
    UNTOUCHED = "Nothing was to be done."


# From best to worst: a render reports the worst of its segments.
SEVERITY = (
    Outcome.UNTOUCHED,
    Outcome.SILENT,
    Outcome.CONVERGED,
    Outcome.MAX_ITERATIONS,
    Outcome.STALLED,
    Outcome.RECOVERED,
    Outcome.GAVE_UP,
)


@dataclass(frozen=True)
class Solution:
    """The best point that was seen.

    Attributes
    ----------
    waveform : Tensor (batch, frame)
    outcomes : sequence of Outcome
        One a row.
    history : sequence of mappings
        Total (``loss``) and each term after every step, mean over the rows.
    n_steps, n_evaluations : int
        Iterations of the longest row; evaluations of the whole batch.
    seconds : float
        Time that the optimization took.
    """

    waveform: Tensor
    outcomes: Sequence[Outcome]
    history: Sequence[Mapping[str, float]]
    n_steps: int
    n_evaluations: int
    seconds: float

    @property
    def outcome(self) -> Outcome:
        """The worst of the rows."""
        return max(self.outcomes, key=SEVERITY.index)
