"""A learnt style as sound: its runs with phases found, kept apart by silence.

Phases are found by the accelerated Griffin-Lim algorithm from a fixed random start, run by run, so that a run
sounds the same in whatever company it is. Silence between runs keeps what a transposition smears of one out
of the next.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nast_fx.audio import Samples
from nast_fx.audio.block import padded_read
from nast_fx.dsp import Stft, griffin_lim
from nast_fx.methods import LEVEL
from nast_fx.progress import drain
from nast_fx.styles.style import LearntStyle, Magnitudes

__all__ = ["GAP_SECONDS", "RunSpan", "StyleSource", "find_phases"]

GAP_SECONDS = 0.25
N_ITERATIONS = 30  # see docs/styles.md
ACCELERATION = 0.99


@dataclass(frozen=True)
class RunSpan:
    """Where a run is, in samples, and its share of the style."""

    start: int
    n_frames: int
    weight: float


class StyleSource:
    """The sound of a style; an `AudioSource` whose phases are found when it is first read.

    Attributes
    ----------
    sample_rate, n_channels, n_frames : int
        Of mid and side, two channels.
    spans : tuple of RunSpan
    """

    def __init__(self, style: LearntStyle) -> None:
        facts = style.facts
        self.style = style
        self.sample_rate = facts.sample_rate
        self.n_channels = len(facts.parts)
        gap, place, spans = round(GAP_SECONDS * self.sample_rate), 0, []
        for n_frames, weight in zip(facts.run_frames, facts.weights, strict=True):
            length = (n_frames - 1) * facts.hop_length
            spans.append(RunSpan(place, length, weight))
            place += length + gap
        self.spans = tuple(spans)
        self.n_frames = place - gap
        self._lock = threading.Lock()
        self._samples: Samples | None = None

    @property
    def levels(self) -> dict[str, float]:
        """RMS of the recordings in ``mid``, ``side``, ``left`` and ``right``.

        Mid and side have phases of their own, so that left and right are equally loud.
        """
        mid, side = (*self.style.facts.levels, 0.0)[:2]
        channel = math.hypot(mid, side)
        return {"mid": mid, "side": side, "left": channel, "right": channel}

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (channel, frame); zeros outside of the signal."""
        with self._lock:
            if self._samples is None:
                self._samples = self._made()
        samples = self._samples
        shape = (self.n_channels, self.n_frames)
        return padded_read(start, n_frames, shape, lambda first, n: samples[:, first : first + n])

    def _made(self) -> Samples:
        made = np.zeros((self.n_channels, self.n_frames), dtype=np.float32)
        for span, parts in zip(self.spans, find_phases(self.style), strict=True):
            levels = np.array(self.style.facts.levels, dtype=np.float32)[:, None] / np.float32(LEVEL)
            parts = levels * parts.numpy()
            stereo = np.stack([parts[0] + parts[1], parts[0] - parts[1]]) if len(parts) == 2 else parts
            made[:, span.start : span.start + span.n_frames] = stereo
        return made


def find_phases(style: LearntStyle, n_iterations: int = N_ITERATIONS) -> list[Tensor]:
    """Find a waveform (part, frame) of each run, at `nast_fx.methods.LEVEL` over the recordings."""
    return phases_of(style.runs, style.facts.n_fft, style.facts.hop_length, n_iterations)


def phases_of(
    runs: Sequence[Magnitudes], n_fft: int, hop_length: int, n_iterations: int = N_ITERATIONS
) -> list[Tensor]:
    """Find a waveform (part, frame) of each of `runs`, (part, bin, frame) linear magnitudes."""
    stft, found = Stft(n_fft, hop_length), []
    for run in runs:
        magnitude = torch.from_numpy(run.astype(np.float32))
        phase = 2 * math.pi * torch.rand(magnitude.shape, generator=torch.Generator().manual_seed(0))
        # These have no phase but a sign, which steps do not turn: an offset stays on one side of zero.
        phase[:, [0, -1]] = 0
        steps = griffin_lim(
            stft,
            magnitude,
            phase,
            n_frames=(run.shape[2] - 1) * hop_length,
            n_iterations=n_iterations,
            acceleration=ACCELERATION,
        )
        found.append(drain(steps))
    return found
