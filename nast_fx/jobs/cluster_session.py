"""What a batch has on a dask cluster while it runs: the connection, the way of the files, the watch."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from nast_fx import __version__
from nast_fx.errors import AudioFileError, DeviceError
from nast_fx.jobs import cluster_job
from nast_fx.jobs.carrier import Carrier, MessageCarrier, StorageCarrier
from nast_fx.jobs.cluster_call import Call
from nast_fx.jobs.cluster_link import (
    CONNECT_SECONDS,
    Resources,
    check_workers,
    connect,
    shared_out,
    wait_for_slots,
)
from nast_fx.jobs.cluster_watch import Watch
from nast_fx.jobs.job_executor import ExecutorLostError
from nast_fx.jobs.parcel import Parcel
from nast_fx.jobs.storage import ALIVE, Storage
from nast_fx.progress import Progress

__all__ = ["ClusterSession"]

CLOSE_SECONDS = 5.0  # for a word of farewell


class ClusterSession:
    """Joins a cluster; `leave` ends it.

    Parameters
    ----------
    address : str
        Of the scheduler.
    resources : mapping of str to float
        What a worker must offer for a job.
    threads : int or None
        With how many each job computes; None shares the processors out.
    storage : str or None
        URL of a folder that all reach.
    on_progress : callable
        Hears the name of a job, and how far it is; in another thread.

    Raises
    ------
    UsageError, DeviceError
        As `nast_fx.jobs.cluster.ClusterExecutor`.
    """

    def __init__(
        self,
        address: str,
        resources: Resources,
        threads: int | None,
        storage: str | None,
        on_progress: Callable[[str, Progress], None],
    ) -> None:
        self.address = address
        self._resources = resources
        self._name = secrets.token_hex(8)
        self._client = connect(address)
        try:
            slots = wait_for_slots(self._client, address, resources)
            described = check_workers(self._client, address, list(slots))
            self.threads = threads or shared_out(slots, described)
            self.carrier = self._made_carrier(storage, list(slots))
        except BaseException:
            self._client.close(CLOSE_SECONDS)
            raise
        self.watch = Watch(self._client, self._name, resources, slots, on_progress, self.carrier.renew)

    def submit(self, parcel: Parcel, contents: Mapping[str, bytes], name: str, attempt: int) -> Any:
        """Hand a job in, and give dask's future."""
        message = parcel.message | {
            "session": self._name,
            "name": name,
            "version": __version__,
            "threads": self.threads,
            "storage": self.carrier.url,
        }
        return self._client.submit(
            cluster_job.do_job,
            message,
            contents,
            key=f"nast-fx-{self._name}-{name}-{attempt}",
            pure=False,
            resources=dict(self._resources) or None,
        )

    def check(self) -> None:
        """See that there is a scheduler.

        Raises
        ------
        ExecutorLostError
            It is gone for good.
        """
        if self._client.status == "closed":
            raise self._lost()

    def find_scheduler(self, call: Call) -> None:
        """Wait a while for a scheduler that is gone; dask looks for it.

        Raises
        ------
        ExecutorLostError
            It does not come back.
        CancelledError
            The job was taken back meanwhile.
        """
        deadline = time.monotonic() + CONNECT_SECONDS + 2
        while self._client.status != "running":
            call.check()
            if self._client.status == "closed" or time.monotonic() > deadline:
                raise self._lost()
            time.sleep(0.1)

    def leave(self) -> None:
        """Leave the cluster, with nothing of ours there."""
        self.watch.end()
        # A worker that does not answer must not hold up the end.
        parting = threading.Thread(target=self._part, daemon=True)
        parting.start()
        parting.join(CLOSE_SECONDS)
        self.carrier.end()
        with contextlib.suppress(Exception):
            self._client.close(CLOSE_SECONDS)

    def _part(self) -> None:
        with contextlib.suppress(Exception):
            if self._client.status == "running":
                self._client.run(cluster_job.end_batch, self._name, on_error="ignore")

    def _made_carrier(self, url: str | None, workers: list[str]) -> Carrier:
        if url is None:
            return MessageCarrier(self._push)
        storage = Storage(url, self._name)
        carrier = StorageCarrier(storage)
        said = b"".join(storage.blocks(ALIVE))
        answers = self._client.run(cluster_job.reaches, storage.url, self._name, said, workers=workers)
        for worker, reason in answers.items():
            if reason:
                carrier.end()
                raise DeviceError(f"the worker {worker} does not reach the storage: {reason}")
        return carrier

    def _push(self, files: Mapping[str, bytes], worker: str | None) -> None:
        workers = [worker] if worker else list(self.watch.slots)
        on_error = "raise" if worker else "ignore"
        try:
            self._client.run(cluster_job.keep_files, self._name, files, workers=workers, on_error=on_error)
        except Exception as error:  # it is gone, or its disk is full; the job goes where it can
            if isinstance(error, OSError) and error.errno:
                raise AudioFileError(f"the worker {worker} cannot keep a file: {error.strerror}") from error

    def _lost(self) -> ExecutorLostError:
        return ExecutorLostError(
            f"--cluster {self.address}: the scheduler is gone; what is finished stands, and nast-fx batch "
            "--resume goes on"
        )
