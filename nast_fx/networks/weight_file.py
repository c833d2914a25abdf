"""Weights as safetensors files: found by name or path, written whole, and told apart when damaged.

The facts about a file are one JSON text in its header, so that equal weights are equal files (the format
keeps several texts in no particular order). A sum over the tensors tells a damaged file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import safetensors
from safetensors.torch import save
from torch import Tensor

from nast_fx.audio import shown
from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error
from nast_fx.errors import AudioFileError, UsageError, did_you_mean

__all__ = ["read_weights", "sum_of", "write_weights"]

FOLDER = Path(__file__).parents[1] / "weights"
KEY = "nast_fx"


class Summed(Protocol):
    """What a file holds: it can say the sum of its tensors."""

    @property
    def hash(self) -> str:
        """SHA-256 of the tensors."""


T = TypeVar("T", bound=Summed)


def sum_of(tensors: Iterable[Tensor]) -> str:
    """Give the SHA-256 of tensors in their order, as little-endian float32."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.detach().cpu().contiguous().numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def write_weights(
    path: str | Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any], *, overwrite: bool
) -> None:
    """Write tensors and facts; the file appears whole or not at all.

    Raises
    ------
    AudioFileError
        If the place cannot be written.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with AtomicFile(path, overwrite=overwrite) as atomic:
        atomic.file.write(save(plain, metadata={KEY: json.dumps(facts, sort_keys=True)}))


def read_weights(
    name_or_path: str | Path,
    shipped: Sequence[str],
    made_by: str,
    build: Callable[[dict[str, Any], dict[str, Tensor]], T],
) -> T:
    """Read shipped weights by name, or a user's own by path.

    Parameters
    ----------
    shipped : sequence of str
        Names that are files of the program.
    made_by : str
        The command that makes such files.
    build : callable
        ``(facts, tensors) -> weights``; a ValueError or its like where they do not fit.

    Raises
    ------
    UsageError
        There is neither such a name nor such a file.
    AudioFileError
        The file cannot be read, is none of `write_weights`, or is damaged.
    """
    path = FOLDER / f"{name_or_path}.safetensors" if str(name_or_path) in shipped else Path(name_or_path)
    if not path.is_file():
        near = did_you_mean(str(name_or_path), shipped)
        raise UsageError(
            f"weights={shown(name_or_path)} must be {' or '.join(shipped)}, or a file of weights{near}"
        )
    try:
        with safetensors.safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {})[KEY])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        found = build(facts, tensors)
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise AudioFileError(f"{shown(path)}: is no file of weights made by {made_by}") from error
    if found.hash != facts["hash"]:
        raise AudioFileError(f"{shown(path)}: is damaged; its weights do not give their own sum")
    return found
