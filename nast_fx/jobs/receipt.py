"""What a job leaves as soon as its files are in their places: a batch that was killed then knows them by it.

A file that merely is there, and is young, may be anybody's. A receipt says which files the job has made and
what they were like, and what is known of the result.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.audio.atomic import AtomicFile
from nast_fx.errors import AudioFileError
from nast_fx.jobs.stamp import stamp_of
from nast_fx.plain import plain

__all__ = ["Receipt", "read_receipt", "write_receipt"]


@dataclass(frozen=True)
class Receipt:
    """What a job has made.

    Attributes
    ----------
    stamps : mapping of Path to str
        Of its files, the result first.
    facts : mapping
        Of the result, as the job gives them.
    """

    stamps: Mapping[Path, str]
    facts: Mapping[str, Any]

    def is_of(self, output: Path) -> bool:
        """Whether that is the result, and is still as it was made."""
        path = output.absolute()
        return Path(self.facts["output"]) == path and self._is_same(path)

    def remove_files(self) -> None:
        """Remove what was made and is still as it was."""
        for path in self.stamps:
            if self._is_same(path):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _is_same(self, path: Path) -> bool:
        stamp = stamp_of(path)
        return stamp is not None and self.stamps.get(path) == str(stamp)


def write_receipt(path: Path, facts: Mapping[str, Any], sides: Iterable[Path] = ()) -> None:
    """Say that a job's files are in their places.

    Parameters
    ----------
    path : path
        Of the receipt.
    facts : mapping
        Of the result; ``output`` is its file.
    sides : iterable of path
        Files beside it; those that are not there are left out.
    """
    stamps = {str(file): stamp_of(Path(file)) for file in (facts["output"], *sides)}
    known = {file: str(stamp) for file, stamp in stamps.items() if stamp is not None}
    text = json.dumps(plain({"stamps": known, "facts": facts}), allow_nan=False)
    # The result stands without it; only a batch that is killed just now would miss it.
    with contextlib.suppress(AudioFileError), AtomicFile(path, overwrite=True) as partial:
        partial.file.write(text.encode())


def read_receipt(path: Path) -> Receipt | None:
    """Give a receipt; None if there is none."""
    try:
        values = json.loads(path.read_bytes())
        stamps = {Path(file): str(stamp) for file, stamp in values["stamps"].items()}
        facts = dict(values["facts"])
        return Receipt(stamps, facts) if isinstance(facts["output"], str) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
