"""What a window asks about things that have names: presets, styles, plugins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from nast_fx.models.base import Settings, setting
from nast_fx.models.chain import SlotSpec
from nast_fx.models.portable_style import LearnSettings
from nast_fx.models.request import Overwrite
from nast_fx.models.style import StyleReference

__all__ = ["PluginsRequest", "PresetsRequest", "StylesRequest"]


class _Asking(Settings):
    """Fields that an action needs must be there."""

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> _Asking:
        action = vars(self)["action"]
        for name in self.needs.get(action, ()):
            if not getattr(self, name):
                raise ValueError(f"{action} needs {name}")
        return self


class PresetsRequest(_Asking):
    """List, load, save or delete presets, take one in, or give one away."""

    needs = {  # noqa: RUF012
        "load": ("name",),
        "save": ("preset",),
        "delete": ("name",),
        "import": ("path",),
        "export": ("name", "path"),
    }
    action: Literal["list", "load", "save", "delete", "import", "export"] = setting(..., "What to do.")
    name: str = setting("", "Preset to load, delete or export; another name for one that is imported.")
    preset: dict[str, Any] | None = setting(None, "Values of the one to save, with whole names of files.")
    path: Path | None = setting(None, "File to import (.toml, .zip), or to export to (.zip).")
    layer: Literal["user", "project"] = setting("user", "Where to save or import.")
    project: Path | None = setting(None, "Folder of the audio, beside which a project's presets are.")
    overwrite: bool = setting(False, "Replace a preset, or a file, that is there.")
    allow: bool = setting(False, "Import also what could do more than describe a sound.")


class StylesRequest(_Asking):
    """List styles, show one, or learn one from recordings."""

    needs = {"show": ("name",), "learn": ("recordings",)}  # noqa: RUF012
    action: Literal["list", "show", "learn"] = setting(..., "What to do.")
    name: str = setting("", "Style to show, by its name or file.")
    recordings: tuple[StyleReference, ...] = setting((), "What to learn from.")
    learn: LearnSettings = setting(LearnSettings(), "Name, author, license and length of a learnt style.")
    output: Path | None = setting(None, "File to write; empty is one of the user's own styles.")
    overwrite: Overwrite = setting("fail", "What to do if it is there already.")


class PluginsRequest(_Asking):
    """List, scan or show plugins, say which may be opened, or open one's own window."""

    needs = {  # noqa: RUF012
        "show": ("name",),
        "deny": ("name",),
        "allow": ("name",),
        "edit": ("slot",),
    }
    action: Literal["list", "scan", "show", "deny", "allow", "edit"] = setting(..., "What to do.")
    name: str = setting("", "Plugin to show, deny or allow, by its name or file.")
    slot: SlotSpec | None = setting(None, "Slot of a hosted plugin to edit, with its state and parameters.")
    folders: tuple[Path, ...] = setting((), "Folders to scan besides the system's own.")
    rescan: bool = setting(False, "Open those that are known, or failed, once more.")
    seconds: float = setting(20.0, "Limit of time for opening one.", unit="s", gt=0, le=600)
