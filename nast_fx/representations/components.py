"""The components of a Fourier transform of bare frames (Mital 2017, section 5).

Any of: real, imaginary, magnitude, phase, and along time the difference of the phase as it is and of
the unwrapped phase. The latter is the principal value of the difference, so that it is
differentiable: ``angle(X[t] conj(X[t-1]))``. No logarithm, no padding, no centering; a half spectrum
without its Nyquist bin.

Where the transform is shorter than the frame (the paper: half of it), its bins are those of the whole
frame's correlation with that many sinusoids, which is the transform of the frame folded onto itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.dsp.frames import Frames
from nast_fx.representations.base import Representation

__all__ = ["COMPONENTS", "Components"]

LEAST_POWER = 1e-15  # below it there is no phase, and the magnitude is its root: the author's figure


class Components(Representation):
    """Waveform (batch, frame), or its frames, to spec (batch, part, bin, frame).

    Parameters
    ----------
    frame_size, hop_length : int
        Frames, in samples.
    n_dft : int
        Length of the transform; `n_bins` is half of it.
    parts : sequence of str
        Keys of `COMPONENTS`, in the order of the spec's parts.
    """

    def __init__(
        self, sample_rate: int, frame_size: int, hop_length: int, n_dft: int, parts: Sequence[str]
    ) -> None:
        self.sample_rate = sample_rate
        self.n_fft = frame_size
        self.hop_length = hop_length
        self.n_dft = n_dft
        self.n_bins = n_dft // 2
        self.parts = tuple(parts)
        self.frames = Frames(frame_size, hop_length)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the spec of a waveform."""
        return self.from_frames(self.frames.split(waveform))

    def from_frames(self, frames: Tensor) -> Tensor:
        """Compute the spec of windowed frames (batch, column, sample)."""
        n_turns = -(-frames.shape[2] // self.n_dft)
        folded = functional.pad(frames, (0, n_turns * self.n_dft - frames.shape[2]))
        folded = folded.unflatten(2, (n_turns, self.n_dft)).sum(dim=2)  # type: ignore[no-untyped-call]
        spectrum = torch.fft.rfft(folded)[..., : self.n_bins].transpose(1, 2)
        bins = _Bins(spectrum.real, spectrum.imag)
        return torch.stack([COMPONENTS[part](bins) for part in self.parts], dim=1)


@dataclass(frozen=True)
class _Bins:
    """Real and imaginary part (batch, bin, frame)."""

    real: Tensor
    imaginary: Tensor


def _magnitude(bins: _Bins) -> Tensor:
    return (bins.real.square() + bins.imaginary.square()).clamp_min(LEAST_POWER).sqrt()


def _phase(bins: _Bins) -> Tensor:
    # At no power there is neither a phase nor a gradient of it; both are 0.
    has_phase = bins.real.square() + bins.imaginary.square() > LEAST_POWER
    return torch.atan2(torch.where(has_phase, bins.imaginary, 0.0), torch.where(has_phase, bins.real, 1.0))


def _phase_difference(bins: _Bins) -> Tensor:
    return functional.pad(_phase(bins).diff(dim=2), (1, 0))


def _unwrapped_difference(bins: _Bins) -> Tensor:
    real, imaginary = bins.real, bins.imaginary
    turned = _Bins(
        real[..., 1:] * real[..., :-1] + imaginary[..., 1:] * imaginary[..., :-1],
        imaginary[..., 1:] * real[..., :-1] - real[..., 1:] * imaginary[..., :-1],
    )
    return functional.pad(_phase(turned), (1, 0))


COMPONENTS: dict[str, Callable[[_Bins], Tensor]] = {
    "real": lambda bins: bins.real,
    "imaginary": lambda bins: bins.imaginary,
    "magnitude": _magnitude,
    "phase": _phase,
    "phase-difference": _phase_difference,
    "unwrapped-difference": _unwrapped_difference,
}
