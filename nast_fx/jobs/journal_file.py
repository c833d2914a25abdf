"""The journal's file: its tables, and how it is opened so that a kill leaves it whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError

__all__ = ["open_journal"]

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


def open_journal(folder: Path) -> sqlite3.Connection:
    """Open the journal in a folder, or make both; several programs may have it open.

    Raises
    ------
    AudioFileError
        It cannot be opened, is broken, or is another version's.
    """
    path = folder / "journal.sqlite3"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        base = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            base.row_factory = sqlite3.Row
            base.execute("PRAGMA journal_mode=WAL")
            base.execute("PRAGMA synchronous=NORMAL")
            (version,) = base.execute("PRAGMA user_version").fetchone()
            if version not in (0, SCHEMA):
                raise AudioFileError(f"{shown(path)}: is the journal of another version of nast-fx")
            if version == 0:
                base.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={SCHEMA}; COMMIT;")
        except BaseException:
            base.close()
            raise
    except OSError as error:
        raise file_error(folder, "the journal cannot be kept there", error) from error
    except sqlite3.Error as error:
        raise AudioFileError(
            f"{shown(path)}: the journal cannot be used ({error}); move it away to begin a new one"
        ) from None
    return base
