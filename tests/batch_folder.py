"""A folder of short recordings in every format, and the program as a process that can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import soundfile
from cli_runner import noise, song

PROGRAM = [sys.executable, "-m", "nast_fx"]
RATE = 32_000  # Hz, which every container takes
FORMATS = {
    "16.wav": "PCM_16",
    "24.wav": "PCM_24",
    "float.wav": "FLOAT",
    "a.flac": "PCM_24",
    "b.aiff": "PCM_16",
    "c.ogg": "VORBIS",
    "d.mp3": "MPEG_LAYER_III",
}


def write_inputs(folder: Path, *, n_each: int = 1, seconds: float = 0.7) -> Path:
    """Write a file of each format into ``IN``, and ``rain.wav`` beside it."""
    inputs = folder / "IN"
    inputs.mkdir()
    for number in range(n_each):
        for name, subtype in FORMATS.items():
            tune = song(seconds + 0.05 * number, RATE)
            soundfile.write(inputs / f"{number}-{name}", tune.T, RATE, subtype=subtype)
    soundfile.write(folder / "rain.wav", noise(1.0, RATE).T, RATE)
    return inputs


def environment(folder: Path) -> dict[str, str]:
    """State and cache of the test's own, and one thread."""
    own = {
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "LOCALAPPDATA": str(folder / "state"),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    return os.environ | own


def start(folder: Path, *args: str) -> subprocess.Popen[str]:
    """Start the program apart from the test."""
    return subprocess.Popen(
        [*PROGRAM, *args],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [*PROGRAM, *args],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def kill(process: subprocess.Popen[str]) -> None:
    """End the program as the system does when memory runs out: it alone, not its workers."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def sounds_in(folder: Path) -> dict[str, bytes]:
    """The results by name."""
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".json"
    }


def workers_of(folder: Path) -> list[int]:
    """Numbers of the workers whose state is that of this test."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            own = f"XDG_STATE_HOME={folder / 'state'}".encode() in (process / "environ").read_bytes()
        except OSError:
            continue
        if own and b"worker" in command:
            found.append(int(process.name))
    return found
