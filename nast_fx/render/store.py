"""Finished segments that are kept: a render that was stopped goes on where it was, a new mix is quick.

A segment is known by everything that goes into its optimization: samples, style, method, settings, seed,
device, number of threads, versions. So what is found is what would be computed, bit for bit, and whatever
comes after (amount, loudness, effects after the style) may change freely.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import platformdirs
import safetensors
import torch
from safetensors.numpy import save

from nast_fx.audio import Samples
from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.stale import remove_stale
from nast_fx.build import FACTS_FILE
from nast_fx.errors import AudioFileError
from nast_fx.methods import Method, Segment, StyleSound
from nast_fx.optimize import Outcome
from nast_fx.own_process import is_frozen

__all__ = ["KeptSegment", "SegmentFiles", "SegmentStore", "segment_key", "style_digest"]

MOST_BYTES = 2 * 2**30
EMPTIED = 0.9  # of the most, when there is more
ENGINE = ("dsp", "representations", "networks", "losses", "optimize", "methods")
SUFFIX = ".segment"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class KeptSegment:
    """What came of a segment.

    Attributes
    ----------
    waveform : ndarray, (row, frame) float32
    outcomes : tuple of Outcome
        One a row.
    names : tuple of str
        Of the losses.
    losses : ndarray, (step, name) float32
    n_evaluations : int
    """

    waveform: Samples
    outcomes: tuple[Outcome, ...]
    names: tuple[str, ...]
    losses: Samples
    n_evaluations: int


class SegmentStore(Protocol):
    """Keeps finished segments by their keys."""

    def get(self, key: str) -> KeptSegment | None:
        """Give a segment, if it is kept."""

    def put(self, key: str, segment: KeptSegment) -> None:
        """Keep a segment."""


class SegmentFiles:
    """A store of files in a folder; the oldest go where there are too many.

    Several programs may use one folder: files appear whole, and one that is damaged is as good as none.

    Parameters
    ----------
    folder : path, optional
        By default in the user's cache.
    most_bytes : int
        Size that all of them together stay below.
    """

    def __init__(self, folder: str | Path | None = None, *, most_bytes: int = MOST_BYTES) -> None:
        self.folder = Path(folder) if folder is not None else default_folder()
        self._most_bytes = most_bytes
        self._n_bytes: int | None = None

    def get(self, key: str) -> KeptSegment | None:
        """Give a segment, if it is kept."""
        path = self._path(key)
        try:
            with safetensors.safe_open(path, "np") as file:
                facts = json.loads((file.metadata() or {})["segment"])
                kept = KeptSegment(
                    file.get_tensor("waveform"),
                    tuple(Outcome[name] for name in facts["outcomes"]),
                    tuple(facts["names"]),
                    file.get_tensor("losses"),
                    int(facts["n_evaluations"]),
                )
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
            _log.warning("a kept segment cannot be used, it is made anew: %s", error)
            return None
        return kept

    def put(self, key: str, segment: KeptSegment) -> None:
        """Keep a segment; where that is impossible, the render goes on without."""
        facts = {
            "outcomes": [outcome.name for outcome in segment.outcomes],
            "names": segment.names,
            "n_evaluations": segment.n_evaluations,
        }
        tensors = {"waveform": np.ascontiguousarray(segment.waveform), "losses": segment.losses}
        data = save(tensors, {"segment": json.dumps(facts)})
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._make_room(len(data))
            with AtomicFile(path, overwrite=True) as partial:
                partial.file.write(data)
        except (OSError, AudioFileError) as error:
            _log.warning("a finished segment cannot be kept: %s", error)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}{SUFFIX}"

    def _make_room(self, n_new: int) -> None:
        """Remove the files that were not used for longest, if there would be too much."""
        if self._n_bytes is None or self._n_bytes + n_new > self._most_bytes:
            for folder in self.folder.glob("*/"):
                remove_stale(folder)
            found = sorted(_files(self.folder), key=lambda file: file[1])
            total = sum(size for _, _, size in found)
            for path, _, size in found if total + n_new > self._most_bytes else ():
                if total + n_new <= EMPTIED * self._most_bytes:
                    break
                path.unlink(missing_ok=True)
                total -= size
            self._n_bytes = total
        self._n_bytes += n_new


def default_folder() -> Path:
    """Where finished segments of this user are kept."""
    return platformdirs.user_cache_path("nast-fx", appauthor=False) / "segments"


def style_digest(
    sound: StyleSound, method: Method[Any], *, sample_rate: int, seed: int, device: torch.device
) -> str:
    """Give what stands for a prepared style: everything that `Method.prepare` depends on."""
    settings = method.settings.model_dump(mode="json")
    facts = {
        "method": method.name,
        "settings": settings,
        "files": {name: _stamp(value) for name, value in settings.items() if isinstance(value, str)},
        "sample_rate": sample_rate,
        "seed": seed,
        "device": str(device),
        "threads": torch.get_num_threads(),
        "versions": [_engine(), torch.__version__, np.__version__],
        "weights": sound.weights,
    }
    return _digest(facts, {str(n): excerpt for n, excerpt in enumerate(sound.excerpts)})


def segment_key(segment: Segment, style: str, rows: list[int]) -> str:
    """Give the key of a segment that is styled with `style_digest`."""
    pinned = segment.pinned
    facts = {
        "style": style,
        "rows": rows,
        "n_frames": segment.n_frames,
        "keys": segment.keys,
        "loop": segment.loop,
        "strength": segment.strength,
    }
    tensors: dict[str, torch.Tensor | None] = {"content": segment.content}
    if pinned is not None:
        tensors |= vars(pinned)
    return _digest(facts, tensors)


def _digest(facts: Mapping[str, Any], tensors: Mapping[str, torch.Tensor | None]) -> str:
    whole = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, tensor in tensors.items():
        shape = None if tensor is None else tuple(tensor.shape)
        whole.update(f"{name} {shape}".encode())
        if tensor is not None:
            whole.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).data)
    return whole.hexdigest()


def _stamp(value: str) -> list[int] | None:
    """Time and size of a file that a setting names, such as weights of a user's own."""
    try:
        found = Path(value).stat()
    except (OSError, ValueError):
        return None
    return [found.st_mtime_ns, found.st_size]


def _files(folder: Path) -> list[tuple[Path, float, int]]:
    """Path, time and size of all kept segments."""
    found = []
    for path in folder.glob(f"*/*{SUFFIX}"):
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((path, facts.st_mtime, facts.st_size))
    return found


@cache
def _engine() -> str:
    """Give what stands for the code that optimizes: another version computes something else."""
    whole = hashlib.sha256()
    root = Path(__file__).parents[1]
    for package in ENGINE:
        for path in sorted((root / package).glob("*.py")):
            whole.update(path.read_bytes())
    if is_frozen():  # there are no sources beside the app
        whole.update(FACTS_FILE.read_bytes())
    with contextlib.suppress(PackageNotFoundError):
        whole.update(version("nast-fx").encode())
    return whole.hexdigest()
