"""Random convolutions of finite width: what the papers use, and the oracle of the closed form.

Filters are scaled so that products tend to the closed form: a ReLU layer is sqrt(2) relu(conv(x)) with
weights of variance 1/k in the first layer and 1/(k N) in the next. (A paper's own scale is a factor
of the term's weight.) A 1-D network sees all bins at once, as channels; a 2-D network moves over them.
Residual branches are dilated in time and never in frequency, where eleven bins are an octave already.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.networks.activations import ACTIVATIONS
from nast_fx.networks.base import Architecture, Field
from nast_fx.networks.explicit import ExplicitNetwork, Features, Form
from nast_fx.networks.tiled import TILE, filter_spectrum, tiled_convolution

__all__ = ["FiniteNetwork"]

CHUNK = 1 << 26  # weights that are convolved at once: a convolution makes copies of them
TILED_TAPS, TILED_CHANNELS = 64, 32  # from so many on, in two dimensions, transforms are the faster way
EPSILON = 1e-5  # added to a map's variance, as in torch's instance normalization


class FiniteNetwork(ExplicitNetwork):
    """Random convolutions over frames with the bins as channels, or over bins and frames.

    Parameters
    ----------
    architecture : Architecture
        With a finite `n_filters`.
    n_channels : int
        Channels of the first layer: parts times bins of the spec, bins where parts are rows, and the
        parts of a 2-D network.
    seed : int
        Of the weights; they are drawn on the CPU, so that every device has the same.
    form : str
        ``filters`` and ``positions`` force a form of the Gram distance.
    """

    def __init__(
        self,
        architecture: Architecture,
        n_channels: int,
        *,
        seed: int,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        form: Form = "auto",
    ) -> None:
        self.architecture = architecture
        self.n_layers = architecture.n_layers
        self.n_filters = int(architecture.n_filters)
        self.form = form
        generator = torch.Generator().manual_seed(seed)

        def draw(n_inputs: int, height: int, width: int, fan_in: int) -> Tensor:
            weight = torch.randn(self.n_filters, n_inputs, height, width, generator=generator, dtype=dtype)
            return weight.mul_(1 / math.sqrt(fan_in)).to(device)

        height, width, n = architecture.kernel_height or 1, architecture.kernel_width, self.n_filters
        branch_width, n_branches = architecture.width(1), architecture.n_layers - 1
        self._activation = ACTIVATIONS[architecture.activation]
        self.first = draw(
            n_channels, height, width, self._activation.first_fan_in(n_channels, height * width)
        )
        self.branches = [draw(n, height, branch_width, height * branch_width * n) for _ in range(n_branches)]
        self._spectra = [filter_spectrum(weight) if _is_large(weight) else None for weight in self.branches]
        self.mixers = [draw(n, 1, 1, n) for _ in range(n_branches)] if architecture.residual else []

    def field(self, layer: int) -> Field:
        """Say which frames a layer's columns see."""
        return self.architecture.field(layer)

    def embed(self, spec: Tensor) -> Features:
        """Compute the features (batch, filter, row, column) of each layer."""
        net = self.architecture
        total = _convolve(self._planes(spec), self.first)
        layers = [self._activate(total)]
        if net.residual_start == "after":
            total = layers[0]
        for layer, weight in enumerate(self.branches, start=1):
            if net.residual:
                margins = (*_halves(net.span(layer)), *_halves(weight.shape[2] - 1))
                padded, spectrum = functional.pad(layers[-1], margins), self._spectra[layer - 1]
                if spectrum is None:
                    branch = _convolve(padded, weight, net.step(layer))
                else:
                    size = weight.shape[2], weight.shape[3]
                    branch = tiled_convolution(padded, spectrum, size, net.step(layer))
                total = total + _convolve(self._activate(branch), self.mixers[layer - 1])
            else:
                total = _convolve(layers[-1], weight, net.step(layer))
            layers.append(self._activate(total))
        return tuple(layers)

    def content_view(self, features: Features) -> Features:
        """Keep the greatest of neighboring rows: what is shifted a little in pitch stays alike."""
        size = self.architecture.content_pooling
        if size == 1:
            return features
        return tuple(functional.max_pool2d(f, (size, 1), (size, 1)) for f in features)

    def __str__(self) -> str:
        return str(self.architecture)

    def _planes(self, spec: Tensor) -> Tensor:
        """Lay out a spec (batch, part, bin, frame) as (batch, channel, row, column)."""
        if self.architecture.kernel_height is not None:
            return spec
        if self.architecture.parts == "rows":
            return spec.transpose(1, 2)
        return spec.flatten(1, 2)[:, :, None]

    def _activate(self, values: Tensor) -> Tensor:
        if self.architecture.normalized:
            values = values - values.mean(dim=(2, 3), keepdim=True)
            values = values / (values.square().mean(dim=(2, 3), keepdim=True) + EPSILON).sqrt()
        return self._activation.apply(values)


def _is_large(weight: Tensor) -> bool:
    height, width = weight.shape[2:]
    fits = 1 < height <= TILE // 2 and width <= TILE // 2
    return fits and height * width >= TILED_TAPS and weight.shape[1] >= TILED_CHANNELS


def _halves(span: int) -> tuple[int, int]:
    """Zeros before and after that keep the length (SAME)."""
    return span // 2, span - span // 2


def _convolve(values: Tensor, weight: Tensor, step: int = 1) -> Tensor:
    """Convolve (batch, channel, row, column) with filters (filter, channel, tap, tap), some at a time.

    The published size of Mital 2017, 4096 filters over 3 x 2048 bins, has 1.6 GB of weights; torch
    copies what it convolves with, and both passes do.
    """
    height, width = weight.shape[2:]
    if weight.shape[1] == 1 and height > 1:
        # One channel: a product with all patches; the way back is nine times as fast as torch's own.
        patches = functional.unfold(values, (height, width), dilation=(1, step))
        n_rows = values.shape[2] - height + 1
        return (weight.flatten(1) @ patches).reshape(len(values), len(weight), n_rows, -1)
    n_at_once = max(1, CHUNK // weight[0].numel())
    parts = [functional.conv2d(values, part, dilation=(1, step)) for part in torch.split(weight, n_at_once)]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
