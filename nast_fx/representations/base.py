"""What a representation is: a differentiable view of a waveform, with fixed buffers only."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

__all__ = ["Representation"]


class Representation(ABC):
    """Waveform (batch, frame) to spec (batch, part, bin, frame).

    Attributes
    ----------
    sample_rate : int
        In Hz.
    n_fft, hop_length : int
        Window and step of the transform, in samples.
    n_bins : int
        Size of the spec's third axis.
    """

    sample_rate: int
    n_fft: int
    hop_length: int
    n_bins: int

    @abstractmethod
    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the spec of a waveform."""
