"""What was begun, done and failed: an SQLite file that several batches use at once, whole after a kill.

A job is a row; it is *queued*, *running* (with its owner, see `owner`), *done*, *failed* or *cancelled*. A
running row whose owner is dead was broken off. Rows of done jobs stay: by them a batch knows what it need not
do again.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nast_fx.audio.names import shown
from nast_fx.errors import AudioFileError
from nast_fx.jobs.fingerprint import file_digest
from nast_fx.jobs.journal_file import open_journal
from nast_fx.jobs.owner import Owner, is_alive, state_folder
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
        self._owner: Owner | None = None
        self._base = open_journal(self.folder)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, and of the jobs that run."""
        self._base.close()
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def begin(self, root: Path, settings: Mapping[str, Any], tasks: Sequence[Task]) -> str:
        """Write down a batch and its jobs, and give its name."""
        self._owner = self._owner or Owner(self._owners)
        batch = f"{self._owner.name}-{time.time_ns():x}"
        rows = [
            (
                batch,
                task.number,
                path_key(task.output),
                path_key(task.wanted),
                path_key(root),
                task.fingerprint,
                "queued",
                json.dumps(task.as_dict()),
            )
            for task in tasks
        ]
        ids = [row["id"] for row in self._base.execute("SELECT id FROM batches")]
        alive = [name for name in ids if self._is_alive(name.partition("-")[0])]
        marks = ", ".join("?" * len(alive))
        with self._writing():
            # What a dead batch had left to do is ours now.
            self._base.executemany(
                "DELETE FROM jobs WHERE key = ? AND state IN ('queued', 'cancelled', 'failed')"
                f" AND batch NOT IN ({marks})",
                [(path_key(task.output), *alive) for task in tasks],
            )
            self._base.execute(
                "DELETE FROM batches WHERE id NOT IN (SELECT batch FROM jobs WHERE state != 'done')"
                f" AND id NOT IN ({marks})",
                alive,
            )
            settings_text = json.dumps(dict(settings) | {"root": str(root)})
            self._base.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?)", (batch, time.time(), path_key(root), settings_text)
            )
            self._base.executemany(
                "INSERT INTO jobs (batch, number, key, wanted, root, fingerprint, state, task)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
        return batch

    def claim(self, batch: str, task: Task) -> bool:
        """Take a job; False if a living batch is making that output."""
        owner = self._owner.name if self._owner else ""
        key = path_key(task.output)
        with self._writing():
            running = self._base.execute(
                "SELECT id, owner FROM jobs WHERE key = ? AND state = 'running' AND owner != ?",
                (key, owner),
            ).fetchall()
            if any(self._is_alive(row["owner"]) for row in running):
                return False
            self._base.executemany(
                "UPDATE jobs SET state = 'cancelled' WHERE id = ?", [(row["id"],) for row in running]
            )
            self._base.execute(
                "UPDATE jobs SET state = 'running', owner = ?, begun = ?, before = ?"
                " WHERE batch = ? AND number = ?",
                (owner, time.time(), str(stamp_of(task.output)), batch, task.number),
            )
        return True

    def end(
        self, batch: str, task: Task, state: str, *, result: Mapping[str, Any] | None = None, error: str = ""
    ) -> None:
        """Write down how a job ended."""
        stamp = str(stamp_of(task.output)) if state == "done" else None
        with self._writing():
            self._base.execute(
                "UPDATE jobs SET state = ?, ended = ?, stamp = ?, result = ?, error = ?,"
                " task = CASE ? WHEN 'done' THEN NULL ELSE task END WHERE batch = ? AND number = ?",
                (state, time.time(), stamp, json.dumps(result or {}), error, state, batch, task.number),
            )

    def done(self, wanted: Path, fingerprint: str) -> tuple[Path, dict[str, Any]] | None:
        """Give the file that was made for that name, content and settings and is still so; and its facts."""
        rows = self._base.execute(
            "SELECT stamp, result FROM jobs WHERE wanted = ? AND fingerprint = ? AND state = 'done'"
            " ORDER BY ended DESC",
            (path_key(wanted), fingerprint),
        )
        for row in rows:
            result = json.loads(row["result"])
            output = Path(result["output"])
            if row["stamp"] == str(stamp_of(output)):
                return output, result
        return None

    def made_by_us(self, output: Path) -> bool:
        """Whether the file that is there is one that a batch has made, and nobody has changed since."""
        rows = self._base.execute(
            "SELECT stamp FROM jobs WHERE key = ? AND state = 'done'", (path_key(output),)
        )
        stamp = str(stamp_of(output))
        return any(row["stamp"] == stamp for row in rows)

    def finished_unseen(self, task: Task) -> Path | None:
        """Give the file of a job whose batch was killed before that could be written down.

        It is there, is not the one that was there when the job began, and is younger.
        """
        row = self._broken_off(task)
        if row is None:
            return None
        output = Path(json.loads(row["task"])["output"])
        stamp = stamp_of(output)
        if stamp is None or str(stamp) == row["before"]:
            return None
        # Some disks count time in steps of two seconds.
        return output if stamp.time_ns >= float(row["begun"] - 2) * 1e9 else None

    def adopt(self, task: Task, result: Mapping[str, Any]) -> None:
        """Write down that such a file is done."""
        row = self._broken_off(task)
        if row is not None:
            made = Task.from_dict(json.loads(row["task"]))
            self.end(row["batch"], made, "done", result=result)

    def unfinished(self, root: Path | None = None) -> tuple[dict[str, Any], list[Task]] | None:
        """Give settings and open jobs of the latest batch that was broken off, of `root` if it is given."""
        batches = self._base.execute("SELECT id, root, settings FROM batches ORDER BY begun DESC").fetchall()
        for batch in batches:
            if root is not None and batch["root"] != path_key(root):
                continue
            rows = self._base.execute(
                "SELECT task, owner FROM jobs WHERE batch = ? AND state IN ('queued', 'running', 'cancelled')"
                " AND task IS NOT NULL ORDER BY number",
                (batch["id"],),
            ).fetchall()
            if rows and not self._is_alive(batch["id"].partition("-")[0]):
                tasks = [Task.from_dict(json.loads(row["task"])) for row in rows]
                return json.loads(batch["settings"]), tasks
        return None

    def latest(self, wanted: Path) -> tuple[Path, dict[str, Any]] | None:
        """Give the file that was last made for a name, and its facts, if it is still so."""
        row = self._base.execute(
            "SELECT stamp, result FROM jobs WHERE wanted = ? AND state = 'done' ORDER BY ended DESC",
            (path_key(wanted),),
        ).fetchone()
        if row is None:
            return None
        result = json.loads(row["result"])
        output = Path(result["output"])
        return (output, result) if row["stamp"] == str(stamp_of(output)) else None

    def results(self, root: Path) -> Iterator[dict[str, Any]]:
        """Give the facts of all that is done below a folder, the latest of each file."""
        rows = self._base.execute(
            "SELECT result, MAX(ended) FROM jobs WHERE root = ? AND state = 'done' GROUP BY key ORDER BY key",
            (path_key(root),),
        ).fetchall()
        for row in rows:
            yield json.loads(row["result"])

    def digest(self, path: Path) -> str:
        """Give the SHA-256 of a file, reading it only if it has changed.

        Raises
        ------
        AudioFileError
            It cannot be read.
        """
        key, stamp = path_key(path), str(stamp_of(path))
        row = self._base.execute("SELECT stamp, digest FROM digests WHERE path = ?", (key,)).fetchone()
        if row is not None and row["stamp"] == stamp:
            return str(row["digest"])
        digest = file_digest(path)
        with self._writing():
            self._base.execute("INSERT OR REPLACE INTO digests VALUES (?, ?, ?)", (key, stamp, digest))
        return digest

    def _broken_off(self, task: Task) -> sqlite3.Row | None:
        rows = self._base.execute(
            "SELECT * FROM jobs WHERE wanted = ? AND fingerprint = ? AND state = 'running'"
            " AND task IS NOT NULL ORDER BY begun DESC",
            (path_key(task.wanted), task.fingerprint),
        )
        row: sqlite3.Row
        for row in rows:
            if not self._is_alive(row["owner"]):
                return row
        return None

    def _is_alive(self, owner: str) -> bool:
        if self._owner is not None and owner == self._owner.name:
            return True
        return is_alive(self._owners, owner)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Write as one step, in turn with other batches."""
        try:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            raise AudioFileError(f"{shown(self.folder)}: the journal cannot be written ({error})") from None
