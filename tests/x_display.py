"""A screen of its own for a test: Debian's Xvfb, and what a hand and a window manager do there."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CLIENT_MESSAGE = 33  # X.h


class _ClientMessage(ctypes.Structure):
    """XClientMessageEvent, as long as an XEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("is_sent", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 16),
    )


class Screen:
    """A screen; `name` is for DISPLAY. Windows are known by their titles."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._x = ctypes.CDLL("libX11.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XInternAtom.restype = ctypes.c_ulong
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(name.encode()))
        # A window manager would have made these names; JUCE takes only those that are there.
        names = (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        self._protocols, self._delete = (self._x.XInternAtom(self._display, text, 0) for text in names)

    def window(self, title: str, *, by: str = "--name", seconds: float = 60.0) -> int:
        """Number of a window, once it is seen."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            found = self._do("search", "--onlyvisible", by, title).split()
            if found:
                return int(found[0])
            time.sleep(0.05)
        pytest.fail(f"there is no window {title}")

    def drag(self, window: int, start: tuple[int, int], up: int) -> None:
        """Take what is at `start` of a window, in pixels, upwards."""
        self._do("mousemove", "--window", str(window), *map(str, start), "mousedown", "1")
        for moved in range(0, up + 1, 5):
            self._do("mousemove", "--window", str(window), str(start[0]), str(start[1] - moved))
            time.sleep(0.05)
        self._do("mouseup", "1")
        time.sleep(0.2)

    def close(self, window: int) -> None:
        """Press the cross of a window."""
        event = _ClientMessage(type=CLIENT_MESSAGE, window=window, message_type=self._protocols, format=32)
        event.data[0] = self._delete
        self._x.XSendEvent(self._display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(event))
        self._x.XFlush(self._display)

    def _do(self, *args: str) -> str:
        command = ["xdotool", *args]
        return subprocess.run(command, env={"DISPLAY": self.name}, capture_output=True, text=True).stdout


@contextmanager
def screen() -> Iterator[Screen]:
    """A screen until the block is left, or a skip that says what is missing."""
    if not sys.platform.startswith("linux"):
        pytest.skip("a screen for tests is made on Linux only")
    for program, package in (("Xvfb", "xvfb"), ("xdotool", "xdotool")):
        if shutil.which(program) is None:
            pytest.skip(f"no window can be shown: needs {package} (make system)")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            assert server.stdout is not None
            yield Screen(f":{int(server.stdout.readline())}")
        finally:
            server.terminate()
