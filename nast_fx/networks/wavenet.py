"""A small WaveNet autoencoder: an encoder that hears a whole note, a decoder that predicts its next sample.

After Engel et al. 2017 (NSynth) and van den Oord et al. 2016, some hundred times smaller. The waveform is
companded by the mu-law, -1 ... 1, at 16 kHz.

    encoder   h = conv(y);  per layer  h += mix(relu(conv_d(relu(h))))          padded on both sides
              z = tanh(mix(mean of relu(h) over `pool` samples))
    decoder   h = conv(y, past only);  per layer  u = tanh(a) * sigmoid(b),  (a, b) = conv_d(h) + mix(z)
              (h, skip) += mix(u);  logits of 256 codes = mix(relu(mix(relu(skip))))

Weights are handed in: training asks for their gradient, style transfer for the waveform's. What the decoder
gives at sample t has seen the samples before t, and the embedding z of the blocks around it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.dsp.mu_law import N_CODES

__all__ = ["WaveNet", "WaveNetArchitecture", "random_wavenet_weights"]


@dataclass(frozen=True)
class WaveNetArchitecture:
    """Sizes of an autoencoder.

    Attributes
    ----------
    n_channels : int
        Of both stacks.
    n_embedding : int
        Numbers that stand for a block.
    n_skip : int
        Channels that the decoder's layers add up in for the output.
    pool : int
        Samples in a block.
    first_width : int
        Samples that the first convolution of the decoder sees; of the encoder one more, centered.
    encoder_dilations, decoder_dilations : tuple of int
        Of the layers; a tap of the encoder looks both ways, one of the decoder back.
    """

    n_channels: int = 24
    n_embedding: int = 16
    n_skip: int = 48
    pool: int = 512
    first_width: int = 32
    encoder_dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128)
    decoder_dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128) * 2

    @property
    def encoder_reach(self) -> int:
        """Samples that the encoder's last layer sees on either side of its own."""
        return self.first_width // 2 + sum(self.encoder_dilations)

    @property
    def decoder_reach(self) -> int:
        """Samples before its own that the decoder's output sees."""
        return self.first_width + sum(self.decoder_dilations)

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all weights and biases, by name."""
        c, z, s = self.n_channels, self.n_embedding, self.n_skip
        shapes = {
            **_layer("encoder.first", c, 1, self.first_width + 1),
            **_layer("encoder.embed", z, c, 1),
            **_layer("decoder.first", c, 1, self.first_width),
            **_layer("decoder.hidden", s, s, 1),
            **_layer("decoder.codes", N_CODES, s, 1),
        }
        for index in range(len(self.encoder_dilations)):
            shapes |= _layer(f"encoder.{index}.conv", c, c, 3) | _layer(f"encoder.{index}.mix", c, c, 1)
        for index in range(len(self.decoder_dilations)):
            shapes |= _layer(f"decoder.{index}.conv", 2 * c, c, 2)
            shapes |= {f"decoder.{index}.embedding.weight": (2 * c, z, 1)}
            shapes |= _layer(f"decoder.{index}.mix", c + s, c, 1)
        return shapes


class WaveNet:
    """An autoencoder: its sizes and its weights.

    Parameters
    ----------
    architecture : WaveNetArchitecture
    weights : mapping of Tensor
        By name, see `WaveNetArchitecture.weight_shapes`; they may ask for a gradient.
    """

    def __init__(self, architecture: WaveNetArchitecture, weights: Mapping[str, Tensor]) -> None:
        self.architecture = architecture
        self.weights = dict(weights)

    def to(self, device: torch.device | str) -> WaveNet:
        """Give the same network on another device."""
        return WaveNet(self.architecture, {name: w.to(device) for name, w in self.weights.items()})

    def encoder_maps(self, companded: Tensor, n_layers: int | None = None) -> list[Tensor]:
        """Compute what the encoder's first `n_layers` layers give: (batch, channel, frame) each.

        Parameters
        ----------
        companded : Tensor (batch, frame)
            -1 ... 1, at 16 kHz, of any length.
        n_layers : int, optional
            By default all.
        """
        total = self._conv("encoder.first", companded[:, None], pad=self.architecture.first_width // 2)
        maps = []
        for index, dilation in enumerate(self.architecture.encoder_dilations[:n_layers]):
            branch = self._conv(f"encoder.{index}.conv", total.relu(), pad=dilation, dilation=dilation)
            total = total + self._mix(f"encoder.{index}.mix", branch.relu())
            maps.append(total.relu())
        return maps

    def embedding(self, last_map: Tensor) -> Tensor:
        """Pool the encoder's last map (batch, channel, frame) to blocks (batch, number, block), -1 ... 1.

        The last block may be shorter.
        """
        pooled = functional.avg_pool1d(last_map, self.architecture.pool, ceil_mode=True)
        return self._mix("encoder.embed", pooled).tanh()

    def decoder_maps(
        self, companded: Tensor, embedding: Tensor, n_layers: int | None = None
    ) -> tuple[list[Tensor], Tensor]:
        """Compute what the decoder's gates give (batch, channel, frame) each, and the sum for the output.

        Parameters
        ----------
        companded : Tensor (batch, frame)
            What is to be predicted: column t sees the samples before t only.
        embedding : Tensor (batch, number, block)
        n_layers : int, optional
            How many layers, from the first one; by default all.
        """
        net, n_frames = self.architecture, companded.shape[-1]
        past = functional.pad(companded[:, None], (net.first_width, -1))
        total = self._conv("decoder.first", past)
        skip = total.new_zeros(())
        maps = []
        for index, dilation in enumerate(net.decoder_dilations[:n_layers]):
            told = self.weights[f"decoder.{index}.embedding.weight"][:, :, 0] @ embedding
            told = told.repeat_interleave(net.pool, dim=2)[..., :n_frames]
            padded = functional.pad(total, (dilation, 0))
            seen = self._conv(f"decoder.{index}.conv", padded, dilation=dilation)
            content, gate = (seen + told).chunk(2, dim=1)
            maps.append(content.tanh() * gate.sigmoid())
            mixed = self._mix(f"decoder.{index}.mix", maps[-1])
            total = total + mixed[:, : net.n_channels]
            skip = skip + mixed[:, net.n_channels :]
        return maps, skip

    def logits(self, companded: Tensor, embedding: Tensor) -> Tensor:
        """Predict each sample from those before it: logits (batch, code, frame)."""
        _, skip = self.decoder_maps(companded, embedding)
        hidden = self._mix("decoder.hidden", skip.relu())
        return self._mix("decoder.codes", hidden.relu())

    def _conv(self, name: str, values: Tensor, *, pad: int = 0, dilation: int = 1) -> Tensor:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return functional.conv1d(values, weight, bias, padding=pad, dilation=dilation)

    def _mix(self, name: str, values: Tensor) -> Tensor:
        # A product: over one tap it is twice as fast as a convolution.
        return self.weights[f"{name}.weight"][:, :, 0] @ values + self.weights[f"{name}.bias"][:, None]


def random_wavenet_weights(architecture: WaveNetArchitecture, seed: int) -> dict[str, Tensor]:
    """Draw weights with variance 1 / fan-in (2 / fan-in before a ReLU), and biases of zero."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in architecture.weight_shapes().items():
        if name.endswith("bias"):
            weights[name] = torch.zeros(shape)
            continue
        # Branches add up: each is small at first, so that the sum does not grow with the depth.
        scale = 0.3 if ".mix." in name else 1.0
        weights[name] = torch.randn(shape, generator=generator) * (scale / math.sqrt(math.prod(shape[1:])))
    return weights


def _layer(name: str, n_out: int, n_in: int, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (n_out, n_in, width), f"{name}.bias": (n_out,)}
