"""Files that appear whole or not at all: written beside their place, then renamed onto it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError

__all__ = ["AtomicFile", "check_place", "copy_exact", "free_space_shortfall"]

_BINARY = getattr(os, "O_BINARY", 0)  # Windows translates line ends without it


class AtomicFile:
    """Context manager of a hidden temporary file in the folder of `path`.

    On a clean exit it is synced and renamed onto `path`; on any exception it is removed. A link is
    followed, the rights of a file that is replaced are kept.

    Parameters
    ----------
    path : path
        Where the file shall appear.
    overwrite : bool
        Whether a file that is there may be replaced; this is checked again at the end.

    Raises
    ------
    AudioFileError
        If the place cannot be written (see `check_place`), at the start or at the end.
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False) -> None:
        self.path = Path(path)
        self.overwrite = overwrite
        self.temporary = Path()
        self.file: BinaryIO

    def __enter__(self) -> AtomicFile:
        check_place(self.path, overwrite=self.overwrite)
        self._target = Path(os.path.realpath(self.path))
        self.temporary = self._target.parent / f".nast-fx-{secrets.token_hex(6)}.part"
        try:
            # With open() the new file gets the user's rights; tempfile would make it private.
            self.file = open(self.temporary, "x+b")
        except OSError as error:
            raise file_error(self.path, "cannot be written", error) from error
        return self

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

    def _commit(self) -> None:
        try:
            self.file.close()
            with open(self.temporary, "r+b") as file:
                os.fsync(file.fileno())
            if not self.overwrite:
                # Claim the name: unlike a look at it, this cannot be overtaken by another program.
                os.close(os.open(self._target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY))
            elif self._target.exists():
                with contextlib.suppress(OSError):
                    shutil.copymode(self._target, self.temporary)
            self._replace()
            _sync_folder(self._target.parent)
        except FileExistsError as error:
            raise _exists(self.path) from error
        except OSError as error:
            raise file_error(self.path, "cannot be written", error) from error

    def _replace(self) -> None:
        try:
            os.replace(self.temporary, self._target)
        except BaseException:
            if not self.overwrite:
                with contextlib.suppress(OSError):
                    self._target.unlink()  # our own empty claim
            raise


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
        try:
            shutil.copyfileobj(source, atomic.file, 2**20)
            atomic.file.flush()
        except OSError as error:
            raise file_error(path, "cannot be written", error) from error


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
    probe = folder / f".nast-fx-{secrets.token_hex(6)}.part"
    try:
        with open(probe, "xb"):
            pass
        probe.unlink()
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
