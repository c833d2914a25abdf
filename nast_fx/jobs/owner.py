"""Who works on a job: a batch is alive as long as it holds its lock file, whatever ends it."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path

import platformdirs

from nast_fx.audio.locks import try_lock
from nast_fx.audio.names import file_error

__all__ = ["Owner", "is_alive", "state_folder"]


def state_folder() -> Path:
    """Where what survives a program is kept for this user."""
    return platformdirs.user_state_path("nast-fx", appauthor=False)


class Owner:
    """A batch that runs now; closing it, or the end of the process, lets go.

    Parameters
    ----------
    folder : path
        Of the lock files; made if it is not there, and rid of those of dead owners.

    Raises
    ------
    AudioFileError
        The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(8)
        self._path = folder / f"{self.name}.lock"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for other in folder.glob("*.lock"):
                _remove_dead(other)
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except OSError as error:
            raise file_error(folder, "cannot be written", error) from error
        try_lock(self._handle)

    def close(self) -> None:
        """Let go; a second call does nothing."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                if sys.platform != "win32":
                    self._path.unlink()
            os.close(self._handle)
            self._handle = -1
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)


def is_alive(folder: Path, name: str) -> bool:
    """Whether the owner of that name still runs."""
    try:
        handle = os.open(folder / f"{name}.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        return try_lock(handle) is not True
    finally:
        os.close(handle)


def _remove_dead(path: Path) -> None:
    if not is_alive(path.parent, path.stem):
        with contextlib.suppress(OSError):
            path.unlink()
