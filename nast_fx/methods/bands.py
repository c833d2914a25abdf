"""Band envelopes of sound: what the envelope stage of the default method sees and changes.

Bands are triangles on a logarithmic scale over a short transform (23 ms), wide enough apart that a change of
a band's level leaves the harmony inside it alone. Long frames (93 ms) are sums of short ones, a quarter of
their length apart.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.dsp import Stft

__all__ = ["SHARE_OF_RATE", "Bands", "long_frames", "pitch_classes"]

WINDOW_SECONDS = 0.0232
F_MIN = 60.0  # Hz
SHARE_OF_RATE = 0.476  # of the rate: where the bands end
BANDS_AN_OCTAVE = 3.35
REFERENCE_N_FFT = 512  # magnitudes are told as a window of so many samples has them
LONG = 16  # short steps in a long frame
EVERY = 4  # short steps from long frame to long frame
PITCH_RANGE_HZ = (110.0, 3000.0)


class Bands:
    """Powers of the bands, and gains for them.

    Attributes
    ----------
    n_bands : int
    hop_length : int
        Samples from frame to frame.
    """

    def __init__(self, sample_rate: int, device: torch.device) -> None:
        n_fft = 2 ** round(math.log2(WINDOW_SECONDS * sample_rate))
        self.hop_length = n_fft // 4
        self.seconds = self.hop_length / sample_rate
        self._stft = Stft(n_fft, self.hop_length)
        self._scale = REFERENCE_N_FFT / n_fft
        weights = _triangles(sample_rate, n_fft)
        self.n_bands = len(weights)
        self._to_bands = weights.to(device)
        self._to_bins = (weights / weights.sum(dim=0).clamp_min(1e-9)).T.contiguous().to(device)
        self._long = Stft(EVERY * n_fft, n_fft)
        long = _triangles(sample_rate, EVERY * n_fft)
        n_pitched = int(PITCH_RANGE_HZ[1] / sample_rate * EVERY * n_fft) + 1
        self._pitched = slice(0, n_pitched)
        self._to_long_bins = (long / long.sum(dim=0).clamp_min(1e-9)).T[self._pitched].contiguous().to(device)
        self.classes = pitch_classes(sample_rate, EVERY * n_fft)[:, self._pitched].to(device)

    def spectrum(self, waveform: Tensor) -> Tensor:
        """Transform waveform (row, frame) to a complex spectrum (row, bin, column)."""
        return self._stft.forward(waveform)

    def power(self, spectrum: Tensor) -> Tensor:
        """Sum a spectrum's power over the bands: (row, band, column), above 0."""
        power = (spectrum.real.square() + spectrum.imag.square()) * self._scale**2
        bands: Tensor = self._to_bands @ power
        return bands + 1e-10

    def magnitude(self, spectrum: Tensor) -> Tensor:
        """Mean magnitude over the bins (row, column)."""
        mean: Tensor = spectrum.abs().mean(dim=1) * self._scale
        return mean

    def apply(self, spectrum: Tensor, gains: Tensor) -> Tensor:
        """Multiply a spectrum by gains (row, band, column) given as natural logarithms."""
        factors: Tensor = (self._to_bins @ gains).exp()
        return spectrum * factors

    def waveform(self, spectrum: Tensor, n_frames: int) -> Tensor:
        """Go back to samples (row, `n_frames`)."""
        return self._stft.inverse(spectrum, n_frames)

    def pitched(self, waveform: Tensor) -> Tensor:
        """Magnitude (row, bin, long frame) of the bins that have a pitch, in long frames."""
        magnitude: Tensor = self._long.forward(waveform)[:, self._pitched].abs() * self._scale
        return magnitude

    def pitched_gains(self, gains: Tensor) -> Tensor:
        """Gains (row, band, column) as the bins of `pitched` get them (row, bin, long frame)."""
        window = torch.hann_window(LONG + 1, periodic=False, device=gains.device)
        bins: Tensor = self._to_long_bins @ _strided(gains, window / window.sum())
        return bins


def long_frames(power: Tensor) -> Tensor:
    """Power (row, band, long frame) of short frames as a long Hann window weighs them."""
    window = torch.hann_window(LONG + 1, periodic=False, device=power.device).square()
    return _strided(power, window / window.sum())


def _strided(values: Tensor, window: Tensor) -> Tensor:
    half = len(window) // 2
    flat = functional.pad(values.flatten(0, 1)[:, None], (half, half), mode="replicate")
    smooth = functional.conv1d(flat, window[None, None], stride=EVERY)
    return smooth.reshape(*values.shape[:2], -1)


@lru_cache(maxsize=8)
def _triangles(sample_rate: int, n_fft: int) -> Tensor:
    """Weights (band, bin), at least one bin wide to either side; the ends go on to 0 and to half the rate."""
    top = SHARE_OF_RATE * sample_rate
    edges = np.geomspace(F_MIN, top, max(3, round(BANDS_AN_OCTAVE * math.log2(top / F_MIN))) + 1)
    frequencies, narrowest = np.fft.rfftfreq(n_fft, 1 / sample_rate), sample_rate / n_fft
    rows = []
    for low, center, high in zip(edges, edges[1:], edges[2:], strict=False):
        below = (center - frequencies) / max(center - low, narrowest)
        above = (frequencies - center) / max(high - center, narrowest)
        rows.append(np.clip(1 - np.maximum(below, above), 0, None))
    rows[0][frequencies < edges[1]] = 1.0
    rows[-1][frequencies > edges[-2]] = 1.0
    return torch.from_numpy(np.stack(rows)).float()


@lru_cache(maxsize=8)
def pitch_classes(sample_rate: int, n_fft: int) -> Tensor:
    """Averages (12, bin) over the bins from 110 to 3000 Hz whose nearest semitone is of each class."""
    frequencies = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    low, high = PITCH_RANGE_HZ
    heard = np.flatnonzero((frequencies >= low) & (frequencies <= min(high, sample_rate / 2)))
    classes = np.zeros((12, frequencies.size))
    classes[(np.round(12 * np.log2(frequencies[heard] / 440)).astype(int) + 9) % 12, heard] = 1
    return torch.from_numpy(classes / np.maximum(classes.sum(axis=1, keepdims=True), 1)).float()
