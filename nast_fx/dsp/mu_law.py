"""Mu-law companding: loudness in even steps (ITU-T G.711's curve, continuous, mu = 255).

    y = sign(x) log(1 + mu |x|) / log(1 + mu),     dy/dx = mu / ((1 + mu |x|) log(1 + mu))

Its 256 codes are what WaveNet predicts (van den Oord et al. 2016, section 2.2): a step near full scale is
2.2 % of it, one near zero 46 times finer than a linear one.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["MU", "N_CODES", "compand", "decode", "encode", "expand"]

MU = 255
N_CODES = MU + 1


class _Compand(torch.autograd.Function):
    # Autograd's derivative of sign and abs is 0 at 0, where this curve is steepest.
    @staticmethod
    def forward(ctx: Any, samples: Tensor) -> Tensor:
        ctx.save_for_backward(samples)
        return samples.sign() * torch.log1p(MU * samples.abs()) / math.log1p(MU)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (samples,) = ctx.saved_tensors
        result: Tensor = gradient * (MU / math.log1p(MU)) / (1 + MU * samples.abs())
        return result


def compand(samples: Tensor) -> Tensor:
    """Compress samples: -1 ... 1 to -1 ... 1; beyond them the curve goes on."""
    companded: Tensor = _Compand.apply(samples)  # type: ignore[no-untyped-call]
    return companded


def expand(companded: Tensor) -> Tensor:
    """Undo `compand`."""
    return companded.sign() * torch.expm1(companded.abs() * math.log1p(MU)) / MU


def encode(companded: Tensor) -> Tensor:
    """Round companded values to codes 0 ... 255 (int64); what is beyond -1 ... 1 is clipped."""
    return ((companded.clamp(-1, 1) + 1) * (MU / 2)).round().long()


def decode(codes: Tensor) -> Tensor:
    """Give the companded value -1 ... 1 of each code."""
    return codes * (2 / MU) - 1
