"""What tells quickly whether a file is still the one it was: its size and its time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Stamp", "path_key", "stamp_of"]


@dataclass(frozen=True)
class Stamp:
    """Size in bytes and time of the last change in nanoseconds."""

    size: int
    time_ns: int

    def __str__(self) -> str:
        return f"{self.size}:{self.time_ns}"


def stamp_of(path: Path) -> Stamp | None:
    """Give the stamp of a file, or None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_size, found.st_mtime_ns)


def path_key(path: Path) -> str:
    """Give one text for all names of a place, which also holds bytes that are no UTF-8."""
    text = os.path.normcase(os.path.realpath(path))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
