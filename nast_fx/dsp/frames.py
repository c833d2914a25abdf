"""A signal as a matrix of overlapping windowed frames, and back by overlap-add.

Frames have a periodic Hann window and lie so that every sample is seen by as many of them; what
lies beyond the ends is silent, or, for a loop, the other end.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.dsp.stft import wrap_around
from nast_fx.errors import UsageError

__all__ = ["Frames"]


class Frames:
    """Frames of `size` samples, `hop_length` apart.

    Parameters
    ----------
    size, hop_length : int
        In samples; the step is at most half of the size.
    loop : bool
        The signal is a circle, and its length a multiple of `hop_length`.
    """

    def __init__(self, size: int, hop_length: int, *, loop: bool = False) -> None:
        if not 0 < hop_length * 2 <= size:
            raise UsageError(f"hop_length={hop_length} must be above 0 and at most half of n_fft={size}")
        self.size = size
        self.hop_length = hop_length
        self.loop = loop

    @property
    def margin(self) -> int:
        """Samples by which the first frame begins before the signal."""
        return self.size - self.hop_length

    def count(self, n_frames: int) -> int:
        """Count the frames of a signal of `n_frames` samples."""
        if self.loop:
            return n_frames // self.hop_length
        return -(-(n_frames + self.margin) // self.hop_length)

    def split(self, waveform: Tensor) -> Tensor:
        """Cut waveform (batch, frame) into windowed frames (batch, column, sample)."""
        n_columns = self.count(waveform.shape[1])
        length = (n_columns - 1) * self.hop_length + self.size
        if self.loop:
            turns = -(-length // waveform.shape[1]) + 1
            padded = torch.roll(waveform, self.margin, dims=1).repeat(1, turns)[:, :length]
        else:
            padded = functional.pad(waveform, (self.margin, length - self.margin - waveform.shape[1]))
        return padded.unfold(1, self.size, self.hop_length) * self._window(waveform)

    def join(self, frames: Tensor, n_frames: int) -> Tensor:
        """Add up frames (batch, column, sample) that are windowed already, over the windows' sum."""
        window = self._window(frames)[None, None].expand(1, frames.shape[1], -1)
        return self._overlap_add(frames, n_frames) / self._overlap_add(window, n_frames)

    def _overlap_add(self, frames: Tensor, n_frames: int) -> Tensor:
        length = (frames.shape[1] - 1) * self.hop_length + self.size
        full = functional.fold(
            frames.transpose(1, 2), (1, length), kernel_size=(1, self.size), stride=(1, self.hop_length)
        )[:, 0, 0]
        if self.loop:
            return wrap_around(full, self.margin, n_frames)
        return full[:, self.margin : self.margin + n_frames]

    def _window(self, like: Tensor) -> Tensor:
        return torch.hann_window(self.size, dtype=like.dtype, device=like.device)
