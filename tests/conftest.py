"""What the tests share: a fixed number of threads, real recordings where they are installed, sound files."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

# What `dpkg -L` lists for the packages of packaging/debian-packages.txt, and the folder beside the project.
_USERS = itertools.count()
LOOP_FOLDERS = (Path(__file__).parents[2] / "shared" / "audio", Path("/usr/share/sonic-pi/samples"))
WESNOTH_FOLDER = Path("/usr/share/games/wesnoth/1.16/data/core/music")


def pytest_configure() -> None:
    # The number of threads is part of a render's identity; torch reads this when it is first imported.
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    # As the command line does: threads that wait soon give the core away, or a busy machine crawls.
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test the folders of a new user: what is cached, known or saved is its own."""
    base, number = tmp_path_factory.getbasetemp(), next(_USERS)
    for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(base / f"user-{number}" / kind.lower()))
    monkeypatch.setenv("MPLCONFIGDIR", str(base / "fonts"))  # found once: that takes seconds


@pytest.fixture(scope="session")
def real_loop() -> Callable[[str], Path]:
    """Path of a short real recording by name (``loop_tabla``), or a skip."""

    def find(name: str) -> Path:
        for folder in LOOP_FOLDERS:
            if (path := folder / f"{name}.flac").is_file():
                return path
        pytest.skip(f"{name}.flac is not here: needs sonic-pi-samples (make system)")

    return find


@pytest.fixture(scope="session")
def wesnoth_track() -> Callable[[str], Path]:
    """Path of a whole stereo track by name (``knolls``), or a skip."""

    def find(name: str) -> Path:
        path = WESNOTH_FOLDER / f"{name}.ogg"
        if not path.is_file():
            pytest.skip(f"{name}.ogg is not here: needs wesnoth-1.16-music (make system)")
        return path

    return find


@pytest.fixture
def write_wav(tmp_path: Path) -> Callable[..., Path]:
    """Write samples (channel, frame) as a float WAV file in the test's own folder."""
    import soundfile

    def write(name: str, samples: np.ndarray, sample_rate: int = 44100) -> Path:
        path = tmp_path / name
        soundfile.write(path, np.asarray(samples).T, sample_rate, subtype="FLOAT")
        return path

    return write


# Under nohup or in the background of a script these are ignored, and children inherit that: tests send them.
for _name in ("SIGINT", "SIGHUP"):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), signal.SIG_DFL)
