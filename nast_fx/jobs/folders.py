"""The folders that a batch writes into: made when they are needed, and left as they ought to be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from nast_fx.audio.stale import remove_stale

__all__ = ["Folders"]


class Folders:
    """Remembers what it has made."""

    def __init__(self) -> None:
        self._used: dict[Path, None] = {}
        self._made: list[Path] = []

    def make(self, files: Iterable[Path]) -> None:
        """Make the folders of files.

        Raises
        ------
        OSError
            One cannot be made.
        """
        for folder in dict.fromkeys(path.parent for path in files):
            self._used[folder] = None
            missing = []
            while not folder.exists():
                missing.append(folder)
                folder = folder.parent
            for one in reversed(missing):
                one.mkdir(exist_ok=True)
                self._made.append(one)

    def clear(self) -> None:
        """Remove what dead processes have left there, and the folders that were made for nothing."""
        for folder in self._used:
            remove_stale(folder)
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):
                folder.rmdir()  # only one that is empty goes
