"""Files of names and values: read as TOML or JSON with sentences that say where, written whole."""

from __future__ import annotations

import json
import stat
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError, UsageError

__all__ = ["MAX_BYTES", "checked_suffix", "parsed_table", "read_table", "write_text"]

MAX_BYTES = 2**24  # a sampler's state may be large; nothing else that people write is


def read_table(path: Path, *, what: str, suffixes: Sequence[str]) -> dict[str, Any]:
    """Read a file that begins with its schema.

    Parameters
    ----------
    path : Path
    what : str
        What such a file is called in messages: ``chain file``.
    suffixes : sequence of str
        How its name may end; ``.json`` is read as JSON, all others as TOML.

    Raises
    ------
    AudioFileError
        It cannot be read, is no regular file, or is larger than `MAX_BYTES`.
    UsageError
        It is of another kind (the line is named), or has no schema.
    """
    suffix = checked_suffix(path, what=what, suffixes=suffixes)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            is_folder = stat.S_ISDIR(found.st_mode)
            raise AudioFileError(f"{shown(path)}: is {'a folder, not a file' if is_folder else 'no file'}")
        if found.st_size > MAX_BYTES:
            raise AudioFileError(f"{shown(path)}: is larger than a {what} may be ({MAX_BYTES >> 20} MiB)")
        data = path.read_bytes()
    except FileNotFoundError:
        raise AudioFileError(f"{shown(path)}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise file_error(path, "cannot be read", _system_error(error)) from error
    return parsed_table(data, shown(path), what=what, suffix=suffix)


def parsed_table(data: bytes, where: str, *, what: str, suffix: str = ".toml") -> dict[str, Any]:
    """Take the text of a file apart; `where` begins every message (raises UsageError as `read_table`)."""
    try:
        text = data.decode("utf-8-sig")  # some editors put a mark at the start
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{where}: line {line} is not text in UTF-8") from None
    try:
        values = json.loads(text) if suffix == ".json" else tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where}: this is no TOML: {error}") from None
    except json.JSONDecodeError as error:
        place = f"(at line {error.lineno}, column {error.colno})"
        raise UsageError(f"{where}: this is no JSON: {error.msg} {place}") from None
    except RecursionError:
        raise UsageError(f"{where}: it is nested too deeply") from None
    except (ValueError, OverflowError):  # Python reads no decimal number of more than 4300 digits
        raise UsageError(f"{where}: a number or a date in it cannot be read") from None
    if not isinstance(values, dict) or "schema" not in values:
        raise UsageError(f"{where}: it must begin with schema = 1 to be a {what}")
    return values


def write_text(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a text file, whole or not at all.

    Raises
    ------
    AudioFileError
        The place cannot be written, or a file is there and `overwrite` is False.
    """
    with AtomicFile(path, overwrite=overwrite) as atomic:
        try:
            atomic.file.write(text.encode("utf-8"))
            atomic.file.flush()
        except OSError as error:
            raise file_error(path, "cannot be written", error) from error


def checked_suffix(path: Path, *, what: str, suffixes: Sequence[str]) -> str:
    """Give the suffix in small letters; a UsageError if it is none of `suffixes`."""
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise UsageError(f"{shown(path)}: a {what} ends in {' or '.join(suffixes)}")
    return suffix


def _system_error(error: OSError | ValueError) -> OSError:
    """Give what the system says; a name that no system takes is a ValueError of Python's."""
    return error if isinstance(error, OSError) else OSError(None, str(error))
