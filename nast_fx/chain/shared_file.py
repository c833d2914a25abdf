"""A small file that several programs change: one at a time, and it is replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error

__all__ = ["locked", "write_whole"]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Make the file's folder, and wait until no other program changes the file; read it inside.

    Raises
    ------
    AudioFileError
        The folder cannot be made or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not the file itself: that one is replaced, and a lock would stay with the old one.
        handle = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o666)
    except OSError as error:
        raise file_error(path, "cannot be written", error) from error
    try:
        with contextlib.suppress(OSError):  # some network disks know no locks
            _lock(handle)
        yield
    finally:
        os.close(handle)  # which also unlocks it


def write_whole(path: Path, text: str) -> None:
    """Replace a file's text.

    Raises
    ------
    AudioFileError
        It cannot be written.
    """
    with AtomicFile(path, overwrite=True) as atomic:
        try:
            atomic.file.write(text.encode("utf-8"))
            atomic.file.flush()
        except OSError as error:
            raise file_error(path, "cannot be written", error) from error


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # waits 10 s at most
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
