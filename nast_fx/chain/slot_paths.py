"""File names in a chain: impulse responses, hosted plugins."""

from __future__ import annotations

import os
from pathlib import Path

from nast_fx.audio import shown
from nast_fx.chain.hosted_slot import find_slot
from nast_fx.chain.scan import MissingPluginError
from nast_fx.errors import AudioFileError
from nast_fx.models.chain import ChainSpec
from nast_fx.models.chain_walk import file_names, slot_places, with_file_names

__all__ = ["check_files", "moved"]


def moved(spec: ChainSpec, old: Path, new: Path) -> ChainSpec:
    """Give a chain whose relative file names start from the folder `new` instead of `old`."""

    def from_new(name: str) -> str:
        if Path(name).expanduser().is_absolute():
            return name
        try:
            return os.path.relpath(old / name, new)
        except ValueError:  # another drive
            return str(old / name)

    return spec if old == new else with_file_names(spec, from_new)


def check_files(spec: ChainSpec, folder: Path) -> list[str]:
    """Look for every file and plugin that a chain needs, and open none.

    Parameters
    ----------
    spec : ChainSpec
    folder : path
        Where relative file names start.

    Returns
    -------
    list of str
        What is missing and may be, a sentence each.

    Raises
    ------
    AudioFileError, UsageError, PluginError
        The first that is missing, with its slot.
    """
    notes: list[str] = []
    for place, slot in slot_places(spec.slots):
        if slot.is_idle:
            continue
        label = f"slot {place} ({slot.label})"
        if slot.kind in ("vst3", "au"):
            try:
                find_slot(slot, label, folder)
            except MissingPluginError as error:
                if slot.if_missing == "fail":
                    raise
                notes.append(f"{error}; the slot is skipped.")
            continue
        for name in file_names(slot).values():
            if not (folder / Path(name).expanduser()).is_file():
                raise AudioFileError(f"{label}: {shown(name)}: there is no such file")
    return notes
