"""What every figure looks at: a mono signal at one rate and level, its log spectrum, the judge.

Both the rate and the level are fixed because the judge's view, ``log(1 + |STFT|)``, depends on them.
The judge is one layer of random filters over time with ReLU, after Ulyanov & Lebedev 2016, with a
seed that no method uses: ``Phi = max(0, W * M)`` with W of standard deviation sqrt(2 / fan-in).
A long signal is only ever seen in chunks, so memory does not grow with the spectrum.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nast_fx.audio import Audio, resample

__all__ = [
    "HOP_LENGTH",
    "LEVEL",
    "N_FFT",
    "N_FILTERS",
    "SAMPLE_RATE",
    "WIDTH",
    "Signal",
    "at_level",
    "features",
    "judge_signal",
    "magnitude_chunks",
    "trimmed_alike",
]

SAMPLE_RATE = 22_050
"""Rate at which everything is judged, in Hz."""
LEVEL = 0.08
"""Root mean square to which every signal is brought, full scale 1."""
N_FFT = 2048
HOP_LENGTH = 512
N_FILTERS = 1024
WIDTH = 11
"""Frames that one filter of the judge sees."""
JUDGE_SEED = 0x4A55_4447
CHUNK = 512
"""Spectrum frames held at a time."""
SHORTEST = (WIDTH - 1) * HOP_LENGTH
"""Samples that fill the judge's filters once; a shorter signal is followed by silence."""
SILENCE_RMS = 1e-7
"""Below -140 dBFS there is nothing to bring to a level."""

Signal = NDArray[np.float32]
"""Mono waveform (frame,) at `SAMPLE_RATE`."""


def judge_signal(audio: Audio) -> Signal | None:
    """Mix to mono, resample to 22 050 Hz and bring to an RMS of 0.08.

    Returns
    -------
    Signal or None
        Shape (frame,), at least `SHORTEST` samples; None where the mono mix is silent, or where a
        sample is not a number.
    """
    if audio.samples.size == 0 or not np.isfinite(audio.samples).all():
        return None
    mono = audio.samples.mean(axis=0, keepdims=True, dtype=np.float32)
    leveled = at_level(resample(mono, audio.sample_rate, SAMPLE_RATE)[0])
    if leveled is None or leveled.size >= SHORTEST:
        return leveled
    return np.pad(leveled, (0, SHORTEST - leveled.size))


def at_level(signal: Signal) -> Signal | None:
    """Scale waveform (frame,) to an RMS of 0.08; None where it is silent."""
    if signal.size == 0:
        return None
    rms = float(np.sqrt(np.mean(np.square(signal, dtype=np.float64))))
    if rms < SILENCE_RMS:
        return None
    return np.asarray(signal * (LEVEL / rms), dtype=np.float32)


def trimmed_alike(first: Signal, second: Signal) -> tuple[Signal, Signal] | None:
    """Cut two signals to their common length and level them again; None if one is silent there."""
    n_frames = min(first.size, second.size)
    if first.size == second.size:
        return first, second
    leveled = at_level(first[:n_frames]), at_level(second[:n_frames])
    if leveled[0] is None or leveled[1] is None:
        return None
    return leveled[0], leveled[1]


def magnitude_chunks(
    signal: Signal,
    *,
    n_fft: int = N_FFT,
    hop_length: int = HOP_LENGTH,
    overlap: int = 0,
    every: int = 1,
    chunk: int = CHUNK,
) -> Iterator[Tensor]:
    """Yield the linear magnitude (bin, frame) of a centered STFT with mirrored edges, piece by piece.

    Parameters
    ----------
    signal : Signal
        Waveform (frame,), longer than half of `n_fft`.
    overlap : int
        Frames that the next piece repeats: a filter's width less one.
    every : int
        Yield only every so manieth piece, to sample a long signal evenly.
    """
    n_starts = signal.size // hop_length + 1 - overlap
    padded = torch.from_numpy(np.pad(signal, n_fft // 2, mode="reflect"))
    window = torch.hann_window(n_fft)
    for start in range(0, n_starts, chunk * every):
        stop = min(start + chunk, n_starts) + overlap
        piece = padded[start * hop_length : (stop - 1) * hop_length + n_fft]
        yield torch.stft(piece, n_fft, hop_length, window=window, center=False, return_complex=True).abs()


def features(magnitude: Tensor) -> Tensor:
    """Show linear magnitude (batch, bin, frame) to the judge: features (batch, filter, frame - 10)."""
    return functional.conv1d(torch.log1p(magnitude), _filters()).relu_()


@lru_cache(maxsize=1)
def _filters() -> Tensor:
    """Make the judge's filters (filter, bin, frame); numpy draws the same ones on every platform."""
    n_bins = N_FFT // 2 + 1
    rng = np.random.default_rng(JUDGE_SEED)
    draws = rng.standard_normal((N_FILTERS, n_bins, WIDTH), dtype=np.float32)
    return torch.from_numpy(draws).mul_((2 / (WIDTH * n_bins)) ** 0.5)
