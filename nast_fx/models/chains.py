"""What is asked about chains themselves, beside running one: files of them, what they need, their plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import model_validator

from nast_fx.models.base import Settings, setting
from nast_fx.models.chain import ChainSpec, SlotSpec

__all__ = ["ChainsRequest"]


class ChainsRequest(Settings):
    """Load or save a chain, check what it needs, show or edit the plugin of a slot."""

    action: Literal["load", "save", "check", "show", "edit"] = setting(
        ..., "load, save: a chain file. check: what is missing. show, edit: a slot's hosted plugin."
    )
    path: Path | None = setting(None, "File of load and save, .toml or .json.")
    chain: ChainSpec = setting(ChainSpec(), "Chain of save and check.")
    slot: SlotSpec | None = setting(None, "Slot of show and edit.")
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

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> ChainsRequest:
        if self.action in ("load", "save") and self.path is None:
            raise ValueError(f"{self.action} needs a path")
        if self.action in ("show", "edit") and (self.slot is None or self.slot.kind not in ("vst3", "au")):
            raise ValueError(f"{self.action} needs a slot with a hosted plugin (.vst3, .component)")
        return self
