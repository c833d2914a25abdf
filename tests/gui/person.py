"""Somebody at a screen: looks where things are in the running program, and uses mouse and keys (xdotool)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Person", "at_work", "running_in"]

HERE = Path(__file__).parent
PATIENCE = 120.0  # seconds, for a render on a busy machine
FOLDERS = {
    "HOME": "home",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_STATE_HOME": "state",
    "XDG_CACHE_HOME": "cache",
    "XDG_RUNTIME_DIR": "runtime",
    "TMPDIR": "tmp",
}


class Person:
    """Uses a program that says where its widgets are.

    Parameters
    ----------
    program : subprocess.Popen
        ``watched_app.py``.
    environment : dict
        Of all that is started.
    """

    def __init__(self, program: subprocess.Popen[str], environment: dict[str, str]) -> None:
        self.program = program
        self._environment = environment

    def all_seen(self, name: str) -> list[dict[str, Any]]:
        """Give all that is seen under a name."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(f"{name}\n")
        self.program.stdin.flush()
        found: list[dict[str, Any]] = json.loads(self.program.stdout.readline())
        return found

    def see(
        self, name: str, is_so: Callable[[dict[str, Any]], object] = lambda one: one["is_enabled"]
    ) -> dict[str, Any]:
        """Wait until something of a name is seen, and is as it should be."""
        limit = time.monotonic() + PATIENCE
        found: list[dict[str, Any]] = []
        while time.monotonic() < limit:
            found = self.all_seen(name)
            for one in found:
                if is_so(one):
                    return one
            time.sleep(0.1)
        pytest.fail(f"{name} is not seen as it should be: {found}")

    def click(self, name: str, kind: str = "") -> None:
        """Click on the middle of something."""
        x, y = middle(self.see(name, lambda one: one["is_enabled"] and kind in one["kind"]))
        self.hand("mousemove", str(x), str(y), "click", "1")

    def press(self, *keys: str, window: str = "") -> None:
        """Press keys, in a window that is named by a part of its title."""
        self.focus(window)
        self.hand("key", "--delay", "60", *keys)

    def type(self, text: str, window: str = "") -> None:
        """Type a text."""
        self.focus(window)
        self.hand("type", "--delay", "40", text)

    def focus(self, title: str) -> None:
        """Do what a window manager does with the window that is on top."""
        self.hand("search", "--sync", "--onlyvisible", "--name", title or "nast-fx$", "windowfocus", "--sync")

    def select(self, name: str, begin: float, end: float) -> None:
        """Drag over a picture, from one share of its width to another."""
        x, y, width, height = self.see(name)["box"]
        left, right, middle_y = x + begin * width, x + end * width, y + height // 2
        self.hand("mousemove", str(int(left)), str(middle_y), "mousedown", "1")
        self._move((left, middle_y), (right, middle_y))
        self.hand("mouseup", "1")

    def drop(self, path: Path, name: str) -> None:
        """Drag a file from a window of another program onto something here."""
        target = middle(self.see(name))
        title, start = f"source of {path.name}", (100, 960)
        command = [sys.executable, str(HERE / "drag_source.py"), title, "10", "930", str(path)]
        source = subprocess.Popen(command, env=self._environment)
        try:
            self.hand("search", "--sync", "--onlyvisible", "--name", title)
            self.hand("mousemove", str(start[0]), str(start[1]), "mousedown", "1")
            time.sleep(0.3)
            self._move(start, target)
            time.sleep(0.3)
            self.hand("mouseup", "1")
            time.sleep(0.5)
        finally:
            source.terminate()
            source.wait(10)

    def quit(self) -> int:
        """Press Ctrl+Q; give the program's exit code."""
        self.press("ctrl+q")
        return self.program.wait(30)

    def hand(self, *args: str) -> None:
        """Let xdotool do something."""
        subprocess.run(["xdotool", *args], env=self._environment, check=True, timeout=60, capture_output=True)

    def _move(self, begin: tuple[float, float], end: tuple[float, float], n_steps: int = 12) -> None:
        for step in range(1, n_steps + 1):
            x, y = (b + (e - b) * step / n_steps for b, e in zip(begin, end, strict=True))
            self.hand("mousemove", str(int(x)), str(int(y)))
            time.sleep(0.03)


def middle(seen: dict[str, Any]) -> tuple[int, int]:
    """Give the middle of what is seen, in pixels of the screen."""
    x, y, width, height = seen["box"]
    return x + width // 2, y + height // 2


@contextmanager
def at_work(display: str, folder: Path, *files: Path) -> Iterator[Person]:
    """Start the program with folders of its own; it is ended with the block, if it still runs."""
    own = {name: str(folder / part) for name, part in FOLDERS.items()}
    for path in own.values():
        Path(path).mkdir(parents=True, exist_ok=True)
    environment = os.environ | own | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "LANG": "C.UTF-8"}
    command = [sys.executable, str(HERE / "watched_app.py"), *map(str, files)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as program:
        try:
            yield Person(program, environment)
        finally:
            program.kill()


def running_in(folder: Path) -> list[str]:
    """Give command lines of all processes that have `folder` in their environment."""
    mark, found = f"TMPDIR={folder / 'tmp'}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended, or is another user's
            continue
    return found
