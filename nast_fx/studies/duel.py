"""Who wins a pair: our method against a published one, at equal content error.

A transfer is always better at one thing when it is worse at the other, so two results are compared at the
same distance from the content. Ours is found by bisection over `content_weight`, on the papers' objective
(``balance=scale``), without the envelope stage, in mono at 22.05 kHz, as theirs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from nast_fx.evaluate import evaluate
from nast_fx.progress import Steps
from nast_fx.studies.published import BareRenders
from nast_fx.studies.recordings import Pair

__all__ = ["Duel", "duel"]

LIGHTEST, HEAVIEST = 1e-4, 30.0
N_STEPS = 7
EQUAL = 0.01
OURS = {"balance": "scale", "texture": 0.0, "max_iterations": 100}


@dataclass(frozen=True)
class Duel:
    """Both methods' style residuals at a content error.

    Attributes
    ----------
    content_error : float
        The published method's.
    theirs, ours : float
        Style residuals; ours at the nearest content error that is not greater (by more than 0.01), or the
        smallest that we reach.
    content_weight : float
        Of ours.
    our_error : float
        Its content error.
    """

    name: str
    content_error: float
    theirs: float
    ours: float
    content_weight: float
    our_error: float

    @property
    def is_won(self) -> bool:
        """Whether ours has the lower style residual, at no greater content error."""
        return self.ours < self.theirs and self.our_error <= self.content_error + EQUAL


def duel(pair: Pair, name: str, renders: BareRenders) -> Steps[Duel]:
    """Find ours at the published method's content error."""
    theirs = evaluate(pair.content, pair.style, (yield from renders.render(pair, name))).output
    wanted, residual = theirs.content_error or 0.0, theirs.style_residual or 0.0
    low, high = math.log(LIGHTEST), math.log(HEAVIEST)
    best: tuple[float, float, float] | None = None
    for _ in range(N_STEPS):
        weight = float(f"{math.exp((low + high) / 2):.3g}")
        made = yield from renders.render(pair, "infinite", {**OURS, "content_weight": weight})
        ours = evaluate(pair.content, pair.style, made).output
        error, own = ours.content_error or 0.0, ours.style_residual or 0.0
        if error <= wanted + EQUAL:
            best, high = (own, weight, error), (low + high) / 2
        else:
            low = (low + high) / 2
        if abs(error - wanted) < EQUAL:
            break
    own, weight, error = best or (math.inf, HEAVIEST, math.inf)
    return Duel(name, wanted, residual, own, weight, error)
