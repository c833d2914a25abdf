"""Phase reconstruction after Griffin & Lim 1984: alternate between the two constraints.

The magnitude is given; the phase comes from the nearest real signal. Parts of the signal may be
pinned, so that a segment meets its finished neighbors in phase. With `acceleration` each step goes on in
the direction of the last one (Perraudin, Balazs & Søndergaard 2013, "A fast Griffin-Lim algorithm").
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
    acceleration: float = 0.0,
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
    acceleration : float
        Share of the last step that is taken once more, 0 ... 1.
    """

    def waveform_of(spectrum: Tensor) -> Tensor:
        waveform = stft.inverse(spectrum, n_frames)
        return waveform if pinned is None else torch.lerp(waveform, *pinned)

    waveform, last = waveform_of(torch.polar(magnitude, phase)), None
    for step in range(1, n_iterations):
        yield Progress("griffin-lim", step=step, n_steps=n_iterations)
        spectrum = found = stft.forward(waveform)
        if acceleration and last is not None:
            spectrum = torch.lerp(last, found, 1 + acceleration)
        last = found
        # A bin without energy has no phase: sgn leaves it silent, where angle 0 would not.
        waveform = waveform_of(magnitude * torch.sgn(spectrum))
    return waveform
