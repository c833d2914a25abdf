"""Workers as an executor: their deaths, pauses and cancellations, and that none is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError as NeverBegun
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest
from batch_folder import environment

from nast_fx.errors import AudioFileError, CancelledError
from nast_fx.jobs.executors import WorkerExecutor, n_cores, threads_for
from nast_fx.jobs.process import WorkerDiedError
from nast_fx.jobs.run import job_values, run_request
from nast_fx.models.request import AnalyzeRequest, WaitRequest

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")


@pytest.fixture(scope="module")
def executor() -> Iterator[WorkerExecutor]:
    with WorkerExecutor(2, threads=1) as made:
        yield made


def pause_of(seconds: float) -> dict[str, Any]:
    return job_values("wait", WaitRequest(seconds=seconds))


def until_running(executor: WorkerExecutor, n_jobs: int) -> list[int]:
    deadline = time.monotonic() + 30
    while len(found := executor.process_ids) < n_jobs and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def test_results_come_back_and_say_with_how_many_threads(executor: WorkerExecutor) -> None:
    futures = [executor.submit(run_request, pause_of(0.01)) for _ in range(5)]
    assert [future.result() for future in futures] == [
        {"seconds": 0.01, "python": python(), "threads": 1}
    ] * 5


def python() -> str:
    return sys.version.split()[0]


def test_an_error_is_the_same_on_this_side(executor: WorkerExecutor) -> None:
    job = job_values("analyze", AnalyzeRequest(content=Path("nothing.wav")))
    with pytest.raises(AudioFileError, match=r"nothing\.wav: there is no such file"):
        executor.submit(run_request, job).result()
    with pytest.raises(TypeError):
        executor.submit(print, {})


@posix
def test_a_dead_worker_fails_its_own_job_only(executor: WorkerExecutor) -> None:
    begun = executor.submit(run_request, pause_of(1.5))
    other = executor.submit(run_request, pause_of(1.5))
    until_running(executor, 2)
    job = executor._jobs[begun]
    for _ in range(2):  # it begins once more
        busy = job.worker
        assert busy is not None
        os.kill(busy.process_id, signal.SIGKILL)
        while job.worker in (None, busy) and not begun.done():
            time.sleep(0.01)
    with pytest.raises(WorkerDiedError, match="signal 9"):
        begun.result()
    assert begun.attempts == 2
    assert other.result()["seconds"] == 1.5
    assert executor.submit(run_request, pause_of(0)).result()["seconds"] == 0


@posix
def test_a_job_survives_one_death(executor: WorkerExecutor) -> None:
    future = executor.submit(run_request, pause_of(0.5))
    (number,) = until_running(executor, 1)
    os.kill(number, signal.SIGKILL)
    assert future.result()["seconds"] == 0.5
    assert future.attempts == 2


def test_cancel_and_pause(executor: WorkerExecutor) -> None:
    running = executor.submit(run_request, pause_of(60))
    until_running(executor, 1)
    began = time.monotonic()
    executor.cancel(running)
    with pytest.raises(CancelledError):
        running.result()
    assert time.monotonic() - began < 5
    executor.pause()
    held = executor.submit(run_request, pause_of(60))
    time.sleep(0.2)
    assert not held.running()
    executor.cancel(held)
    with pytest.raises(NeverBegun):
        held.result()
    executor.resume()
    slow = executor.submit(run_request, pause_of(0.6))
    until_running(executor, 1)
    executor.pause()
    time.sleep(0.9)
    assert slow.running()
    assert slow.progress is not None
    assert slow.progress.stage == "paused"
    executor.resume()
    assert slow.result()["seconds"] == 0.6


def test_processors_are_not_over_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = n_cores()
    for n_workers in (1, 2, 3, 100):
        assert threads_for(n_workers) >= 1
        assert threads_for(n_workers) * n_workers <= max(cores, n_workers)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert n_cores() == 1


def test_a_queue_costs_less_than_20_ms_a_job(executor: WorkerExecutor) -> None:
    wait([executor.submit(run_request, pause_of(0)) for _ in range(2)])
    began = time.perf_counter()
    futures = [executor.submit(run_request, pause_of(0)) for _ in range(500)]
    wait(futures)
    assert (time.perf_counter() - began) / 500 < 0.02
    time.sleep(0.1)
    assert not executor._jobs  # nothing is kept of what is over


ORPHANS = """
import time
from nast_fx.jobs.executors import WorkerExecutor
from nast_fx.jobs.run import job_values, run_request
from nast_fx.models.request import WaitRequest
executor = WorkerExecutor(2, threads=1)
futures = [executor.submit(run_request, job_values("wait", WaitRequest(seconds=60))) for _ in range(2)]
while not all(future.progress for future in futures):
    time.sleep(0.01)
print(*executor.process_ids, flush=True)
time.sleep(60)
"""


@posix
def test_no_worker_outlives_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, text=True, env=environment(tmp_path)
    )
    assert parent.stdout is not None
    workers = [int(word) for word in parent.stdout.readline().split()]
    assert len(workers) == 2
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, workers))


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
