"""Files that a preset names: styles, impulse responses, plugins, weights of a network.

Relative names start from the folder of the preset's file. A bare word that is no file there (``bells``) is
the name of a style that the program knows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nast_fx.models.chain_walk import with_file_names
from nast_fx.models.preset import Preset
from nast_fx.models.setting_files import named_file
from nast_fx.styles.find import named_style

__all__ = ["file_names", "from_folder", "in_folder", "is_word", "with_files"]


def with_files(preset: Preset, change: Callable[[str], str]) -> Preset:
    """Give a preset with the name of every file in it changed."""
    values: dict[str, Any] = {}
    if preset.styles:
        values["styles"] = tuple(
            style.model_copy(update={"path": Path(change(str(style.path)))}) for style in preset.styles
        )
    if named := named_file(preset.method, preset.settings):
        values["settings"] = preset.settings | {named[0]: change(named[1])}
    if preset.chain.slots:
        values["chain"] = with_file_names(preset.chain, change)
    return preset.model_copy(update=values)


def file_names(preset: Preset) -> tuple[str, ...]:
    """Give the names of all files, each once, as they are written."""
    names: dict[str, None] = {}

    def keep(name: str) -> str:
        names[name] = None
        return name

    with_files(preset, keep)
    return tuple(names)


def from_folder(preset: Preset, folder: Path) -> Preset:
    """Give a preset whose file names are whole: relative ones start from `folder`."""

    def whole(name: str) -> str:
        path = folder / Path(name).expanduser()
        return name if (is_word(name) or named_style(name)) and not path.exists() else str(path)

    return with_files(preset, whole)


def in_folder(preset: Preset, folder: Path, *, root: Path | None = None) -> Preset:
    """Give a preset to be written into `folder`: what lies below `root` gets a relative name.

    Parameters
    ----------
    preset : Preset
        With whole names.
    folder : Path
    root : Path, optional
        Folder that moves as one with the preset; `folder` by default. It is `folder` or holds it.
    """
    here = folder.resolve()
    above = (root or folder).resolve()

    def relative(name: str) -> str:
        path = Path(name)
        if not path.is_absolute():
            return name
        try:
            below = path.resolve().relative_to(above)
        except (OSError, ValueError):
            return name
        up = [".."] * (len(here.parts) - len(above.parts))
        return Path(*up, below).as_posix()

    return with_files(preset, relative)


def is_word(name: str) -> bool:
    """Whether a name may be that of a known style: no folder, no suffix."""
    return Path(name).name == name and not Path(name).suffix
