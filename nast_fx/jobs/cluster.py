"""`ClusterExecutor`: jobs on the workers of a dask cluster, whose files travel with them.

Each job has a thread here, which waits: it packs, asks, and puts the result in its place. What a worker does
is in `nast_fx.jobs.cluster_job`. A worker that dies gives its job to another one; that is dask's doing.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any

from nast_fx import __version__
from nast_fx.errors import AudioFileError, DeviceError
from nast_fx.jobs import cluster_job
from nast_fx.jobs.carrier import Carrier, MessageCarrier, StorageCarrier
from nast_fx.jobs.cluster_call import Call
from nast_fx.jobs.cluster_link import CONNECT_SECONDS, check_workers, connect, shared_out, wait_for_slots
from nast_fx.jobs.cluster_watch import Watch
from nast_fx.jobs.delivery import deliver
from nast_fx.jobs.job_executor import ExecutorLostError, JobExecutor, JobFuture, checked_call
from nast_fx.jobs.parcel import Digests, Parcel, pack
from nast_fx.jobs.process import WorkerDiedError
from nast_fx.jobs.storage import ALIVE, Storage
from nast_fx.models.messages import ErrorMessage
from nast_fx.progress import Progress

__all__ = ["ClusterExecutor"]

CLOSE_SECONDS = 5.0  # for a word of farewell
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
        self.address = address
        self._n_jobs = n_jobs
        self._resources = dict(resources or {})
        self._session = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._names = map(str, itertools.count(1))
        self._digests = Digests()
        self._is_shut = False
        self._client = connect(address)
        try:
            slots = wait_for_slots(self._client, address, self._resources)
            described = check_workers(self._client, address, list(slots))
            self.threads = threads or shared_out(slots, described)
            self._carrier = self._made_carrier(storage, list(slots))
        except BaseException:
            self._client.close(CLOSE_SECONDS)
            raise
        self._watch = Watch(
            self._client, self._session, self._resources, slots, self._hear, self._carrier.renew
        )

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
        return "" if self._watch.slots else f"waiting for a worker at {self.address}"

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
        if self._client.status == "closed":
            raise self._lost()
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

    def _made_carrier(self, url: str | None, workers: list[str]) -> Carrier:
        if url is None:
            return MessageCarrier(self._push)
        storage = Storage(url, self._session)
        carrier = StorageCarrier(storage)
        said = b"".join(storage.blocks(ALIVE))
        answers = self._client.run(cluster_job.reaches, storage.url, self._session, said, workers=workers)
        for worker, reason in answers.items():
            if reason:
                carrier.end()
                raise DeviceError(f"the worker {worker} does not reach the storage: {reason}")
        return carrier

    def _push(self, files: Mapping[str, bytes], worker: str | None) -> None:
        workers = [worker] if worker else list(self._watch.slots)
        try:
            self._client.run(
                cluster_job.keep_files,
                self._session,
                files,
                workers=workers,
                on_error="raise" if worker else "ignore",
            )
        except Exception as error:  # it is gone, or its disk is full; the job goes where it can
            if isinstance(error, OSError) and error.errno:
                raise AudioFileError(f"the worker {worker} cannot keep a file: {error.strerror}") from error

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
        with self._carrier.sent(parcel) as contents:
            try:
                return deliver(self._answer(job, parcel, contents), parcel, self._carrier)
            finally:
                self._carrier.forget(job.name)

    def _answer(self, job: _Job, parcel: Parcel, contents: Mapping[str, bytes]) -> dict[str, Any]:
        """Ask until a worker has done it, or has said why it cannot."""
        n_lost = n_sendings = 0
        while n_lost < ATTEMPTS and n_sendings < MOST_SENDINGS:
            key = f"nast-fx-{self._session}-{job.name}-{n_lost + n_sendings}"
            began = time.monotonic()
            answer = job.call.ask(lambda key=key: self._submit(job, parcel, contents, key))  # type: ignore[misc]
            if answer is None:
                n_lost += 1
                self._find_scheduler(job)
            elif "missing" in answer:
                n_sendings += 1
                self._carrier.supply(parcel, answer["missing"], answer["worker"], began)
            elif "error" in answer:
                raise ErrorMessage.model_validate(answer["error"]).error
            else:
                return answer
        raise WorkerDiedError("the cluster has lost the job again and again")

    def _submit(self, job: _Job, parcel: Parcel, contents: Mapping[str, bytes], key: str) -> Any:
        message = parcel.message | {
            "session": self._session,
            "name": job.name,
            "version": __version__,
            "threads": self.threads,
            "storage": self._carrier.url,
        }
        resources = self._resources or None
        return self._client.submit(
            cluster_job.do_job, message, contents, key=key, pure=False, resources=resources
        )

    def _find_scheduler(self, job: _Job) -> None:
        """Wait a while for a scheduler that is gone; dask looks for it."""
        deadline = time.monotonic() + CONNECT_SECONDS + 2
        while self._client.status != "running":
            job.call.check()
            if self._client.status == "closed" or time.monotonic() > deadline:
                raise self._lost()
            time.sleep(0.1)

    def _lost(self) -> ExecutorLostError:
        return ExecutorLostError(
            f"--cluster {self.address}: the scheduler is gone; what is finished stands, and nast-fx batch "
            "--resume goes on"
        )

    def _hear(self, name: str, progress: Progress) -> None:
        job = self._jobs.get(name)
        if job is not None:
            job.future.progress = progress

    def _leave(self, futures: list[Future[Any]]) -> None:
        wait(futures)
        self._watch.end()
        # A worker that does not answer must not hold up the end.
        parting = threading.Thread(target=self._part, daemon=True)
        parting.start()
        parting.join(CLOSE_SECONDS)
        self._carrier.end()
        with contextlib.suppress(Exception):
            self._client.close(CLOSE_SECONDS)

    def _part(self) -> None:
        with contextlib.suppress(Exception):
            if self._client.status == "running":
                self._client.run(cluster_job.end_batch, self._session, on_error="ignore")
