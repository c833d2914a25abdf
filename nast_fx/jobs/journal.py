"""What was begun, done and failed: an SQLite file that several batches use at once, whole after a kill.

A job is a row; it is *queued*, *running* (with its owner, see `owner`), *done*, *skipped*, *failed* or
*cancelled*. A running row whose owner is dead was broken off. Rows of done jobs stay: by them a batch knows
what it need not do again. Other rows of dead batches go when a later batch is to make the same.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError
from nast_fx.jobs.fingerprint import file_digest
from nast_fx.jobs.journal_file import JournalFile
from nast_fx.jobs.journal_rows import (
    OPEN,
    clear_dead,
    clear_receipts,
    new_row,
    owner_of,
    receipt_path,
    still,
    supersede,
)
from nast_fx.jobs.owner import Owner, is_alive, state_folder
from nast_fx.jobs.receipt import Receipt, read_receipt
from nast_fx.jobs.stamp import path_key, stamp_of
from nast_fx.jobs.task import Task

__all__ = ["Journal"]


class Journal:
    """The journal of this user; close it with ``with``.

    Parameters
    ----------
    folder : path, optional
        Where it is kept; the user's state folder by default.

    Raises
    ------
    AudioFileError
        It cannot be opened, or is broken.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or state_folder()
        self._owners = self.folder / "owners"
        self._receipts = self.folder / "receipts"
        self._owner: Owner | None = None
        self._file = JournalFile(self.folder)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, and of the jobs that run."""
        self._file.close()
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def begin(self, root: Path, settings: Mapping[str, Any], tasks: Sequence[Task]) -> str:
        """Write down a batch and its jobs, in the place of dead ones that had them to do; give its name."""
        self._owner = self._owner or Owner(self._owners)
        try:
            self._receipts.mkdir(exist_ok=True)
        except OSError as error:
            raise file_error(self._receipts, "cannot be made", error) from error
        batch = f"{self._owner.name}-{time.time_ns():x}"
        settings_text = json.dumps(dict(settings) | {"root": str(root)})
        with self._file.writing() as base:
            for task in tasks:
                supersede(base, batch, task, self._is_alive)
            clear_dead(base, root, self._is_alive)
            clear_receipts(base, self._receipts, self._is_alive)
            base.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?)", (batch, time.time(), path_key(root), settings_text)
            )
            base.executemany(
                "INSERT INTO jobs (batch, number, key, wanted, root, fingerprint, state, task)"
                " VALUES (?, ?, ?, ?, ?, ?, 'queued', ?)",
                [new_row(batch, root, task) for task in tasks],
            )
        return batch

    def claim(self, batch: str, task: Task) -> bool:
        """Take a job; False if a living batch is making that output."""
        with self._file.writing() as base:
            if supersede(base, batch, task, self._is_alive):
                return False
            base.execute(
                "UPDATE jobs SET state = 'running', owner = ?, begun = ? WHERE batch = ? AND number = ?",
                (owner_of(batch), time.time(), batch, task.number),
            )
        return True

    def end(
        self, batch: str, task: Task, state: str, *, result: Mapping[str, Any] | None = None, error: str = ""
    ) -> None:
        """Write down how a job ended, or that it waits again."""
        stamp = str(stamp_of(task.output)) if state == "done" else None
        with self._file.writing() as base:
            base.execute(
                "UPDATE jobs SET state = ?, ended = ?, stamp = ?, result = ?, error = ?,"
                " task = CASE WHEN ? IN ('done', 'skipped') THEN NULL ELSE task END"
                " WHERE batch = ? AND number = ?",
                (state, time.time(), stamp, json.dumps(result or {}), error, state, batch, task.number),
            )
        if state not in OPEN:
            with contextlib.suppress(OSError):  # it goes with the next batch
                self.receipt_of(batch, task).unlink(missing_ok=True)

    def receipt_of(self, batch: str, task: Task) -> Path:
        """Where a job is to say what it has made."""
        return receipt_path(self._receipts, batch, task.number)

    def made(self, batch: str, task: Task) -> Receipt | None:
        """Give what a job says that it has made; None if it does not, or if that was changed since."""
        receipt = read_receipt(self.receipt_of(batch, task))
        return receipt if receipt is not None and receipt.is_of(task.output) else None

    def check_inputs(self, task: Task) -> None:
        """See that a task's inputs are as they were when it was planned.

        Raises
        ------
        AudioFileError
            One is another one now, or cannot be read.
        """
        for path, digest in task.inputs.items():
            if self.digest(path) != digest:
                raise AudioFileError(
                    f"{shown(path)}: has changed since the batch was planned; give the command again"
                )

    def done(self, wanted: Path, fingerprint: str) -> tuple[Path, dict[str, Any]] | None:
        """Give the file that was made for that name, content and settings and is still so; and its facts."""
        rows = self._file.rows(
            "SELECT stamp, result FROM jobs WHERE wanted = ? AND fingerprint = ? AND state = 'done'"
            " ORDER BY ended DESC",
            (path_key(wanted), fingerprint),
        )
        return next(filter(None, map(still, rows)), None)

    def made_by_us(self, output: Path) -> bool:
        """Whether the file that is there is one that a batch has made, and nobody has changed since."""
        rows = self._file.rows("SELECT stamp FROM jobs WHERE key = ? AND state = 'done'", (path_key(output),))
        stamp = str(stamp_of(output))
        return any(row["stamp"] == stamp for row in rows)

    def finished_unseen(self, task: Task) -> tuple[Path, dict[str, Any]] | None:
        """Give the file of a job whose batch was ended before that was written down; and its facts.

        The job has said that it has made it, and it is still so.
        """
        found = self._broken_off(task)
        if found is None:
            return None
        output = Path(found[1].facts["output"])
        return output, dict(found[1].facts) | {"content": str(task.content)}

    def adopt(self, task: Task, result: Mapping[str, Any]) -> None:
        """Write down that such a file is done."""
        if found := self._broken_off(task):
            row, _ = found
            self.end(row["batch"], Task.from_dict(json.loads(row["task"])), "done", result=result)

    def unfinished(self, root: Path | None = None) -> tuple[dict[str, Any], list[Task]] | None:
        """Give settings and open jobs of the latest batch that was broken off, of `root` if it is given."""
        batches = self._file.rows("SELECT id, root, settings FROM batches ORDER BY begun DESC")
        for batch in batches:
            if root is not None and batch["root"] != path_key(root):
                continue
            if self._is_alive(owner_of(batch["id"])):
                continue
            rows = self._file.rows(
                f"SELECT task FROM jobs WHERE batch = ? AND state IN {OPEN}"
                " AND task IS NOT NULL ORDER BY number",
                (batch["id"],),
            )
            tasks = [Task.from_dict(json.loads(row["task"])) for row in rows]
            if tasks := [task for task in tasks if not self._is_done(task)]:
                return json.loads(batch["settings"]), tasks
        return None

    def latest(self, wanted: Path) -> tuple[Path, dict[str, Any]] | None:
        """Give the file that was last made for a name, and its facts, if it is still so."""
        rows = self._file.rows(
            "SELECT stamp, result FROM jobs WHERE wanted = ? AND state = 'done' ORDER BY ended DESC LIMIT 1",
            (path_key(wanted),),
        )
        return next(filter(None, map(still, rows)), None)

    def results(self, root: Path) -> Iterator[dict[str, Any]]:
        """Give the facts of all that is done below a folder, the latest of each file that is still so."""
        rows = self._file.rows(
            "SELECT stamp, result, MAX(ended) FROM jobs WHERE root = ? AND state = 'done'"
            " GROUP BY key ORDER BY key",
            (path_key(root),),
        )
        for found in filter(None, map(still, rows)):
            yield found[1]

    def digest(self, path: Path) -> str:
        """Give the SHA-256 of a file, reading it only if it has changed.

        Raises
        ------
        AudioFileError
            It cannot be read.
        """
        key, stamp = path_key(path), str(stamp_of(path))
        for row in self._file.rows("SELECT stamp, digest FROM digests WHERE path = ?", (key,)):
            if row["stamp"] == stamp:
                return str(row["digest"])
        digest = file_digest(path)
        with self._file.writing() as base:
            base.execute("INSERT OR REPLACE INTO digests VALUES (?, ?, ?)", (key, stamp, digest))
        return digest

    def _broken_off(self, task: Task) -> tuple[sqlite3.Row, Receipt] | None:
        """Find a job of a dead batch that was to make the same, and has made it of what is still so."""
        rows = self._file.rows(
            f"SELECT * FROM jobs WHERE wanted = ? AND fingerprint = ? AND state IN {OPEN}"
            " AND task IS NOT NULL ORDER BY id DESC",
            (path_key(task.wanted), task.fingerprint),
        )
        for row in rows:
            if self._is_alive(row["owner"] or owner_of(row["batch"])):
                continue
            receipt = self.made(row["batch"], Task.from_dict(json.loads(row["task"])))
            if receipt is not None:
                try:
                    self.check_inputs(task)
                except AudioFileError:
                    return None
                return row, receipt
        return None

    def _is_done(self, task: Task) -> bool:
        """Whether another batch has made all that a task was to make."""
        has_sides = all(path.exists() for path in task.side_files.values())
        return has_sides and self.done(task.wanted, task.fingerprint) is not None

    def _is_alive(self, owner: str) -> bool:
        if self._owner is not None and owner == self._owner.name:
            return True
        return is_alive(self._owners, owner)
