"""What is said, and where: results on stdout, words for people on stderr, JSON lines on stdout.

Nothing here imports more than the standard library until there is something to draw.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

from nast_fx.plain import plain
from nast_fx.progress import Progress, Steps, drain

__all__ = [
    "JsonReporter",
    "PeopleReporter",
    "Reporter",
    "one_line",
    "reporter_for",
    "write_error",
    "write_json",
    "write_out",
]

RED, YELLOW = "1;31", "33"  # ANSI
JSON_SECONDS = 0.2  # between two progress objects

T = TypeVar("T")


class Reporter(ABC):
    """Where a command tells what happens."""

    @abstractmethod
    def follow(self, steps: Steps[T], *, title: str = "") -> T:
        """Drain `steps`, show their progress, and give their result; whatever happens, they end."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Say one sentence."""

    @abstractmethod
    def result(self, fields: Mapping[str, Any], *, line: str, summary: str) -> None:
        """Give a result: `fields` to programs, `line` to scripts, `summary` to people."""


class JsonReporter(Reporter):
    """One JSON object a line on stdout, each with a ``type``; nothing else, nowhere else."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._next = 0.0
        self._place: tuple[str, int] = ("", -1)

    def follow(self, steps: Steps[T], *, title: str = "") -> T:
        """Drain `steps` with a progress object every 0.2 s, and at each new stage or segment."""
        with contextlib.closing(steps):
            return drain(steps, None if self.quiet else self._progress)

    def note(self, text: str) -> None:
        """Write a ``note``."""
        if not self.quiet:
            write_json({"type": "note", "message": text})

    def result(self, fields: Mapping[str, Any], *, line: str, summary: str) -> None:
        """Write a ``result``."""
        write_json({"type": "result", **fields})

    def _progress(self, progress: Progress) -> None:
        now, place = time.monotonic(), (progress.stage, progress.segment)
        if now < self._next and place == self._place:
            return
        self._next, self._place = now + JSON_SECONDS, place
        fields = {name: value for name, value in vars(progress).items() if name != "part"}
        write_json({"type": "progress", **fields})


class PeopleReporter(Reporter):
    """Progress, notes and a summary on stderr; result lines on stdout."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    def follow(self, steps: Steps[T], *, title: str = "") -> T:
        """Drain `steps` under a progress bar, or with a line every few seconds where none can be drawn."""
        from nast_fx.cli.bar import progress_display

        with contextlib.closing(steps):
            if self.quiet:
                return drain(steps)
            with progress_display(title) as show:
                return drain(steps, show)

    def note(self, text: str) -> None:
        """Write a note."""
        if not self.quiet:
            write_error(text, label="note: ", style=YELLOW)

    def result(self, fields: Mapping[str, Any], *, line: str, summary: str) -> None:
        """Write the summary and the line."""
        for words in summary.splitlines() if not self.quiet else ():
            write_error(words, label="")
        write_out(line)


def reporter_for(*, as_json: bool, quiet: bool) -> Reporter:
    """Choose the reporter."""
    return JsonReporter(quiet=quiet) if as_json else PeopleReporter(quiet=quiet)


def one_line(text: str) -> str:
    """Give `text` on one line: control characters, as a file's name may hold them, are replaced."""
    flat = " ".join(part for line in text.splitlines() if (part := line.strip()))
    return "".join("\N{REPLACEMENT CHARACTER}" if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in flat)


def write_out(text: str) -> None:
    """Write to stdout."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def write_json(fields: Mapping[str, Any]) -> None:
    """Write one JSON object; what is not finite becomes null."""
    write_out(json.dumps(plain(fields), allow_nan=False))


def write_error(text: str, *, label: str = "error: ", style: str = RED) -> None:
    """Write one line for people to stderr."""
    with contextlib.suppress(OSError, ValueError):  # a terminal that is gone must not hide the exit code
        for part in _colored(label, style), f"{one_line(text)}\n":
            sys.stderr.write(part)
        sys.stderr.flush()


def _colored(label: str, style: str) -> str:
    if not label or not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.name == "nt":
        return label
    return f"\x1b[{style}m{label}\x1b[0m"
