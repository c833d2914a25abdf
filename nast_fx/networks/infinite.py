"""A random network of infinite width, in closed form.

As the number of filters grows, Phi_x^T Phi_y / N tends to the kernel of the layer, which is known
(`nast_fx.networks.activations`). Nothing random is left: no weights, no seed. With taps d apart:

    first layer   S(t, u) = 1/k sum_j <x[t + j], y[u + j]>                    (SELU: over the bins, too)
    next layers   S(t, u) = 1/k sum_j kappa[t + j d, u + j d]                 (plain)
                  A(t, u) <- A(t, u) + kappa[1/k sum_j kappa[A](t + j d, u + j d)]   (residual, SAME)

This is the recursion of the neural network Gaussian process (Lee et al. 2018) on pre-activations.
The content distance needs the diagonal t = u only, and a diagonal is all that the recursion then
touches: it costs O(position).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.networks.activations import ACTIVATIONS, Activation
from nast_fx.networks.arc_cosine import diagonal_sum
from nast_fx.networks.base import Architecture, Network, Runs, Target

__all__ = ["InfiniteNetwork"]


@dataclass(frozen=True)
class Embedding:
    """Columns (batch, bin, frame) of a spec, and their squared norms (batch, frame)."""

    columns: Tensor
    power: Tensor


class InfiniteNetwork(Network):
    """The limit of `nast_fx.networks.finite.FiniteNetwork` as `n_filters` grows."""

    def __init__(self, architecture: Architecture) -> None:
        if architecture.parts == "rows" or architecture.kernel_height is not None:
            raise ValueError("the closed form sees the parts and the bins of a spec together")
        if architecture.residual_start == "after":
            raise ValueError("the closed form adds residual branches before the first activation")
        if architecture.normalized:
            raise ValueError("the closed form has no instance normalization")
        self.architecture = architecture
        self.n_layers = architecture.n_layers
        self._activation = ACTIVATIONS[architecture.activation]

    def __str__(self) -> str:
        return str(self.architecture)

    def embed(self, spec: Tensor) -> Embedding:
        """Keep the spec's columns and their energies."""
        columns = spec.flatten(1, 2)
        scale = 1 / self._activation.first_fan_in(columns.shape[1], 1)
        if scale != 1:
            columns = columns * math.sqrt(scale)
        return Embedding(columns, columns.square().sum(dim=1))

    def target(self, spec: Tensor, runs: Runs | None = None) -> Target:
        """Fix a signal, with the energies of its kernel."""
        with torch.no_grad():
            embedding = self.embed(spec)
            runs = runs or Runs((spec.shape[-1],), (1.0,))
            weights = tuple(self._position_weights(layer, spec, runs) for layer in range(self.n_layers))
            variances = self._features(self._variances(embedding.power))
            energies = [(q * w).sum(dim=1) for q, w in zip(variances, weights, strict=True)]
            gram = self._mean_squares(embedding, embedding, weights, weights)
        return Target(embedding, weights, torch.stack(energies), gram)

    def gram_distance(self, embedding: Embedding, target: Target) -> Tensor:
        """Squared maximum mean discrepancy with the squared kernel (layer, batch)."""
        alike = [torch.full_like(q[0], 1 / q.shape[1]) for q in self._variances(embedding.power)]
        own = self._mean_squares(embedding, embedding, alike, alike)
        cross = self._mean_squares(embedding, target.embedding, alike, target.weights)
        return own - 2 * cross + target.gram_energy

    def content_distance(self, embedding: Embedding, target: Target) -> Tensor:
        """Mean squared distance of the features, position by position (layer, batch)."""
        own, fixed = (
            self._features(self._variances(power)) for power in (embedding.power, target.embedding.power)
        )
        products = (embedding.columns * target.embedding.columns).sum(dim=1)
        cross = self._diagonals(products, embedding.power, target.embedding.power)
        distances = [
            (q_x + q_c - 2 * kernel).mean(dim=1) for q_x, q_c, kernel in zip(own, fixed, cross, strict=True)
        ]
        return torch.stack(distances)

    def select(self, target: Target, rows: Sequence[int]) -> Target:
        """Keep some batch rows of a target."""
        index = list(rows)
        fixed = target.embedding
        return replace(
            target,
            embedding=Embedding(fixed.columns[index], fixed.power[index]),
            energy=target.energy[:, index],
            gram_energy=target.gram_energy[:, index],
        )

    def run_products(self, x: Embedding, y: Embedding) -> Tensor:
        """Mean of kappa^2 over all pairs of positions, every run of x against every run of y.

        Parameters
        ----------
        x, y : Embedding
            The batch rows are runs; the products of all their positions are held in memory at once.

        Returns
        -------
        Tensor, (layer, run x, run y)
        """
        pairs = _Matrix(self._activation)
        (n_x, _, length_x), (n_y, _, length_y) = x.columns.shape, y.columns.shape
        with torch.no_grad():
            flat_x, flat_y = (runs.columns.transpose(0, 1).flatten(1) for runs in (x, y))
            products = (flat_x.T @ flat_y).view(n_x, length_x, n_y, length_y).transpose(1, 2).flatten(0, 1)
            powers = x.power.repeat_interleave(n_y, dim=0), y.power.repeat(n_x, 1)
            kernels = (pairs.kernel(*layer) for layer in self._recursion(products, *powers, pairs))
            means = [kernel.square().mean(dim=(1, 2)) for kernel in kernels]
        return torch.stack(means).view(-1, n_x, n_y)

    def _position_weights(self, layer: int, spec: Tensor, runs: Runs) -> Tensor:
        field = self.architecture.field(layer)
        weights = runs.position_weights(field, spec.shape[-1] - field.n_lost)
        return weights.to(spec.dtype).to(spec.device)

    def _variances(self, power: Tensor) -> list[Tensor]:
        """Variances of each layer's pre-activations, (batch, position) each."""
        net, squared = self.architecture, self._activation.variance
        variance = _run_mean(power, net.kernel_width, 1)
        layers = [variance]
        for layer in range(1, net.n_layers):
            taps = net.width(layer), net.step(layer)
            if net.residual:
                variance = variance + squared(_run_mean_same(squared(variance), *taps))
            else:
                variance = _run_mean(squared(variance), *taps)
            layers.append(variance)
        return layers

    def _features(self, variances: list[Tensor]) -> list[Tensor]:
        """Variances kappa(t, t) of each layer's features."""
        return [self._activation.variance(q) for q in variances]

    def _mean_squares(
        self, x: Embedding, y: Embedding, left: Sequence[Tensor], right: Sequence[Tensor]
    ) -> Tensor:
        """Weighted mean of kappa^2 over all pairs of positions (layer, batch)."""
        pairs = _Matrix(self._activation, same=x is y)
        layers = self._recursion(x.columns.transpose(1, 2) @ y.columns, x.power, y.power, pairs)
        means = [
            self._activation.mean_square(covariance, q_x, q_y, weights, same=x is y)
            for (covariance, q_x, q_y), weights in zip(layers, zip(left, right, strict=True), strict=True)
        ]
        return torch.stack(means)

    def _diagonals(self, products: Tensor, power_x: Tensor, power_y: Tensor) -> Iterator[Tensor]:
        """Yield the diagonal kappa[t, t] (batch, position) of each layer, x against y."""
        pairs = _Diagonal(self._activation)
        for covariance, q_x, q_y in self._recursion(products, power_x, power_y, pairs):
            yield pairs.kernel(covariance, q_x, q_y)

    def _recursion(
        self, products: Tensor, power_x: Tensor, power_y: Tensor, pairs: _Pairs
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield covariance and variances of each layer's pre-activations."""
        net, squared = self.architecture, self._activation.variance
        q_x, q_y = self._variances(power_x), self._variances(power_y)
        covariance = pairs.mean(products, net.kernel_width, 1)
        yield covariance, q_x[0], q_y[0]
        for layer in range(1, net.n_layers):
            taps = net.width(layer), net.step(layer)
            kernel = pairs.kernel(covariance, q_x[layer - 1], q_y[layer - 1])
            if net.residual:
                mean = pairs.mean(pairs.pad(kernel, *_margins(*taps)), *taps)
                branch_x, branch_y = (_run_mean_same(squared(q[layer - 1]), *taps) for q in (q_x, q_y))
                covariance = covariance + pairs.kernel(mean, branch_x, branch_y)
            else:
                covariance = pairs.mean(kernel, *taps)
            yield covariance, q_x[layer], q_y[layer]


class _Pairs(ABC):
    """Which pairs of positions are looked at: all of them, or only t = u."""

    def __init__(self, activation: Activation, *, same: bool = False) -> None:
        self._activation = activation
        self._same = same

    @abstractmethod
    def mean(self, values: Tensor, width: int, step: int) -> Tensor:
        """Mean over taps, of both positions together."""

    @abstractmethod
    def pad(self, values: Tensor, before: int, after: int) -> Tensor:
        """Add zeros around the positions."""

    @abstractmethod
    def kernel(self, covariance: Tensor, q_x: Tensor, q_y: Tensor) -> Tensor:
        """Apply the activation."""


class _Matrix(_Pairs):
    def mean(self, values: Tensor, width: int, step: int) -> Tensor:
        return diagonal_sum(values, width, step) / width

    def pad(self, values: Tensor, before: int, after: int) -> Tensor:
        return functional.pad(values, (before, after, before, after))

    def kernel(self, covariance: Tensor, q_x: Tensor, q_y: Tensor) -> Tensor:
        return self._activation.kernel(covariance, q_x[:, :, None], q_y[:, None, :], same=self._same)


class _Diagonal(_Pairs):
    def mean(self, values: Tensor, width: int, step: int) -> Tensor:
        return _run_mean(values, width, step)

    def pad(self, values: Tensor, before: int, after: int) -> Tensor:
        return functional.pad(values, (before, after))

    def kernel(self, covariance: Tensor, q_x: Tensor, q_y: Tensor) -> Tensor:
        return self._activation.kernel(covariance, q_x, q_y)


def _run_mean(values: Tensor, width: int, step: int) -> Tensor:
    """Mean of `width` values `step` apart (batch, frame) to (batch, position); differentiable."""
    n_positions = values.shape[1] - (width - 1) * step
    total = values[:, :n_positions]
    for tap in range(1, width):
        total = total + values[:, tap * step : tap * step + n_positions]
    return total / width


def _margins(width: int, step: int) -> tuple[int, int]:
    """Zeros before and after that keep the length (SAME)."""
    reach = (width - 1) * step
    return reach // 2, reach - reach // 2


def _run_mean_same(values: Tensor, width: int, step: int) -> Tensor:
    return _run_mean(functional.pad(values, _margins(width, step)), width, step)
