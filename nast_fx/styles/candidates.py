"""Runs of recordings to choose from: 1.25 s each, half overlapping, thinned where there are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nast_fx.audio.pair import QUIET
from nast_fx.dsp import Stft
from nast_fx.methods import LEVEL
from nast_fx.models.method_base import default_n_fft
from nast_fx.styles.recordings import Heard

__all__ = ["Geometry", "Run", "candidates"]

RUN_SECONDS = 1.25
MAX_CANDIDATES = 192  # the products of all pairs are computed


@dataclass(frozen=True)
class Geometry:
    """The transform of a style, which is the methods' own at its rate, and the length of a run."""

    sample_rate: int

    @property
    def n_fft(self) -> int:
        """Window in samples: 93 ms, as near as powers of two are."""
        return default_n_fft(self.sample_rate)

    @property
    def hop_length(self) -> int:
        """Step in samples."""
        return self.n_fft // 4

    @property
    def half_run(self) -> int:
        """Samples of half a run: whole hops."""
        return round(RUN_SECONDS * self.sample_rate / (2 * self.hop_length)) * self.hop_length

    @property
    def stft(self) -> Stft:
        """Give the transform."""
        return Stft(self.n_fft, self.hop_length)

    def whole_hops(self, n_frames: int) -> int:
        """Cut a length to whole hops, but not below a run's."""
        return max(2 * self.half_run, n_frames // self.hop_length * self.hop_length)


@dataclass(frozen=True)
class Run:
    """A stretch of a recording."""

    heard: Heard
    start: int
    n_frames: int

    def waveform(self, part: str) -> Tensor:
        """Give a part of it (1, frame), its recording at `LEVEL`."""
        return torch.from_numpy(self.heard.read(self.start, self.n_frames, part, LEVEL))[None]


def candidates(several: Sequence[Heard], geometry: Geometry, seconds: float) -> tuple[list[Run], bool]:
    """Cut recordings.

    Parameters
    ----------
    seconds : float
        How much is to be kept.

    Returns
    -------
    runs : list of Run
        In the order of time.
    keeps_all : bool
        Whether the recordings are that short in all: each is then one run.
    """
    total = sum(geometry.whole_hops(one.source.n_frames) for one in several)
    if total <= seconds * geometry.sample_rate:
        return [Run(one, 0, geometry.whole_hops(one.source.n_frames)) for one in several], True
    half = geometry.half_run
    runs, powers = list[Run](), list[float]()
    for one in several:
        last = max(0, one.source.n_frames - 2 * half)
        for index in range(max(1, -(-last // half) + 1)):
            runs.append(Run(one, min(index * half, last), 2 * half))
            powers.append(float(one.power[index : index + 2].mean() / one.power.mean()))
    sounding = np.flatnonzero(np.array(powers) > QUIET**2 * max(powers))
    places = np.unique(np.linspace(0, len(sounding) - 1, MAX_CANDIDATES).round().astype(int))
    return [runs[index] for index in sounding[places]], False
