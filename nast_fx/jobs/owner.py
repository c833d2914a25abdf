"""Who works on a job: a batch is alive as long as it holds its lock file, whatever ends it.

A lock file gets its name when it is locked, so that nobody sees one that is not yet. Who looks whether it is
held shares its lock for that moment; the names of the dead do not come back.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path

import platformdirs

from nast_fx.audio.locks import is_locked, try_lock
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
        self.name = ""
        self._path = folder
        self._handle = -1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for other in (*folder.glob("*.lock"), *folder.glob("*.new")):
                _remove_dead(other)
            while not self._made(folder):
                pass
        except OSError as error:
            raise file_error(folder, "cannot be written", error) from error

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

    def _made(self, folder: Path) -> bool:
        """Make a lock file and hold it; False if it was taken for a dead one before it was locked."""
        self.name = secrets.token_hex(8)
        self._path = folder / f"{self.name}.lock"
        if sys.platform == "win32":  # that it is open is the lock, from the beginning
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            return True
        new = self._path.with_suffix(".new")
        handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        try:
            if try_lock(handle) is not False:
                new.rename(self._path)
                self._handle = handle
                return True
        except FileNotFoundError:
            pass
        except OSError:
            os.close(handle)
            raise
        with contextlib.suppress(OSError):
            new.unlink()
        os.close(handle)
        return False


def is_alive(folder: Path, name: str) -> bool:
    """Whether the owner of that name still runs."""
    return _is_held(folder / f"{name}.lock")


def _is_held(path: Path, *, removes: bool = False) -> bool:
    """Whether a lock file is there and held; one that is not can be removed at once."""
    if sys.platform == "win32":
        try:
            path.unlink() if removes else os.rename(path, path)  # refused while somebody has it open
        except OSError:
            return path.exists()
        return False
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        if is_locked(handle) is not False:
            return True
        if removes:
            with contextlib.suppress(OSError):
                path.unlink()  # while the lock is shared: nobody can make it his own meanwhile
        return False
    finally:
        os.close(handle)


def _remove_dead(path: Path) -> None:
    _is_held(path, removes=True)
