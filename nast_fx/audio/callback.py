"""A file as libsndfile calls back to it: nothing raised in there is lost or printed.

An exception cannot pass through C code; soundfile would print it and go on. It is kept here, the
call gives "nothing", and `check` raises it afterwards. The file has no name, from whose suffix
soundfile would draw conclusions (``.raw``), and any path that Python can open works.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["CallbackFile"]

T = TypeVar("T")


class CallbackFile:
    """Wraps a binary file object for `soundfile.SoundFile`; the file is not closed here."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._error: BaseException | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a byte; see `io.IOBase.seek`."""
        return self._call(lambda: int(self._file.seek(offset, whence)), -1)

    def tell(self) -> int:
        """Give the place of the next byte."""
        return self._call(lambda: int(self._file.tell()), -1)

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes."""
        return self._call(lambda: bytes(self._file.read(size)), b"")

    def readinto(self, buffer: Any) -> int:
        """Read into `buffer`; gives how many bytes were read."""
        return self._call(lambda: int(self._file.readinto(memoryview(buffer))), 0)

    def write(self, data: bytes) -> int:
        """Write `data`; gives how many bytes were written."""
        return self._call(lambda: int(self._file.write(data)), 0)

    def check(self) -> None:
        """Raise what went wrong in a call since the last check."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _call(self, action: Callable[[], T], nothing: T) -> T:
        try:
            return nothing if self._error is not None else action()
        except BaseException as error:  # also the user's Ctrl-C: raised again by `check`
            self._error = error
            return nothing
