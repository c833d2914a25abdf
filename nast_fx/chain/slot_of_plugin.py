"""Which slot of a chain holds a plugin."""

from __future__ import annotations

import os
from pathlib import Path

from nast_fx.chain.scan_cache import PluginFile
from nast_fx.errors import UsageError
from nast_fx.models.chain import ChainSpec, SlotSpec
from nast_fx.models.chain_walk import slot_places

__all__ = ["place_of_plugin"]


def place_of_plugin(
    spec: ChainSpec, file: PluginFile, *, folder: Path, place: str | None = None
) -> tuple[str, SlotSpec]:
    """Find the slot of a plugin.

    Parameters
    ----------
    spec : ChainSpec
    file : PluginFile
        The plugin's.
    folder : path
        Where relative file names of the chain start.
    place : str, optional
        Which slot; needed where there are several of the plugin.

    Returns
    -------
    (str, SlotSpec)
        Its place and the slot.

    Raises
    ------
    UsageError
        There is no such slot, it is another plugin's, or there are several and none is named.
    """
    places = dict(slot_places(spec.slots))
    name = file.path.stem
    if place is not None:
        if place not in places:
            raise UsageError(f"there is no slot {place}; there are {', '.join(places) or 'none'}")
        if not _holds(places[place], file, folder):
            raise UsageError(f"slot {place} is {places[place].label}, not {name}")
        return place, places[place]
    found = [(place, slot) for place, slot in places.items() if _holds(slot, file, folder)]
    if not found:
        raise UsageError(f'no slot holds {name}; write one with plugin = "{file.path.name}" first')
    if len(found) > 1:
        listed = " and ".join(place for place, _ in found)
        raise UsageError(f"slots {listed} hold {name}; choose one with --slot")
    return found[0]


def _holds(slot: SlotSpec, file: PluginFile, folder: Path) -> bool:
    """Whether a slot's plugin is that of a file: by its path if that is there, or by its name."""
    if slot.kind not in ("vst3", "au"):
        return False
    names = {plugin.name for plugin in file.plugins}
    if slot.plugin_name is not None and names and slot.plugin_name not in names:
        return False
    if slot.path is not None and (path := folder / Path(slot.path).expanduser()).exists():
        return os.path.realpath(path) == os.path.realpath(file.path)
    known = {name.casefold() for name in (file.path.stem, *names)}
    return Path(slot.path or slot.plugin).stem.casefold() in known
