"""Constant-Q filters for a magnitude spectrum: raised cosines on the logarithm of frequency.

    h_k(f) = cos^2(pi/2 * b * log2(f / f_k))   within one bin of f_k,   b bins an octave

Each falls to half a height half a bin away, so its bandwidth is about ``f_k / Q`` with
``Q = 1 / (2^(1/b) - 1)``, 16.8 for semitones (Brown 1991), and it is zero at its neighbors' centers. All
add up to 1. A filter can only be as sharp as the spectrum that it is laid on: a Hann window of n samples
blurs a tone over 1.44 rate/n Hz at half power, so the windows of low notes have to be long.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["C1_HZ", "N_NOTES", "constant_q_filters", "needed_window", "note_frequencies", "quality_factor"]

C1_HZ = 440.0 * 2 ** (-45 / 12)  # 32.70 Hz
N_NOTES = 87  # C1 ... D8; Barry & Kim 2018 say 86
BINS_PER_OCTAVE = 12
WINDOW_FACTOR = 2.0  # a window is at least so many times Q periods: its blur is then 0.7 of a filter


def note_frequencies(sample_rate: int, *, n_notes: int = N_NOTES, f_min: float = C1_HZ) -> list[float]:
    """Center frequencies in Hz, a semitone apart; those whose filter crosses Nyquist are left out."""
    steps = 2 ** (1 / BINS_PER_OCTAVE)
    centers = [f_min * steps**index for index in range(n_notes)]
    return [center for center in centers if center * steps <= sample_rate / 2]


def quality_factor() -> float:
    """Center frequency over bandwidth: 16.8."""
    return 1 / (2 ** (1 / BINS_PER_OCTAVE) - 1)


def needed_window(frequency: float, sample_rate: int) -> int:
    """Window, in samples and a power of two, that tells a note from its neighbors."""
    n_periods = WINDOW_FACTOR * quality_factor()
    return 1 << math.ceil(math.log2(n_periods * sample_rate / frequency))


def constant_q_filters(frequencies: list[float], *, n_fft: int, sample_rate: float) -> Tensor:
    """Make filters that project a Hann-windowed magnitude spectrum onto notes.

    A tone at a note's center has a response of its amplitude, whatever the note and the window.

    Parameters
    ----------
    frequencies : list of float
        Centers in Hz.
    n_fft : int
        Window of the spectrum, in samples.

    Returns
    -------
    Tensor (note, n_fft // 2 + 1), float64
    """
    bins = torch.arange(n_fft // 2 + 1, dtype=torch.float64)
    centers = torch.tensor(frequencies, dtype=torch.float64)[:, None] * n_fft / sample_rate
    offset = BINS_PER_OCTAVE * torch.log2(bins.clamp_min(1e-9) / centers)
    filters = torch.where(offset.abs() < 1, torch.cos(math.pi / 2 * offset).square(), 0.0)
    tone = _hann_magnitude(bins - centers) * n_fft / 4
    return filters / (filters * tone).sum(dim=1, keepdim=True)


def _hann_magnitude(offset: Tensor) -> Tensor:
    """Transform of a long Hann window, relative to its peak, `offset` bins away."""
    near_one = torch.isclose(offset.abs(), torch.ones_like(offset), atol=1e-6)
    safe = torch.where(near_one, 0.0, offset)
    return torch.where(near_one, 0.5, torch.sinc(safe) / (1 - safe.square())).abs()
