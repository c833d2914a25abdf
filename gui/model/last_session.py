"""What the document was when the window was closed, to go on with it at a later start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nast_fx.errors import UsageError
from nast_fx.models import Preset, validated
from nast_fx.plain import plain

from .document import PresetOrigin, State
from .remembered import Remembered

__all__ = ["keep_session", "last_session"]

NAME = "session"


def keep_session(remembered: Remembered, state: State) -> None:
    """Write a state down, unless there is nothing in it."""
    if state.content is None and not state.is_dirty:
        return
    values: dict[str, Any] = {"preset": state.preset.values()}
    if state.origin is not None:
        origin = state.origin
        values["origin"] = {"name": origin.name, "path": str(origin.path), "layer": origin.layer}
        values["origin"]["preset"] = origin.preset.values()
    for name in ("content", "midi", "instrument"):
        path = getattr(state, name)
        if path is not None:
            values[name] = str(path)
    remembered.set_text(NAME, json.dumps(plain(values)))


def last_session(remembered: Remembered) -> State | None:
    """Give the state that was written down; None if there is none, or none that makes sense any more."""
    try:
        values = json.loads(remembered.text(NAME, ""))
        files: dict[str, Any] = {
            name: Path(values[name]) for name in ("content", "midi", "instrument") if name in values
        }
        preset, origin = validated(Preset, values["preset"]), values.get("origin")
        return State(preset=preset, origin=None if origin is None else _origin(origin), **files)
    except (ValueError, KeyError, TypeError, UsageError):
        return None  # another version's, or a person's who edited the file


def _origin(values: Mapping[str, Any]) -> PresetOrigin:
    preset = validated(Preset, values["preset"])
    return PresetOrigin(str(values["name"]), Path(values["path"]), str(values["layer"]), preset)
