"""What was in effect, as a preset with whole file names."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from nast_fx.chain.slot_paths import moved
from nast_fx.models.preset import Preset, preset_of
from nast_fx.models.request import RenderRequest, TextureRequest
from nast_fx.presets.file import preset_text
from nast_fx.presets.folders import root_of
from nast_fx.presets.paths import from_folder, in_folder

__all__ = ["effective_preset", "effective_text", "placed_preset"]

LONGEST_NAME = 80  # characters


def effective_preset(request: RenderRequest | TextureRequest, name: str) -> Preset:
    """Give what a request sets as a preset; `name` may be any text."""
    shown = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in name).strip()[:LONGEST_NAME]
    chain_file = request.chain_file if isinstance(request, RenderRequest) else None
    return placed_preset(preset_of(request, shown or request.method), chain_file)


def placed_preset(preset: Preset, chain_file: Path | None = None) -> Preset:
    """Give a preset with whole file names: they start here, those of the chain beside `chain_file`."""
    if chain_file is not None and preset.chain.slots:
        chain = moved(preset.chain, chain_file.resolve().parent, Path.cwd())
        preset = preset.model_copy(update={"chain": chain})
    return from_folder(preset, Path.cwd())


def effective_text(request: RenderRequest | TextureRequest, path: Path) -> str:
    """Give the text of a preset file at `path` with what a request sets; files beside it have short names."""
    preset = effective_preset(request, path.stem)
    return preset_text(in_folder(preset, path.parent, root=root_of(path.parent)))
