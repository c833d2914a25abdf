"""Measure the closed form against the naive finite network, and against the machine itself.

Everything is measured in one run, since only ratios mean something on a busy machine. "Judged" is
the objective 0.1 content + style under a fresh 4096-filter network that no run has seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nast_fx.methods import Infinite, Segment, StyleSound, Targets
from nast_fx.methods.base import style_view
from nast_fx.models import InfiniteSettings
from nast_fx.models.method_base import default_n_fft
from nast_fx.networks import Architecture, FiniteNetwork, Target
from nast_fx.progress import Progress, Steps
from nast_fx.representations import LogMagnitude
from nast_fx.studies.bench_page import bench_page
from nast_fx.studies.race import Race, Run
from nast_fx.studies.recordings import Pair, find_pairs
from nast_fx.studies.speed import measure_speed

__all__ = ["Race", "bench", "race"]

RATE = 22_050  # Hz; the papers' setting
CONTENT_SECONDS, STYLE_SECONDS = 10.0, 8.0
N_FILTERS = 4096
FINITE_SEED, JUDGE_SEED = 1, 2_025
CONTENT_WEIGHT = 0.1
N_PAIRS = 3
FEWEST = 8  # iterations of the closed form's first run


@dataclass(frozen=True)
class _Judge:
    """The fresh network, with its targets."""

    network: FiniteNetwork
    representation: LogMagnitude
    content: Target
    style: Target

    def __call__(self, waveform: Tensor) -> tuple[float, float]:
        """Give the judged objective and its style part."""
        with torch.no_grad():
            features = self.network.embed(self.representation.forward(waveform))
            content = self.network.content_distance(features, self.content) / self.content.energy
            style = self.network.gram_distance(features, self.style) / self.style.gram_energy
        return float(CONTENT_WEIGHT * content + style), float(style)


def race(pair: Pair, n_iterations: int) -> Steps[Race]:
    """Run the naive finite network for `n_iterations`, then the closed form until it is judged lower."""
    content, style = (torch.from_numpy(row) for row in pair.mono(RATE, CONTENT_SECONDS, STYLE_SECONDS))
    sound = StyleSound((style,), (1.0,))
    judge = _make_judge(content, sound)
    yield Progress("bench", note=f"{pair.name}: naive finite network, {n_iterations} iterations")
    finite = yield from _run(content, sound, n_iterations, judge, naive=True)

    def closed_form(count: int) -> Steps[Run]:
        yield Progress("bench", note=f"{pair.name}: closed form, {count} iterations")
        return (yield from _run(content, sound, count, judge, naive=False))

    reached = yield from _shortest(closed_form, finite.judged, n_iterations)
    final = yield from closed_form(n_iterations)
    return Race(pair.name, finite, reached, final)


def _shortest(closed_form: Callable[[int], Steps[Run]], judged: float, most: int) -> Steps[Run | None]:
    """Find the shortest run that is judged lower: doubling, then halving the gap down to a tenth."""
    too_few, count = 0, FEWEST
    while True:
        run = yield from closed_form(min(count, most))
        if run.judged < judged:
            break
        if count >= most:
            return None
        too_few, count = count, count * 2
    while run.n_iterations - too_few > max(1, run.n_iterations // 10):
        middle = (too_few + run.n_iterations) // 2
        tried = yield from closed_form(middle)
        if tried.judged < judged:
            run = tried
        else:
            too_few = middle
    return run


def _run(content: Tensor, sound: StyleSound, n_iterations: int, judge: _Judge, *, naive: bool) -> Steps[Run]:
    """Prepare and transfer, timed together; then judge, untimed."""
    began = time.perf_counter()
    plain = {"balance": "scale", "texture": 0.0}  # the papers' objective, and nothing after it
    method = Infinite(InfiniteSettings(max_iterations=n_iterations, content_weight=CONTENT_WEIGHT, **plain))
    if naive:
        targets = _naive_targets(sound)
    else:
        targets = method.prepare(sound, sample_rate=RATE, seed=0, device=torch.device("cpu"))
    solution = yield from method.transfer(Segment(content, content.shape[1], (0,)), targets)
    seconds = time.perf_counter() - began
    return Run(n_iterations, seconds, *judge(solution.waveform))


def _naive_targets(sound: StyleSound) -> Targets[LogMagnitude]:
    """The finite network as it is usually written: N x N Gram matrices."""
    representation = _representation()
    architecture = Architecture(N_FILTERS)
    network = FiniteNetwork(architecture, representation.n_bins, seed=FINITE_SEED, form="filters")
    return Targets(representation, {"style": style_view(sound, representation, network)})


def _make_judge(content: Tensor, sound: StyleSound) -> _Judge:
    representation = _representation()
    network = FiniteNetwork(Architecture(N_FILTERS), representation.n_bins, seed=JUDGE_SEED)
    style = style_view(sound, representation, network).style
    return _Judge(network, representation, network.target(representation.forward(content)), style)


def _representation() -> LogMagnitude:
    n_fft = default_n_fft(RATE)
    return LogMagnitude(RATE, n_fft, n_fft // 4)


def bench(*, quick: bool, output: Path | None) -> Steps[str]:
    """Run all measurements and write the page.

    Parameters
    ----------
    quick : bool
        Against 100 iterations of the finite network; else against 300.
    output : Path or None
        Markdown file to write; None writes nothing.

    Returns
    -------
    str
        The page.
    """
    races = []
    for pair in find_pairs(N_PAIRS):
        races.append((yield from race(pair, 100 if quick else 300)))
    speed = yield from measure_speed()
    page = bench_page(races, speed, quick=quick)
    if output is not None:
        output.write_text(page, encoding="utf-8")
    return page
