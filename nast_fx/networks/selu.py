"""The kernel of an infinitely wide SELU layer (Klambauer et al. 2017), by its Hermite series.

SELU is not homogeneous, so its kernel depends on both scales and not on the angle alone. With the
normalized Hermite polynomials h_n, pre-activations u = s_x z, v = s_y z' and correlation rho,

    E[act(u) act(v)] = s_x s_y sum_n b_n(s_x) b_n(s_y) rho^n,   b_n(s) = E[act(s z) h_n(z)] / s

(Mehler's formula). The first 16 terms hold 99.8 % or more of the variance at any scale; one more
term, of degree 16, is given what is missing at rho = 1, so that the variance is exact and the kernel
stays positive. The b_n are smooth in log(s), where they are tabulated, and constant beyond the table:
SELU is a leaky ReLU near 0 and a ReLU far from it. A polynomial has no singularity at rho = 1.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["selu_kernel", "selu_variance"]

ALPHA = 1.6732632423543772
LAMBDA = 1.0507009873554805
N_TERMS = 16
LOG_RANGE = (math.log(1e-4), math.log(1e4))  # of the table's scales
N_SCALES = 281  # 35 a decade: cubic interpolation is then good to 1e-6


def selu_kernel(covariance: Tensor, variance_x: Tensor, variance_y: Tensor, *, same: bool = False) -> Tensor:
    """Kernel of a SELU layer from the covariance of its pre-activations.

    Parameters
    ----------
    covariance : Tensor
        S, any shape.
    variance_x, variance_y : Tensor
        q, at least 0, of shapes that broadcast to that of `covariance`.
    same : bool
        Both signals are one, so the diagonal of the last two axes has an angle of exactly 0.
    """
    scale_x, scale_y = _root(variance_x), _root(variance_y)
    kernel: Tensor = _Mehler.apply(  # type: ignore[no-untyped-call]
        covariance, scale_x, scale_y, _coefficients(scale_x), _coefficients(scale_y), same
    )
    return kernel


def selu_variance(variance: Tensor) -> Tensor:
    """Mean square of a SELU layer's output from the variance of its pre-activations."""
    return variance * _coefficients(_root(variance)).square().sum(dim=0)


class _Mehler(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, covariance: Tensor, scale_x: Tensor, scale_y: Tensor, b_x: Tensor, b_y: Tensor, same: bool
    ) -> Tensor:
        correlation = covariance / (scale_x * scale_y)
        # Silence on either side: 0/0. Its kernel is 0 whatever the angle.
        correlation.nan_to_num_(0.0, 0.0, 0.0).clamp_(-1.0, 1.0)
        if same:
            correlation.diagonal(dim1=-2, dim2=-1).fill_(1.0)
        ctx.save_for_backward(correlation, scale_x, scale_y, b_x, b_y)
        return _series(correlation, b_x, b_y) * (scale_x * scale_y)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        correlation, scale_x, scale_y, b_x, b_y = ctx.saved_tensors
        value = _series(correlation, b_x, b_y)
        slope = _slope(correlation, b_x, b_y)
        by_covariance = gradient * slope
        rest = gradient * (value - correlation * slope)
        by_scale_x = (rest * scale_y).sum_to_size(scale_x.shape)
        by_scale_y = (rest * scale_x).sum_to_size(scale_y.shape)
        weighted = gradient * scale_x * scale_y
        needs_x, needs_y = ctx.needs_input_grad[3:5]
        by_x = torch.empty_like(b_x) if needs_x else None
        by_y = torch.empty_like(b_y) if needs_y else None
        for term in range(len(b_x)):  # weighted is gradient s_x s_y rho^term
            if by_x is not None:
                by_x[term] = (weighted * b_y[term]).sum_to_size(scale_x.shape)
            if by_y is not None:
                by_y[term] = (weighted * b_x[term]).sum_to_size(scale_y.shape)
            weighted *= correlation
        return by_covariance, by_scale_x, by_scale_y, by_x, by_y, None


def _series(correlation: Tensor, b_x: Tensor, b_y: Tensor) -> Tensor:
    """Sum b_n(s_x) b_n(s_y) rho^n by Horner's rule."""
    total = b_x[-1] * b_y[-1] * correlation
    for term in range(len(b_x) - 2, 0, -1):
        total.addcmul_(b_x[term], b_y[term]).mul_(correlation)
    return total.addcmul_(b_x[0], b_y[0])


def _slope(correlation: Tensor, b_x: Tensor, b_y: Tensor) -> Tensor:
    """Differentiate the series by rho."""
    last = len(b_x) - 1
    total = last * b_x[-1] * b_y[-1] * correlation
    for term in range(last - 1, 1, -1):
        total.addcmul_(b_x[term], b_y[term], value=term).mul_(correlation)
    return total.addcmul_(b_x[1], b_y[1])


def _root(variance: Tensor) -> Tensor:
    """Root with a gradient of 0, and not of infinity, at silence."""
    sounds = variance > 0
    return torch.where(sounds, torch.where(sounds, variance, 1.0).sqrt(), 0.0)


def _coefficients(scale: Tensor) -> Tensor:
    """Look up b_n (term, *scale.shape), cubic in log(s)."""
    table = _table(scale.dtype, scale.device)
    low, high = LOG_RANGE
    place = (scale.clamp_min(math.exp(low)).log() - low) * ((N_SCALES - 1) / (high - low))
    place = place.clamp(0, N_SCALES - 1)
    left = place.detach().floor().clamp_max(N_SCALES - 2)
    t = place - left
    index = left.long()
    before, first, second, after = (
        table[:, (index + offset).clamp(0, N_SCALES - 1)] for offset in (-1, 0, 1, 2)
    )
    rise = second - first
    slope_first, slope_second = (second - before) / 2, (after - first) / 2
    cubic = slope_first + slope_second - 2 * rise
    return first + t * (slope_first + t * (3 * rise - 2 * slope_first - slope_second + t * cubic))


@lru_cache(maxsize=8)
def _table(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Coefficients b_n (term, scale), the closing one last."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    # Both sides of the kink on their own, out to 12 deviations; dense where exp(s z) is steep.
    z = np.concatenate([6 * (nodes - 1), 6 * (nodes + 1)])
    weights = 6 * np.tile(weights, 2) * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    scales = np.exp(np.linspace(*LOG_RANGE, N_SCALES))[:, None]
    values = LAMBDA * np.where(z > 0, z, ALPHA * np.expm1(np.minimum(scales * z, 0)) / scales)
    hermite = [np.ones_like(z), z]
    for n in range(1, N_TERMS - 1):
        hermite.append((z * hermite[n] - math.sqrt(n) * hermite[n - 1]) / math.sqrt(n + 1))
    terms = (values * weights) @ np.stack(hermite).T
    missing = (values**2 * weights).sum(axis=1) - (terms**2).sum(axis=1)
    table = np.concatenate([terms, np.sqrt(missing)[:, None]], axis=1).T
    return torch.from_numpy(np.ascontiguousarray(table)).to(device, dtype)
