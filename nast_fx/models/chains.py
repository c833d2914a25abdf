"""What is asked about chains themselves, beside running one: files of them, and what they need."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from nast_fx.errors import UsageError
from nast_fx.models.base import Settings, setting
from nast_fx.models.chain import ChainSpec, SlotSpec

__all__ = ["ChainsRequest"]


class ChainsRequest(Settings):
    """Load or save a chain, check what it needs, show the plugin of a slot."""

    action: Literal["load", "save", "check", "show"] = setting(
        ..., "load, save: a chain file. check: what is missing. show: a slot's hosted plugin."
    )
    path: Path | None = setting(None, "File of load and save, .toml or .json.")
    chain: ChainSpec = setting(ChainSpec(), "Chain of save and check.")
    slot: SlotSpec | None = setting(None, "Slot of show.")
    chain_file: Path | None = setting(
        None, "File that chain or slot are from; relative names in them start from its folder."
    )
    states: bool = setting(
        False, "Whether save keeps the state of every hosted plugin, so that it sounds the same everywhere."
    )
    overwrite: bool = setting(False, "Whether save replaces a file that is there.")

    @property
    def folder(self) -> Path | None:
        """Where relative names start."""
        return None if self.chain_file is None else self.chain_file.resolve().parent

    @property
    def file(self) -> Path:
        """The file of load and save."""
        if self.path is None:
            raise UsageError(f"{self.action} needs a path")
        return self.path

    @property
    def hosted(self) -> SlotSpec:
        """The slot of show."""
        if self.slot is None or self.slot.kind not in ("vst3", "au"):
            raise UsageError(f"{self.action} needs a slot with a hosted plugin (.vst3, .component)")
        return self.slot
