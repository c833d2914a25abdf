"""A job as it travels: its files by numbers instead of paths, and the way back of what was made of it.

Paths mean nothing on another machine. Every file that a request names is replaced by a word of its own
(`TOKEN`); there the file is laid out under its own name, and the word gives way to its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nast_fx.audio.atomic import check_place
from nast_fx.audio.names import clean_text, file_error, shown
from nast_fx.audio.output_names import place
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.jobs.fingerprint import file_digest
from nast_fx.jobs.request_files import with_files
from nast_fx.jobs.run import request_values
from nast_fx.jobs.stamp import Stamp, stamp_of
from nast_fx.models import Overwrite, validated
from nast_fx.models.messages import REQUESTS

__all__ = ["Digests", "Item", "Parcel", "pack", "places"]

TOKEN = "nast-fx-file-{}"
PLUGIN_SUFFIXES = (".vst3", ".component")
OF_ONE_JOB = ("content", "midi")  # other files are a recipe's: many jobs read them


@dataclass(frozen=True)
class Item:
    """A file that travels.

    Attributes
    ----------
    token : str
        Stands for it in the request.
    path : Path
    name : str
        Under which it is laid out.
    shown_as : str
        How the user named it.
    digest : str
        SHA-256.
    n_bytes : int
    is_shared : bool
        Whether other jobs are likely to read it too.
    """

    token: str
    path: Path
    name: str
    shown_as: str
    digest: str
    n_bytes: int
    is_shared: bool


@dataclass(frozen=True)
class Parcel:
    """A job that can travel.

    Attributes
    ----------
    kind : str
    request : Settings
        With the user's own paths.
    values : mapping
        The request as JSON has it, with tokens.
    items : tuple of Item
    output : Path or None
        Where the result goes.
    side_files : mapping of str to Path
        Files beside it that are made there.
    saved_preset : Path or None
        The one that is made here: it names files of this machine.
    has_plugins : bool
    fresh : bool
    """

    kind: str
    request: Any
    values: Mapping[str, Any]
    items: tuple[Item, ...]
    output: Path | None
    side_files: Mapping[str, Path]
    saved_preset: Path | None
    has_plugins: bool
    fresh: bool

    @property
    def message(self) -> dict[str, Any]:
        """What is said to a worker, but for how it gets the files."""
        return {
            "kind": self.kind,
            "request": dict(self.values),
            "output": self.output and [clean_text(self.output.name), str(self.output)],
            "sides": {name: [clean_text(path.name), str(path)] for name, path in self.side_files.items()},
            "files": [
                {
                    "token": item.token,
                    "name": item.name,
                    "shown_as": item.shown_as,
                    "digest": item.digest,
                    "is_shared": item.is_shared,
                }
                for item in self.items
            ],
            "has_plugins": self.has_plugins,
            "fresh": self.fresh,
        }


class Digests:
    """SHA-256 of files, read once as long as they do not change."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp | None, str]] = {}

    def of(self, path: Path) -> str:
        """Give that of a file."""
        stamp = stamp_of(path)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = self._known[path] = (stamp, file_digest(path))
        return known[1]


@dataclass
class _Packing:
    digests: Digests
    items: dict[Path, Item] = field(default_factory=dict)
    has_plugins: bool = False

    def change(self, use: str, path: Path) -> Path:
        """Give what stands for a file in the request that travels."""
        if path.suffix.lower() in PLUGIN_SUFFIXES:
            self.has_plugins = True
            return path
        found, shown_as = path, str(path)
        if use == "style" and not path.exists():
            style = _named_style(path)
            if style is None:
                return path  # every installation has it
            found = style
        if found not in self.items:
            self.items[found] = self._item(found, shown_as, use)
        return Path(self.items[found].token)

    def _item(self, path: Path, shown_as: str, use: str) -> Item:
        try:
            n_bytes = path.stat().st_size
        except FileNotFoundError:
            raise AudioFileError(f"{shown(path)}: there is no such file") from None
        except OSError as error:
            raise file_error(path, "cannot be read", error) from error
        if not path.is_file():
            raise AudioFileError(f"{shown(path)}: is no regular file; it cannot be sent to a cluster")
        name = clean_text(path.name)
        token = TOKEN.format(len(self.items))
        return Item(token, path, name, shown_as, self.digests.of(path), n_bytes, use not in OF_ONE_JOB)


def pack(job: Mapping[str, Any], digests: Digests) -> Parcel:
    """Make a job ready to travel; nothing is sent or written.

    Parameters
    ----------
    job : mapping
        See `nast_fx.jobs.run`.
    digests : Digests

    Raises
    ------
    AudioFileError, NothingToDoError, UsageError
        A file is missing, or the result cannot be written.
    """
    request: Any = validated(REQUESTS[job["kind"]], job["request"])
    packing = _Packing(digests)
    sides = {name: Path(path) for name, path in (job.get("side_files") or {}).items()}
    output: Path | None = getattr(request, "output", None)
    writes = "output" in type(request).model_fields
    if writes and (output is None or not output.suffix):
        raise UsageError("a job for a cluster says where its result goes, with a suffix")
    for path, policy in places(request, output, sides):
        path, replace = place(path, request.inputs, policy)
        check_place(path, overwrite=replace)
    moved = with_files(request, packing.change)
    if writes:
        moved = moved.model_copy(update={"output": None, "overwrite": "fail"})
    return Parcel(
        kind=job["kind"],
        request=request,
        values=request_values(moved),
        items=tuple(packing.items.values()),
        output=output,
        side_files={name: path for name, path in sides.items() if name != "save-preset"},
        saved_preset=sides.get("save-preset"),
        has_plugins=packing.has_plugins,
        fresh=bool(job.get("fresh")),
    )


def places(request: Any, output: Path | None, side_files: Mapping[str, Path]) -> list[tuple[Path, Overwrite]]:
    """Give all that a job writes here, each with what to do if it is there already."""
    if output is None:
        return []
    policy: Overwrite = request.overwrite
    # Files beside a result that is made anew are made anew too.
    beside: Overwrite = "overwrite" if policy == "skip" else policy
    return [(output, policy), *((path, beside) for path in side_files.values())]


def _named_style(path: Path) -> Path | None:
    """Give the file of a style of the user's own; None for one of the program's.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    from nast_fx.styles.find import find_style

    found = find_style(path)
    return found.path if found.layer == "user" else None
