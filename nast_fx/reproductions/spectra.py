"""What a spectrum is like, and how far two are apart; all signals are waveforms (frame,) at `LEVEL`.

log error    mean over bins and frames of (log1p|X| - log1p|Y|)^2
bandwidth    twice the deviation of the power around its centroid, in Hz
flatness     geometric over arithmetic mean of the power in a frame: 0 a tone, 1 white noise
agreement    correlation of log1p energies over frequency
envelope     root mean square difference of the levels over time or frequency, in dB
block copy   correlation of one second of spectrogram with the best place of another recording
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nast_fx.evaluate.features import HOP_LENGTH, N_FFT, SAMPLE_RATE, Signal, magnitude_chunks

__all__ = [
    "block_copy",
    "brightness",
    "envelope_difference_db",
    "flatness",
    "log_error",
    "spectral_agreement",
]

QUIET_DB = 50.0
"""A frame this far under the loudest one has no color to speak of."""
RANGE_DB = 60.0
BLOCK_SECONDS = 1.0


def log_error(first: Signal, second: Signal) -> float:
    """Mean squared difference of the log1p magnitudes over the common length."""
    one, two = _log_magnitude(first), _log_magnitude(second)
    n_frames = min(one.shape[1], two.shape[1])
    return float((one[:, :n_frames] - two[:, :n_frames]).square().mean())


def brightness(signal: Signal) -> tuple[float, float]:
    """Centroid and bandwidth in Hz of the whole signal's power."""
    power = _magnitude(signal).double().square().sum(dim=1).numpy()
    frequencies = np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE)
    share = power / max(power.sum(), 1e-30)
    centroid = float(share @ frequencies)
    return centroid, 2 * float(np.sqrt(share @ (frequencies - centroid) ** 2))


def flatness(signal: Signal) -> float:
    """Mean flatness 0 ... 1 of the frames that are not quiet."""
    power = _magnitude(signal).square().clamp_min(1e-12)
    level = power.mean(dim=0)
    heard = power[:, level > level.max() * 10 ** (-QUIET_DB / 10)]
    return float((heard.log().mean(dim=0).exp() / heard.mean(dim=0)).mean())


def envelope_difference_db(first: Signal, second: Signal, *, over: Literal["time", "frequency"]) -> float:
    """Root mean square difference of the levels over time (common length) or over frequency, in dB.

    Levels end 60 dB under the loudest of both: below it nobody hears a difference.
    """
    one, two = (_energy(signal, axis=0 if over == "time" else 1) for signal in (first, second))
    n_values = min(one.size, two.size)
    floor = max(one.max(), two.max()) * 10 ** (-RANGE_DB / 10)
    ratio = np.maximum(one[:n_values], floor) / np.maximum(two[:n_values], floor)
    return float(np.sqrt(np.mean((10 * np.log10(ratio)) ** 2)))


def spectral_agreement(first: Signal, second: Signal) -> float:
    """Correlation -1 ... 1 of the two energies over frequency, each a mean over its own time."""
    return _correlation(*(np.log1p(_energy(signal, axis=1)) for signal in (first, second)))


def block_copy(output: Signal, source: Signal) -> float:
    """How alike each second of `output` is to its most similar second of `source`, mean -1 ... 1.

    Unlike a correlation of waveforms it also finds what was copied with other phases. The mean spectrum
    of the source is taken off both, so that one color alone is no copy.
    """
    wanted, given = _log_magnitude(source), _log_magnitude(output)
    mean = wanted.mean(dim=1, keepdim=True)
    wanted, given = wanted - mean, given - mean
    n_block = min(round(BLOCK_SECONDS * SAMPLE_RATE / HOP_LENGTH), wanted.shape[1], given.shape[1])
    blocks = given.unfold(1, n_block, n_block).permute(1, 0, 2)
    places = functional.conv1d(wanted[None], blocks)[0]
    energy = functional.conv1d(wanted.square()[None], torch.ones(1, *blocks.shape[1:]))[0]
    norms = (energy * blocks.square().sum(dim=(1, 2))[:, None]).clamp_min(1e-12).sqrt()
    return float((places / norms).max(dim=1).values.mean())


def _magnitude(signal: Signal) -> Tensor:
    """Linear magnitude (bin, frame)."""
    return torch.cat(list(magnitude_chunks(signal)), dim=1)


def _log_magnitude(signal: Signal) -> Tensor:
    return torch.log1p(_magnitude(signal))


def _energy(signal: Signal, *, axis: int) -> NDArray[np.float64]:
    """Sum over the bins (axis 0), or mean over the frames (axis 1), of the squared magnitudes."""
    energy = _magnitude(signal).double().square()
    return np.asarray((energy.sum(dim=0) if axis == 0 else energy.mean(dim=1)).numpy())


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    n_values = min(first.size, second.size)
    first, second = (values[:n_values] - values[:n_values].mean() for values in (first, second))
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / norm if norm > 0 else 0.0
