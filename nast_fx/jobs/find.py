"""What a batch works on: files that are named, and those in folders that are named."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nast_fx.audio import probe
from nast_fx.audio.backup import BACKUP_SUFFIX
from nast_fx.audio.names import shown
from nast_fx.audio.score_file import is_score
from nast_fx.errors import AudioFileError, NastFxError

__all__ = ["Content", "Found", "Selection", "find_contents"]

# Files of these suffixes are meant as audio: if one cannot be read, that is a fault and no oversight.
SUFFIXES = frozenset(
    "aac aif aifc aiff au bwf caf flac m4a mp2 mp3 oga ogg opus rf64 sd2 snd voc w64 wav wave wma wv".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Content:
    """A file to work on, and its folder from the one that was named on, as ``drums/loud``."""

    path: Path
    folder: str = ""


@dataclass(frozen=True)
class Selection:
    """Which files of a folder count.

    Attributes
    ----------
    recursive : bool
        Folders in it too.
    include, exclude : tuple of str
        Patterns as ``*.wav`` or ``drums/*``, of the name or of the path from the folder on; without an
        include, all.
    """

    recursive: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def takes(self, inside: str) -> bool:
        """Whether a file counts, by its path from the folder on."""
        return (not self.include or _matches(inside, self.include)) and not _matches(inside, self.exclude)


@dataclass(frozen=True)
class Found:
    """Files to work on, and those that are passed over, each with the reason."""

    contents: tuple[Content, ...]
    passed_over: dict[Path, str] = field(default_factory=dict)


def find_contents(
    inputs: Sequence[Path],
    selection: Selection,
    *,
    output: Path | None = None,
    beside: Iterable[Path] = (),
    plays_scores: bool = False,
) -> Found:
    """Find the files of a batch, in the order of their names.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders.
    selection : Selection
        Of what is in folders; a file that is named counts in any case.
    output : Path, optional
        A folder of results inside of a named one is left out.
    beside : iterable of Path
        Files that are read besides, as styles: they are no contents where they are not named.
    plays_scores : bool
        Whether MIDI files are contents too.

    Raises
    ------
    AudioFileError
        A name is neither a file nor a folder.
    """
    contents: dict[str, Content] = {}
    passed: dict[Path, str] = {}
    others = {os.path.realpath(path) for path in beside}

    def on_error(error: OSError) -> None:
        passed[Path(error.filename)] = f"the folder cannot be read ({error.strerror})"

    for given in inputs:
        if not given.exists():
            raise AudioFileError(f"{shown(given)}: there is no such file or folder")
        is_folder = given.is_dir()
        files = _walk(given, selection.recursive, output, on_error) if is_folder else [(given, given.name)]
        for path, inside in files:
            if is_folder and not selection.takes(inside):
                continue
            if is_folder and os.path.realpath(path) in others:
                passed[path] = "it is a style, or stands beside the content"
                continue
            is_backup = is_folder and path.suffix.lower() == BACKUP_SUFFIX
            if reason := "it is a backup" if is_backup else _unfit(path, plays_scores=plays_scores):
                passed[path] = reason
                continue
            folder = inside.rpartition("/")[0] if is_folder else ""
            contents.setdefault(os.path.realpath(path), Content(path, folder))
    return Found(tuple(contents.values()), passed)


def _walk(
    root: Path, recursive: bool, output: Path | None, on_error: Callable[[OSError], None]
) -> Iterator[tuple[Path, str]]:
    """Files below a folder and their paths from it on, without hidden ones and without the results."""
    results = os.path.realpath(output) if output is not None else ""
    for folder, folders, names in os.walk(root, onerror=on_error):
        at = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if recursive and not name.startswith(".") and os.path.realpath(at / name) != results
        )
        for name in sorted(names, key=_natural):
            path = at / name
            if not name.startswith(".") and path.is_file():
                yield path, path.relative_to(root).as_posix()


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Order of names in which 2 comes before 10."""
    parts: list[tuple[bool, int, str]] = []
    digits = ""
    for letter in [*name.casefold(), ""]:
        if letter.isdecimal():
            digits += letter
            continue
        if digits:
            parts.append((False, int(digits), digits))
            digits = ""
        parts.append((True, 0, letter))
    return [*parts, (True, 0, name)]


def _matches(inside: str, patterns: Iterable[str]) -> bool:
    name = inside.rpartition("/")[2]
    return any(fnmatch.fnmatch(inside, one) or fnmatch.fnmatch(name, one) for one in patterns)


def _unfit(path: Path, *, plays_scores: bool) -> str:
    """Say why a file is no content; empty if it is one, or should be."""
    if is_score(path):
        return "" if plays_scores else "it is a score, and there is no --instrument"
    if path.suffix.lower().removeprefix(".") in SUFFIXES:
        return ""
    try:
        probe(path)
    except NastFxError:
        return "it is not audio"
    return ""
