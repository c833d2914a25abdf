"""Presets to give away: a zip archive with the preset and all recordings that it names.

    glass-room.toml
    glass-room/rain.naststyle
    glass-room/hall.wav

A hosted plugin is not given away, and is searched by its name where the archive is taken in.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import file_error, shown
from nast_fx.audio.table_file import checked_suffix
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models.chain_walk import slot_places, with_slot
from nast_fx.models.preset import Preset
from nast_fx.presets.file import SUFFIX, preset_text
from nast_fx.presets.folders import slug
from nast_fx.presets.layers import FoundPreset
from nast_fx.presets.paths import file_names, is_word, with_files
from nast_fx.presets.unzip import KINDS, MAX_UNPACKED
from nast_fx.styles.find import named_style

__all__ = ["export_preset", "inner_names", "with_plugins_by_name"]

DATE = (1980, 1, 1, 0, 0, 0)  # the same bytes for the same preset
MODE = 0o100644 << 16


def export_preset(found: FoundPreset, path: str | Path, *, overwrite: bool = False) -> tuple[str, ...]:
    """Write a preset and its files as a zip archive, whole or not at all.

    Returns
    -------
    tuple of str
        What is in it.

    Raises
    ------
    AudioFileError
        A file that it names is missing, all are too large, or the place cannot be written.
    UsageError
        A file is no recording and no style, or `path` does not end in ``.zip``.
    """
    path = Path(path)
    checked_suffix(path, what="preset to give away", suffixes=(".zip",))
    stem = slug(found.preset.name)
    preset = with_files(with_plugins_by_name(found.placed), _own_style)
    inner = inner_names(file_names(preset), stem)
    _check_size(inner)
    text = preset_text(with_files(preset, lambda name: inner.get(name, name)))
    with AtomicFile(path, overwrite=overwrite) as atomic:
        try:
            with zipfile.ZipFile(atomic.file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(_member(f"{stem}{SUFFIX}"), text.encode("utf-8"))
                for name, place in inner.items():
                    with open(name, "rb") as source, archive.open(_member(place, pack=False), "w") as target:
                        shutil.copyfileobj(source, target, 2**20)
            atomic.file.flush()
        except OSError as error:
            raise file_error(path, "cannot be written", error) from error
    return (f"{stem}{SUFFIX}", *inner.values())


def inner_names(names: tuple[str, ...], stem: str) -> dict[str, str]:
    """Give each file a name of its own in the folder `stem`; known styles keep theirs.

    Raises
    ------
    AudioFileError, UsageError
        As `export_preset`.
    """
    inner: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        path = Path(name)
        if not path.exists() and (is_word(name) or named_style(name)):
            continue
        if not path.is_file():
            raise AudioFileError(f"{shown(path)}: there is no such file")
        if path.suffix.lower() not in KINDS:
            raise UsageError(
                f"{shown(path)}: only recordings, styles and weights (.safetensors) go with a preset"
            )
        number, plain = 1, slug(path.stem)
        while (place := f"{plain}{f'-{number}' if number > 1 else ''}{path.suffix.lower()}") in taken:
            number += 1
        taken.add(place)
        inner[name] = f"{stem}/{place}"
    return inner


def with_plugins_by_name(preset: Preset) -> Preset:
    """Give a preset whose hosted plugins are searched by name, not by a path of this computer."""
    chain = preset.chain
    for place, slot in list(slot_places(chain.slots)):
        if slot.path is not None:
            named = {"plugin": Path(slot.path.replace("\\", "/")).name, "path": None}
            current = dict(slot_places(chain.slots))[place]
            chain = with_slot(chain, place, current.model_copy(update=named))
    return preset if chain == preset.chain else preset.model_copy(update={"chain": chain})


def _own_style(name: str) -> str:
    """Give the file of a style of the user's own, which others do not have; other names stay."""
    known = None if Path(name).exists() else named_style(name)
    return str(known.path) if known and known.layer == "user" else name


def _member(name: str, *, pack: bool = True) -> zipfile.ZipInfo:
    """Make the entry of a member; sound hardly shrinks, and silence so much that an import distrusts it."""
    info = zipfile.ZipInfo(name, DATE)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED if pack else zipfile.ZIP_STORED, MODE
    return info


def _check_size(inner: Mapping[str, str]) -> None:
    n_bytes = sum(Path(name).stat().st_size for name in inner)
    if n_bytes > MAX_UNPACKED:
        raise AudioFileError(
            f"its recordings are {n_bytes / 2**20:.0f} MiB; at most {MAX_UNPACKED >> 20} MiB go with a preset"
        )
