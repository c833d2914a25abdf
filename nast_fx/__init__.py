"""nast-fx: neural audio style transfer as an offline render effect.

    import nast_fx
    styled = nast_fx.render("song.wav", "rain.wav")
    nast_fx.save_audio("styled.wav", styled)

The names are loaded when they are used: ``import nast_fx`` costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nast_fx.version import __version__

if TYPE_CHECKING:
    from nast_fx.api import analyze, render, render_file, texture
    from nast_fx.audio import Audio, load_audio, save_audio
    from nast_fx.chain.rack import Rack
    from nast_fx.errors import NastFxError
    from nast_fx.evaluate import evaluate
    from nast_fx.methods import METHODS
    from nast_fx.models import RenderPlan, RenderRequest, SlotSpec, StyleReference, Tracking
    from nast_fx.progress import Progress

__all__ = [
    "METHODS",
    "Audio",
    "NastFxError",
    "Progress",
    "Rack",
    "RenderPlan",
    "RenderRequest",
    "SlotSpec",
    "StyleReference",
    "Tracking",
    "__version__",
    "analyze",
    "evaluate",
    "load_audio",
    "render",
    "render_file",
    "save_audio",
    "texture",
]

_HOMES = {
    "METHODS": "nast_fx.methods",
    "Audio": "nast_fx.audio",
    "NastFxError": "nast_fx.errors",
    "Progress": "nast_fx.progress",
    "Rack": "nast_fx.chain.rack",
    "RenderPlan": "nast_fx.models",
    "RenderRequest": "nast_fx.models",
    "SlotSpec": "nast_fx.models",
    "StyleReference": "nast_fx.models",
    "Tracking": "nast_fx.models",
    "analyze": "nast_fx.api",
    "load_audio": "nast_fx.audio",
    "render_file": "nast_fx.api",
    "save_audio": "nast_fx.audio",
    "texture": "nast_fx.api",
}
# Two functions share their name with the sub-package that does their work: the sub-package is called.
_CALLED = {"render": "nast_fx.api", "evaluate": "nast_fx.evaluate"}


class _CalledModule(ModuleType):
    """A sub-package that is also a function."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        name = self.__name__.rpartition(".")[2]
        return getattr(importlib.import_module(_CALLED[name]), name)(*args, **options)


class _Package(ModuleType):
    """Makes those sub-packages callable when the import system binds them here."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _CALLED and isinstance(value, ModuleType):
            value.__class__ = _CalledModule
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in _CALLED:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
