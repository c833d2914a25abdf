"""A dask scheduler and workers as processes on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from batch_folder import environment


class Farm:
    """Ends with its processes; workers are called by their names."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._settings = settings
        self._file = folder / "scheduler.json"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Farm:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file.unlink(missing_ok=True)
        self._start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0")
        deadline = time.monotonic() + 60
        while not self._file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in sorted(self.processes, reverse=True):  # workers before their scheduler
            self.kill(name, terminate=True)

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return str(json.loads(self._file.read_text())["address"])

    def add(self, name: str, *options: str) -> None:
        """Start a worker that does one job at a time."""
        self._start(
            name, "worker", "--host", "127.0.0.1", "--no-nanny", "--nthreads", "1", "--memory-limit", "0",
            "--name", name, "--local-directory", str(self.folder / name), *options,
        )  # fmt: skip

    def kill(self, name: str, *, terminate: bool = False) -> None:
        """End a process as the system does when memory runs out, or politely."""
        process = self.processes.pop(name)
        if terminate:
            process.terminate()
        else:
            process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()

    def children(self, name: str) -> list[int]:
        """Numbers of the processes that a worker has started."""
        return children_of(self.processes[name].pid)

    def jobs(self) -> list[Path]:
        """Folders of the jobs that the workers have."""
        return [path for path in self.folder.rglob("nast-fx-*") if "kept" not in path.name]

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / f"{name}.log").read_text()

    def _start(self, name: str, kind: str, *options: str) -> None:
        command = [sys.executable, "-m", "dask", kind, "--scheduler-file", str(self._file), "--no-dashboard"]
        if kind == "worker":
            command.remove("--no-dashboard")
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(
                [*command, *options],
                cwd=self.folder,
                env=environment(self.folder) | self._settings,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def children_of(process: int) -> list[int]:
    """Numbers of the living children of a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == process and state != "Z":
            found.append(int(folder.name))
    return found


def is_alive(process: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(what: object, seconds: float = 30.0) -> bool:
    """Wait for something to become true."""
    assert callable(what)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.05)
    return bool(what())
