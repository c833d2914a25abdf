"""Measure portable styles: how near they come, what a render with one loses, what they cost.

Errors are distances of Gram matrices under the closed form, as shares of the recording's own. Residuals are
those of `nast_fx.evaluate` against the recording itself, whatever the render was made with: 0 is the style, 1
the untouched content.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nast_fx.audio import ArraySource, Audio, Samples, check_samples, load_audio, resample
from nast_fx.audio.block import padded_read
from nast_fx.evaluate import evaluate
from nast_fx.methods import build_method
from nast_fx.models import RenderPlan, Tracking
from nast_fx.models.portable_style import RecordingFacts
from nast_fx.progress import Progress, Steps
from nast_fx.render import References, checked_reference, style_source
from nast_fx.render.learnt import learnt_reference
from nast_fx.studies.recordings import LOOPS, MUSIC
from nast_fx.studies.sounds import SOUNDS, song
from nast_fx.styles import LearntStyle, Recording, recording_of
from nast_fx.styles.candidates import Geometry, candidates
from nast_fx.styles.compare import compare, phase_errors
from nast_fx.styles.learn import keep, learn
from nast_fx.styles.recordings import hear

__all__ = ["CURVE_SECONDS", "METHODS", "Cost", "Curve", "Trial", "render_with", "style_bench"]

CURVE_SECONDS = (1.5, 2.6, 5.1, 7.6, 10.1, 15.1, 20.1)
DEFAULT_SECONDS = 8.0
LENGTHS = (10.0, 60.0, 600.0, 3600.0)
ITERATIONS = (5, 10, 20, 30, 50)
CONTENT_SECONDS = 3.0
CONTENT_RATE = 22_050  # Hz
MUSIC_SECONDS = 120.0
SOUND_SECONDS = 60.0
METHODS: dict[str, dict[str, Any]] = {
    "infinite": {},
    "ulyanov-lebedev": {"n_filters": 512, "canvas": "waveform", "start": "content"},
}
# What is learnt from where this machine has it: short loops, and music of minutes.
REAL = (
    LOOPS / "loop_garzul.flac",
    LOOPS / "loop_safari.flac",
    LOOPS / "guit_em9.flac",
    MUSIC / "knalgan_theme.ogg",
    MUSIC / "elf-land.ogg",
)
CONTENT = LOOPS / "loop_amen_full.flac"


@dataclass(frozen=True)
class Curve:
    """Errors of a recording's styles of `CURVE_SECONDS`, and the distance between its halves."""

    name: str
    seconds: float
    errors: Sequence[float]
    halves: float | None


@dataclass(frozen=True)
class Trial:
    """Style residuals of a render with the recording, and with its learnt style."""

    name: str
    method: str
    with_recording: float
    with_style: float


@dataclass(frozen=True)
class Cost:
    """Seconds of work that learning takes, of which comparing runs, and opening what was learnt."""

    seconds: float
    learning: float
    opening: float
    rendering: float


def sounds() -> dict[str, Audio]:
    """Give what styles are learnt from, in one channel: real recordings where there are any, and our own."""
    real = {path.stem: load_audio(path, 0.0, MUSIC_SECONDS) for path in REAL if path.exists()}
    own = {name: make(SOUND_SECONDS) for name, make in SOUNDS.items() if make is not song}
    return {
        name: Audio(audio.samples.mean(axis=0, keepdims=True), audio.sample_rate)
        for name, audio in (real | own).items()
    }


def style_bench(output: Path | None) -> Steps[str]:
    """Run all measurements; write the page, and a picture of the curves into ``images`` beside it.

    Returns
    -------
    str
        The page.
    """
    from nast_fx.studies.style_page import StyleFigures, save_curves, style_page

    styles = sounds()
    curves, phases, trials = [], {}, []
    content = load_audio(CONTENT, 0.0, CONTENT_SECONDS) if CONTENT.exists() else song(CONTENT_SECONDS)
    content = _content(content)
    for number, (name, audio) in enumerate(styles.items()):
        yield Progress("bench", share=0.8 * number / len(styles), note=name)
        curves.append((yield from _curve(name, audio)))
        style = yield from learn([recording_of(audio, name)], name=name, seconds=DEFAULT_SECONDS)
        phases[name] = phase_errors(style, ITERATIONS)
        for method in METHODS:
            trials.append((yield from _trial(name, content, audio, style, method)))
    costs = []
    for seconds in LENGTHS:
        yield Progress("bench", share=0.8, note=f"{seconds:g} s")
        costs.append((yield from _cost(seconds, content, styles)))
    figures = StyleFigures(curves, trials, phases, costs)
    page = style_page(figures)
    if output is not None:
        output.write_text(page, encoding="utf-8")
        folder = output.parent / "images"
        folder.mkdir(parents=True, exist_ok=True)
        save_curves(folder / "styles.png", figures)
    return page


def _content(audio: Audio) -> Audio:
    """One channel at `CONTENT_RATE`."""
    mono = audio.samples.mean(axis=0, keepdims=True)
    return Audio(resample(mono, audio.sample_rate, CONTENT_RATE), CONTENT_RATE)


def _curve(name: str, audio: Audio) -> Steps[Curve]:
    """Learn as `learn` does, comparing the runs once."""
    geometry = Geometry(audio.sample_rate)
    with ExitStack() as stack:
        heard = yield from hear(recording_of(audio, name), audio.sample_rate, geometry.half_run, stack)
        runs, _ = candidates([heard], geometry, 0.0)
        comparison = yield from compare(runs, ("mid",), geometry)
        errors = []
        for seconds in CURVE_SECONDS:
            yield Progress("bench", note=f"{seconds:g} s of {name}")
            count = int(seconds * audio.sample_rate / (2 * geometry.half_run))
            errors.append(keep(comparison, count).learning.error_with_phases)
    return Curve(name, audio.seconds, errors, comparison.halves)


def _trial(name: str, content: Audio, audio: Audio, style: LearntStyle, method: str) -> Steps[Trial]:
    residuals = []
    for reference in (audio, style):
        styled = yield from render_with(reference, content, method)
        residual = evaluate(content, audio, styled).output.style_residual
        residuals.append(float("nan") if residual is None else residual)
    return Trial(name, method, *residuals)


def render_with(style: Audio | LearntStyle, content: Audio, method: str) -> Steps[Audio]:
    """Render a content at draft quality, with a recording or a learnt style; nothing is transposed."""
    if isinstance(style, Audio):
        reference = checked_reference(ArraySource(style), "style")
    else:
        reference = learnt_reference(style, "style")
    source = ArraySource(content)
    with ExitStack() as stack:
        styled = yield from style_source(
            source,
            check_samples(source, "content"),
            References((reference,), 30.0),
            build_method(method, METHODS[method], quality="draft"),
            RenderPlan(),
            stack,
            tracking=Tracking(key="off"),
        )
        return Audio(styled.source.read(0, source.n_frames), source.sample_rate)


def _cost(seconds: float, content: Audio, styles: dict[str, Audio]) -> Steps[Cost]:
    """Learn from a recording of a length, and render with it: work of this process, in seconds."""
    began = time.process_time()
    medley = _Medley(list(styles.values()), seconds)
    facts = RecordingFacts(
        file="medley", sha256="0" * 64, seconds=seconds, sample_rate=medley.sample_rate, channels=1
    )
    style = yield from learn([Recording(medley, facts, "medley")], name="medley")
    learnt = time.process_time()
    reference = learnt_reference(style, "medley")
    reference.source.read(0, 1)
    opened = time.process_time()
    yield from render_with(style, content, "infinite")
    return Cost(seconds, learnt - began, opened - learnt, time.process_time() - opened)


class _Medley:
    """A source of any length: recordings of one channel, over and over, six seconds of each in turn."""

    n_channels = 1

    def __init__(self, several: Sequence[Audio], seconds: float) -> None:
        self.sample_rate = 44_100
        pieces = [
            one.samples[0, start : start + 6 * self.sample_rate]
            for start, one in itertools.product(
                range(0, 60 * self.sample_rate, 6 * self.sample_rate), several
            )
        ]
        self._loop: Samples = np.concatenate(pieces)
        self.n_frames = round(seconds * self.sample_rate)

    def read(self, start: int, n_frames: int) -> Samples:
        def fetch(first: int, count: int) -> Samples:
            return np.take(self._loop, range(first, first + count), mode="wrap")[None]

        return padded_read(start, n_frames, (1, self.n_frames), fetch)
