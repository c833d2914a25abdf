"""The plugin files that the user denied: they are never opened, in no scan and in no chain.

The list is kept among the user's data, since a cache may be emptied at any time, and it is read whenever it
is asked, since another program may have changed it. A file is meant by whatever path leads to it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import platformdirs

from nast_fx.audio.names import file_error, shown
from nast_fx.chain.shared_file import locked, write_whole
from nast_fx.errors import AudioFileError

__all__ = ["allow", "denied_paths", "deny", "deny_list_path", "is_denied"]


def deny_list_path() -> Path:
    """Where the list is kept for this user."""
    return platformdirs.user_data_path("nast-fx", appauthor=False) / "denied-plugins.json"


def denied_paths() -> tuple[Path, ...]:
    """Give all denied files, as they were named when they were denied, whether they are there or not.

    Raises
    ------
    AudioFileError
        The list cannot be read: nothing may be opened then, for it could be a denied one.
    """
    return _read(deny_list_path())


def is_denied(path: str | Path) -> bool:
    """Whether a file, or the bundle that it lies in, is denied.

    Raises
    ------
    AudioFileError
        The list cannot be read.
    """
    return any(_is_in(path, entry) for entry in denied_paths())


def deny(path: str | Path) -> bool:
    """Never open a plugin file again, until it is allowed; False if it was denied already.

    Raises
    ------
    AudioFileError
        The list cannot be read or written; it stays as it was.
    """
    place = deny_list_path()
    with locked(place):
        entries = _read(place)
        if any(_is_in(path, entry) for entry in entries):
            return False
        _write(place, (*entries, Path(os.path.abspath(path))))
    return True


def allow(path: str | Path) -> bool:
    """Take a plugin file off the list; False if it was not on it.

    Raises
    ------
    AudioFileError
        The list cannot be read or written; it stays as it was.
    """
    place = deny_list_path()
    with locked(place):
        entries = _read(place)
        kept = tuple(entry for entry in entries if not _is_in(path, entry))
        if kept == entries:
            return False
        _write(place, kept)
    return True


def _read(place: Path) -> tuple[Path, ...]:
    try:
        entries = json.loads(place.read_text("utf-8"))["denied"]
        if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
            raise TypeError("a list of paths is wanted")
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise file_error(place, "the list of denied plugins cannot be read", error) from error
    except (ValueError, TypeError, KeyError) as error:
        raise AudioFileError(
            f"{shown(place)}: the list of denied plugins is damaged; mend it, or remove it and deny them anew"
        ) from error
    return tuple(map(Path, entries))


def _write(place: Path, entries: tuple[Path, ...]) -> None:
    write_whole(place, json.dumps({"denied": sorted(map(str, entries))}, indent=1) + "\n")


def _is_in(path: str | Path, entry: Path) -> bool:
    # On Windows the program inside a bundle also ends in .vst3 and can be opened alone.
    real = _real(path)
    return _real(entry) in (real, *real.parents)


def _real(path: str | Path) -> Path:
    return Path(os.path.normcase(os.path.realpath(path)))
