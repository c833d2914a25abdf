"""Processes of this very program: how another part of it is started, also where all of it is one executable.

Installed, a part is a module that Python runs. As an app (PyInstaller) there is no Python beside it:
the executable takes ``-m MODULE`` itself, for modules of ours only (``packaging/start.py``).
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

__all__ = ["apart", "is_frozen", "own_command"]


def is_frozen() -> bool:
    """Whether this is the app, in which program, libraries and Python are one folder."""
    return bool(getattr(sys, "frozen", False))


def own_command(module: str, *arguments: str) -> list[str]:
    """Give program and arguments that start a module of ours, of this very installation.

    Parameters
    ----------
    module : str
        ``nast_fx`` for the command line, ``nast_fx_gui`` for the window, or one within them.
    arguments : str
        What it is started with.
    """
    # -P: a file of the user's that happens to be called json.py is not ours to run.
    options = [] if is_frozen() else ["-P"]
    return [sys.executable, *options, "-m", module, *arguments]


def apart() -> dict[str, Any]:
    """Options of a subprocess that keep the keyboard's signals, and a console window, away from it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
