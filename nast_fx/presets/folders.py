"""The folders of presets, and the names of files in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from nast_fx.audio.names import file_error
from nast_fx.errors import NastFxError, UsageError

__all__ = ["PROJECT_FOLDER", "RESERVED", "Layer", "layer_folder", "made_folder", "root_of", "slug"]

PROJECT_FOLDER = "nast-presets"
MAX_BYTES = 120  # of a name; systems allow 255 with what comes around it
FACTORY_PACKAGE = "nast_fx_presets"
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.ASCII)  # no names of files on Windows

Layer = Literal["project", "user", "factory", "file"]


def slug(name: str) -> str:
    """Give the name of a file for a preset's name: ``Glass room!`` is ``glass-room``.

    Raises
    ------
    UsageError
        Nothing is left of it, or no system could hold such a file.
    """
    word = re.sub(r"[\W_]+", "-", name.casefold()).strip("-")
    word = word.encode()[:MAX_BYTES].decode(errors="ignore")
    if not word or RESERVED.fullmatch(word):
        raise UsageError(f"'{name}' is no name for a preset: it needs letters or digits, as in glass-room")
    return word


def layer_folder(layer: Layer, project: Path | None = None) -> Path:
    """Give the folder of a layer; that of a project is in `project` or in the working directory."""
    if layer == "project":
        return (project or Path()) / PROJECT_FOLDER
    if layer == "user":
        import platformdirs

        return platformdirs.user_data_path("nast-fx", appauthor=False) / "presets"
    from importlib.resources import files

    try:
        return Path(str(files(FACTORY_PACKAGE)))
    except ModuleNotFoundError:
        raise NastFxError("the program's own presets are not installed; install nast-fx once more") from None


def made_folder(layer: Layer, project: Path | None = None) -> Path:
    """Give the folder of a layer, which is made where it is not there yet."""
    folder = layer_folder(layer, project)
    if layer not in ("user", "project"):
        raise UsageError("the program's own presets cannot be changed; save it under your own")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(folder, "cannot be made", error) from error
    return folder


def root_of(folder: Path) -> Path:
    """Give what moves as one with a preset in `folder`: a project's presets move with the project."""
    return folder.parent if folder.name == PROJECT_FOLDER else folder
