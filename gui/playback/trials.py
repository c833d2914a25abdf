"""A blind test: X is A or B, drawn anew each time; how likely a score is by guessing alone."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["CLEAR_P", "Trials"]

CLEAR_P = 0.05  # a score that guessing reaches this seldom counts as heard


class Trials:
    """Trials of one listener.

    Parameters
    ----------
    toss : callable
        Gives True or False by chance, each as often.

    Attributes
    ----------
    x : str
        ``A`` or ``B``; not to be shown.
    n_trials, n_right : int
        Answers, and those that were right.
    """

    def __init__(self, toss: Callable[[], bool]) -> None:
        self._toss = toss
        self.n_trials = 0
        self.n_right = 0
        self._draw()

    def answer(self, guess: str) -> bool:
        """Take a guess, ``A`` or ``B``, draw the next X, and say whether it was right."""
        is_right = guess == self.x
        self.n_trials += 1
        self.n_right += is_right
        self._draw()
        return is_right

    @property
    def p(self) -> float:
        """Probability of so many right answers, or more, by guessing: a tail of the binomial distribution."""
        ways = sum(math.comb(self.n_trials, k) for k in range(self.n_right, self.n_trials + 1))
        return float(ways / 2**self.n_trials)

    def _draw(self) -> None:
        self.x = "A" if self._toss() else "B"
