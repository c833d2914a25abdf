"""A PulseAudio server of its own for a test: a sink that nobody hears, and a recording of what it plays."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

__all__ = ["RATE", "PulseServer", "pulse_server"]

RATE = 48_000
SINK = "proof"


class PulseServer:
    """A running server.

    Parameters
    ----------
    environment : mapping
        For its clients.
    folder : Path
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = dict(environment)
        self._folder = folder

    def record(self, work: list[str], **more: str) -> np.ndarray:
        """Run a program and give (frame, 2) of all that the sink plays meanwhile."""
        target = self._folder / "recorded"
        command = ["parec", "-d", f"{SINK}.monitor", "--format=float32le", f"--rate={RATE}", "--channels=2"]
        with target.open("wb") as file:
            recorder = subprocess.Popen(
                [*command, "--raw", "--latency-msec=50"], env=self.environment, stdout=file
            )
            try:
                _wait(lambda: target.stat().st_size > 0, "the recording does not begin")
                subprocess.run(work, env=self.environment | more, check=True, timeout=60)
                time.sleep(0.5)
            finally:
                recorder.terminate()
                recorder.wait(5)
        return np.frombuffer(target.read_bytes(), np.float32).reshape(-1, 2)


@contextmanager
def pulse_server(folder: Path) -> Iterator[PulseServer]:
    """Run a server until the block is left, or skip and say what is missing."""
    for program, package in (("pulseaudio", "pulseaudio"), ("parec", "pulseaudio-utils")):
        if shutil.which(program) is None:
            pytest.skip(f"no sound can be recorded: needs {package} (make system)")
    socket = folder / "native"
    folders = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH")
    environment = dict(os.environ) | dict.fromkeys(folders, str(folder))
    environment.pop("PULSE_SERVER", None)
    command = ["pulseaudio", "-n", "--system=false", "--daemonize=no", "--use-pid-file=no"]
    command += ["--exit-idle-time=-1", "--realtime=no", "--log-level=error", "--log-target=stderr"]
    command += ["-L", f"module-null-sink sink_name={SINK} rate={RATE} channels=2 format=float32le"]
    command += ["-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait(socket.exists, "pulseaudio does not start: " + (folder / "server.log").read_text())
        yield PulseServer(environment | {"PULSE_SERVER": f"unix:{socket}"}, folder)
    finally:
        server.terminate()
        server.wait(5)


def _wait(is_so, what: str) -> None:
    limit = time.monotonic() + 10
    while not is_so():
        if time.monotonic() > limit:
            pytest.fail(what)
        time.sleep(0.02)
