"""Random 1-D convolutions whose layers have different numbers of filters.

`FiniteNetwork` has as many in each layer, so that its width can grow to its limit; this is the
"Gatys-like" pyramid of the base model of Vedak & Bhatia: 128, 256 and 512 filters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.networks.base import Field
from nast_fx.networks.explicit import ExplicitNetwork, Features

__all__ = ["ColumnNetwork"]


class ColumnNetwork(ExplicitNetwork):
    """Layers of relu(conv(x)) over frames, unpadded; bins are the first layer's channels.

    Weights are normal with variance 2 / fan-in (He et al. 2015), so that no layer fades.

    Parameters
    ----------
    n_filters : sequence of int
        Of each layer.
    kernel_width : int
        Frames that a filter sees.
    n_bins : int
        Of the spec.
    seed : int
        Draws the weights, on the CPU.
    """

    def __init__(
        self,
        n_filters: Sequence[int],
        kernel_width: int,
        n_bins: int,
        *,
        seed: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.n_filters = tuple(n_filters)
        self.kernel_width = kernel_width
        self.n_layers = len(self.n_filters)
        generator = torch.Generator().manual_seed(seed)
        incoming = n_bins, *self.n_filters[:-1]
        self.weights = [
            torch.randn(n, channels, kernel_width, generator=generator)
            .mul_(math.sqrt(2 / (channels * kernel_width)))
            .to(device)
            for n, channels in zip(self.n_filters, incoming, strict=True)
        ]

    def embed(self, spec: Tensor) -> Features:
        """Compute the features (batch, filter, 1, frame) of each layer."""
        maps, layers = spec.flatten(1, 2), []
        for weight in self.weights:
            maps = functional.relu(functional.conv1d(maps, weight))
            layers.append(maps[:, :, None])
        return tuple(layers)

    def field(self, layer: int) -> Field:
        """A layer's columns see its kernels, one after the other; none is padded."""
        reach = (layer + 1) * (self.kernel_width - 1)
        return Field(reach, 0, n_lost=reach)

    @property
    def min_frames(self) -> int:
        """Frames that a spec must have: one column is left of the last layer."""
        return self.n_layers * (self.kernel_width - 1) + 1

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.n_filters))} filters of width {self.kernel_width}"
