"""The files that a request names: contents, styles, impulse responses, weights, plugins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nast_fx.models import Settings
from nast_fx.models.chain_walk import file_names, slot_places, with_file_names
from nast_fx.models.setting_files import named_file

__all__ = ["with_files"]


def with_files(request: Settings, change: Callable[[str, Path], Path]) -> Settings:
    """Give a request with every file in it changed; `change` hears what a file is for, and its path."""
    values: dict[str, Any] = {}
    for use in ("content", "midi", "instrument", "mix"):
        if (path := getattr(request, use, None)) is not None:
            values[use] = change(use, path)
    if styles := getattr(request, "styles", ()):
        values["styles"] = tuple(
            style.model_copy(update={"path": change("style", style.path)}) for style in styles
        )
    settings = getattr(request, "settings", {})
    if named := named_file(getattr(request, "method", ""), settings):
        values["settings"] = settings | {named[0]: str(change("weights", Path(named[1]).absolute()))}
    if (chain := getattr(request, "chain", None)) is not None and _names_files(chain):
        folder = request.chain_folder or Path.cwd()  # type: ignore[attr-defined]
        values["chain"] = with_file_names(
            chain, lambda name: str(change("chain", folder / Path(name).expanduser()))
        )
    if "chain_file" in type(request).model_fields:
        values["chain_file"] = None
    return request.model_copy(update=values)


def _names_files(chain: Any) -> bool:
    return any(file_names(slot) for _, slot in slot_places(chain.slots))
