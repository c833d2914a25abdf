"""Owners of batches: the living are never taken for dead, whoever looks at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.stale import remove_stale
from nast_fx.jobs.owner import Owner, is_alive

N_PROCESSES = 6
N_OWNERS = 60

# Makes owners one after the other, and looks at each of its own while the others clear away and look too.
MAKER = """
import sys
from pathlib import Path
from nast_fx.jobs.owner import Owner, is_alive
folder = Path(sys.argv[1])
print(flush=True)
sys.stdin.readline()
wrong = 0
for _ in range(int(sys.argv[2])):
    owner = Owner(folder)
    for other in folder.glob("*.lock"):
        is_alive(folder, other.stem)
    wrong += not is_alive(folder, owner.name)
    owner.close()
    wrong += is_alive(folder, owner.name)
print(wrong)
"""


def test_a_living_owner_is_never_counted_as_dead(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKER, str(tmp_path), str(N_OWNERS)]
    makers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(N_PROCESSES)
    ]
    for maker in makers:
        assert maker.stdout is not None
        maker.stdout.readline()
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    assert [maker.communicate(timeout=100)[0] for maker in makers] == ["0\n"] * N_PROCESSES
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no locks that are shared")
def test_all_who_look_at_a_dead_one_see_that(tmp_path: Path) -> None:
    (tmp_path / "dead.lock").touch()
    told: list[bool] = []

    def look() -> None:
        told.extend(is_alive(tmp_path, "dead") for _ in range(400))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [False] * 1600


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot remove what is open")
def test_who_clears_away_between_opening_and_locking_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each first lock file is met by another process that clears away, or just looks."""
    from nast_fx.audio import atomic
    from nast_fx.jobs import owner as module

    for where in (module, atomic):
        lock = where.try_lock
        turns = iter(("clear", "look"))

        def late(handle: int, lock=lock, turns=turns):  # type: ignore[no-untyped-def]
            turn = next(turns, "")
            if turn == "clear":
                remove_stale(tmp_path)
                for path in tmp_path.glob("*.new"):
                    module._remove_dead(path)
            looker = os.open(next(tmp_path.iterdir()), os.O_RDONLY) if turn == "look" else -1
            if turn == "look":
                module.is_locked(looker)
            try:
                return lock(handle)
            finally:
                if looker >= 0:
                    os.close(looker)

        monkeypatch.setattr(where, "try_lock", late)
    owner = Owner(tmp_path)
    assert is_alive(tmp_path, owner.name)
    owner.close()
    assert list(tmp_path.iterdir()) == []
    with AtomicFile(tmp_path / "x") as atomic_file:
        atomic_file.file.write(b"whole")
        assert remove_stale(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
