"""Which rows of the journal still count: a later batch takes the place of a dead one for the same result."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nast_fx.audio.stale import remove_stale
from nast_fx.jobs.stamp import path_key, stamp_of
from nast_fx.jobs.task import Task

__all__ = [
    "OPEN",
    "clear_dead",
    "clear_receipts",
    "new_row",
    "owner_of",
    "receipt_path",
    "still",
    "supersede",
]

OPEN = ("queued", "running", "cancelled")  # states of what is left to do

IsAlive = Callable[[str], bool]


def owner_of(batch: str) -> str:
    """Give the owner of a batch."""
    return batch.partition("-")[0]


def supersede(base: sqlite3.Connection, batch: str, task: Task, is_alive: IsAlive) -> bool:
    """Remove what dead batches have noted of a task's result, but for what is done.

    Returns
    -------
    bool
        Whether a living batch is making that file.
    """
    key = path_key(task.output)
    rows = base.execute(
        "SELECT id, batch, key, state, owner FROM jobs WHERE batch != ? AND state != 'done'"
        " AND (key = ? OR (wanted = ? AND fingerprint = ?))",
        (batch, key, path_key(task.wanted), task.fingerprint),
    ).fetchall()
    is_made = False
    for row in rows:
        owner = row["owner"] or owner_of(row["batch"])
        if owner != owner_of(batch) and is_alive(owner):
            is_made |= row["state"] == "running" and row["key"] == key
        else:
            base.execute("DELETE FROM jobs WHERE id = ?", (row["id"],))
    return is_made


def clear_dead(base: sqlite3.Connection, root: Path, is_alive: IsAlive) -> None:
    """Remove the dead batches that have left nothing to do, and what they have skipped in a folder."""
    names = [row["id"] for row in base.execute("SELECT id FROM batches")]
    dead = [(name,) for name in names if not is_alive(owner_of(name))]
    key = path_key(root)
    base.executemany(
        "DELETE FROM jobs WHERE root = ? AND state = 'skipped' AND batch = ?", [(key, *one) for one in dead]
    )
    base.executemany(
        f"DELETE FROM batches WHERE id = ? AND id NOT IN (SELECT batch FROM jobs WHERE state IN {OPEN})", dead
    )


def receipt_path(folder: Path, batch: str, number: int) -> Path:
    """Where the receipt of a job is."""
    return folder / f"{batch}-{number}.json"


def clear_receipts(base: sqlite3.Connection, folder: Path, is_alive: IsAlive) -> None:
    """Remove the receipts of dead batches for what is not open any more."""
    remove_stale(folder)
    for path in folder.glob("*.json"):
        batch, _, number = path.stem.rpartition("-")
        if is_alive(owner_of(batch)):
            continue
        query = f"SELECT 1 FROM jobs WHERE batch = ? AND number = ? AND state IN {OPEN}"
        if base.execute(query, (batch, number)).fetchone() is None:
            with contextlib.suppress(OSError):
                path.unlink()


def new_row(batch: str, root: Path, task: Task) -> tuple[Any, ...]:
    """Give a row of a job that waits."""
    keys = (path_key(task.output), path_key(task.wanted), path_key(root))
    return batch, task.number, *keys, task.fingerprint, json.dumps(task.as_dict())


def still(row: sqlite3.Row) -> tuple[Path, dict[str, Any]] | None:
    """Give the file of a done job and its facts, if it is as it was made."""
    result: dict[str, Any] = json.loads(row["result"])
    output = Path(result["output"])
    stamp = stamp_of(output)
    return (output, result) if stamp is not None and row["stamp"] == str(stamp) else None
