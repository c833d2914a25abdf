"""The limiter that Mital 2017 plays his results through.

A peak envelope with instant attack falls by `release` a sample; above the threshold the wanted gain
is threshold / envelope, and the gain goes there by a one-pole filter while the signal waits in a
delay line:

    e[n] = max(|x[n]|, r e[n-1])      w[n] = min(1, T / e[n])      g[n] = a g[n-1] + (1 - a) w[n]

Both recursions have a closed form, so no sample waits for another one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["limit"]

THRESHOLD = 0.9  # of full scale
RELEASE = 0.9995  # of the envelope, a sample
ATTACK = 0.9  # of the gain, a sample
DELAY = 39  # samples by which the gain is ahead
N_TAPS = 400  # 0.9^400 is far below what a double can tell from 0


def limit(waveform: Tensor) -> Tensor:
    """Limit a waveform (batch, frame); the delay is taken out again."""
    # On the CPU: not every device has doubles.
    padded = functional.pad(waveform.detach().cpu().double(), (0, DELAY))
    # In logarithms a decay is a slope: with the slope taken off, the envelope is a running maximum.
    slope = torch.arange(padded.shape[1], dtype=torch.float64) * math.log(RELEASE)
    level = padded.abs().clamp_min(1e-30).log()
    envelope = (torch.cummax(level - slope, dim=1).values + slope).exp()
    wanted = (THRESHOLD / envelope).clamp_max(1.0)
    taps = (1 - ATTACK) * ATTACK ** torch.arange(N_TAPS, dtype=torch.float64)
    eased = functional.pad(wanted[:, None], (N_TAPS - 1, 0), value=1.0)
    gain = functional.conv1d(eased, taps.flip(0)[None, None])[:, 0] + ATTACK**N_TAPS
    return waveform * gain[:, DELAY:].to(waveform)
