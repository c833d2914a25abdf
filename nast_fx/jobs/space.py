"""Whether the disks have room for the next result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from nast_fx.audio.atomic import free_space_shortfall
from nast_fx.jobs.task import Task

__all__ = ["lack_of_space", "lack_of_space_for_all"]

RESERVE = 16 * 2**20  # bytes: for what else is written meanwhile
SCRATCH = 4  # temporary files of a render, in sizes of the result as it is counted (some float32 signals)


def lack_of_space(task: Task, *, scratch: bool = True) -> str:
    """Say in a sentence what a task lacks; empty if it has room.

    Parameters
    ----------
    task : Task
    scratch : bool
        Whether its temporary files are on this machine too.
    """
    lack = _sentence(task.output.parent, task.n_bytes + RESERVE)
    if lack or not scratch:
        return lack
    return _sentence(Path(tempfile.gettempdir()), SCRATCH * task.n_bytes + RESERVE)


def lack_of_space_for_all(tasks: Iterable[Task], root: Path) -> str:
    """Say in a sentence what the results of a batch lack together; empty if they have room."""
    return _sentence(root, sum(task.n_bytes for task in tasks) + RESERVE)


def _sentence(folder: Path, n_bytes: int) -> str:
    missing = free_space_shortfall(folder, n_bytes)
    return f"the disk of {folder} is full: {max(missing >> 20, 1):,} MiB are missing" if missing else ""
