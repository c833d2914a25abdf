"""`WorkerExecutor`: a `concurrent.futures.Executor` whose workers are ``nast-fx worker`` children.

Unlike in a process pool, a worker that dies takes its job with it and nothing else, and no worker outlives
its parent.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from nast_fx.errors import CancelledError, NastFxError
from nast_fx.jobs.job_executor import JobExecutor, JobFuture, checked_call
from nast_fx.jobs.process import WorkerDiedError, WorkerProcess
from nast_fx.progress import Progress

__all__ = ["WorkerExecutor", "n_cores", "threads_for"]

CANCEL_SECONDS = 5.0  # to stop at its next report, before its worker is ended


@dataclass(eq=False)
class _Job:
    name: str
    values: dict[str, Any]
    future: JobFuture = field(default_factory=JobFuture)
    worker: WorkerProcess | None = None
    is_cancelled: bool = False


class WorkerExecutor(JobExecutor):
    """Runs jobs in worker processes.

    Parameters
    ----------
    n_workers : int
        How many run side by side.
    threads : int, optional
        With how many each computes; by default the processors are shared out.
    retries : int
        How often a job begins anew whose worker died.
    """

    def __init__(self, n_workers: int = 1, *, threads: int | None = None, retries: int = 1) -> None:
        self._n_workers = n_workers
        self.threads = threads_for(n_workers) if threads is None else threads
        self._retries = retries
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._jobs: dict[Future[Any], _Job] = {}
        self._may_begin = threading.Event()
        self._may_begin.set()
        self._is_shut = False
        self._names = map(str, itertools.count(1))
        self._lanes: list[threading.Thread] = []

    @property
    def n_workers(self) -> int:
        """How many jobs run side by side."""
        return self._n_workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> JobFuture:
        """Queue ``submit(run_request, values)``.

        Raises
        ------
        TypeError
            It is another call than that.
        RuntimeError
            The executor is shut down.
        """
        values = checked_call(fn, args, kwargs)
        with self._lock:
            if self._is_shut:
                raise RuntimeError("the executor is shut down")
            job = _Job(next(self._names), values)
            self._jobs[job.future] = job
            self._queue.put(job)
            if len(self._lanes) < min(self.n_workers, len(self._jobs)):
                lane = threading.Thread(target=self._lane, daemon=True)
                self._lanes.append(lane)
                lane.start()
        return job.future

    def cancel(self, future: Future[Any]) -> None:
        """Stop a job, also a running one: it ends with a `CancelledError` at its next report.

        One that gives no report for some seconds is ended with its worker.
        """
        with self._lock:
            job = self._jobs.get(future)
            if job is None or future.cancel():
                return
            job.is_cancelled = True
            worker = job.worker
        if worker is not None:
            self._send(worker, {"type": "cancel", "id": job.name})
            # A paused worker says nothing; a hanging one neither.
            timer = threading.Timer(CANCEL_SECONDS, self._end_late, (job,))
            timer.daemon = True
            timer.start()

    def pause(self) -> None:
        """Hold all running jobs at their next report, and begin no others."""
        self._may_begin.clear()
        self._tell_all({"type": "pause"})

    def resume(self) -> None:
        """Go on."""
        self._may_begin.set()
        self._tell_all({"type": "resume"})

    @property
    def process_ids(self) -> list[int]:
        """Numbers of the workers that are doing something."""
        with self._lock:
            return [job.worker.process_id for job in self._jobs.values() if job.worker]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers, after their jobs; with `cancel_futures` those are stopped."""
        with self._lock:
            self._is_shut = True
            jobs, lanes = list(self._jobs), list(self._lanes)
        if cancel_futures:
            for future in jobs:
                self.cancel(future)
        self.resume()
        for _ in lanes:
            self._queue.put(None)
        if wait:
            for lane in lanes:
                lane.join()

    def _lane(self) -> None:
        """Take jobs one after the other; the worker is kept between them."""
        worker: WorkerProcess | None = None
        while (job := self._queue.get()) is not None:
            self._may_begin.wait()
            if job.future.set_running_or_notify_cancel():
                worker = self._do(job, worker)
            with self._lock:
                self._jobs.pop(job.future, None)
        if worker is not None:
            worker.close()

    def _do(self, job: _Job, worker: WorkerProcess | None) -> WorkerProcess | None:
        for attempt in range(self._retries + 1):
            job.future.attempts = attempt + 1
            try:
                worker = worker or WorkerProcess(self.threads)
                job.future.set_result(self._run(job, worker))
                return worker
            except WorkerDiedError as error:
                if worker is not None:
                    worker.close()
                worker = None
                if job.is_cancelled:
                    job.future.set_exception(CancelledError("cancelled; nothing was written"))
                    return None
                if attempt == self._retries:
                    job.future.set_exception(error)
            except Exception as error:
                job.future.set_exception(error)
                return worker
        return worker

    def _run(self, job: _Job, worker: WorkerProcess) -> dict[str, Any]:
        def report(progress: Progress) -> None:
            job.future.progress = progress

        with self._lock:
            if job.is_cancelled:
                raise CancelledError("cancelled; nothing was written")
            # Said each time: a worker may have been held, or let go, with the job before.
            worker.send({"type": "resume" if self._may_begin.is_set() else "pause"})
            worker.begin(job.name, {**job.values, "threads": self.threads})
            job.worker = worker
        try:
            return worker.follow(job.name, report)
        finally:
            with self._lock:
                job.worker = None

    def _tell_all(self, message: dict[str, Any]) -> None:
        with self._lock:
            workers = [job.worker for job in self._jobs.values() if job.worker]
        for worker in workers:
            self._send(worker, message)

    @staticmethod
    def _send(worker: WorkerProcess, message: dict[str, Any]) -> None:
        with contextlib.suppress(NastFxError):  # it is dead: whoever waits for its answer hears that
            worker.send(message)

    def _end_late(self, job: _Job) -> None:
        with self._lock:
            if job.worker is not None:
                job.worker.kill()


def n_cores() -> int:
    """How many processors this process may use; fewer where ``OMP_NUM_THREADS`` says so."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    count = usable or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(count, int(asked)) if asked.isdigit() and int(asked) else count


def threads_for(n_workers: int) -> int:
    """Threads of each of so many workers, so that the processors are not over-booked."""
    return max(1, n_cores() // n_workers)
