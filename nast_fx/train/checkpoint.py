"""Where a training stands, as one safetensors file: network, optimizer, and the facts as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import save
from torch import Tensor, nn, optim

from nast_fx.audio import shown
from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error
from nast_fx.errors import AudioFileError, UsageError

__all__ = ["Checkpoint", "read_checkpoint", "write_checkpoint"]

KEY = "nast_fx_training"


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds.

    Attributes
    ----------
    recipe : Mapping
        Everything that the result follows from; only the same recipe may go on.
    history : list of dict
        Figures of each finished epoch.
    tensors : Mapping of str to Tensor
        ``model.*`` and ``optimizer.*``.
    """

    recipe: Mapping[str, Any]
    history: list[dict[str, float]]
    tensors: Mapping[str, Tensor]

    def restore(self, model: nn.Module, optimizer: optim.Optimizer | None = None) -> None:
        """Put the state into a model, and an optimizer, of the same recipe."""
        model.load_state_dict(self._part("model."))
        if optimizer is None:
            return
        state: dict[int, dict[str, Tensor]] = {}
        for key, tensor in self._part("optimizer.").items():
            index, _, name = key.partition(".")
            state.setdefault(int(index), {})[name] = tensor
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})

    def check(self, recipe: Mapping[str, Any], path: Path) -> None:
        """Raise a UsageError that names the first difference to `recipe`."""
        for key, value in recipe.items():
            if (was := self.recipe.get(key)) != value:
                now, then = (str(text) if len(str(text)) < 60 else "another" for text in (value, was))
                raise UsageError(f"{shown(path)}: was trained with {key}={then}, not {key}={now}")

    def _part(self, prefix: str) -> dict[str, Tensor]:
        return {
            key.removeprefix(prefix): tensor for key, tensor in self.tensors.items() if key.startswith(prefix)
        }


def write_checkpoint(
    path: Path,
    model: nn.Module,
    optimizer: optim.Optimizer,
    recipe: Mapping[str, Any],
    history: list[dict[str, float]],
) -> None:
    """Write the state; a file that is there is replaced in one step."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in state.items()}
    facts = json.dumps({"recipe": recipe, "history": history}, sort_keys=True)
    with AtomicFile(path, overwrite=True) as atomic:
        atomic.file.write(
            save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata={KEY: facts})
        )


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what `write_checkpoint` wrote.

    Raises
    ------
    AudioFileError
        The file is missing, unreadable or something else.
    """
    if not path.is_file():
        raise AudioFileError(f"{shown(path)}: there is no such checkpoint to go on with")
    try:
        with safetensors.safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {})[KEY])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return Checkpoint(facts["recipe"], facts["history"], tensors)
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise AudioFileError(f"{shown(path)}: is no checkpoint of nast-fx train") from error
