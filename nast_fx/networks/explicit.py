"""Networks whose features are computed: random or trained filters, or none.

Features are (batch, filter, row, column): a 1-D network has one row, a 2-D network a row a bin. All
rows and columns are positions. The Gram distance has two forms: through the filters (N x N) or through
the positions (P x P); the smaller one is taken.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from nast_fx.networks.base import Field, Network, Runs, Target

__all__ = ["ExplicitNetwork", "Features", "Form"]

Form = Literal["auto", "filters", "positions"]
Features = tuple[Tensor, ...]


@dataclass(frozen=True)
class Fixed:
    """Features of each layer, what of them the content is compared by, and Grams where they are smaller."""

    features: Features
    content: Features
    grams: tuple[Tensor | None, ...]


class ExplicitNetwork(Network):
    """Both distances from features.

    Attributes
    ----------
    form : str
        ``filters`` and ``positions`` force a form of the Gram distance.
    """

    form: Form = "auto"

    @abstractmethod
    def embed(self, spec: Tensor) -> Features:
        """Compute the features (batch, filter, row, column) of each layer."""

    @abstractmethod
    def field(self, layer: int) -> Field:
        """Say which frames a layer's columns see."""

    def content_view(self, features: Features) -> Features:
        """Give what the content is compared by: the features, or their pooled maps."""
        return features

    def style_view(self, features: Sequence[Tensor], weights: Sequence[Tensor]) -> Features:
        """Give what the style is compared by: the features (batch, filter, position), or scaled ones.

        Parameters
        ----------
        features, weights : sequence of Tensor
            Of each layer; the positions' weights (position,) sum to one.
        """
        return tuple(features)

    def target(self, spec: Tensor, runs: Runs | None = None) -> Target:
        """Fix a signal: its features, and its Gram where that is the smaller form."""
        with torch.no_grad():
            maps = self.embed(spec)
            runs = runs or Runs((spec.shape[-1],), (1.0,))
            weights = tuple(self._position_weights(layer, f, runs) for layer, f in enumerate(maps))
            features = self.style_view([f.flatten(2) for f in maps], weights)
            content = tuple(f.flatten(2) for f in self.content_view(maps))
            grams = tuple(
                (f * w) @ f.transpose(1, 2) if self._through_filters(f) else None
                for f, w in zip(features, weights, strict=True)
            )
            energy = [self._energy(layer, f, runs) for layer, f in enumerate(self.content_view(maps))]
            gram_energy = [
                self._mean_square(f, f, w, w) if gram is None else _norm(gram)
                for f, w, gram in zip(features, weights, grams, strict=True)
            ]
        fixed = Fixed(features, content, grams)
        return Target(fixed, weights, torch.stack(energy), torch.stack(gram_energy))

    def gram_distance(self, embedding: Features, target: Target) -> Tensor:
        """Squared distance of the Gram matrices over N^2 (layer, batch)."""
        features = [f.flatten(2) for f in embedding]
        alike = [torch.full_like(f[0, 0], 1 / f.shape[2]) for f in features]
        viewed = self.style_view(features, alike)
        return torch.stack([self._layer_distance(layer, f, target) for layer, f in enumerate(viewed)])

    def content_distance(self, embedding: Features, target: Target) -> Tensor:
        """Mean squared distance of the features, position by position (layer, batch)."""
        distances = [
            (x.flatten(2) - c).square().sum(dim=1).mean(dim=1) / c.shape[1]
            for x, c in zip(self.content_view(embedding), target.embedding.content, strict=True)
        ]
        return torch.stack(distances)

    def select(self, target: Target, rows: Sequence[int]) -> Target:
        """Keep some batch rows of a target."""
        index, fixed = list(rows), target.embedding
        return replace(
            target,
            embedding=Fixed(
                tuple(f[index] for f in fixed.features),
                tuple(f[index] for f in fixed.content),
                tuple(None if gram is None else gram[index] for gram in fixed.grams),
            ),
            energy=target.energy[:, index],
            gram_energy=target.gram_energy[:, index],
        )

    def _position_weights(self, layer: int, maps: Tensor, runs: Runs) -> Tensor:
        n_rows, n_columns = maps.shape[2:]
        weights = runs.position_weights(self.field(layer), n_columns).to(maps.dtype).to(maps.device)
        return (weights / n_rows).repeat(n_rows)

    def _energy(self, layer: int, maps: Tensor, runs: Runs) -> Tensor:
        weights = self._position_weights(layer, maps, runs)
        return (maps.flatten(2).square().sum(dim=1) * weights).sum(dim=1) / maps.shape[1]

    def _through_filters(self, features: Tensor) -> bool:
        if self.form == "auto":
            return features.shape[1] <= features.shape[2]
        return self.form == "filters"

    def _layer_distance(self, layer: int, features: Tensor, target: Target) -> Tensor:
        gram = target.embedding.grams[layer]
        if gram is not None:
            own = features @ features.transpose(1, 2) / features.shape[2]
            return _norm(own - gram)
        fixed, weights = target.embedding.features[layer], target.weights[layer]
        alike = torch.full_like(features[0, 0], 1 / features.shape[2])
        own = self._mean_square(features, features, alike, alike)
        cross = self._mean_square(features, fixed, alike, weights)
        return own - 2 * cross + target.gram_energy[layer]

    @staticmethod
    def _mean_square(x: Tensor, y: Tensor, left: Tensor, right: Tensor) -> Tensor:
        """Weighted mean of K_xy^2 (batch,)."""
        products = x.transpose(1, 2) @ y / x.shape[1]
        return products.square() @ right @ left


def _norm(gram: Tensor) -> Tensor:
    """Squared Frobenius norm over N^2 (batch,)."""
    return gram.square().sum(dim=(1, 2)) / gram.shape[1] ** 2
