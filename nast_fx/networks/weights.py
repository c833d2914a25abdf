"""Convolution weights as files: safetensors, with all that is needed to use and to repeat them.

The facts about a file are one JSON text in its header, so that equal weights are equal files (the format
keeps several texts in no particular order). A sum over the tensors tells a damaged file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save

from nast_fx.audio import shown
from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error
from nast_fx.errors import AudioFileError, UsageError, did_you_mean
from nast_fx.networks.image import ImageArchitecture, ImageLayer, ImageStack, LayerWeights

__all__ = ["SHIPPED", "TrainedWeights", "WeightsInfo", "load_weights", "save_weights", "weights_hash"]

SHIPPED = ("instruments", "sounds")
FOLDER = Path(__file__).parents[1] / "weights"
KEY = "nast_fx"
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
    digest = hashlib.sha256()
    for layer in weights:
        for tensor in layer:
            digest.update(tensor.detach().cpu().contiguous().numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def save_weights(path: str | Path, trained: TrainedWeights, *, overwrite: bool = False) -> None:
    """Write weights; the file appears whole or not at all.

    Raises
    ------
    AudioFileError
        If the place cannot be written.
    """
    tensors = {}
    for index, (weight, bias) in enumerate(trained.weights):
        tensors[f"{index}.weight"] = weight.detach().cpu().contiguous()
        tensors[f"{index}.bias"] = bias.detach().cpu().contiguous()
    facts = {
        "format": FORMAT,
        "architecture": asdict(trained.architecture),
        "info": asdict(trained.info),
        "hash": trained.hash,
    }
    with AtomicFile(path, overwrite=overwrite) as atomic:
        atomic.file.write(save(tensors, metadata={KEY: json.dumps(facts, sort_keys=True)}))


def load_weights(name_or_path: str | Path) -> TrainedWeights:
    """Load shipped weights by name (`SHIPPED`), or a user's own by path.

    Raises
    ------
    UsageError
        There is neither such a name nor such a file.
    AudioFileError
        The file cannot be read, is none of `save_weights`, or is damaged.
    """
    path = FOLDER / f"{name_or_path}.safetensors" if str(name_or_path) in SHIPPED else Path(name_or_path)
    if not path.is_file():
        near = did_you_mean(str(name_or_path), SHIPPED)
        raise UsageError(
            f"weights={shown(name_or_path)} must be {' or '.join(SHIPPED)}, or a file of weights{near}"
        )
    try:
        with safetensors.safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {})[KEY])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        trained = _trained(facts, tensors)
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise AudioFileError(f"{shown(path)}: is no file of weights made by nast-fx train") from error
    if trained.hash != facts["hash"]:
        raise AudioFileError(f"{shown(path)}: is damaged; its weights do not give their own sum")
    return trained


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
