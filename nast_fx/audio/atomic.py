"""Files that appear whole or not at all: written beside their place, then renamed onto it.

What a killed process leaves is a hidden ``.nast-fx-*.part``. While one is written, its file is locked, so
that `nast_fx.audio.stale` knows what is dead: a lock ends with its process, whatever ended that.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from nast_fx.audio.locks import try_lock
from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError

__all__ = [
    "AtomicFile",
    "check_place",
    "copy_exact",
    "free_space_shortfall",
    "rename_to_free",
]

_BINARY = getattr(os, "O_BINARY", 0)  # Windows translates line ends without it


class AtomicFile:
    """Context manager of a hidden temporary file in the folder of `path`.

    On a clean exit it is synced and renamed onto `path`; on any exception it is removed. A link is
    followed, the rights of a file that is replaced are kept. An error of the system that names no file, as
    when a write finds the disk full, is one of this file.

    Parameters
    ----------
    path : path
        Where the file shall appear.
    overwrite : bool
        Whether a file that is there may be replaced; this is checked again at the end.

    Raises
    ------
    AudioFileError
        If the place cannot be written (see `check_place`), at the start, in between or at the end.
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False) -> None:
        self.path = Path(path)
        self.overwrite = overwrite
        self.temporary = Path()
        self.file: BinaryIO
        self._lock = -1

    def __enter__(self) -> AtomicFile:
        check_place(self.path, overwrite=self.overwrite)
        self._target = Path(os.path.realpath(self.path))
        try:
            while not self._made():
                pass
        except OSError as error:
            raise self._failed(error) from error
        return self

    def _made(self) -> bool:
        """Make the temporary file and lock it; False if it was taken for a dead one in between."""
        self.temporary = _partial_beside(self._target)
        # With open() the new file gets the user's rights; tempfile would make it private.
        self.file = open(self.temporary, "x+b")  # noqa: SIM115
        if os.name == "nt":  # an open file cannot be removed there, and a locked one not renamed
            return True
        # A handle of its own: the file is closed before it is renamed.
        try:
            self._lock = os.open(self.temporary, os.O_RDONLY)
            if try_lock(self._lock) is not False and os.fstat(self._lock).st_nlink:
                return True
        except FileNotFoundError:
            pass
        except OSError:  # rights that forbid to read one's own file: it is never taken for a dead one either
            return True
        with contextlib.suppress(OSError):
            self.temporary.unlink()
        self._release()
        return False

    def _release(self) -> None:
        with contextlib.suppress(OSError):
            self.file.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._commit()
        finally:
            with contextlib.suppress(OSError):
                self.file.close()
            with contextlib.suppress(OSError):
                self.temporary.unlink()
            self._release()
        if isinstance(error, OSError) and error.filename is None:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> AudioFileError:
        return file_error(self.path, "cannot be written", error)

    def _commit(self) -> None:
        try:
            self.file.close()
            with open(self.temporary, "r+b") as file:
                os.fsync(file.fileno())
            if not self.overwrite:
                rename_to_free(self.temporary, self._target)
            else:
                with contextlib.suppress(OSError):
                    shutil.copymode(self._target, self.temporary)
                os.replace(self.temporary, self._target)
            _sync_folder(self._target.parent)
        except FileExistsError as error:
            raise _exists(self.path) from error
        except OSError as error:
            raise self._failed(error) from error


def copy_exact(source_path: str | Path, path: str | Path, *, overwrite: bool = False) -> None:
    """Copy a file byte for byte; the copy appears whole or not at all.

    Raises
    ------
    AudioFileError
        If the source cannot be read or the place cannot be written.
    """
    try:
        source = open(source_path, "rb")  # noqa: SIM115
    except OSError as error:
        raise file_error(source_path, "cannot be read", error) from error
    with source, AtomicFile(path, overwrite=overwrite) as atomic:
        shutil.copyfileobj(source, atomic.file, 2**20)


def check_place(path: str | Path, *, overwrite: bool = True) -> None:
    """Check that a file can be made at `path`, by making one beside it for a moment.

    Raises
    ------
    AudioFileError
        If the folder is missing or no folder or cannot be written, if `path` is a folder or
        write-protected, or exists while `overwrite` is False, or if its name is too long.
    """
    path = Path(path)
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    except OSError as error:
        raise file_error(path, "cannot be written", error) from error
    if found is not None:
        _check_replaceable(path, found, overwrite)
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise AudioFileError(f"{shown(path)}: there is no folder {shown(folder)}")
    if os.name == "posix" and not folder.stat().st_mode & 0o222:
        # The superuser could write all the same; who took the right away meant it.
        raise AudioFileError(f"{shown(path)}: the folder {shown(folder)} is write-protected")
    probe = _partial_beside(folder / path.name)
    try:
        with open(probe, "xb"):
            pass
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise file_error(path, f"cannot write into the folder {shown(folder)}", error) from error


def _check_replaceable(path: Path, found: os.stat_result, overwrite: bool) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise AudioFileError(f"{shown(path)}: is a folder, not a file to write")
    if not stat.S_ISREG(found.st_mode):
        raise AudioFileError(f"{shown(path)}: is not a regular file; nothing is written to it")
    if not overwrite:
        raise _exists(path)
    if not found.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise AudioFileError(f"{shown(path)}: is write-protected")


def free_space_shortfall(path: str | Path, n_bytes: int) -> int:
    """Say how many bytes are missing on the disk of `path` to hold `n_bytes` more; 0 if they fit.

    `path` may be a folder or a file that is not there yet.
    """
    place = Path(os.path.realpath(path))
    while not place.is_dir() and place != place.parent:
        place = place.parent
    try:
        return max(0, n_bytes - shutil.disk_usage(place).free)
    except OSError as error:
        raise file_error(path, "its disk cannot be read", error) from error


def rename_to_free(path: Path, target: Path) -> None:
    """Rename a file onto a name that must be free, in one step that no other program can overtake.

    Raises
    ------
    FileExistsError
        It is not free.
    OSError
        It cannot be done, as between two disks.
    """
    if os.name == "nt":
        os.rename(path, target)  # refuses a name that is taken
        return
    try:
        os.link(path, target)  # so does this
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY))
        try:
            os.replace(path, target)
        except BaseException:
            with contextlib.suppress(OSError):
                target.unlink()  # our own empty claim
            raise
    else:
        path.unlink()


def _partial_beside(path: Path) -> Path:
    return path.parent / f".nast-fx-{secrets.token_hex(6)}.part"


def _exists(path: Path) -> AudioFileError:
    return AudioFileError(f"{shown(path)}: exists already; it is not overwritten")


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut; Windows has no such call and does it itself."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
