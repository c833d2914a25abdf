"""Runs of methods, one after the other, with one progress over all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from nast_fx.audio import Audio
from nast_fx.methods import Method, Segment, StyleSound, build_method
from nast_fx.optimize import Outcome
from nast_fx.progress import Progress, Steps
from nast_fx.reproductions.materials import mono_row

__all__ = ["Made", "Run", "how_they_ended", "run_all"]

RATE = 22_050  # Hz; the rate of four of the five papers
TRANSFER_SHARE = 0.9  # of a reproduction's time; measuring takes the rest


@dataclass(frozen=True)
class Run:
    """One run of a method.

    Attributes
    ----------
    name : str
        What tells it from the others.
    method : str
        A name of `METHODS`.
    settings : mapping
        The method's own, by name.
    style : Audio
    content : Audio or None
        None makes a texture of `seconds`.
    """

    name: str
    method: str
    settings: Mapping[str, Any]
    style: Audio
    content: Audio | None = None
    seconds: float = 0.0
    seed: int = 0
    sample_rate: int = RATE


@dataclass(frozen=True)
class Made:
    """What a run gave: a mono sound at `LEVEL`, the losses of its steps, and its time in seconds."""

    run: Run
    audio: Audio
    history: Sequence[Mapping[str, float]] = field(repr=False)
    seconds: float
    outcome: str

    def loss(self, name: str = "loss", at: int = -1) -> float:
        """Give a term's loss after a step; -1 is the last one, 0 the start."""
        return float(self.history[at][name])


def how_they_ended(made: Sequence[Made]) -> str:
    """Say how far the minima were reached: what was cut short is not a method's last word."""
    n_cut = sum(one.outcome == Outcome.MAX_ITERATIONS.value for one in made)
    # A run that starts at its own minimum (style and content are one) has nowhere to fall.
    highest = max(one.loss(at=0) for one in made)
    falls = sorted(one.loss() / one.loss(at=0) for one in made if one.loss(at=0) > 1e-3 * highest)
    cut = {len(made): "All runs", 0: "No run"}.get(n_cut, f"{n_cut} of {len(made)} runs")
    return (
        f"{cut} used all iterations that were allowed; the losses fell to {falls[0]:.2g} ... {falls[-1]:.2g} "
        "of their start."
    )


def run_all(runs: Sequence[Run]) -> Steps[list[Made]]:
    """Do all runs in their order."""
    made = []
    for index, run in enumerate(runs):
        steps = _run(run)
        while True:
            try:
                progress = next(steps)
            except StopIteration as stop:
                made.append(stop.value)
                break
            share = TRANSFER_SHARE * (index + progress.share) / len(runs)
            yield replace(progress, segment=index, n_segments=len(runs), share=share, note=run.name)
    yield Progress("evaluate", share=TRANSFER_SHARE, note="measuring")
    return made


def _run(run: Run) -> Steps[Made]:
    method = build_method(run.method, run.settings)
    style = StyleSound((mono_row(run.style, run.sample_rate),), (1.0,))
    content = None if run.content is None else mono_row(run.content, run.sample_rate)
    n_frames = round(run.seconds * run.sample_rate) if content is None else content.shape[1]
    began = time.perf_counter()
    yield Progress("prepare")
    targets = method.prepare(style, sample_rate=run.sample_rate, seed=run.seed, device=torch.device("cpu"))
    steps = method.transfer(Segment(content, n_frames, (run.seed,)), targets)
    while True:
        try:
            progress = next(steps)
        except StopIteration as stop:
            solution = stop.value
            break
        yield replace(progress, share=_share(method, progress))
    samples = solution.waveform.detach().cpu().numpy()
    seconds = time.perf_counter() - began
    return Made(run, Audio(samples, run.sample_rate), solution.history, seconds, solution.outcome.value)


def _share(method: Method[Any], progress: Progress) -> float:
    """Share of one run that is done, by the stages of its method."""
    start, stop = method.stages.get(progress.stage, (0.0, 1.0))
    return start + (stop - start) * progress.step / max(progress.n_steps, 1)
