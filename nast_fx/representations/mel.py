"""The log mel spectrogram: few channels, so that a network can see seconds (Barry & Kim 2018, 3.2.1)."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from nast_fx.dsp import Stft
from nast_fx.dsp.mel import mel_filters
from nast_fx.representations.base import Representation
from nast_fx.representations.log_magnitude import smooth_magnitude

__all__ = ["LogMel"]


class LogMel(Representation):
    """Waveform (batch, frame) to spec (batch, 1, band, frame): ``log1p(filters @ |STFT|)``.

    Parameters
    ----------
    n_bands : int
        Triangles, 8 ... 512: few say nothing of the key, many are close to the spectrum.
    f_min, f_max : float
        Range in Hz; `f_max` None is the highest that the rate holds, and what is beyond that is cut.
    """

    def __init__(
        self,
        sample_rate: int,
        n_fft: int,
        hop_length: int,
        *,
        n_bands: int = 128,
        f_min: float = 0.0,
        f_max: float | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.stft = Stft(n_fft, hop_length)
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_bins = n_bands
        self.f_min = f_min
        self.f_max = min(f_max or sample_rate / 2, sample_rate / 2)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute log1p of the bands' magnitudes."""
        magnitude = smooth_magnitude(self.stft.forward(waveform))
        filters = _filters(
            self.n_bins, self.n_fft, self.sample_rate, self.f_min, self.f_max, waveform.dtype, waveform.device
        )
        return torch.log1p(filters @ magnitude)[:, None]


@lru_cache(maxsize=16)
def _filters(
    n_bands: int,
    n_fft: int,
    sample_rate: int,
    f_min: float,
    f_max: float,
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    filters = mel_filters(n_bands, n_fft=n_fft, sample_rate=sample_rate, f_min=f_min, f_max=f_max)
    return filters.to(device, dtype)
