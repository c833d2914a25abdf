"""Weights of a WaveNet autoencoder as a safetensors file, with the figures that say whether it is of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nast_fx.networks.wavenet import WaveNet, WaveNetArchitecture
from nast_fx.networks.weight_file import read_weights, sum_of, write_weights

__all__ = ["SHIPPED", "TrainedWaveNet", "WaveNetInfo", "load_wavenet", "save_wavenet"]

SHIPPED = ("wavenet",)
FORMAT = "wavenet 1"


@dataclass(frozen=True, kw_only=True)
class WaveNetInfo:
    """What there is to know about an autoencoder.

    Attributes
    ----------
    bits : float
        A sample of held-out notes, teacher-forced, without the embedding.
    embedding_bits : float
        A sample's share of the embedding, at eight bits a number.
    snr_db : float
        Of one-step prediction: energy of the samples over that of the errors.
    linear_order : int
        Samples that the best linear predictor sees.
    linear_bits, linear_snr_db : float
        Its figures on the same samples.
    n_held_out : int
        Held-out notes.
    split, data, licence, command : str
        What was held out, what it was trained on, the terms of that, and how it was made.
    """

    bits: float
    embedding_bits: float
    snr_db: float
    linear_order: int
    linear_bits: float
    linear_snr_db: float
    n_held_out: int
    split: str
    data: str
    licence: str
    command: str

    @property
    def beats_linear(self) -> bool:
        """Whether it needs fewer bits than the linear predictor, embedding included, and errs less."""
        return self.bits + self.embedding_bits < self.linear_bits and self.snr_db > self.linear_snr_db


@dataclass(frozen=True)
class TrainedWaveNet:
    """Sizes, weights by name, and their facts."""

    architecture: WaveNetArchitecture
    weights: Mapping[str, Tensor]
    info: WaveNetInfo

    @property
    def hash(self) -> str:
        """SHA-256 of all tensors in the order of `weight_shapes`, as little-endian float32."""
        return sum_of(self.weights[name] for name in self.architecture.weight_shapes())

    def network(self) -> WaveNet:
        """Give the network."""
        return WaveNet(self.architecture, self.weights)


def save_wavenet(path: str | Path, trained: TrainedWaveNet, *, overwrite: bool = False) -> None:
    """Write weights; the file appears whole or not at all.

    Raises
    ------
    AudioFileError
        If the place cannot be written.
    """
    facts = {
        "format": FORMAT,
        "architecture": asdict(trained.architecture),
        "info": asdict(trained.info),
        "hash": trained.hash,
    }
    write_weights(path, trained.weights, facts, overwrite=overwrite)


def load_wavenet(name_or_path: str | Path) -> TrainedWaveNet:
    """Load the shipped autoencoder by its name, ``wavenet``, or a user's own by path.

    Raises
    ------
    UsageError
        There is neither such a name nor such a file.
    AudioFileError
        The file cannot be read, is none of `save_wavenet`, or is damaged.
    """
    return read_weights(name_or_path, SHIPPED, "nast-fx train autoencoder", _trained)


def _trained(facts: dict[str, Any], tensors: dict[str, Tensor]) -> TrainedWaveNet:
    """Put a file's parts together; anything that does not fit is a ValueError or its like."""
    if facts["format"] != FORMAT:
        raise ValueError(f"format {facts['format']} is not {FORMAT}")
    shape = facts["architecture"]
    for name in ("encoder_dilations", "decoder_dilations"):
        shape[name] = tuple(int(step) for step in shape[name])
    architecture = WaveNetArchitecture(**shape)
    if {name: tuple(tensor.shape) for name, tensor in tensors.items()} != architecture.weight_shapes():
        raise ValueError("the weights are not those of the architecture")
    weights = {name: tensor.to(torch.float32) for name, tensor in tensors.items()}
    return TrainedWaveNet(architecture, weights, WaveNetInfo(**facts["info"]))
