"""A ``nast-fx serve`` of the test's own, and clients that talk to it."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from batch_folder import start, workers_of

from nast_fx.models.messages import ANSWERS

__all__ = ["Caller", "Served", "serving"]

PATIENCE = 60.0  # seconds for an answer on a busy machine


class Caller:
    """A client: says lines, hears lines."""

    def __init__(self, place: dict[str, Any]) -> None:
        if "socket" in place:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(PATIENCE)
            self.socket.connect(place["socket"])
        else:
            self.socket = socket.create_connection((place["host"], place["port"]), PATIENCE)
        self._lines = self.socket.makefile("rb")

    def say(self, line: bytes | dict[str, Any]) -> None:
        data = line if isinstance(line, bytes) else json.dumps(line).encode()
        self.socket.sendall(data + b"\n")

    def hear(self) -> dict[str, Any]:
        line = self._lines.readline()
        assert line, "the service has hung up"
        message = json.loads(line)
        ANSWERS[message["type"]].model_validate(message)
        return dict(message)

    def hear_end(self, name: str) -> dict[str, Any]:
        """Wait for a job's last message; what is said must be about jobs of this client."""
        while (message := self.hear())["type"] in ("progress", "part") or message["id"] != name:
            pass
        return message

    def ask(self, line: bytes | dict[str, Any]) -> dict[str, Any]:
        self.say(line)
        return self.hear()

    def run(self, name: str, kind: str, /, **request: Any) -> None:
        self.say({"type": "run", "id": name, "kind": kind, "request": request})

    def begun(self, name: str) -> None:
        """Wait until a job's worker reports."""
        while (message := self.hear())["stage"] == "waiting" or message["id"] != name:
            pass

    def is_hung_up(self) -> bool:
        """Whether the service closes the connection, after what it has to say."""
        with contextlib.suppress(ConnectionResetError):
            while self._lines.readline():
                pass
        return True

    def close(self) -> None:
        self._lines.close()
        self.socket.close()


class Served:
    """A service as a process."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.process = start(folder, "serve", "--json", *options)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()
        self.place = json.loads(line)
        self._callers: list[Caller] = []

    def call(self) -> Caller:
        caller = Caller(self.place)
        self._callers.append(caller)
        return caller

    def workers(self) -> list[int]:
        return workers_of(self.folder)

    def n_files(self) -> int:
        """Files, pipes and sockets that the service has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def memory(self) -> int:
        """Bytes of memory that the service itself holds."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096

    def end(self) -> tuple[int, str]:
        """End it by a signal, and give its exit code and what it wrote to stderr."""
        for caller in self._callers:
            caller.close()
        self.process.terminate()
        try:
            err = self.process.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            err = self.process.communicate()[1]
        return self.process.returncode, err


@contextlib.contextmanager
def serving(folder: Path, *options: str, at: str = "serve.sock") -> Iterator[Served]:
    """Give a service in a folder; whatever was done to it, it must still end as it should."""
    place = () if "--port" in options else ("--socket", str(folder / at))
    served = Served(folder, *place, *options)
    try:
        yield served
    finally:
        was_there = served.process.poll() is None
        code, err = served.end()
    assert not was_there or (code, err) == (0, ""), (code, err)
