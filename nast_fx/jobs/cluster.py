"""`ClusterExecutor`: jobs on the workers of a dask cluster, whose files travel with them.

Each job has a thread here, which waits: it packs, asks, and puts the result in its place. What a worker does
is in `nast_fx.jobs.cluster_job`. A worker that dies gives its job to another one; that is dask's doing.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from nast_fx.jobs.cluster_call import Call
from nast_fx.jobs.cluster_session import ClusterSession
from nast_fx.jobs.delivery import deliver
from nast_fx.jobs.job_executor import JobExecutor, JobFuture, checked_call
from nast_fx.jobs.parcel import Digests, Parcel, pack
from nast_fx.jobs.process import WorkerDiedError
from nast_fx.models.messages import ErrorMessage
from nast_fx.progress import Progress

__all__ = ["ClusterExecutor"]

ATTEMPTS = 4  # of a job whose state is lost, as when a scheduler is started anew
MOST_SENDINGS = 20  # of files that a worker misses
AHEAD = 4  # for so many running jobs one more is sent, so that no worker waits for its files


@dataclass(eq=False)
class _Job:
    name: str
    values: dict[str, Any]
    future: JobFuture = field(default_factory=JobFuture)
    call: Call = field(default_factory=Call)


class ClusterExecutor(JobExecutor):
    """Runs jobs on a dask cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, as ``tcp://HOST:8786``.
    n_jobs : int, optional
        How many jobs are asked for at a time; by default as many as the workers have threads, as they come
        and go.
    threads : int, optional
        With how many each job computes; by default the processors of each machine are shared out among the
        jobs that it may get, and the machine with the fewest decides.
    resources : mapping of str to float, optional
        What a worker must offer for a job, as ``{"GPU": 1}``.
    storage : str, optional
        URL of a folder that all reach, for inputs and results; by default they go through the scheduler.

    Raises
    ------
    UsageError
        dask is not installed; a worker has another version.
    DeviceError
        No scheduler answers, no worker can do a job, or one does not reach the storage.
    """

    computes_here = False

    def __init__(
        self,
        address: str,
        *,
        n_jobs: int | None = None,
        threads: int | None = None,
        resources: Mapping[str, float] | None = None,
        storage: str | None = None,
    ) -> None:
        self._n_jobs = n_jobs
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._names = map(str, itertools.count(1))
        self._digests = Digests()
        self._is_shut = False
        self._session = ClusterSession(address, dict(resources or {}), threads, storage, self._hear)
        self._watch = self._session.watch
        self.threads = self._session.threads

    @property
    def n_workers(self) -> int:
        """How many jobs the cluster can do side by side now."""
        return sum(self._watch.slots.values())

    @property
    def in_flight(self) -> int:
        """How many jobs it shall be given: some more than it can do, so that files are there in time."""
        n_workers = self.n_workers
        return self._n_jobs or max(1, n_workers + n_workers // AHEAD)

    @property
    def lack(self) -> str:
        """What it waits for."""
        return "" if self._watch.slots else f"waiting for a worker at {self._session.address}"

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> JobFuture:
        """Send ``submit(run_request, values)``.

        Raises
        ------
        TypeError
            It is another call than that.
        RuntimeError
            The executor is shut down.
        ExecutorLostError
            The scheduler is gone.
        """
        values = checked_call(fn, args, kwargs)
        self._session.check()
        with self._lock:
            if self._is_shut:
                raise RuntimeError("the executor is shut down")
            job = _Job(next(self._names), values)
            self._jobs[job.name] = job
        threading.Thread(target=self._do, args=(job,), daemon=True).start()
        return job.future

    def cancel(self, future: Future[Any]) -> None:
        """Stop a job: it ends here at once, and on its worker within some seconds, also if it hangs."""
        with self._lock:
            job = next((job for job in self._jobs.values() if job.future is future), None)
        if job is not None and not future.cancel():
            job.call.cancel()

    def pause(self) -> None:
        """Hold all running jobs at their next report, and begin no others."""
        self._watch.pause(is_paused=True)

    def resume(self) -> None:
        """Go on."""
        self._watch.pause(is_paused=False)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, after the jobs; with `cancel_futures` those are stopped."""
        with self._lock:
            if self._is_shut:
                return
            self._is_shut = True
            futures = [job.future for job in self._jobs.values()]
        if cancel_futures:
            for future in futures:
                self.cancel(future)
        self.resume()
        leaving = threading.Thread(target=self._leave, args=(futures,), daemon=True)
        leaving.start()
        if wait:
            leaving.join()

    def _do(self, job: _Job) -> None:
        try:
            while self._watch.is_paused and not job.future.cancelled():
                time.sleep(0.1)
            if job.future.set_running_or_notify_cancel():
                job.future.set_result(self._made(job))
        except Exception as error:
            job.future.set_exception(error)
        finally:
            with self._lock:
                del self._jobs[job.name]

    def _made(self, job: _Job) -> dict[str, Any]:
        job.future.attempts = 1
        parcel = pack(job.values, self._digests)
        carrier = self._session.carrier
        receipt = Path(job.values["receipt"]) if job.values.get("receipt") else None
        with carrier.sent(parcel) as contents:
            try:
                return deliver(self._answer(job, parcel, contents), parcel, carrier, receipt)
            finally:
                carrier.forget(job.name)

    def _answer(self, job: _Job, parcel: Parcel, contents: Mapping[str, bytes]) -> dict[str, Any]:
        """Ask until a worker has done it, or has said why it cannot."""
        n_lost = n_sendings = 0
        while n_lost < ATTEMPTS and n_sendings < MOST_SENDINGS:
            began = time.monotonic()
            attempt = n_lost + n_sendings
            answer = job.call.ask(partial(self._session.submit, parcel, contents, job.name, attempt))
            if answer is None:
                n_lost += 1
                self._session.find_scheduler(job.call)
            elif "missing" in answer:
                n_sendings += 1
                self._session.carrier.supply(parcel, answer["missing"], answer["worker"], began)
            elif "error" in answer:
                raise ErrorMessage.model_validate(answer["error"]).error
            else:
                return answer
        raise WorkerDiedError("the cluster has lost the job again and again")

    def _hear(self, name: str, progress: Progress) -> None:
        job = self._jobs.get(name)
        if job is not None:
            job.future.progress = progress

    def _leave(self, futures: list[Future[Any]]) -> None:
        wait(futures)
        self._session.leave()
