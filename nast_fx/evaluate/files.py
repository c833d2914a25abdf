"""Writing a finished picture or report whole or not at all."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error

__all__ = ["write_whole"]


def write_whole(path: str | PathLike[str], data: bytes) -> None:
    """Replace the file at `path` by `data`; what was there stays if that fails.

    Raises
    ------
    AudioFileError
        The folder does not exist, or there is no space or no right.
    """
    with AtomicFile(Path(path), overwrite=True) as partial:
        try:
            partial.file.write(data)
        except OSError as error:
            raise file_error(Path(path), "cannot be written", error) from error
