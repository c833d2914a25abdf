"""Temporary files of `AtomicFile` whose process was killed: found by their names and their locks."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

from nast_fx.audio.locks import is_locked

__all__ = ["remove_stale"]

_PARTIAL = re.compile(r"\.nast-fx-[0-9a-f]{12}\.part")
_DEAD_SECONDS = 60.0  # on Windows, where they are not locked: nobody holds one that long without a write


def remove_stale(folder: str | Path) -> list[Path]:
    """Remove the temporary files that processes left in `folder` when they were killed.

    What a living process writes, here or on another computer that shares the disk, is left alone.

    Returns
    -------
    list of Path
        What was removed.
    """
    removed = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _PARTIAL.fullmatch(entry.name) and _remove_dead(Path(entry.path)):
                removed.append(Path(entry.path))
    return removed


def _remove_dead(partial: Path) -> bool:
    try:
        if os.name == "nt":
            if time.time() - partial.stat().st_mtime < _DEAD_SECONDS:
                return False
            partial.unlink()  # refused while somebody has it open
            return True
        handle = os.open(partial, os.O_RDONLY)
        try:
            # Removed while the lock is shared: who would lock it as its own gets it not, and takes another.
            if is_locked(handle) is False:
                partial.unlink()
                return True
        finally:
            os.close(handle)
    except OSError:
        return False
    return False
