"""The journal's file: its tables, and how it is read and written so that a kill leaves it whole."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError, NoSpaceError

__all__ = ["JournalFile"]

SCHEMA = 1
BUSY_SECONDS = 30.0  # to wait for another batch's write

_TABLES = """
CREATE TABLE IF NOT EXISTS batches (
    id TEXT PRIMARY KEY, begun REAL NOT NULL, root TEXT NOT NULL, settings TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY, batch TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL,
    wanted TEXT NOT NULL, root TEXT NOT NULL, fingerprint TEXT NOT NULL, state TEXT NOT NULL,
    owner TEXT, begun REAL, ended REAL, before TEXT, stamp TEXT, task TEXT, result TEXT, error TEXT);
CREATE INDEX IF NOT EXISTS jobs_by_key ON jobs (key, state);
CREATE INDEX IF NOT EXISTS jobs_by_wanted ON jobs (wanted, fingerprint, state);
CREATE INDEX IF NOT EXISTS jobs_by_batch ON jobs (batch, number);
CREATE INDEX IF NOT EXISTS jobs_by_root ON jobs (root, state);
CREATE TABLE IF NOT EXISTS digests (
    path TEXT PRIMARY KEY, stamp TEXT NOT NULL, digest TEXT NOT NULL);
"""


class JournalFile:
    """The journal in a folder; both are made if they are not there, and several programs may have it open.

    Raises
    ------
    AudioFileError
        It cannot be opened, is broken, or is another version's.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.sqlite3"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise file_error(folder, "the journal cannot be kept there", error) from error
        with self._said("cannot be used", "; move it away to begin a new one"):
            self._base = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._base.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Read.

        Raises
        ------
        AudioFileError
            It cannot be read.
        """
        with self._said("cannot be read"):
            return self._base.execute(query, values).fetchall()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write as one step, in turn with other programs.

        Raises
        ------
        AudioFileError
            It cannot be written; a `NoSpaceError` if the disk is full.
        """
        with self._said("cannot be written"):
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
                self._base.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk may have rolled it back already
                    self._base.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        base = self._base
        base.row_factory = sqlite3.Row
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA):
            raise AudioFileError(f"{shown(self.path)}: is the journal of another version of nast-fx")
        if version == 0:
            base.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={SCHEMA}; COMMIT;")

    @contextlib.contextmanager
    def _said(self, what: str, hint: str = "") -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            kind = NoSpaceError if is_full else AudioFileError
            raise kind(f"{shown(self.path)}: the journal {what} ({error}){hint}") from None
