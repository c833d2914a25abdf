"""File names in a chain: impulse responses, neural models, hosted plugins."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nast_fx.chain.slot_places import slot_places, with_slot
from nast_fx.models.chain import ChainSpec, SlotSpec

__all__ = ["moved", "with_paths"]


def moved(spec: ChainSpec, old: Path, new: Path) -> ChainSpec:
    """Give a chain whose relative file names start from the folder `new` instead of `old`."""

    def from_new(name: str) -> str:
        if Path(name).expanduser().is_absolute():
            return name
        try:
            return os.path.relpath(old / name, new)
        except ValueError:  # another drive
            return str(old / name)

    return spec if old == new else with_paths(spec, from_new)


def with_paths(spec: ChainSpec, change: Callable[[str], str]) -> ChainSpec:
    """Give a chain with every file name in it changed."""
    for place, slot in list(slot_places(spec.slots)):
        values: dict[str, Any] = {}
        if slot.path is not None:
            values["path"] = change(slot.path)
        if names := _file_parameters(slot):
            values["parameters"] = slot.parameters | {name: change(text) for name, text in names.items()}
        if values:
            spec = with_slot(spec, place, dict(slot_places(spec.slots))[place].model_copy(update=values))
    return spec


def _file_parameters(slot: SlotSpec) -> dict[str, str]:
    known = slot.builtin.parameters if slot.builtin else {}
    return {
        name: str(value)
        for name, value in slot.parameters.items()
        if name in known and known[name].kind == "file" and value
    }
