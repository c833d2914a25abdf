"""2-D convolution networks over the image (bin, frame) of a spectrogram, as image classifiers have them.

A layer is relu(conv(x)), padded so that position (bin, frame) stays where it is, and where it says so a
max pooling before the next layer; a feature map is what the activation gives, before the pooling. Weights
are handed in: training asks for their gradient, style transfer for the spectrogram's.

Two published shapes. `INSTRUMENTS` is the AlexNet variant with 3x3 receptive fields of Verma & Smith 2018:
five convolutions, the first with a step, overlapping pooling after the first and the second. Their
channels are not published; ours are 16, 32, 64, 64 and 64, about a sixth of AlexNet's, so that an epoch
takes less than a minute on one processor core. AlexNet's last pooling is the global average before the
classifier. `SOUNDS` is the network of Vedak & Bhatia: four 3x3 convolutions of 5, 10, 20 and 30 channels;
pooling is not mentioned there, ours is the usual one of 2x2 between layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "INSTRUMENTS",
    "SOUNDS",
    "ImageArchitecture",
    "ImageLayer",
    "ImageStack",
    "LayerWeights",
    "random_weights",
]

POOL_STRIDE = 2

LayerWeights = tuple[Tensor, Tensor]
"""Of a layer: weight (filter, channel, kernel, kernel) and bias (filter,)."""


@dataclass(frozen=True)
class ImageLayer:
    """One convolution.

    Attributes
    ----------
    n_filters : int
        Channels that it gives.
    kernel : int
        Bins and frames that a filter sees; odd.
    stride : int
        Step of the filter in both directions.
    pool : int
        Window of the max pooling before the next layer, moved by two; 1 is none.
    """

    n_filters: int
    kernel: int = 3
    stride: int = 1
    pool: int = 1


@dataclass(frozen=True)
class ImageArchitecture:
    """A stack of convolutions.

    Attributes
    ----------
    layers : tuple of ImageLayer
    n_channels : int
        Parts of the spec that comes in.
    """

    layers: tuple[ImageLayer, ...]
    n_channels: int = 1

    @property
    def n_layers(self) -> int:
        """How many convolutions."""
        return len(self.layers)

    @property
    def n_features(self) -> int:
        """Channels of the last feature map."""
        return self.layers[-1].n_filters

    def weight_shapes(self) -> list[tuple[int, int, int, int]]:
        """Shapes (filter, channel, kernel, kernel) of the weights."""
        incoming = [self.n_channels, *(layer.n_filters for layer in self.layers)]
        return [
            (layer.n_filters, n, layer.kernel, layer.kernel)
            for layer, n in zip(self.layers, incoming, strict=False)
        ]


INSTRUMENTS = ImageArchitecture(
    (ImageLayer(16, stride=2, pool=3), ImageLayer(32, pool=3), ImageLayer(64), ImageLayer(64), ImageLayer(64))
)
SOUNDS = ImageArchitecture(
    (ImageLayer(5, pool=2), ImageLayer(10, pool=2), ImageLayer(20, pool=2), ImageLayer(30))
)


class ImageStack:
    """A network: its shape and its weights.

    Parameters
    ----------
    architecture : ImageArchitecture
    weights : sequence of (weight, bias)
        In the order of the layers; they may ask for a gradient.
    """

    def __init__(self, architecture: ImageArchitecture, weights: Sequence[LayerWeights]) -> None:
        self.architecture = architecture
        self.weights = tuple(weights)

    def to(self, device: torch.device | str) -> ImageStack:
        """Give the same network on another device."""
        return ImageStack(self.architecture, [(w.to(device), b.to(device)) for w, b in self.weights])

    def feature_maps(self, spec: Tensor) -> list[Tensor]:
        """Compute the feature maps of a spec.

        Parameters
        ----------
        spec : Tensor (batch, part, bin, frame)
            Of any size: a stack has no opinion on length or resolution.

        Returns
        -------
        list of Tensor (batch, filter, bin, frame)
            One a layer, after the activation.
        """
        maps: list[Tensor] = []
        image = spec
        for index, layer in enumerate(self.architecture.layers):
            maps.append(functional.relu(self.convolve(index, image)))
            image = _pooled(maps[-1], layer.pool)
        return maps

    def convolve(self, index: int, image: Tensor) -> Tensor:
        """Compute a layer before its activation, (batch, filter, bin, frame)."""
        layer = self.architecture.layers[index]
        weight, bias = self.weights[index]
        return functional.conv2d(image, weight, bias, stride=layer.stride, padding=layer.kernel // 2)


def random_weights(architecture: ImageArchitecture, seed: int) -> list[LayerWeights]:
    """Draw weights as He et al. 2015 do, normal with variance 2 / fan-in, and biases of zero."""
    generator = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(shape, generator=generator) * math.sqrt(2 / math.prod(shape[1:])), torch.zeros(shape[0]))
        for shape in architecture.weight_shapes()
    ]


def _pooled(image: Tensor, size: int) -> Tensor:
    if size == 1:
        return image
    # Centered: a window of three sees a position and its neighbors. The edges keep their positions.
    return functional.max_pool2d(image, size, POOL_STRIDE, padding=(size - 1) // 2, ceil_mode=True)
