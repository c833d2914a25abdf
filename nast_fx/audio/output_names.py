"""Where a result goes: its name, and what to do if something is there already."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from nast_fx.errors import AudioFileError, NothingToDoError, UsageError
from nast_fx.models import Overwrite

__all__ = ["claim", "output_path", "place"]


def output_path(
    asked: Path | None, beside: Path, extension: str, *, kind: str = "styled", variation: int | None = None
) -> Path:
    """Give the output's path: as asked, or ``STEM.styled.EXT`` beside the input.

    A variation's number goes before the suffix: ``STEM.styled.2.EXT``.
    """
    if asked is None:
        # Not with_suffix: a stem may hold dots of its own.
        number = f".{variation}" if variation is not None else ""
        return beside.with_name(f"{beside.stem}.{kind}{number}{extension}")
    named = asked if asked.suffix else asked.with_name(asked.name + extension)
    if variation is None:
        return named
    return named.with_name(f"{named.stem}.{variation}{named.suffix}")


def place(path: Path, sources: Iterable[Path], overwrite: Overwrite) -> tuple[Path, bool]:
    """Apply the overwrite policy.

    Returns
    -------
    path : Path
        Where to write; another name under ``rename``.
    replace : bool
        Whether a file there may be replaced.

    Raises
    ------
    UsageError
        The output is one of the inputs.
    NothingToDoError
        It is there, and the policy is ``skip``.
    AudioFileError
        It is there, and the policy is ``fail``.
    """
    for source in sources:
        if _same(path, source):
            raise UsageError(f"{path} is an input; give the output another name")
    if not path.exists() or path.is_dir() or overwrite == "overwrite":
        return path, overwrite == "overwrite"
    if overwrite == "skip":
        raise NothingToDoError(f"{path} is there already; skipped")
    if overwrite == "rename":
        numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 10_000))
        return next(free for free in numbered if not free.exists()), False
    raise AudioFileError(f"{path} is there already; use --overwrite rename, skip or overwrite")


def _same(path: Path, source: Path) -> bool:
    if path.exists() and source.exists():
        return os.path.samefile(path, source)
    return os.path.realpath(path) == os.path.realpath(source)


def claim(path: Path, sources: Iterable[Path], *, replace: bool) -> None:
    """Check a file that a command writes besides, where ``--overwrite`` is a flag.

    Raises
    ------
    UsageError
        It is an input.
    AudioFileError
        It is there, and must not be replaced.
    """
    place(path, sources, "overwrite")
    if path.exists() and not replace:
        raise AudioFileError(f"{path} is there already; --overwrite replaces it")
