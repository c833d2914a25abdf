"""The network while it learns: batch normalization after each convolution, and a linear head.

The head sees the last feature map's mean over all frames and an eighth of the bins: AlexNet's own sees every
position, but what comes after a patch's first instants is the same kind of sound. Only convolutions are
shipped: what a batch normalization does to a convolution is a scale and a shift a filter, so it is folded
into them, and accuracy is measured on the folded network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from nast_fx.networks.image import ImageArchitecture, ImageStack, LayerWeights, random_weights

__all__ = ["Classifier"]

EPSILON = 1e-5  # added to a variance
N_BANDS = 8  # of equal width, from 0 Hz to half the sample rate


class Classifier(nn.Module):
    """Convolutions that ask for a gradient, and a head.

    Parameters
    ----------
    architecture : ImageArchitecture
    n_classes : int
    seed : int
        Of the convolutions; the head begins at zero.
    """

    def __init__(self, architecture: ImageArchitecture, n_classes: int, *, seed: int) -> None:
        super().__init__()
        self.architecture = architecture
        drawn = random_weights(architecture, seed)
        # Channels last: a quarter faster on a processor.
        self.kernels = nn.ParameterList(
            [weight.contiguous(memory_format=torch.channels_last) for weight, _ in drawn]
        )
        self.norms = nn.ModuleList(
            [nn.BatchNorm2d(layer.n_filters, eps=EPSILON) for layer in architecture.layers]
        )
        # Means over an image differ little between clips; without this the head learns very slowly.
        self.features = nn.BatchNorm1d(architecture.n_features * N_BANDS, affine=False)
        self.head = nn.Linear(architecture.n_features * N_BANDS, n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, spec: Tensor) -> Tensor:
        """Compute the logits (batch, class) of a spec (batch, part, bin, frame)."""
        stack = _Normalized(self) if self.training else ImageStack(self.architecture, self.folded())
        image = spec.contiguous(memory_format=torch.channels_last)
        means = functional.adaptive_avg_pool2d(stack.feature_maps(image)[-1], (N_BANDS, 1))
        logits: Tensor = self.head(self.features(means.flatten(1)))
        return logits

    def folded(self) -> list[LayerWeights]:
        """Give the convolutions with their normalization in them, without gradient."""
        weights = []
        for kernel, norm in zip(self.kernels, self.norms, strict=True):
            state = norm.state_dict()  # detached
            scale = state["weight"] / torch.sqrt(state["running_var"] + EPSILON)
            weight = kernel.detach() * scale[:, None, None, None]
            weights.append((weight, state["bias"] - state["running_mean"] * scale))
        return weights


class _Normalized(ImageStack):
    """The classifier's convolutions, each followed by its normalization."""

    def __init__(self, classifier: Classifier) -> None:
        biases = [torch.zeros(layer.n_filters) for layer in classifier.architecture.layers]
        super().__init__(classifier.architecture, list(zip(classifier.kernels, biases, strict=True)))
        self.norms = classifier.norms

    def convolve(self, index: int, image: Tensor) -> Tensor:
        normalized: Tensor = self.norms[index](super().convolve(index, image))
        return normalized
