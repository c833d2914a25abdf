"""Activations of the trained WaveNet autoencoder as features: what Mital 2017 tried with NSynth's.

A layer is named as in ``encoder.3``, ``decoder.15`` or ``embedding``. Encoder and decoder have a column a
sample, the embedding one a block. The decoder listens as in training: to the samples before, and to the
embedding of the very signal. Grams are over time, so style is which channels are active together.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.networks.base import Field
from nast_fx.networks.explicit import ExplicitNetwork, Features
from nast_fx.networks.user_encoder import UserEncoder
from nast_fx.networks.wavenet import WaveNet, WaveNetArchitecture
from nast_fx.networks.wavenet_file import SHIPPED, load_wavenet
from nast_fx.representations.waveform import Waveform

__all__ = ["DEFAULT_LAYERS", "WaveformFeatures", "layer_names", "waveform_features"]

log = logging.getLogger(__name__)

DEFAULT_LAYERS = ("encoder.1", "encoder.3", "encoder.5", "encoder.7")
"""Receptive fields of 2 to 34 ms."""


class WaveformFeatures(ExplicitNetwork):
    """Chosen layers of an autoencoder, on the spec (batch, 1, 1, frame) of a `Waveform`.

    Parameters
    ----------
    network : WaveNet
    layers : sequence of str
        Names of `layer_names`, in any order.

    Raises
    ------
    UsageError
        There is no such layer, or none is given.
    """

    def __init__(self, network: WaveNet, layers: Sequence[str] = DEFAULT_LAYERS) -> None:
        known = layer_names(network.architecture)
        for name in layers:
            if name not in known:
                raise UsageError(f"there is no layer '{name}' in the network{did_you_mean(name, known)}")
        if not layers:
            raise UsageError("layers= must name at least one layer")
        self.network = network
        self.layers = tuple(layers)
        self.n_layers = len(layers)

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = "wavenet",
        *,
        layers: Sequence[str] = DEFAULT_LAYERS,
        device: torch.device | str = "cpu",
    ) -> WaveformFeatures:
        """Load trained weights; says so in the log where they do not beat a linear predictor.

        Raises
        ------
        UsageError, AudioFileError
            See `load_wavenet`; or there is no such layer.
        """
        trained = load_wavenet(name_or_path)
        info = trained.info
        if not info.beats_linear:
            log.warning(
                "%s is not usable as a feature network: it foretells held-out notes no better than a linear "
                "predictor of order %d (%.2f bits a sample against %.2f, %.1f dB against %.1f)",
                name_or_path,
                info.linear_order,
                info.bits + info.embedding_bits,
                info.linear_bits,
                info.snr_db,
                info.linear_snr_db,
            )
        return cls(trained.network().to(device), layers)

    def embed(self, spec: Tensor) -> Features:
        """Compute the features (batch, channel, 1, column) of each chosen layer."""
        companded = spec[:, 0, 0]
        indices = {stack: self._indices(stack) for stack in ("encoder", "decoder")}
        needs_all = bool(indices["decoder"]) or "embedding" in self.layers
        maps: dict[str, Tensor] = {}
        n_encoder = None if needs_all else max(indices["encoder"]) + 1
        encoded = self.network.encoder_maps(companded, n_encoder)
        maps |= {f"encoder.{index}": values for index, values in enumerate(encoded)}
        if needs_all:
            maps["embedding"] = self.network.embedding(encoded[-1])
        if indices["decoder"]:
            n_decoder = max(indices["decoder"]) + 1
            decoded, _ = self.network.decoder_maps(companded, maps["embedding"], n_decoder)
            maps |= {f"decoder.{index}": values for index, values in enumerate(decoded)}
        return tuple(maps[name][:, :, None] for name in self.layers)

    def field(self, layer: int) -> Field:
        """Say which frames a layer's columns see."""
        net = self.network.architecture
        stack, _, index = self.layers[layer].partition(".")
        if stack == "encoder":
            side = net.first_width // 2 + sum(net.encoder_dilations[: int(index) + 1])
            return Field(reach=2 * side, before=side)
        if stack == "embedding":
            side = net.encoder_reach
            return Field(reach=net.pool - 1 + 2 * side, before=side, stride=net.pool)
        # A sample is told of the whole block that it is in, wherever in it it lies.
        side = net.pool - 1 + net.encoder_reach
        past = net.first_width + sum(net.decoder_dilations[: int(index) + 1])
        before = max(side, past + side)
        return Field(reach=before + side, before=before)

    @property
    def min_frames(self) -> int:
        """Frames that the widest column of the chosen layers sees."""
        return 1 + max(self.field(layer).reach for layer in range(self.n_layers))

    def _indices(self, stack: str) -> list[int]:
        prefix = f"{stack}."
        return [int(name.removeprefix(prefix)) for name in self.layers if name.startswith(prefix)]

    def __str__(self) -> str:
        return f"WaveNet autoencoder, {', '.join(self.layers)}"


def layer_names(architecture: WaveNetArchitecture) -> tuple[str, ...]:
    """Give the names of all layers, from the waveform to the prediction."""
    encoder = (f"encoder.{index}" for index in range(len(architecture.encoder_dilations)))
    decoder = (f"decoder.{index}" for index in range(len(architecture.decoder_dilations)))
    return (*encoder, "embedding", *decoder)


def waveform_features(
    source: str | Path,
    *,
    sample_rate: int,
    layers: Sequence[str] | None = None,
    device: torch.device | str = "cpu",
) -> tuple[Waveform, WaveformFeatures | UserEncoder]:
    """Give what `style_view` and the terms take: a view of waveforms, and a network on it.

    Both distances are relative to nothing: use terms with ``relative=True``, since the features' scale is
    the network's own.

    Parameters
    ----------
    source : str or path
        ``wavenet`` for the shipped autoencoder; a ``.safetensors`` file of ``nast-fx train autoencoder``; or
        any other file: a TorchScript or exported encoder of the user's (`UserEncoder`), which is code, so
        load only what you trust.
    sample_rate : int
        Hz of the waveforms that will come; they are resampled inside to what the network hears.
    layers : sequence of str, optional
        Of an autoencoder: names of `layer_names`, by default `DEFAULT_LAYERS`. Of a user's encoder all
        outputs are layers.
    device : device
        Where the features are computed.

    Returns
    -------
    representation : Waveform
    network : WaveformFeatures or UserEncoder
        With `min_frames`, in frames of the representation; `Waveform.n_samples` gives them as samples.

    Raises
    ------
    UsageError, AudioFileError
        There is no such file or layer, or the file cannot be used.
    """
    if str(source) in SHIPPED or Path(source).suffix == ".safetensors":
        network = WaveformFeatures.load(source, layers=layers or DEFAULT_LAYERS, device=device)
        return Waveform(sample_rate), network
    if layers:
        raise UsageError("layers= can be chosen of an autoencoder only; an encoder's outputs are its layers")
    encoder = UserEncoder.load(source, device=device)
    return Waveform(sample_rate, network_rate=encoder.sample_rate, mu_law=encoder.mu_law), encoder
