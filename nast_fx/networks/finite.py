"""Random convolutions of finite width: what the papers use, and the oracle of the closed form.

Filters are scaled so that products tend to the closed form: a layer is sqrt(2) relu(conv(x)) with
weights of variance 1/k in the first layer and 1/(k N) in the next. (A paper's own scale is a factor
of the term's weight.)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.networks.base import Architecture, Field
from nast_fx.networks.explicit import ExplicitNetwork, Features, Form

__all__ = ["FiniteNetwork"]

CHUNK = 1 << 26  # weights that are convolved at once: a convolution makes copies of them


class FiniteNetwork(ExplicitNetwork):
    """Random 1-D convolutions over frames with the bins as channels.

    Parameters
    ----------
    architecture : Architecture
        With a finite `n_filters`.
    n_channels : int
        Channels of the first layer: parts times bins of the spec, or bins where parts are rows.
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

        def draw(n_inputs: int, width: int, fan_in: int) -> Tensor:
            weight = torch.randn(self.n_filters, n_inputs, width, generator=generator, dtype=dtype)
            return weight.mul_(1 / math.sqrt(fan_in)).to(device)

        width, n = architecture.kernel_width, self.n_filters
        n_branches = architecture.n_layers - 1
        self.first = draw(n_channels, width, width)
        self.branches = [draw(n, width, width * n) for _ in range(n_branches)]
        self.mixers = [draw(n, 1, n) for _ in range(n_branches)] if architecture.residual else []

    def field(self, layer: int) -> Field:
        """Say which frames a layer's columns see."""
        return self.architecture.field(layer)

    def embed(self, spec: Tensor) -> Features:
        """Compute the features (batch, filter, row, column) of each layer."""
        net = self.architecture
        n_rows = spec.shape[1] if net.parts == "rows" else 1
        total = _convolve(spec.reshape(len(spec) * n_rows, -1, spec.shape[-1]), self.first)
        layers = [_activate(total)]
        for layer, weight in enumerate(self.branches, start=1):
            if net.residual:
                reach = (net.kernel_width - 1) * net.step(layer)
                padded = functional.pad(layers[-1], (reach // 2, reach - reach // 2))
                branch = _activate(_convolve(padded, weight, net.step(layer)))
                total = total + _convolve(branch, self.mixers[layer - 1])
            else:
                total = _convolve(layers[-1], weight, net.step(layer))
            layers.append(_activate(total))
        return tuple(f.reshape(len(spec), n_rows, *f.shape[1:]).transpose(1, 2) for f in layers)

    def __str__(self) -> str:
        return str(self.architecture)


def _activate(values: Tensor) -> Tensor:
    return functional.relu(values) * math.sqrt(2)


def _convolve(values: Tensor, weight: Tensor, step: int = 1) -> Tensor:
    """Convolve (batch, channel, frame) with filters (filter, channel, tap), some filters at a time.

    The published size of Mital 2017, 4096 filters over 3 x 2048 bins, has 1.6 GB of weights; torch
    copies what it convolves with, and both passes do.
    """
    n_at_once = max(1, CHUNK // weight[0].numel())
    parts = [functional.conv1d(values, part, dilation=step) for part in torch.split(weight, n_at_once)]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
