"""A stack of 2-D convolutions as a network of distances: trained, or random.

Positions are (bin, frame), at the resolution that steps and pooling leave. The Gram matrices are means over
positions; with ``normalized`` each signal's is also divided by its own trace over the filters, which is its
mean energy: then they say how filters go together, and not how much there is of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nast_fx.networks.base import Field
from nast_fx.networks.explicit import ExplicitNetwork, Features
from nast_fx.networks.image import POOL_STRIDE, ImageArchitecture, ImageStack

__all__ = ["ImageNetwork", "image_field"]

EPSILON = 1e-12  # of an energy: a filter map may be silent


class ImageNetwork(ExplicitNetwork):
    """The first layers of a stack.

    Parameters
    ----------
    stack : ImageStack
    n_layers : int or None
        How many are computed; None is all of them.
    normalized : bool
        Compare each Gram over its own energy.
    """

    def __init__(self, stack: ImageStack, *, n_layers: int | None = None, normalized: bool = False) -> None:
        whole = stack.architecture
        self.n_layers = n_layers or whole.n_layers
        kept = ImageArchitecture(whole.layers[: self.n_layers], whole.n_channels)
        self.stack = ImageStack(kept, stack.weights[: self.n_layers])
        self.normalized = normalized

    def embed(self, spec: Tensor) -> Features:
        """Compute the feature maps (batch, filter, bin, frame) of each layer, before its pooling."""
        return tuple(self.stack.feature_maps(spec))

    def field(self, layer: int) -> Field:
        """Say which frames a layer's columns see."""
        return image_field(self.stack.architecture, layer)

    def style_view(self, features: Sequence[Tensor], weights: Sequence[Tensor]) -> Features:
        """Scale features (batch, filter, position) to a mean energy of one over filters and positions."""
        if not self.normalized:
            return tuple(features)
        energies = ((f.square() @ w).mean(dim=1) for f, w in zip(features, weights, strict=True))
        return tuple(
            f / torch.sqrt(energy + EPSILON)[:, None, None]
            for f, energy in zip(features, energies, strict=True)
        )

    def __str__(self) -> str:
        counts = ", ".join(str(layer.n_filters) for layer in self.stack.architecture.layers)
        return f"{counts} filters over bins and frames"


def image_field(architecture: ImageArchitecture, layer: int) -> Field:
    """Add up what kernels and pooling windows see, in frames of the spec."""
    reach, before, stride = 0, 0, 1
    for index, own in enumerate(architecture.layers[: layer + 1]):
        reach, before = reach + (own.kernel - 1) * stride, before + own.kernel // 2 * stride
        stride *= own.stride
        if own.pool > 1 and index < layer:
            reach, before = reach + (own.pool - 1) * stride, before + (own.pool - 1) // 2 * stride
            stride *= POOL_STRIDE
    return Field(reach, before, n_lost=0, stride=stride)
