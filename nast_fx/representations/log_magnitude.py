"""The log magnitude spectrogram ``log(1 + |STFT|)``: the view of all five papers' first networks."""

from __future__ import annotations

import torch
from torch import Tensor

from nast_fx.dsp import Stft
from nast_fx.representations.base import Representation

__all__ = ["LogMagnitude", "smooth_magnitude"]

# Added to the squared magnitude so that its root has a gradient at digital silence; -140 dB
# below the spectrum's full scale, far under the rounding of 24-bit audio.
EPSILON = 1e-10


class LogMagnitude(Representation):
    """Waveform (batch, frame) to spec (batch, 1, bin, frame), invertible by Griffin-Lim.

    Parameters
    ----------
    gain : float
        Factor of the magnitudes before the logarithm; a trained network has seen one window length.
    """

    def __init__(
        self, sample_rate: int, n_fft: int, hop_length: int, *, loop: bool = False, gain: float = 1.0
    ) -> None:
        self.sample_rate = sample_rate
        self.gain = gain
        self.stft = Stft(n_fft, hop_length, loop=loop)
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_bins = self.stft.n_bins

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute log1p of the magnitude."""
        spectrum = self.stft.forward(waveform if self.gain == 1 else self.gain * waveform)
        return torch.log1p(smooth_magnitude(spectrum))[:, None]

    def magnitude(self, spec: Tensor) -> Tensor:
        """Undo the logarithm: linear magnitude (batch, bin, frame), clamped at 0."""
        return torch.expm1(spec[:, 0]).clamp_min(0) / self.gain


def smooth_magnitude(spectrum: Tensor) -> Tensor:
    """Magnitude of a complex spectrum, with a gradient also where it is silent."""
    power = spectrum.real.square() + spectrum.imag.square()
    return (power + EPSILON).sqrt()
