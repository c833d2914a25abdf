"""`JobExecutor`: what a queue may ask of an executor beyond ``submit``: how many, stop, hold, go on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

from nast_fx.errors import DeviceError
from nast_fx.jobs.run import run_request
from nast_fx.progress import Progress

__all__ = ["ExecutorLostError", "JobExecutor", "JobFuture", "checked_call"]


class ExecutorLostError(DeviceError):
    """What does the jobs is gone as a whole: the batch ends, and goes on another time."""


class JobFuture(Future[Any]):
    """A future that knows what its job is doing, and how often it was begun by what writes its files."""

    progress: Progress | None = None
    attempts: int = 0


class JobExecutor(Executor, ABC):
    """Runs jobs side by side; what is submitted is `run_request` and one dict of what JSON has.

    Attributes
    ----------
    threads : int
        With how many each job computes.
    computes_here : bool
        Whether the temporary files of a job are on this machine's disk.
    """

    threads: int
    computes_here = True

    @property
    @abstractmethod
    def n_workers(self) -> int:
        """How many jobs it can do side by side now."""

    @property
    def in_flight(self) -> int:
        """How many jobs it shall be given at a time."""
        return self.n_workers

    @property
    def lack(self) -> str:
        """What it waits for, as a sentence; empty if it can work."""
        return ""

    @abstractmethod
    def cancel(self, future: Future[Any]) -> None:
        """Stop a job, also a running one or one that hangs: it ends with a `CancelledError`."""

    @abstractmethod
    def pause(self) -> None:
        """Hold all running jobs at their next report, and begin no others."""

    @abstractmethod
    def resume(self) -> None:
        """Go on."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.shutdown(cancel_futures=error is not None)


def checked_call(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Give the job of ``submit(run_request, values)``.

    Raises
    ------
    TypeError
        It is another call than that.
    """
    if fn is not run_request or len(args) != 1 or kwargs:
        raise TypeError("a JobExecutor takes run_request and one dict")
    return dict(args[0])
