"""Where something begins: the rise of a log-mel spectrum, summed over bands (spectral flux).

    o[t] = mean over bands of max(0, L[t] - L[t - 1]),    L = log(1 + C * mel |X|)

on the scale on which the recording's RMS is 1. Frames are `FRAME_SECONDS` = 11.6 ms apart.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nast_fx.analysis.mono import MONO_RATE
from nast_fx.audio import AudioSource, check_samples
from nast_fx.dsp.mel import mel_filters
from nast_fx.progress import Progress, Steps

__all__ = ["FRAME_SECONDS", "onset_curve"]

Array = NDArray[np.float64]

N_FFT, HOP_LENGTH = 1024, 256
FRAME_SECONDS = HOP_LENGTH / MONO_RATE
N_BANDS = 40
RANGE_HZ = (30.0, 10_000.0)
COMPRESSION = 1.0  # C; a tone 50 dB below the recording's own level is at 1
BLOCK_FRAMES = 2048
EARLY_FRAMES = 3  # the first lies wholly before the signal, so that a beginning is a rise


def onset_curve(mono: AudioSource) -> Steps[Array]:
    """Measure onset strength (frame,), at least 0; frame t is about ``t * FRAME_SECONDS``.

    Parameters
    ----------
    mono : AudioSource
        One channel at `MONO_RATE`.

    Raises
    ------
    AudioFileError
        There is no sample, or one is not a number.
    """
    rms = float(check_samples(mono, "the signal").rms[0])
    n_frames = EARLY_FRAMES + 1 + mono.n_frames // HOP_LENGTH
    if rms == 0:
        return np.zeros(n_frames - EARLY_FRAMES)
    curve = np.zeros(n_frames)
    before = torch.zeros(1, N_BANDS)
    for first in range(0, n_frames, BLOCK_FRAMES):
        count = min(BLOCK_FRAMES, n_frames - first)
        levels = _levels(mono, first - EARLY_FRAMES, count, COMPRESSION / rms)
        rises = torch.diff(levels, dim=0, prepend=before).clamp_min(0).mean(dim=1)
        curve[first : first + count] = rises.numpy()
        before = levels[-1:]
        yield Progress("tempo", share=(first + count) / n_frames)
    curve[EARLY_FRAMES] = curve[: EARLY_FRAMES + 1].max()
    return curve[EARLY_FRAMES:]


def _levels(mono: AudioSource, first: int, count: int, gain: float) -> Tensor:
    """Log-mel levels (frame, band) of `count` frames from frame `first` on, which may be negative."""
    samples = mono.read(first * HOP_LENGTH - N_FFT // 2, (count - 1) * HOP_LENGTH + N_FFT)[0]
    frames = torch.from_numpy(samples).unfold(0, N_FFT, HOP_LENGTH) * _window()
    spectrum = torch.fft.rfft(frames)
    magnitude = (spectrum.real.square() + spectrum.imag.square()).sqrt()  # abs() is three times as slow
    return torch.log1p(gain * (magnitude @ _filters()))


@lru_cache(maxsize=1)
def _window() -> Tensor:
    return torch.hann_window(N_FFT)


@lru_cache(maxsize=1)
def _filters() -> Tensor:
    """Filters (bin, band)."""
    bands = mel_filters(N_BANDS, n_fft=N_FFT, sample_rate=MONO_RATE, f_min=RANGE_HZ[0], f_max=RANGE_HZ[1])
    return bands.T.to(torch.float32).contiguous()
