"""Names of temporary files that another process writes and a panel reads."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path

__all__ = ["ScratchName"]


class ScratchName:
    """A name in a folder that nothing else has.

    Parameters
    ----------
    folder : Path
        The program's own; it removes what is left there when it ends.
    suffix : str
        With its dot.
    """

    def __init__(self, folder: Path, suffix: str) -> None:
        self.path = folder / f"{uuid.uuid4().hex}{suffix}"

    def remove(self) -> None:
        """Remove the file, if it is there."""
        with contextlib.suppress(OSError):  # Windows keeps one that is being read; the folder goes at the end
            self.path.unlink(missing_ok=True)
