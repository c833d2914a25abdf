"""Random convolutions of finite width: what the papers use, and the oracle of the closed form.

Filters are scaled so that products tend to the closed form: a layer is sqrt(2) relu(conv(x)) with
weights of variance 1/k in the first layer and 1/(k N) in the next. (A paper's own scale is a factor
of the term's weight.) The Gram distance has two forms: through the filters (N x N) or through the
positions (P x P); the smaller one is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.networks.base import Architecture, Network, Runs, Target

__all__ = ["FiniteNetwork"]

Form = Literal["auto", "filters", "positions"]


@dataclass(frozen=True)
class Fixed:
    """Features (batch, filter, position) of each layer, and their Gram where that is smaller."""

    features: tuple[Tensor, ...]
    grams: tuple[Tensor | None, ...]


class FiniteNetwork(Network):
    """Random 1-D convolutions over frames with the bins as channels.

    Parameters
    ----------
    architecture : Architecture
        With a finite `n_filters`.
    n_bins : int
        Channels of the first layer: parts times bins of the spec.
    seed : int
        Of the weights; they are drawn on the CPU, so that every device has the same.
    form : str
        ``filters`` and ``positions`` force a form of the Gram distance.
    """

    def __init__(
        self,
        architecture: Architecture,
        n_bins: int,
        *,
        seed: int,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        form: Form = "auto",
    ) -> None:
        self.architecture = architecture
        self.n_filters = int(architecture.n_filters)
        self.form = form
        generator = torch.Generator().manual_seed(seed)

        def draw(n_inputs: int, width: int, fan_in: int) -> Tensor:
            weight = torch.randn(self.n_filters, n_inputs, width, generator=generator, dtype=dtype)
            return (weight / math.sqrt(fan_in)).to(device)

        width, n = architecture.kernel_width, self.n_filters
        n_branches = architecture.n_layers - 1
        self.first = draw(n_bins, width, width)
        self.branches = [draw(n, width, width * n) for _ in range(n_branches)]
        self.mixers = [draw(n, 1, n) for _ in range(n_branches)] if architecture.residual else []

    def embed(self, spec: Tensor) -> tuple[Tensor, ...]:
        """Compute the features (batch, filter, position) of each layer."""
        net = self.architecture
        total = functional.conv1d(spec.flatten(1, 2), self.first)
        layers = [_activate(total)]
        for layer, weight in enumerate(self.branches, start=1):
            if net.residual:
                reach = (net.kernel_width - 1) * net.step(layer)
                padded = functional.pad(layers[-1], (reach // 2, reach - reach // 2))
                branch = _activate(functional.conv1d(padded, weight, dilation=net.step(layer)))
                total = total + functional.conv1d(branch, self.mixers[layer - 1])
            else:
                total = functional.conv1d(layers[-1], weight, dilation=net.step(layer))
            layers.append(_activate(total))
        return tuple(layers)

    def target(self, spec: Tensor, runs: Runs | None = None) -> Target:
        """Fix a signal: its features, and its Gram where that is the smaller form."""
        with torch.no_grad():
            features = self.embed(spec)
            weights = self._weights(spec, runs)
            grams = tuple(
                (f * w) @ f.transpose(1, 2) if self._through_filters(f) else None
                for f, w in zip(features, weights, strict=True)
            )
            energy = [
                (f.square().sum(dim=1) * w).sum(dim=1) / self.n_filters
                for f, w in zip(features, weights, strict=True)
            ]
            gram_energy = [
                self._mean_square(f, f, w, w) if gram is None else _norm(gram, self.n_filters)
                for f, w, gram in zip(features, weights, grams, strict=True)
            ]
        return Target(Fixed(features, grams), weights, torch.stack(energy), torch.stack(gram_energy))

    def gram_distance(self, embedding: tuple[Tensor, ...], target: Target) -> Tensor:
        """Squared distance of the Gram matrices over N^2 (layer, batch)."""
        return torch.stack(
            [self._layer_distance(layer, features, target) for layer, features in enumerate(embedding)]
        )

    def content_distance(self, embedding: tuple[Tensor, ...], target: Target) -> Tensor:
        """Mean squared distance of the features, position by position (layer, batch)."""
        distances = [
            (x - c).square().sum(dim=1).mean(dim=1) / self.n_filters
            for x, c in zip(embedding, target.embedding.features, strict=True)
        ]
        return torch.stack(distances)

    def select(self, target: Target, rows: Sequence[int]) -> Target:
        """Keep some batch rows of a target."""
        index, fixed = list(rows), target.embedding
        return replace(
            target,
            embedding=Fixed(
                tuple(f[index] for f in fixed.features),
                tuple(None if gram is None else gram[index] for gram in fixed.grams),
            ),
            energy=target.energy[:, index],
            gram_energy=target.gram_energy[:, index],
        )

    def _through_filters(self, features: Tensor) -> bool:
        if self.form == "auto":
            return self.n_filters <= features.shape[2]
        return self.form == "filters"

    def _layer_distance(self, layer: int, features: Tensor, target: Target) -> Tensor:
        gram = target.embedding.grams[layer]
        if gram is not None:
            own = features @ features.transpose(1, 2) / features.shape[2]
            return _norm(own - gram, self.n_filters)
        fixed, weights = target.embedding.features[layer], target.weights[layer]
        alike = torch.full_like(features[0, 0], 1 / features.shape[2])
        own = self._mean_square(features, features, alike, alike)
        cross = self._mean_square(features, fixed, alike, weights)
        return own - 2 * cross + target.gram_energy[layer]

    def _mean_square(self, x: Tensor, y: Tensor, left: Tensor, right: Tensor) -> Tensor:
        """Weighted mean of K_xy^2 (batch,)."""
        products = x.transpose(1, 2) @ y / self.n_filters
        return products.square() @ right @ left


def _activate(values: Tensor) -> Tensor:
    return functional.relu(values) * math.sqrt(2)


def _norm(gram: Tensor, n_filters: int) -> Tensor:
    """Squared Frobenius norm over N^2 (batch,)."""
    return gram.square().sum(dim=(1, 2)) / n_filters**2
