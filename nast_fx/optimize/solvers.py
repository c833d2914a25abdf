"""Solvers that ask and are told: a generator yields a point and is sent its value and gradient.

One generator serves one batch row, so each row has its own line search while all rows are evaluated
together; the loop (`nast_fx.optimize.loop`) does that. In a line search a value that is not finite
counts as infinitely high; where there is nothing to back away to, a solver gives up, and the loop
begins again at the best point with a smaller `step_scale`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from nast_fx.optimize.solution import Outcome

__all__ = ["SOLVERS", "Asked", "Search", "adam", "lbfgs"]

SUFFICIENT_DECREASE = 1e-4  # Nocedal & Wright 2006, section 3.1: c1
CURVATURE = 0.9  # c2
MAX_LINE_SEARCH = 20  # evaluations
TOLERANCE = 1e-7  # relative decrease of the loss; float32 cannot tell less
PATIENCE = 3  # iterations below the tolerance
ROUNDING = 5e-7  # of the loss: what float32 cannot tell from nothing
FIRST_STEP = 0.01  # of the norm of the start: nothing is known of the scale yet


@dataclass(frozen=True)
class Asked:
    """A point to evaluate (variable,), and the iterations that are done."""

    point: Tensor
    iteration: int


Told = tuple[float, Tensor]
Search = Generator[Asked, Told, Outcome]


def adam(start: Tensor, *, learning_rate: float, step_scale: float = 1.0) -> Search:
    """Adam (Kingma & Ba 2015, algorithm 1) with the published decay rates."""
    point, first, second = start, torch.zeros_like(start), torch.zeros_like(start)
    rate_now = learning_rate * step_scale
    step = 0
    while True:
        value, gradient = yield Asked(point, step)
        if not _is_finite(value, gradient):
            return Outcome.GAVE_UP
        step += 1
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient.square()
        rate = rate_now * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        point = point - rate * first / (second.sqrt() + 1e-8)


def lbfgs(start: Tensor, *, history: int, step_scale: float = 1.0) -> Search:
    """L-BFGS with a strong-Wolfe line search (Nocedal & Wright 2006, algorithms 7.5 and 3.5).

    Parameters
    ----------
    history : int
        Pairs that approximate the curvature.
    step_scale : float
        Factor of the first step.
    """
    pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=history)
    point = start
    value, gradient = yield Asked(point, 0)
    if not _is_finite(value, gradient):
        return Outcome.GAVE_UP
    iteration, n_flat = 0, 0
    while True:
        if _norm(gradient) == 0:
            return Outcome.CONVERGED
        direction = -_inverse_hessian_times(gradient, pairs)
        slope = _dot(direction, gradient)
        if not slope < 0:
            pairs.clear()
            direction, slope = -gradient, -_dot(gradient, gradient)
        first = 1.0 if pairs else _first_step(point, gradient) * step_scale
        found = yield from _line_search(_Line(point, direction, value, slope, iteration), first)
        if found is None:
            if not pairs:
                return Outcome.STALLED
            pairs.clear()
            continue
        step, new_value, new_gradient = found
        difference, change = step * direction, new_gradient - gradient
        curvature = _dot(difference, change)
        if curvature > 1e-10 * _dot(change, change):
            pairs.append((difference, change, curvature))
        n_flat = n_flat + 1 if value - new_value <= TOLERANCE * abs(value) else 0
        point, value, gradient = point + difference, new_value, new_gradient
        iteration += 1
        if n_flat >= PATIENCE:
            return Outcome.CONVERGED


def _first_step(point: Tensor, gradient: Tensor) -> float:
    return FIRST_STEP * (_norm(point) or 1.0) / _norm(gradient)


def _inverse_hessian_times(gradient: Tensor, pairs: deque[tuple[Tensor, Tensor, float]]) -> Tensor:
    """Two-loop recursion (algorithm 7.4)."""
    result = gradient.clone()
    shares = []
    for difference, change, curvature in reversed(pairs):
        share = _dot(difference, result) / curvature
        result.sub_(change, alpha=share)
        shares.append(share)
    if pairs:
        _, change, curvature = pairs[-1]
        result.mul_(curvature / _dot(change, change))
    for (difference, change, curvature), share in zip(pairs, reversed(shares), strict=True):
        result.add_(difference, alpha=share - _dot(change, result) / curvature)
    return result


@dataclass(frozen=True)
class _Line:
    """A ray from a point: its start value and slope, and the iteration it belongs to."""

    point: Tensor
    direction: Tensor
    value: float
    slope: float
    iteration: int

    def at(self, step: float) -> Generator[Asked, Told, _Probe]:
        value, gradient = yield Asked(self.point + step * self.direction, self.iteration)
        slope = _dot(gradient, self.direction)
        if not (math.isfinite(value) and math.isfinite(slope)):
            return _Probe(step, math.inf, math.inf, gradient)
        return _Probe(step, value, slope, gradient)

    def rises(self, probe: _Probe) -> bool:
        """Whether the sufficient decrease fails (equation 3.7a) by more than rounding."""
        wanted = self.value + SUFFICIENT_DECREASE * probe.step * self.slope
        return probe.value > wanted + ROUNDING * abs(self.value)

    def is_flat(self, probe: _Probe) -> bool:
        """Whether the strong curvature condition holds (3.7b)."""
        return abs(probe.slope) <= -CURVATURE * self.slope


@dataclass(frozen=True)
class _Probe:
    step: float
    value: float
    slope: float
    gradient: Tensor


Found = tuple[float, float, Tensor] | None


def _line_search(line: _Line, first: float) -> Generator[Asked, Told, Found]:
    """Bracket a step that fulfills the strong Wolfe conditions (algorithm 3.5), then zoom."""
    low = _Probe(0.0, line.value, line.slope, line.point)
    step = first
    for attempt in range(MAX_LINE_SEARCH):
        probe = yield from line.at(step)
        if line.rises(probe) or probe.value > low.value + ROUNDING * abs(line.value):
            return (yield from _zoom(line, low, probe, MAX_LINE_SEARCH - attempt))
        if line.is_flat(probe):
            return probe.step, probe.value, probe.gradient
        if probe.slope >= 0:
            return (yield from _zoom(line, probe, low, MAX_LINE_SEARCH - attempt))
        low, step = probe, step * 2.5
    return low.step, low.value, low.gradient


def _zoom(line: _Line, low: _Probe, high: _Probe, n_left: int) -> Generator[Asked, Told, Found]:
    """Shrink a bracket around a good step (algorithm 3.6); `low` is its best end so far."""
    for _ in range(n_left):
        probe = yield from line.at(_interpolate(low, high))
        if line.rises(probe) or probe.value >= low.value:
            high = probe
        else:
            if line.is_flat(probe):
                return probe.step, probe.value, probe.gradient
            if probe.slope * (high.step - low.step) >= 0:
                high = low
            low = probe
    # Rounding may hide the curvature condition; any real decrease is progress.
    return (low.step, low.value, low.gradient) if low.step > 0 else None


def _interpolate(low: _Probe, high: _Probe) -> float:
    """Minimum of the cubic through both ends (equation 3.59), kept away from them."""
    middle = (low.step + high.step) / 2
    if not (math.isfinite(high.value) and math.isfinite(high.slope)):
        return low.step + 0.1 * (high.step - low.step)
    width = high.step - low.step
    d1 = low.slope + high.slope - 3 * (low.value - high.value) / (low.step - high.step)
    square = d1 * d1 - low.slope * high.slope
    if square < 0:
        return middle
    d2 = math.copysign(math.sqrt(square), width)
    divisor = high.slope - low.slope + 2 * d2
    if divisor == 0:
        return middle
    step = high.step - width * (high.slope + d2 - d1) / divisor
    near, far = sorted((low.step + 0.1 * width, high.step - 0.1 * width))
    return min(max(step, near), far)


def _is_finite(value: float, gradient: Tensor) -> bool:
    return math.isfinite(value) and bool(torch.isfinite(gradient).all())


def _dot(x: Tensor, y: Tensor) -> float:
    return float(torch.dot(x, y))


def _norm(x: Tensor) -> float:
    return math.sqrt(max(_dot(x, x), 0.0))


SOLVERS: dict[str, Callable[..., Search]] = {"lbfgs": lbfgs, "adam": adam}
