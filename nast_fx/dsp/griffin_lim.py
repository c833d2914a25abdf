"""Phase reconstruction after Griffin & Lim 1984: alternate between the two constraints.

The magnitude is given; the phase comes from the nearest real signal. Parts of the signal may be
pinned, so that a segment meets its finished neighbors in phase.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nast_fx.dsp.stft import Stft
from nast_fx.progress import Progress, Steps

__all__ = ["griffin_lim"]


def griffin_lim(
    stft: Stft,
    magnitude: Tensor,
    phase: Tensor,
    *,
    n_frames: int,
    n_iterations: int,
    pinned: tuple[Tensor, Tensor] | None = None,
) -> Steps[Tensor]:
    """Find a waveform (batch, frame) of a magnitude; yields progress after each iteration.

    Parameters
    ----------
    magnitude : Tensor
        Linear magnitude (batch, bin, frame), at least 0.
    phase : Tensor
        Start, in radians, of the same shape.
    pinned : (waveform, share) or None
        ``share`` (frame,) in 0 ... 1 says how far each sample is held at ``waveform`` (batch, frame).
    """

    def waveform_of(spectrum: Tensor) -> Tensor:
        waveform = stft.inverse(spectrum, n_frames)
        return waveform if pinned is None else torch.lerp(waveform, *pinned)

    waveform = waveform_of(torch.polar(magnitude, phase))
    for step in range(1, n_iterations):
        yield Progress("griffin-lim", step=step, n_steps=n_iterations)
        # A bin without energy has no phase: sgn leaves it silent, where angle 0 would not.
        waveform = waveform_of(magnitude * torch.sgn(stft.forward(waveform)))
    return waveform
