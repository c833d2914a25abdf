"""Presets: read and written, found by name in their layers, saved, given away and taken in."""

from nast_fx.presets.archive import export_preset
from nast_fx.presets.effective import effective_preset, effective_text, placed_preset
from nast_fx.presets.file import parse_preset, preset_text, read_preset, write_preset
from nast_fx.presets.folders import Layer, made_folder, slug
from nast_fx.presets.incoming import import_presets, open_incoming, risks
from nast_fx.presets.layers import (
    BrokenPreset,
    FoundPreset,
    delete_preset,
    find_preset,
    list_presets,
    save_preset,
)

__all__ = [
    "BrokenPreset",
    "FoundPreset",
    "Layer",
    "delete_preset",
    "effective_preset",
    "effective_text",
    "export_preset",
    "find_preset",
    "import_presets",
    "list_presets",
    "made_folder",
    "open_incoming",
    "parse_preset",
    "placed_preset",
    "preset_text",
    "read_preset",
    "risks",
    "save_preset",
    "slug",
    "write_preset",
]
