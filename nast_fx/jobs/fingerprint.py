"""What a result depends on, as one number: the bytes of all files that go in, and all settings.

Two jobs of one fingerprint make the same samples on one machine with one number of threads. Names of files
do not count, where the result goes neither.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nast_fx.audio.names import file_error
from nast_fx.chain.scan_cache import stamp_of as stamp_of_bundle
from nast_fx.models import RenderRequest
from nast_fx.models.output import OutputFormat

__all__ = ["file_digest", "fingerprint_of", "setting_files"]

Digest = Callable[[Path], str]

_NOT_HEARD = {"output", "overwrite", "variation", "format", "bits", "chain_file"}
_FILES = ("content", "midi", "instrument", "mix")


def fingerprint_of(request: RenderRequest, output: OutputFormat, digest: Digest) -> str:
    """Give the fingerprint of a render.

    Parameters
    ----------
    request : RenderRequest
    output : OutputFormat
        As the result is written.
    digest : callable
        From the path of a file to its SHA-256.

    Raises
    ------
    AudioFileError
        A file cannot be read.
    """
    values: dict[str, Any] = request.model_dump(mode="json", by_alias=True, exclude=_NOT_HEARD)
    for name in _FILES:
        if (path := getattr(request, name)) is not None:
            values[name] = _digest_of(path, digest)
    for style, plain in zip(request.styles, values["styles"], strict=True):
        plain["path"] = _digest_of(style.path if style.path.is_file() else _named(style.path), digest)
    own = [_digest_of(Path(value), digest) for _, value in sorted(setting_files(request).items())]
    inside = own + [_digest_of(path, digest) for path in request.chain_inputs]
    facts = [values, output.container, output.bits, inside]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def setting_files(request: RenderRequest) -> dict[str, str]:
    """Give the settings of a method that name a file, such as weights of the user's own."""
    named = {key: value for key, value in request.settings.items() if isinstance(value, str)}
    return {key: value for key, value in named.items() if _is_file(value)}


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # no name that a file could have
        return False


def file_digest(path: Path) -> str:
    """Give the SHA-256 of a file.

    Raises
    ------
    AudioFileError
        It cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error


def _named(name: Path) -> Path:
    """Find the file of a style that is named without its place; the name itself if there is none."""
    from nast_fx.styles.find import named_style

    found = named_style(name)
    return found.path if found else name


def _digest_of(path: Path, digest: Digest) -> str:
    if path.is_dir():  # a plugin's bundle
        return str(stamp_of_bundle(path))
    # A plugin may be named without its place.
    return digest(path) if path.exists() else str(path)
