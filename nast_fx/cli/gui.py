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
from nast_fx.own_process import own_command

__all__ = ["app"]

app = typer.Typer(add_completion=False)

PACKAGE = "nast_fx_gui"
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@app.command(epilog="Example: nast-fx gui song.wav")
def gui(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Recording, style or preset to open.", show_default=False),
    ] = None,
) -> None:
    """Open the desktop app; it ends when its window is closed."""
    if file is not None and not file.is_file():
        raise AudioFileError(f"{file}: there is no such file")
    _check_display()
    _check_qt()
    command = own_command(PACKAGE, *([str(file)] if file else []))
    if code := subprocess.run(command, check=False).returncode:
        raise NastFxError(f"the window ended with exit code {code}")


def _check_display() -> None:
    """Qt ends the process where there is no display; this says it."""
    if sys.platform not in ("win32", "darwin") and not any(map(os.environ.get, DISPLAYS)):
        raise NastFxError("there is no display here: set DISPLAY, or use nast-fx render on the command line")


def _check_qt() -> None:
    if importlib.util.find_spec(PACKAGE) is None:
        raise NastFxError("the desktop app is not installed; install nast-fx once more")
    command = own_command(f"{PACKAGE}.display")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["it crashed"]
        # Qt says it first and then much more, Python says it last.
        why = next((line.partition(": ")[2] for line in lines if line.startswith("qt.")), lines[-1])
        raise NastFxError(f"PyQt6 cannot open a window here: {why.rstrip('.')}")
