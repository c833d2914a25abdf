"""The kernel of an infinitely wide ReLU layer, with its gradient written out.

For Gaussian pre-activations u, v with covariance S and variances q_x, q_y the arc-cosine kernel of
order 1 (Cho & Saul 2009, equation 6), scaled so that kappa(x, x) = q_x, is

    cos(theta) = S / sqrt(q_x q_y)
    kappa      = 2 E[relu(u) relu(v)] = sqrt(q_x q_y) (sin(theta) + (pi - theta) cos(theta)) / pi

    d kappa / d S   = (pi - theta) / pi
    d kappa / d q_x = sqrt(q_y / q_x) sin(theta) / (2 pi)

Neither derivative has a singularity in theta, so there is nothing to clamp, as there would be in
the derivatives of acos and sqrt.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["Weights", "arc_cosine", "diagonal_sum", "mean_square_arc_cosine"]

Weights = tuple[Tensor, Tensor]


class _ArcCosine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, covariance: Tensor, variance_x: Tensor, variance_y: Tensor, same: bool) -> Tensor:
        scale = (variance_x * variance_y).sqrt()
        cosine = covariance / scale
        # Silence on either side: 0/0. Its kernel is 0 whatever the angle.
        cosine.nan_to_num_(0.0, 0.0, 0.0).clamp_(-1.0, 1.0)
        if same:
            cosine.diagonal(dim1=-2, dim2=-1).fill_(1.0)
        slope = torch.acos(cosine).div_(-math.pi).add_(1.0)
        sine = cosine.square().neg_().add_(1.0).sqrt_().mul_(scale).div_(math.pi)
        kernel = cosine.mul_(scale).mul_(slope).add_(sine)
        ctx.save_for_backward(slope, sine, variance_x, variance_y)
        return kernel

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        slope, sine, variance_x, variance_y = ctx.saved_tensors
        by_angle = gradient * sine
        return (
            gradient * slope,
            _share(by_angle, variance_x),
            _share(by_angle, variance_y),
            None,
        )


def _share(by_angle: Tensor, variance: Tensor) -> Tensor:
    """Reduce ``gradient sqrt(q_x q_y) sin(theta) / pi`` to the gradient of one variance."""
    share = by_angle.sum_to_size(variance.shape) / (2 * variance)
    return torch.where(variance > 0, share, 0.0)


def arc_cosine(covariance: Tensor, variance_x: Tensor, variance_y: Tensor, *, same: bool = False) -> Tensor:
    """Kernel of a ReLU layer from the covariance of its pre-activations.

    Parameters
    ----------
    covariance : Tensor
        S, any shape.
    variance_x, variance_y : Tensor
        q, at least 0, of shapes that broadcast to that of `covariance`.
    same : bool
        Both signals are one, so the diagonal of the last two axes has an angle of exactly 0.
    """
    kernel: Tensor = _ArcCosine.apply(  # type: ignore[no-untyped-call]
        covariance, variance_x, variance_y, same
    )
    return kernel


class _MeanSquare(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, covariance: Tensor, variance_x: Tensor, variance_y: Tensor, weights: Weights, same: bool
    ) -> Tensor:
        left, right = weights
        norm_x, norm_y = variance_x.sqrt(), variance_y.sqrt()
        cosine = covariance * _reciprocal(norm_x)[:, :, None]
        cosine *= _reciprocal(norm_y)[:, None, :]
        cosine.clamp_(-1.0, 1.0)
        if same:
            cosine.diagonal(dim1=-2, dim2=-1).fill_(1.0)
        slope = torch.acos(cosine).mul_(-1 / math.pi).add_(1.0)
        sine = torch.addcmul(cosine.new_ones(()), cosine, cosine, value=-1).sqrt_().mul_(1 / math.pi)
        kernel = torch.addcmul(sine, cosine, slope)  # over both norms
        power_x, power_y = left * variance_x, right * variance_y
        value = power_x[:, None, :] @ kernel.square() @ power_y[:, :, None]
        by_sine = sine.mul_(kernel)
        gradient_x = torch.where(variance_x > 0, left * (by_sine @ power_y[:, :, None])[:, :, 0], 0.0)
        gradient_y = torch.where(variance_y > 0, right * (power_x[:, None, :] @ by_sine)[:, 0, :], 0.0)
        slope *= kernel
        slope *= (2 * left * norm_x)[:, :, None]
        slope *= (right * norm_y)[:, None, :]
        ctx.save_for_backward(slope, gradient_x, gradient_y)
        return value[:, 0, 0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        slope, gradient_x, gradient_y = ctx.saved_tensors
        by_row = gradient[:, None]
        return slope * by_row[:, None], gradient_x * by_row, gradient_y * by_row, None, None


def _reciprocal(norm: Tensor) -> Tensor:
    """Invert, and leave 0 at 0: the kernel of silence is 0 whatever the angle."""
    return torch.where(norm > 0, 1 / norm, 0.0)


def mean_square_arc_cosine(
    covariance: Tensor, variance_x: Tensor, variance_y: Tensor, weights: Weights, *, same: bool = False
) -> Tensor:
    """Weighted mean of the squared kernel, with its gradient from the same pass.

    Parameters
    ----------
    covariance : Tensor
        S (batch, position x, position y).
    variance_x, variance_y : Tensor
        q (batch, position), at least 0.
    weights : (Tensor, Tensor)
        Of the positions (position,) of x and of y, each summing to one.
    same : bool
        Both signals are one.

    Returns
    -------
    Tensor (batch,)
    """
    value: Tensor = _MeanSquare.apply(  # type: ignore[no-untyped-call]
        covariance, variance_x, variance_y, weights, same
    )
    return value


class _DiagonalSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: Tensor, width: int, step: int) -> Tensor:
        ctx.width, ctx.step = width, step
        return _diagonal_sum(matrix, width, step)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        # The adjoint is the same sum, taken backward: pad by the reach on all sides and sum again.
        reach = (ctx.width - 1) * ctx.step
        padded = torch.nn.functional.pad(gradient, (reach, reach, reach, reach))
        return _diagonal_sum(padded, ctx.width, ctx.step), None, None


def _diagonal_sum(matrix: Tensor, width: int, step: int) -> Tensor:
    """Sum by doubling: 11 taps are 1 + 2 + 8, so five additions and not ten."""
    rows = matrix.shape[-2] - (width - 1) * step
    columns = matrix.shape[-1] - (width - 1) * step
    parts, block, first = [], matrix, 0
    for bit in range(width.bit_length()):
        size = 1 << bit
        if width & size:
            offset = first * step
            parts.append(block[..., offset : offset + rows, offset : offset + columns])
            first += size
        if first < width:
            reach = size * step
            block = block[..., :-reach, :-reach] + block[..., reach:, reach:]
    total = parts[0].clone()
    for part in parts[1:]:
        total += part
    return total


def diagonal_sum(matrix: Tensor, width: int, step: int = 1) -> Tensor:
    """Sum `width` entries along each diagonal: out[t, u] = sum_j matrix[t + j step, u + j step].

    Shape: (..., T, U) to (..., T - r, U - r) with r = (width - 1) step.
    """
    if width == 1:
        return matrix
    total: Tensor = _DiagonalSum.apply(  # type: ignore[no-untyped-call]
        matrix, width, step
    )
    return total
