"""`nast-fx gui`: the desktop app, in a process of its own that loads nothing of the engine."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from nast_fx.errors import AudioFileError, NastFxError

__all__ = ["app"]

app = typer.Typer(add_completion=False)

PACKAGE = "nast_fx_gui"
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
TRY_QT = "import PyQt6.QtWidgets"


@app.command(epilog="Example: nast-fx gui song.wav")
def gui(
    content: Annotated[
        Path | None, typer.Argument(metavar="[CONTENT]", help="Recording to open.", show_default=False)
    ] = None,
) -> None:
    """Open the desktop app; it ends when its window is closed."""
    if content is not None and not content.is_file():
        raise AudioFileError(f"{content}: there is no such file")
    _check_display()
    _check_qt()
    # -P: a file of the user's that happens to be called json.py is not ours to run.
    command = [sys.executable, "-P", "-m", PACKAGE, *([str(content)] if content else [])]
    if code := subprocess.run(command, check=False).returncode:
        raise NastFxError(f"the window ended with exit code {code}")


def _check_display() -> None:
    """Qt ends the process where there is no display; this says it."""
    if sys.platform not in ("win32", "darwin") and not any(map(os.environ.get, DISPLAYS)):
        raise NastFxError("there is no display here: set DISPLAY, or use nast-fx render on the command line")


def _check_qt() -> None:
    if importlib.util.find_spec(PACKAGE) is None:
        raise NastFxError("the desktop app is not installed; install nast-fx once more")
    done = subprocess.run([sys.executable, "-P", "-c", TRY_QT], capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["it crashed"])[-1]
        raise NastFxError(f"PyQt6 cannot be loaded ({why}); on Debian: apt-get install libegl1 libxkbcommon0")
