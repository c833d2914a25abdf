"""Triangular filters on the mel scale ``M(f) = 1125 ln(1 + f / 700)`` (Barry & Kim 2018, equation 6).

A corner lies where its neighbor peaks, so that the triangles add up to 1 between the first and the
last peak. The spectrum is taken to be constant over the width of a bin, and each weight is the mean of
the triangle over that width: sampled at bin centers, a triangle that is narrower than a bin (512 bands
at n_fft 2048) could miss them all and be empty.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nast_fx.errors import UsageError

__all__ = ["hz_to_mel", "mel_filters", "mel_to_hz"]

MEL_FACTOR = 1125.0
MEL_CORNER = 700.0  # Hz; linear below, logarithmic above


def hz_to_mel(frequency: Tensor) -> Tensor:
    """Map Hz to mel (equation 6)."""
    return MEL_FACTOR * torch.log1p(frequency / MEL_CORNER)


def mel_to_hz(mel: Tensor) -> Tensor:
    """Map mel to Hz: the inverse of `hz_to_mel`."""
    return MEL_CORNER * torch.expm1(mel / MEL_FACTOR)


def mel_filters(n_bands: int, *, n_fft: int, sample_rate: int, f_min: float, f_max: float) -> Tensor:
    """Make filters that project a magnitude spectrum onto mel bands.

    Parameters
    ----------
    n_bands : int
        At least 1.
    n_fft : int
        Window of the spectrum, in samples.
    f_min, f_max : float
        Outer corners of the first and the last triangle, in Hz; ``0 <= f_min < f_max <= sample_rate / 2``.

    Returns
    -------
    Tensor (n_bands, n_fft // 2 + 1), float64

    Raises
    ------
    UsageError
        The range is empty or beyond what the rate holds.
    """
    if n_bands < 1:
        raise UsageError(f"n_bands={n_bands} must be at least 1")
    if not 0 <= f_min < f_max <= sample_rate / 2:
        raise UsageError(
            f"f_min={f_min:g} and f_max={f_max:g} must be in order, and within 0 and {sample_rate / 2:g} Hz"
        )
    low, high = hz_to_mel(torch.tensor([f_min, f_max], dtype=torch.float64)).tolist()
    corners = mel_to_hz(torch.linspace(low, high, n_bands + 2, dtype=torch.float64))
    edges = (torch.arange(n_fft // 2 + 2, dtype=torch.float64) - 0.5) * sample_rate / n_fft
    left, peak, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    # A triangle is three ramps that begin at its corners; the area under a ramp is half a square.
    rise, fall = 1 / (peak - left), 1 / (right - peak)
    area = _half_square(edges - left) * rise
    area -= _half_square(edges - peak) * (rise + fall)
    area += _half_square(edges - right) * fall
    return area.diff(dim=1) * n_fft / sample_rate


def _half_square(distance: Tensor) -> Tensor:
    return distance.clamp_min(0).square() / 2
