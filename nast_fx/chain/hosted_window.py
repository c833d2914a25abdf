"""A plugin's own window, inside of its process.

JUCE, by which pedalboard hosts, asks X for properties of windows that are not there yet or not any more. It
ignores the errors only in programs of its own; in ours Xlib's handler would end the process at the first one.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

__all__ = ["show_window"]

_X11 = "libX11.so.6"


def show_window(plugin: Any) -> None:
    """Show the window of a plugin until it is closed.

    Raises
    ------
    ValueError
        The plugin has none, or it cannot be shown here.
    """
    if sys.platform.startswith("linux"):
        _ignore_errors_of_x()
    try:
        plugin.show_editor()
    except RuntimeError as error:
        if "no available editor" in str(error):
            raise ValueError("it has no window of its own; set its parameters in a chain file") from None
        raise ValueError(f"its window cannot be shown: {error}") from None


def _ignore_errors_of_x() -> None:
    """Let errors of X, which come late and for any window, pass; a display that is gone still ends us."""
    try:
        x11, c = ctypes.CDLL(_X11), ctypes.CDLL(None)
    except OSError:
        return  # then no window can be shown either, and pedalboard says so
    # A handler may not call Xlib; one in Python would wait for the interpreter, which the window may hold.
    # getpid does nothing, and what a handler gives back is ignored.
    x11.XSetErrorHandler(ctypes.cast(c.getpid, ctypes.c_void_p))
