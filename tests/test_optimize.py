"""Problems with known answers under every solver, and what the loop does when values break."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from nast_fx.optimize import SOLVERS, Outcome, Pinned, SpectrumCanvas, WaveformCanvas, minimize
from nast_fx.progress import drain
from nast_fx.representations import LogMagnitude

OPTIONS = {"lbfgs": {"history": 10}, "adam": {"learning_rate": 0.05}}


def quadratic(x: torch.Tensor) -> torch.Tensor:
    scale = torch.logspace(0, 2, x.shape[1])
    return (scale * (x - 1) ** 2).sum(dim=1)


def rosenbrock(x: torch.Tensor) -> torch.Tensor:
    return ((1 - x[:, :-1]) ** 2 + 100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2).sum(dim=1)


def log_cosh(x: torch.Tensor) -> torch.Tensor:
    return torch.log(torch.cosh(x - 1)).sum(dim=1)


# All have their minimum, 0, where every variable is 1.
PROBLEMS = {"quadratic": quadratic, "rosenbrock": rosenbrock, "log cosh": log_cosh}


def solve(loss: Callable, start: torch.Tensor, solver: str, max_iterations: int = 2000, **options):
    def search(point, scale):
        return SOLVERS[solver](point, step_scale=scale, **{**OPTIONS[solver], **options})

    def evaluate(canvas, variable):
        return loss(canvas.waveform(variable)), {}

    return drain(minimize(WaveformCanvas(start), evaluate, search, max_iterations=max_iterations))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_solver_solves_every_problem(solver, problem):
    start = torch.tensor([[-1.2, 1.0], [2.0, -0.5]])
    found = solve(PROBLEMS[problem], start, solver, max_iterations=5000 if solver == "adam" else 200)
    torch.testing.assert_close(found.variable, torch.ones(2, 2), atol=0.02, rtol=0)


def test_rows_search_on_their_own():
    start = torch.tensor([[-1.2, 1.0, 0.3, 0.7], [2.0, -0.5, 1.5, 0.0]])
    together = solve(rosenbrock, start, "lbfgs", max_iterations=15)
    alone = [solve(rosenbrock, row[None], "lbfgs", max_iterations=15) for row in start]
    torch.testing.assert_close(together.variable, torch.cat([one.variable for one in alone]))


def test_the_record_goes_on_when_one_row_has_ended():
    start = torch.tensor([[1.0, 1.0, 1.0, 1.0], [2.0, -0.5, 1.5, 0.0]])
    found = solve(rosenbrock, start, "lbfgs", max_iterations=100)
    assert found.outcomes[0] is Outcome.CONVERGED
    assert len(found.history) == found.n_steps + 1
    assert found.history[-1]["loss"] < 1e-6
    losses = [record["loss"] for record in found.history]
    assert losses == sorted(losses, reverse=True)  # accepted points only, no probes


def test_the_best_point_is_kept_when_steps_go_up():
    found = solve(quadratic, torch.full((1, 4), 1.05), "adam", max_iterations=4, learning_rate=0.5)
    assert float(quadratic(found.variable)) <= float(quadratic(torch.full((1, 4), 1.05)))


def test_a_line_search_backs_away_from_values_that_are_not_finite():
    def barrier(x):
        return torch.where(x > 0.5, torch.nan, (x - 0.499) ** 2).sum(dim=1)

    found = solve(barrier, torch.full((1, 3), -50.0), "lbfgs", max_iterations=100)
    assert float(barrier(found.variable)) < 1e-4
    assert found.outcomes[0] is not Outcome.GAVE_UP


def test_adam_begins_again_at_the_best_point_after_a_nan():
    calls = []

    def breaks_once(x):
        calls.append(1)
        return quadratic(x) * (math.nan if len(calls) == 10 else 1.0)

    found = solve(breaks_once, torch.zeros(1, 4), "adam", max_iterations=400)
    assert found.outcomes == (Outcome.RECOVERED,)
    assert float(quadratic(found.variable)) < 0.1 * float(quadratic(torch.zeros(1, 4)))


@pytest.mark.parametrize("solver", SOLVERS)
def test_nothing_but_nan_ends_with_the_start(solver):
    start = torch.tensor([[0.25, 0.5]])
    found = solve(lambda x: x.sum(dim=1) * math.nan, start, solver)
    assert found.outcomes == (Outcome.GAVE_UP,)
    torch.testing.assert_close(found.variable, start)


def test_a_first_step_that_rounding_hides_is_lengthened():
    """A loss of 3e5 at a start of 1e-3: the first step changes it by less than float32 can tell."""

    def far(x):
        return 3e5 + ((x - 30) ** 2).sum(dim=1) - 3600.0

    found = solve(far, torch.full((1, 4), 1e-5), "lbfgs", max_iterations=50)
    torch.testing.assert_close(found.variable, torch.full((1, 4), 30.0), atol=2.0, rtol=0)


def test_a_minimum_at_the_start_is_said_to_be_one():
    found = solve(quadratic, torch.ones(1, 4), "lbfgs")
    assert found.outcomes == (Outcome.CONVERGED,)
    assert found.n_evaluations == 1


def test_no_iteration_gives_the_start():
    start = torch.tensor([[3.0, -1.0]])
    found = solve(quadratic, start, "lbfgs", max_iterations=0)
    torch.testing.assert_close(found.variable, start)


def test_pinned_samples_stay():
    wanted = torch.zeros(1, 6)
    share = torch.tensor([1.0, 1.0, 0.5, 0.0, 0.0, 0.0])
    canvas = WaveformCanvas(torch.full((1, 6), 2.0), pinned=Pinned(wanted, share))

    def search(point, scale):
        return SOLVERS["lbfgs"](point, history=5, step_scale=scale)

    def to_five(canvas, variable):
        return ((canvas.waveform(variable) - 5) ** 2).sum(dim=1), {}

    found = canvas.waveform(drain(minimize(canvas, to_five, search, max_iterations=50)).variable)
    torch.testing.assert_close(found[0, :2], torch.zeros(2))
    torch.testing.assert_close(found[0, 2:], torch.full((4,), 5.0), atol=1e-2, rtol=0)


def test_pinned_frames_of_a_spectrum_stay():
    representation = LogMagnitude(8000, 256, 64)
    held = representation.forward(torch.randn(1, 1024, generator=torch.Generator().manual_seed(0)))
    share = torch.zeros(held.shape[-1])
    share[:4] = 1.0
    canvas = SpectrumCanvas(torch.zeros_like(held), pinned=(held, share))
    spec = canvas.final_spec(torch.ones_like(canvas.start))
    torch.testing.assert_close(spec[..., :4], held[..., :4])
    torch.testing.assert_close(spec[..., 4:], torch.ones_like(spec[..., 4:]))


def test_stopping_to_iterate_stops_the_work():
    n_calls = []

    def counted(canvas, variable):
        n_calls.append(1)
        return quadratic(canvas.waveform(variable)), {}

    def search(point, scale):
        return SOLVERS["lbfgs"](point, history=5, step_scale=scale)

    steps = minimize(WaveformCanvas(torch.zeros(1, 4)), counted, search, max_iterations=100)
    next(steps)
    next(steps)
    steps.close()
    assert len(n_calls) == 2
