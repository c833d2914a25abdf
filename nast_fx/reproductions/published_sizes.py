"""Every method at the sizes of its document, on one pair; iterations cut to what the time allows.

An evaluation is timed first. What follows from it for the number of iterations is printed, and stands
on the page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from nast_fx.audio import Audio
from nast_fx.evaluate import Figures, evaluate
from nast_fx.methods import Segment, StyleSound, build_method
from nast_fx.progress import Progress, Steps
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.materials import mono_row, user_sound
from nast_fx.reproductions.transfers import RATE, Made, Run, run_all
from nast_fx.studies.recordings import Pair, find_pairs

__all__ = ["REPRODUCTION"]

FULL_SECONDS, QUICK_SECONDS = 10.0, 2.5  # of audio
FULL_BUDGET, QUICK_BUDGET = 1200.0, 9.0  # seconds of work for a method
PER_STEP = {"adam": 1.0, "lbfgs": 1.15}  # evaluations an iteration
SAVED = 0.9  # of the budget: the rest is preparing and phase


@dataclass(frozen=True)
class Sized:
    """A method with settings, and what is said of their size."""

    method: str
    solver: str
    size: str
    settings: Mapping[str, Any] = field(default_factory=dict)


PUBLISHED = (
    Sized("infinite", "lbfgs", "no filters at all: the closed form"),
    Sized("ulyanov-lebedev", "lbfgs", "4096 filters of width 11"),
    Sized("mital", "adam", "4096 filters over 3 x 2048 bins: real, imaginary, magnitude"),
    Sized(
        "barry-kim",
        "lbfgs",
        "STFT 4096, mel 1025 (1 + 2 layers), constant-Q 256 (1 + 3 layers): configuration 6",
        {"configuration": 6},
    ),
    Sized("verma-smith", "lbfgs", "AlexNet variant trained on instruments"),
    Sized("vedak-bhatia", "adam", "5, 10, 20, 30 trained 3x3 filters"),
)
SMALLER = {
    "mital": Sized("mital", "adam", "64 filters (published: 4096) over 3 x 2048 bins", {"n_filters": 64}),
    "barry-kim": Sized(
        "barry-kim",
        "lbfgs",
        "STFT 4096, mel 1025, constant-Q 256, one layer each: configuration 5 (published also: 6)",
        {"configuration": 5},
    ),
}
"""What the quick size takes where an evaluation at the published size takes longer than its time."""


@dataclass(frozen=True)
class _Cut:
    """Iterations that a document asks for, and those that the time allows."""

    sized: Sized
    wanted: int
    allowed: int
    evaluation_seconds: float

    def __str__(self) -> str:
        each = f"{self.evaluation_seconds:.2g} s an evaluation"
        if self.allowed < self.wanted:
            return f"{self.sized.method}: cut from {self.wanted} to {self.allowed} iterations ({each})"
        return f"{self.sized.method}: all {self.wanted} iterations ({each})"


def run(setup: Setup) -> Steps[Result]:
    """Time, cut, transfer and evaluate."""
    seconds = QUICK_SECONDS if setup.is_quick else FULL_SECONDS
    budget = QUICK_BUDGET if setup.is_quick else FULL_BUDGET
    pair = _pair(setup, seconds)
    cuts, runs = [], []
    for sized in PUBLISHED:
        if setup.is_quick:
            sized = SMALLER.get(sized.method, sized)
        name = sized.method
        start = Run(name, name, sized.settings, pair.style, pair.content, seed=setup.seed)
        cut = yield from _timed(sized, start, budget)
        yield Progress("prepare", note=str(cut))
        cuts.append(cut)
        runs.append(replace(start, settings={**sized.settings, "max_iterations": cut.allowed}))
    made = yield from run_all(runs)
    figures = [evaluate(pair.content, pair.style, one.audio).output for one in made]
    rows = list(zip(cuts, made, figures, strict=True))
    return Result(
        tuple(_finding(*row) for row in rows),
        Table.of([_row(*row) for row in rows]),
        {},
        (
            f"{pair.name}: {seconds:g} s at {RATE} Hz, mono; {budget:g} s of work for a method.",
            *(f"{cut}." for cut in cuts),
        ),
        {"content": pair.content, "style": pair.style, **{one.run.name: one.audio for one in made}},
    )


REPRODUCTION = Reproduction(
    "published-sizes",
    "Every method at its published size",
    "all documents",
    run,
    frozenset({"content", "style"}),
)


def _pair(setup: Setup, seconds: float) -> Pair:
    found = find_pairs(1, seconds)[0]
    content = user_sound(setup, "content", seconds, found.content)
    style = user_sound(setup, "style", seconds, found.style)
    name = "your files" if setup.files else found.name
    mono = [Audio(mono_row(sound, RATE).numpy(), RATE) for sound in (content, style)]
    return Pair(name, *mono)


def _timed(sized: Sized, start: Run, budget: float) -> Steps[_Cut]:
    """Take a method's first two evaluations, and see how many fit."""
    method = build_method(start.method, start.settings)
    style = StyleSound((mono_row(start.style, RATE),), (1.0,))
    yield Progress("prepare", note=f"timing {sized.method}")
    began = time.perf_counter()
    targets = method.prepare(style, sample_rate=RATE, seed=start.seed, device=torch.device("cpu"))
    prepared = time.perf_counter() - began
    content = mono_row(_content_of(start), RATE)
    steps = method.transfer(Segment(content, content.shape[1], (start.seed,)), targets)
    times = []
    for _ in range(3):
        times.append(time.perf_counter())
        next(steps)
    steps.close()
    evaluation = min(times[1] - times[0], times[2] - times[1])
    wanted = method.settings.max_iterations
    each = evaluation * PER_STEP[sized.solver]
    allowed = max(1, int(SAVED * (budget - prepared) / each))
    return _Cut(sized, wanted, min(wanted, allowed), evaluation)


def _finding(cut: _Cut, made: Made, figures: Figures) -> Finding:
    claim = Claim(
        f"{cut.sized.method} runs at this size: {cut.sized.size}.",
        f"{cut.wanted} iterations",
        "the result has the content's length, is finite, and the loss fell",
    )
    before, after = made.loss(at=0), made.loss()
    holds = bool(figures.finite) and made.audio.n_frames == _content_of(made.run).n_frames and after < before
    cut_text = f", cut from {cut.wanted}" if cut.allowed < cut.wanted else ""
    return claim.found(
        f"{_done(made)} iterations{cut_text}, {made.seconds:.0f} s; loss {before:.3g} to {after:.3g}",
        holds=holds,
        because=f"the loss fell to {after / before:.2g} of its start" if holds else "the loss did not fall",
    )


def _content_of(run: Run) -> Audio:
    """Give the content of a run that is no texture."""
    if run.content is None:
        raise ValueError(f"{run.name} has no content")
    return run.content


def _row(cut: _Cut, made: Made, figures: Figures) -> dict[str, str | float | int | None]:
    return {
        "method": cut.sized.method,
        "iterations wanted": cut.wanted,
        "iterations done": _done(made),
        "seconds an evaluation": cut.evaluation_seconds,
        "seconds": made.seconds,
        "loss at start": made.loss(at=0),
        "loss at end": made.loss(),
        "style residual": figures.style_residual,
        "content error": figures.content_error,
        "onset agreement": figures.onset_agreement,
        "chroma agreement": figures.chroma_agreement,
        "copy": figures.copy,
    }


def _done(made: Made) -> int:
    """Count the steps that were taken: an optimizer may end before it must."""
    return len(made.history) - 1
