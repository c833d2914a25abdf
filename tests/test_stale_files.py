"""What a killed process leaves is removed, and what a living one writes is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nast_fx.audio.atomic import AtomicFile, rename_to_free
from nast_fx.audio.locks import try_lock
from nast_fx.audio.stale import remove_stale
from nast_fx.errors import AudioFileError
from nast_fx.jobs.owner import Owner, is_alive

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")

WRITER = """
import sys, time
from nast_fx.audio.atomic import AtomicFile
with AtomicFile(sys.argv[1]) as atomic:
    atomic.file.write(b"half")
    atomic.file.flush()
    print(flush=True)
    time.sleep(60)
"""


@posix
def test_only_what_is_dead_is_removed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "x.wav")], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        (partial,) = tmp_path.iterdir()
        assert partial.name.startswith(".nast-fx-")
        assert remove_stale(tmp_path) == []
        with AtomicFile(tmp_path / "y.wav") as own:
            own.file.write(b"whole")
            assert remove_stale(tmp_path) == []
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    other = tmp_path / ".nast-fx-mine.part"
    other.touch()
    assert remove_stale(tmp_path) == [partial]
    assert sorted(path.name for path in tmp_path.iterdir()) == [other.name, "y.wav"]
    assert remove_stale(tmp_path / "nothing") == []


def write_late(path: Path) -> None:
    with AtomicFile(path) as atomic:
        atomic.file.write(b"late")
        path.write_bytes(b"first")  # as another program would


def test_a_name_that_is_taken_is_not_replaced(tmp_path: Path) -> None:
    taken = tmp_path / "taken.wav"
    with pytest.raises(AudioFileError, match="exists already"):
        write_late(taken)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"first"]
    moved = tmp_path / "moved.wav"
    moved.write_bytes(b"second")
    with pytest.raises(FileExistsError):
        rename_to_free(moved, taken)
    rename_to_free(moved, tmp_path / "free.wav")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["free.wav", "taken.wav"]


@posix
def test_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    for name in ("a.wav", "b.wav"):
        with AtomicFile(tmp_path / name) as atomic:
            atomic.file.write(b"whole")
    with pytest.raises(FileExistsError):
        rename_to_free(tmp_path / "a.wav", tmp_path / "b.wav")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"whole", b"whole"]


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    first, second = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR)
    assert try_lock(first) is True
    assert try_lock(second) is False
    os.close(first)
    assert try_lock(second) is True
    os.close(second)


def test_an_owner_is_alive_until_it_lets_go(tmp_path: Path) -> None:
    owner = Owner(tmp_path / "owners")
    assert is_alive(tmp_path / "owners", owner.name)
    assert not is_alive(tmp_path / "owners", "nobody")
    owner.close()
    owner.close()
    assert not is_alive(tmp_path / "owners", owner.name)
    (tmp_path / "owners" / "dead.lock").touch()
    Owner(tmp_path / "owners").close()
    assert list((tmp_path / "owners").iterdir()) == []
