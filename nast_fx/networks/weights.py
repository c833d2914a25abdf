"""Convolution weights as files, with all that is needed to use and to repeat them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from nast_fx.networks.image import ImageArchitecture, ImageLayer, ImageStack, LayerWeights
from nast_fx.networks.weight_file import read_weights, sum_of, write_weights

__all__ = ["SHIPPED", "TrainedWeights", "WeightsInfo", "load_weights", "save_weights", "weights_hash"]

SHIPPED = ("instruments", "sounds")
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class WeightsInfo:
    """What there is to know about weights.

    Attributes
    ----------
    task : str
        What they were trained to tell apart.
    sample_rate : int
        Hz of the audio that they were trained on.
    n_fft, hop_length : int
        Geometry of the spectrogram log(1 + |STFT|), in samples; the level is RMS 0.08.
    seconds : float
        Length of a training patch.
    classes : tuple of str
        Names of what was told apart.
    accuracy : float
        Top-1 on held-out clips, 0 ... 1.
    n_held_out : int
        How many held-out clips there were.
    split : str
        What was held out.
    data, licence : str
        What they were trained on, and the terms of that.
    command : str
        How they were made.
    """

    task: str
    sample_rate: int
    n_fft: int
    hop_length: int
    seconds: float
    classes: tuple[str, ...]
    accuracy: float
    n_held_out: int
    split: str
    data: str
    licence: str
    command: str


@dataclass(frozen=True)
class TrainedWeights:
    """Weights, their network's shape, and their facts.

    Attributes
    ----------
    architecture : ImageArchitecture
    weights : tuple of (weight, bias)
    info : WeightsInfo
    """

    architecture: ImageArchitecture
    weights: tuple[LayerWeights, ...]
    info: WeightsInfo

    @property
    def hash(self) -> str:
        """Sum of the tensors: see `weights_hash`."""
        return weights_hash(self.weights)

    def stack(self) -> ImageStack:
        """Give the network."""
        return ImageStack(self.architecture, self.weights)


def weights_hash(weights: Sequence[LayerWeights]) -> str:
    """Give the SHA-256 of all tensors, layer by layer, weight before bias, as little-endian float32."""
    return sum_of(tensor for layer in weights for tensor in layer)


def save_weights(path: str | Path, trained: TrainedWeights, *, overwrite: bool = False) -> None:
    """Write weights; the file appears whole or not at all.

    Raises
    ------
    AudioFileError
        If the place cannot be written.
    """
    tensors = {}
    for index, (weight, bias) in enumerate(trained.weights):
        tensors[f"{index}.weight"] = weight
        tensors[f"{index}.bias"] = bias
    facts = {
        "format": FORMAT,
        "architecture": asdict(trained.architecture),
        "info": asdict(trained.info),
        "hash": trained.hash,
    }
    write_weights(path, tensors, facts, overwrite=overwrite)


def load_weights(name_or_path: str | Path) -> TrainedWeights:
    """Load shipped weights by name (`SHIPPED`), or a user's own by path.

    Raises
    ------
    UsageError
        There is neither such a name nor such a file.
    AudioFileError
        The file cannot be read, is none of `save_weights`, or is damaged.
    """
    return read_weights(name_or_path, SHIPPED, "nast-fx train", _trained)


def _trained(facts: dict[str, Any], tensors: dict[str, torch.Tensor]) -> TrainedWeights:
    """Put a file's parts together; anything that does not fit is a ValueError or its like."""
    if facts["format"] != FORMAT:
        raise ValueError(f"format {facts['format']} is not {FORMAT}")
    shape = facts["architecture"]
    layers = tuple(ImageLayer(**layer) for layer in shape["layers"])
    architecture = ImageArchitecture(layers, int(shape["n_channels"]))
    weights = tuple(
        (tensors.pop(f"{index}.weight").float(), tensors.pop(f"{index}.bias").float())
        for index in range(architecture.n_layers)
    )
    if [tuple(weight.shape) for weight, _ in weights] != architecture.weight_shapes() or tensors:
        raise ValueError("the weights are not those of the architecture")
    facts["info"]["classes"] = tuple(facts["info"]["classes"])
    return TrainedWeights(architecture, weights, WeightsInfo(**facts["info"]))
