"""A conversation with a ``nast-fx worker``, as another program has it."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from batch_folder import PROGRAM, environment

from nast_fx.models.messages import ANSWERS

__all__ = ["Talk", "talking"]


class Talk:
    """A conversation with a worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*PROGRAM, "worker"],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def say(self, line: bytes | dict[str, Any]) -> None:
        data = line if isinstance(line, bytes) else json.dumps(line).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(data + b"\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        message = json.loads(self.process.stdout.readline())
        ANSWERS[message["type"]].model_validate(message)
        return dict(message)

    def hear_end(self, name: str) -> dict[str, Any]:
        while (message := self.hear())["type"] in ("progress", "part") or message["id"] != name:
            pass
        return message

    def ask(self, line: bytes | dict[str, Any]) -> dict[str, Any]:
        self.say(line)
        return self.hear()

    def run(self, name: str, kind: str, **request: Any) -> None:
        self.say({"type": "run", "id": name, "kind": kind, "request": request})


def talking(folder: Path) -> Iterator[Talk]:
    """Give a worker, and end it."""
    made = Talk(folder)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        for stream in (made.process.stdin, made.process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()
