"""The one loop: evaluate all rows together, hand each row its value, keep each row's best point."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from nast_fx.optimize.canvas import Canvas
from nast_fx.optimize.solution import Outcome
from nast_fx.optimize.solvers import Asked, Search
from nast_fx.progress import Progress, Steps

__all__ = ["Minimum", "minimize"]

MAX_RESTARTS = 5

Evaluate = Callable[[Canvas, Tensor], tuple[Tensor, dict[str, Tensor]]]
# (start, step_scale) -> search
MakeSearch = Callable[[Tensor, float], Search]


@dataclass(frozen=True)
class Minimum:
    """Best variable (batch, variable), and how each row came to it; see `Solution`."""

    variable: Tensor
    outcomes: tuple[Outcome, ...]
    history: list[dict[str, float]]
    n_steps: int
    n_evaluations: int
    seconds: float


@dataclass
class _Row:
    """One row's search, its best point, and how often it had to begin again."""

    make_search: MakeSearch
    best: Tensor
    best_value: float = math.inf
    n_restarts: int = 0
    n_done: int = 0
    outcome: Outcome | None = None
    search: Search = field(init=False)
    asked: Asked = field(init=False)

    def __post_init__(self) -> None:
        self._begin(self.best)

    @property
    def iteration(self) -> int:
        return self.n_done + self.asked.iteration

    def tell(self, value: float, gradient: Tensor, max_iterations: int) -> None:
        """Take the value of the asked point, and go on to the next one."""
        if self.outcome is not None:
            return
        if value < self.best_value:
            self.best, self.best_value = self.asked.point, value
        try:
            self.asked = self.search.send((value, gradient))
        except StopIteration as stop:
            self._end(stop.value)
        if self.outcome is None and self.iteration >= max_iterations:
            self._end(Outcome.MAX_ITERATIONS)

    def _begin(self, point: Tensor) -> None:
        self.search = self.make_search(point, 0.1**self.n_restarts)
        self.asked = next(self.search)

    def _end(self, outcome: Outcome) -> None:
        """Stop, or begin again at the best point after values that were not finite."""
        if outcome is Outcome.GAVE_UP and self.n_restarts < MAX_RESTARTS and self.best_value < math.inf:
            self.n_restarts += 1
            self.n_done += self.asked.iteration
            self._begin(self.best)
            return
        recovered = self.n_restarts and outcome is not Outcome.GAVE_UP
        self.outcome = Outcome.RECOVERED if recovered else outcome


def minimize(
    canvas: Canvas, evaluate: Evaluate, make_search: MakeSearch, *, max_iterations: int
) -> Steps[Minimum]:
    """Minimize each row of a canvas on its own.

    Parameters
    ----------
    evaluate : callable
        ``(canvas, variable) -> (total (batch,), losses by name)``, differentiable: an `Objective`.
    make_search : callable
        ``(start (variable,), step_scale) -> Search``.

    Yields
    ------
    Progress
        After each evaluation, with the losses at the rows' last accepted points (their mean).
    """
    began = time.perf_counter()
    rows = [_Row(make_search, point) for point in canvas.start]
    history: list[dict[str, float]] = []
    accepted: list[dict[str, float]] = [{} for _ in rows]
    n_evaluations, n_recorded = 0, -1
    while any(row.outcome is None for row in rows):
        variable = torch.stack([row.asked.point for row in rows]).requires_grad_()
        total, losses = evaluate(canvas, variable)
        (gradient,) = torch.autograd.grad(total.sum(), variable)
        n_evaluations += 1
        total = total.detach()
        losses = {name: loss.detach() for name, loss in losses.items()}
        for index, row in enumerate(rows):
            before = row.iteration
            row.tell(float(total[index]), gradient[index], max_iterations)
            if row.iteration > before or n_evaluations == 1:  # not a probe of a line search
                accepted[index] = {
                    name: float(loss[index]) for name, loss in {"loss": total, **losses}.items()
                }
        record = {name: sum(row[name] for row in accepted) / len(rows) for name in accepted[0]}
        step = min((row.iteration for row in rows if row.outcome is None), default=_last_step(rows))
        if step > n_recorded:
            history.append(record)
            n_recorded = step
        yield Progress("transfer", step=step, n_steps=max_iterations, losses=record)
    return Minimum(
        torch.stack([row.best for row in rows]),
        tuple(row.outcome or Outcome.GAVE_UP for row in rows),
        history,
        _last_step(rows),
        n_evaluations,
        time.perf_counter() - began,
    )


def _last_step(rows: list[_Row]) -> int:
    return max(row.iteration for row in rows)
