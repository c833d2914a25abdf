"""What somebody needs to know who looks into a fault, as text to copy; nothing is sent anywhere."""

from __future__ import annotations

import json
import platform
import traceback

from PyQt6.QtCore import PYQT_VERSION_STR, qVersion
from PyQt6.QtGui import QGuiApplication

from nast_fx.models import RenderRequest
from nast_fx.plain import plain
from nast_fx.version import __version__

from .document import State

__all__ = ["diagnostics"]


def diagnostics(
    state: State,
    *,
    error: BaseException | None = None,
    request: RenderRequest | None = None,
    device: str = "",
    engine_said: str = "",
) -> str:
    """Give versions, the document and what went wrong, as text.

    Parameters
    ----------
    state : State
    error : BaseException, optional
    request : RenderRequest, optional
        What was being made.
    device : str
        Where it computes, and why.
    engine_said : str
        The end of what the engine wrote for people.
    """
    lines = [
        f"nast-fx {__version__}, Python {platform.python_version()}",
        f"Qt {qVersion()}, PyQt {PYQT_VERSION_STR}",
        f"{platform.platform()}, {QGuiApplication.platformName()}",
        f"device: {device or 'not asked yet'}",
    ]
    if error is not None:
        lines += ["", f"{type(error).__name__}: {error}"]
        lines += traceback.format_tb(error.__traceback__)
    if engine_said.strip():
        lines += ["", "engine:", engine_said.strip()]
    if request is not None:
        lines += ["", "request:", _json(request.model_dump(mode="json", exclude_defaults=True))]
    lines += ["", f"content: {state.content}", "preset:", _json(state.preset.values())]
    return "\n".join(lines)


def _json(values: object) -> str:
    return json.dumps(plain(values), indent=2, ensure_ascii=False)
