"""An edit that is killed at any moment leaves the old file or the new one, whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile
from cli_runner import noise, song

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")

RATE = 44_100
COMMAND = ("edit", "song.wav", "--style", "rain.wav", "--set", "max_iterations=2", "--fresh", "--quiet")


def start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(folder / "tmp")}
    command = [sys.executable, "-m", "nast_fx", *COMMAND]
    return subprocess.Popen(command, cwd=folder / "work", env=environment, start_new_session=True)


def partial_files(folder: Path) -> list[Path]:
    return list((folder / "work").glob(".nast-fx-*.part"))


def wait_for_the_copy(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Until what shall replace the file is being written; the check of the place comes and goes at once."""
    while process.poll() is None:
        if any(path.stat().st_size for path in partial_files(folder) if path.exists()):
            return
        time.sleep(0.0005)


@pytest.mark.slow
def test_ten_kills(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "tmp").mkdir()
    path = work / "song.wav"
    soundfile.write(path, song(30, RATE).T, RATE, subtype="PCM_24")
    soundfile.write(work / "rain.wav", noise(2, RATE).T, RATE)
    old = path.read_bytes()
    began = time.monotonic()
    assert start(tmp_path).wait() == 0
    seconds, new = time.monotonic() - began, path.read_bytes()
    assert new != old
    assert (work / "song.wav.bak").read_bytes() == old
    draw, outcomes = random.Random(1), []
    # Three anywhere; seven once the copy is begun: while it is written, synced, read back, renamed.
    for number in range(10):
        (work / "song.wav.bak").unlink(missing_ok=True)
        path.write_bytes(old)
        process = start(tmp_path)
        if number < 3:
            time.sleep(seconds * (number + draw.random()) / 3)
        else:
            wait_for_the_copy(tmp_path, process)
            time.sleep(0.05 * (number - 3) * draw.random())
        was_alive = process.poll() is None
        os.killpg(process.pid, signal.SIGKILL) if was_alive else None
        process.wait()
        found = path.read_bytes()
        assert found in (old, new), f"kill {number} left a broken file"
        backups = list(work.glob("*.bak"))
        assert all(backup.read_bytes() == old for backup in backups)
        assert found == old or backups, f"kill {number} lost the old file"
        outcomes.append((was_alive, found == old, bool(partial_files(tmp_path))))
    assert sum(alive for alive, _, _ in outcomes) >= 7, outcomes
    assert any(partial for _, _, partial in outcomes), outcomes  # some struck while the copy was written
    assert start(tmp_path).wait() == 0
    assert not partial_files(tmp_path)  # what was left is tidied
