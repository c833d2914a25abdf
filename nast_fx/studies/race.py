"""The result of one race between the closed form and a finite network."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Race", "Run"]


@dataclass(frozen=True)
class Run:
    """One run: its iterations, its seconds, and how a fresh network judges its result."""

    n_iterations: int
    seconds: float
    judged: float
    style: float


@dataclass(frozen=True)
class Race:
    """The runs of one pair.

    Attributes
    ----------
    finite : Run
        The naive finite network.
    reached : Run or None
        The shortest run of the closed form that is judged lower; None where there is none.
    final : Run
        The closed form after as many iterations as the finite network.
    """

    name: str
    finite: Run
    reached: Run | None
    final: Run

    @property
    def ratio(self) -> float | None:
        """How many times sooner the closed form was there; None if it never was."""
        return self.finite.seconds / self.reached.seconds if self.reached else None
