"""Where presets live: the project's, the user's, the program's own; the first of them with a name wins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError, NastFxError, UsageError, did_you_mean
from nast_fx.models.preset import Preset
from nast_fx.presets.file import SUFFIX, read_preset, write_preset
from nast_fx.presets.folders import Layer, layer_folder, made_folder, root_of, slug
from nast_fx.presets.paths import file_names, from_folder, in_folder

__all__ = ["BrokenPreset", "FoundPreset", "delete_preset", "find_preset", "list_presets", "save_preset"]


@dataclass(frozen=True)
class FoundPreset:
    """A preset and where it is from.

    Attributes
    ----------
    preset : Preset
        File names in it are as they are written.
    path : Path
    layer : str
        ``project``, ``user``, ``factory``, or ``file`` for one that was named by its path.
    shadows : tuple of (layer, Path)
        Those of the same name that it hides.
    """

    preset: Preset
    path: Path
    layer: Layer
    shadows: tuple[tuple[Layer, Path], ...] = ()

    @property
    def name(self) -> str:
        """What it is found by: its file's name without the suffix."""
        return self.path.stem

    @property
    def placed(self) -> Preset:
        """The preset with whole file names."""
        return from_folder(self.preset, self.path.resolve().parent)

    def request_values(self) -> dict[str, Any]:
        """Give the fields of a `RenderRequest` that it sets, with whole file names."""
        values = self.placed.request_values()
        # A hosted plugin without a path is looked for beside the file that names it.
        return values | ({"chain_file": self.path.resolve()} if "chain" in values else {})


@dataclass(frozen=True)
class BrokenPreset:
    """A file in a preset folder that is none."""

    path: Path
    layer: Layer
    message: str


def find_preset(name_or_path: str | Path, *, project: Path | None = None) -> FoundPreset:
    """Find a preset.

    Parameters
    ----------
    name_or_path : str or Path
        A path, where it ends in ``.toml`` or has a folder; else a name.
    project : Path, optional
        Folder of the audio; presets in ``nast-presets`` there, or in the working directory, come first.

    Raises
    ------
    UsageError
        There is none of that name, or the file is no preset.
    AudioFileError
        The file cannot be read.
    """
    text = str(name_or_path)
    path = Path(text).expanduser()
    if isinstance(name_or_path, Path) or path.suffix.lower() == SUFFIX or path.name != text:
        return FoundPreset(read_preset(path), path, _layer_of(path, project))
    wanted = slug(text)
    places = [place for place in _files(project) if _stem(place[1]) == wanted]
    if not places:
        known = dict.fromkeys(path.stem for _, path in _files(project))
        near = did_you_mean(wanted, known) or "; nast-fx presets list shows all"
        raise UsageError(f"there is no preset '{text}'{near}")
    (layer, path), *hidden = places
    return FoundPreset(read_preset(path), path, layer, tuple(hidden))


def list_presets(project: Path | None = None) -> tuple[tuple[FoundPreset, ...], tuple[BrokenPreset, ...]]:
    """Give all presets by name, without those that are hidden, and files that are none."""
    by_name: dict[str, list[tuple[Layer, Path]]] = {}
    for layer, path in _files(project):
        by_name.setdefault(_stem(path), []).append((layer, path))
    found, broken = [], []
    for name in sorted(by_name):
        (layer, path), *hidden = by_name[name]
        try:
            found.append(FoundPreset(read_preset(path), path, layer, tuple(hidden)))
        except NastFxError as error:
            broken.append(BrokenPreset(path, layer, str(error)))
    return tuple(found), tuple(broken)


def save_preset(
    preset: Preset, *, layer: Layer = "user", project: Path | None = None, overwrite: bool = False
) -> Path:
    """Keep a preset, with whole file names, in a layer under its name; gives its file.

    Raises
    ------
    AudioFileError
        The place cannot be written, or one of that name is there and `overwrite` is False.
    UsageError
        The name is none for a file.
    """
    folder = made_folder(layer, project)
    path = folder / f"{slug(preset.name)}{SUFFIX}"
    if path.exists() and not overwrite:
        raise AudioFileError(f"{shown(path)}: is there already; --overwrite replaces it")
    write_preset(path, in_folder(preset, folder, root=root_of(folder)), overwrite=overwrite)
    return path


def delete_preset(found: FoundPreset) -> tuple[Path, ...]:
    """Delete a preset of the user or the project, and the files that were taken in with it.

    Returns
    -------
    tuple of Path
        What was deleted.

    Raises
    ------
    UsageError
        It is the program's own, or lies in none of the folders for presets.
    AudioFileError
        It cannot be deleted.
    """
    if found.layer == "factory":
        raise UsageError(f"{found.name} is one of the program's own presets; they cannot be deleted")
    if found.layer == "file":
        raise UsageError(f"{shown(found.path)}: lies in no folder for presets; delete it yourself")
    own = found.path.parent / found.path.stem
    taken_in = [path for name in file_names(found.placed) if (path := Path(name)).parent == own.resolve()]
    gone = [found.path, *(path for path in taken_in if path.is_file())]
    try:
        for path in gone:
            path.unlink()
        if taken_in and not any(own.iterdir()):
            own.rmdir()
    except OSError as error:
        raise file_error(found.path, "cannot be deleted", error) from error
    return tuple(gone)


def _files(project: Path | None) -> Iterator[tuple[Layer, Path]]:
    """All preset files, those that win first."""
    seen: set[str] = set()
    beside = [layer_folder("project", project)] if project is not None else []
    places: list[tuple[Layer, Path]] = [("project", folder) for folder in (*beside, layer_folder("project"))]
    places += [("user", layer_folder("user")), ("factory", layer_folder("factory"))]
    for layer, folder in places:
        real = os.path.realpath(folder)
        if real in seen or not folder.is_dir():
            continue
        seen.add(real)
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == SUFFIX)
        except OSError as error:
            raise file_error(folder, "cannot be read", error) from error
        yield from ((layer, path) for path in paths if not path.name.startswith("."))


def _layer_of(path: Path, project: Path | None) -> Layer:
    """Say in which layer a file lies."""
    real = os.path.realpath(path)
    return next((layer for layer, known in _files(project) if os.path.realpath(known) == real), "file")


def _stem(path: Path) -> str:
    try:
        return slug(path.stem)
    except UsageError:
        return path.stem
