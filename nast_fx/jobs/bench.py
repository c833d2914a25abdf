"""What a batch has on one dask worker: processes, and files that many of its jobs read.

Nobody tells a worker that a batch was killed. What is not used for a while goes by itself, and is made
anew if it is asked for again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nast_fx.errors import AudioFileError
from nast_fx.jobs.executors import WorkerExecutor

__all__ = ["Bench", "bench_of", "close_bench"]

IDLE_SECONDS = 60.0

_BENCHES: dict[tuple[str, str], Bench] = {}  # by address of the worker and name of the batch
_LOCK = threading.Lock()


class Bench:
    """Processes and kept files; `used` holds it open.

    Parameters
    ----------
    folder : path
        Of the dask worker, which removes it in the end, also if it is killed (the next one there does).
    n_workers : int
        How many jobs there are at a time at most.
    """

    def __init__(self, folder: str, n_workers: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="nast-fx-kept-", dir=folder))
        self._n_workers = n_workers
        self._executors: dict[int, WorkerExecutor] = {}
        self._lock = threading.Lock()
        self._n_users = 0
        self._timer: threading.Timer | None = None
        self._is_paused = False
        self.is_closed = False

    def executor(self, threads: int) -> WorkerExecutor:
        """Give what runs jobs with so many threads; its processes stay between jobs."""
        with self._lock:
            if threads not in self._executors:
                made = self._executors[threads] = WorkerExecutor(self._n_workers, threads=threads)
                if self._is_paused:
                    made.pause()
            return self._executors[threads]

    def pause(self, *, is_paused: bool) -> None:
        """Hold all jobs, or let them go on."""
        with self._lock:
            self._is_paused = is_paused
            for executor in self._executors.values():
                executor.pause() if is_paused else executor.resume()

    def kept(self, digest: str) -> Path | None:
        """Give a file by its SHA-256, if it is kept."""
        path = self._folder / digest
        return path if path.is_file() else None

    def keep(self, digest: str, blocks: Iterable[bytes]) -> None:
        """Keep a file; one that arrives damaged is refused.

        Raises
        ------
        AudioFileError
            It is not what was sent.
        """
        path = self._folder / f"{digest}-{threading.get_ident()}"
        try:
            write_checked(path, blocks, digest)
            os.replace(path, self._folder / digest)
        finally:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Hold it open; it closes a while after nobody does."""
        with self._lock:
            self._n_users += 1
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        try:
            yield
        finally:
            self._left()

    def close(self) -> None:
        """Stop what runs, and remove what is kept; without waiting."""
        with self._lock:
            self.is_closed = True
            executors = list(self._executors.values())
        for executor in executors:
            executor.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _left(self) -> None:
        with self._lock:
            self._n_users -= 1
            if self._n_users == 0 and not self.is_closed:
                self._timer = threading.Timer(IDLE_SECONDS, self._close_idle)
                self._timer.daemon = True
                self._timer.start()

    def _close_idle(self) -> None:
        with _LOCK:
            if self._n_users:
                return
            for key in [key for key, bench in _BENCHES.items() if bench is self]:
                del _BENCHES[key]
        self.close()


@contextlib.contextmanager
def bench_of(worker: Any, session: str) -> Iterator[Bench]:
    """Hold open the bench of a batch on a dask worker."""
    key = (worker.address, session)
    with contextlib.ExitStack() as stack:
        with _LOCK:
            if key not in _BENCHES:
                _BENCHES[key] = Bench(worker.local_directory, worker.state.nthreads)
            bench = _BENCHES[key]
            stack.enter_context(bench.used())
        yield bench


def close_bench(worker: Any, session: str) -> None:
    """Give up the bench of a batch that has ended."""
    with _LOCK:
        bench = _BENCHES.pop((worker.address, session), None)
    if bench is not None:
        bench.close()


def write_checked(path: Path, blocks: Iterable[bytes], digest: str) -> None:
    """Write a file whose SHA-256 is known.

    Raises
    ------
    AudioFileError
        It is another one.
    """
    whole = hashlib.sha256()
    with open(path, "wb") as file:
        for block in blocks:
            whole.update(block)
            file.write(block)
    if whole.hexdigest() != digest:
        raise AudioFileError("a file was damaged on its way to a worker")
