"""Which runs stand for a recording, and with which weights: kernel herding with a corrected step.

With k(i, j), the mean of the squared kernel kappa^2 over the positions of runs i and j, a recording made of
runs with shares p has the squared maximum mean discrepancy

    error^2(w) = (w' k w - 2 w' k p + p' k p) / (p' k p),        w >= 0, sum w = 1

to runs with weights w: what the closed-form network calls the distance of their Gram matrices, as a share
of the recording's own. Runs are taken one after the other, each time the one after which it is least, with
all weights found anew (fully corrective Frank-Wolfe, Jaggi 2013, with the best vertex instead of the
steepest).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["choose_landmarks", "relative_error", "simplex_weights"]

Matrix = npt.NDArray[np.float64]

RIDGE = 1e-9  # of the mean run's own product: two equal runs have no unique weights


def choose_landmarks(kernel: Matrix, shares: Matrix, count: int) -> tuple[list[int], Matrix]:
    """Choose at most `count` runs and their weights.

    Parameters
    ----------
    kernel : ndarray, (run, run)
    shares : ndarray, (run,)
        Of the recording; they sum to one.

    Returns
    -------
    indices : list of int
        In rising order.
    weights : ndarray, (index,)
        Above 0; they sum to one.
    """
    wanted, chosen = kernel @ shares, list[int]()
    weights: Matrix = np.ones(0)
    for _ in range(min(count, len(shares))):
        best: tuple[float, int, Matrix] | None = None
        for index in sorted(set(range(len(shares))) - set(chosen)):
            some = [*chosen, index]
            trial = simplex_weights(kernel[np.ix_(some, some)], wanted[some])
            loss = float(trial @ kernel[np.ix_(some, some)] @ trial - 2 * trial @ wanted[some])
            if best is None or loss < best[0]:
                best = loss, index, trial
        if best is None:
            break
        chosen, weights = [*chosen, best[1]], best[2]
    kept = sorted((index, weight) for index, weight in zip(chosen, weights, strict=True) if weight > 0)
    return [index for index, _ in kept], np.array([weight for _, weight in kept])


def simplex_weights(kernel: Matrix, wanted: Matrix) -> Matrix:
    """Minimize ``w' kernel w - 2 w' wanted`` over weights at least 0 that sum to one (an active set)."""
    active = list(range(len(wanted)))
    while True:
        size = len(active)
        system = np.ones((size + 1, size + 1))
        system[:size, :size] = kernel[np.ix_(active, active)]
        system[np.diag_indices(size)] += RIDGE * np.trace(kernel) / len(kernel)
        system[size, size] = 0.0
        found = np.linalg.solve(system, np.append(wanted[active], 1.0))[:size]
        if size == 1 or (found >= 0).all():
            break
        active.pop(int(found.argmin()))
    weights = np.zeros(len(wanted))
    weights[active] = found
    return np.asarray(weights / weights.sum())


def relative_error(weights: Matrix, own: Matrix, cross: Matrix) -> float:
    """Distance of weighted runs from a recording, as a share of the recording's own norm.

    Parameters
    ----------
    weights : ndarray, (run,)
    own : ndarray, (run, run)
        Products of the runs with each other, over that of the recording with itself.
    cross : ndarray, (run,)
        Those of the runs with the recording, likewise.
    """
    return math.sqrt(max(0.0, float(weights @ own @ weights - 2 * weights @ cross + 1)))
