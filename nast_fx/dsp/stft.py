"""Short-time Fourier transform and its inverse, centered, with a periodic Hann window.

Frame t is centered on sample ``t * hop_length``; the edges are mirrored, or, for a loop, wrapped.
The inverse divides by the overlapped squared windows, so that it is exact and, for an inconsistent
spectrum, the least-squares signal of Griffin & Lim 1984, equation 6.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.errors import UsageError

__all__ = ["Stft", "n_spectrum_frames", "wrap_around"]


def n_spectrum_frames(n_frames: int, hop_length: int, *, loop: bool = False) -> int:
    """Frames of the spectrum of `n_frames` samples."""
    return n_frames // hop_length if loop else n_frames // hop_length + 1


class Stft:
    """A transform of fixed geometry; buffers are made once a device.

    Parameters
    ----------
    n_fft, hop_length : int
        Window and step in samples; the step is at most half of the window.
    loop : bool
        The signal is a circle: the edges are wrapped, and its length is a multiple of `hop_length`.
    """

    def __init__(self, n_fft: int, hop_length: int, *, loop: bool = False) -> None:
        if not 0 < hop_length * 2 <= n_fft:
            raise UsageError(f"hop_length={hop_length} must be above 0 and at most half of n_fft={n_fft}")
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.loop = loop

    @property
    def n_bins(self) -> int:
        """Frequency bins: half the window and one."""
        return self.n_fft // 2 + 1

    def forward(self, waveform: Tensor) -> Tensor:
        """Transform waveform (batch, frame) to a complex spectrum (batch, bin, frame).

        A waveform of half a window or less cannot be mirrored: pad it first.
        """
        mode = "circular" if self.loop else "reflect"
        half = self.n_fft // 2
        padded = functional.pad(waveform[:, None], (half, half), mode=mode)[:, 0]
        if self.loop:
            # The last frame would be the first one again.
            padded = padded[:, : padded.shape[1] - self.hop_length]
        window = _hann(self.n_fft, waveform.dtype, waveform.device)
        if not padded.requires_grad:
            # The same to the bit, in a third of the time.
            frames = padded.unfold(1, self.n_fft, self.hop_length) * window
            spectrum: Tensor = torch.fft.rfft(frames)
            return spectrum.transpose(1, 2)
        return torch.stft(
            padded, self.n_fft, self.hop_length, window=window, center=False, return_complex=True
        )

    def inverse(self, spectrum: Tensor, n_frames: int) -> Tensor:
        """Transform a complex spectrum (batch, bin, frame) to a waveform (batch, `n_frames`)."""
        window = _hann(self.n_fft, spectrum.real.dtype, spectrum.device)
        frames = torch.fft.irfft(spectrum, n=self.n_fft, dim=1) * window[:, None]
        energy = (window**2)[None, :, None].expand(1, -1, spectrum.shape[2])
        total = self._overlap_add(frames, n_frames)
        return total / self._overlap_add(energy, n_frames).clamp_min(1e-8)

    def _overlap_add(self, frames: Tensor, n_frames: int) -> Tensor:
        """Add up frames (batch, n_fft, frame) at their places, half a window before sample 0."""
        half, hop, n_columns = self.n_fft // 2, self.hop_length, frames.shape[2]
        length = (n_columns - 1) * hop + self.n_fft
        if self.n_fft % hop == 0 and not frames.requires_grad:
            # The same sums in the same order as below, in a tenth of the time: hop by hop.
            hops = frames.new_zeros(frames.shape[0], length // hop, hop)
            for index in range(self.n_fft // hop):
                part = frames[:, index * hop : (index + 1) * hop]
                hops[:, index : index + n_columns] += part.transpose(1, 2)
            full = hops.flatten(1)
        else:
            size = {"kernel_size": (1, self.n_fft), "stride": (1, hop)}
            full = functional.fold(frames, (1, length), **size)[:, 0, 0]
        if self.loop:
            return wrap_around(full, half, n_frames)
        full = functional.pad(full, (0, max(0, half + n_frames - length)))
        return full[:, half : half + n_frames]


def wrap_around(full: Tensor, before: int, n_frames: int) -> Tensor:
    """Lay a strip that begins `before` samples early around a circle of `n_frames`."""
    n_turns = -(-(full.shape[1]) // n_frames)
    turns = functional.pad(full, (0, n_turns * n_frames - full.shape[1]))
    circle = turns.reshape(full.shape[0], n_turns, n_frames).sum(dim=1)
    return torch.roll(circle, -before, dims=1)


@lru_cache(maxsize=32)
def _hann(n_fft: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.hann_window(n_fft, periodic=True, dtype=dtype, device=device)
