"""Activations: what a layer of filters does to a value, and what that is at infinite width.

A layer's weights have variance 1 / fan-in. Of ReLU's first layer only the taps are counted: it is
homogeneous, so the scale of its input is a factor of the loss and nothing else (and sqrt(2) keeps the
variance). SELU depends on the scale; its fan-in is the true one, LeCun's (Klambauer et al. 2017).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.networks.arc_cosine import Weights, arc_cosine, mean_square_arc_cosine
from nast_fx.networks.selu import selu_kernel, selu_variance

__all__ = ["ACTIVATIONS", "Activation"]


class Activation(ABC):
    """One nonlinearity; the kernel's arguments are those of `arc_cosine`."""

    @abstractmethod
    def apply(self, values: Tensor) -> Tensor:
        """Activate the pre-activations of a finite layer."""

    @abstractmethod
    def first_fan_in(self, n_channels: int, n_taps: int) -> int:
        """Give the inverse of the variance of the first layer's weights."""

    @abstractmethod
    def kernel(self, covariance: Tensor, q_x: Tensor, q_y: Tensor, *, same: bool = False) -> Tensor:
        """Mean product of two activations from the covariance and variances of their inputs."""

    @abstractmethod
    def variance(self, q: Tensor) -> Tensor:
        """Mean square of the activation of a value of variance `q`."""

    def mean_square(
        self, covariance: Tensor, q_x: Tensor, q_y: Tensor, weights: Weights, *, same: bool = False
    ) -> Tensor:
        """Weighted mean (batch,) of the squared kernel over all pairs; see `mean_square_arc_cosine`."""
        left, right = weights
        squares = self.kernel(covariance, q_x[:, :, None], q_y[:, None, :], same=same).square()
        return squares @ right @ left


class _Relu(Activation):
    def apply(self, values: Tensor) -> Tensor:
        return functional.relu(values) * math.sqrt(2)

    def first_fan_in(self, n_channels: int, n_taps: int) -> int:
        return n_taps

    def kernel(self, covariance: Tensor, q_x: Tensor, q_y: Tensor, *, same: bool = False) -> Tensor:
        return arc_cosine(covariance, q_x, q_y, same=same)

    def variance(self, q: Tensor) -> Tensor:
        return q

    def mean_square(
        self, covariance: Tensor, q_x: Tensor, q_y: Tensor, weights: Weights, *, same: bool = False
    ) -> Tensor:
        return mean_square_arc_cosine(covariance, q_x, q_y, weights, same=same)


class _Selu(Activation):
    def apply(self, values: Tensor) -> Tensor:
        return torch.selu(values)

    def first_fan_in(self, n_channels: int, n_taps: int) -> int:
        return n_channels * n_taps

    def kernel(self, covariance: Tensor, q_x: Tensor, q_y: Tensor, *, same: bool = False) -> Tensor:
        return selu_kernel(covariance, q_x, q_y, same=same)

    def variance(self, q: Tensor) -> Tensor:
        return selu_variance(q)


ACTIVATIONS: dict[str, Activation] = {"relu": _Relu(), "selu": _Selu()}
