"""How tasks are worked off, on an executor of any kind."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from nast_fx.jobs.job_executor import JobExecutor

__all__ = ["Queue"]


@dataclass(frozen=True)
class Queue:
    """How tasks are worked off.

    Attributes
    ----------
    executor : Executor
        Of any kind; the caller shuts it down.
    in_flight : int or None
        How many jobs it is given at a time; None asks a `JobExecutor` each time, and is 1 for any other.
    threads : int or None
        With how many each job computes; None leaves it to the executor.
    stops_when_full : bool
        A full disk ends the batch instead of pausing it.
    """

    executor: Executor
    in_flight: int | None = None
    threads: int | None = None
    stops_when_full: bool = False

    @property
    def n_wanted(self) -> int:
        """How many jobs the executor shall have now: a cluster grows and shrinks."""
        if self.in_flight is None:
            return self.executor.in_flight if isinstance(self.executor, JobExecutor) else 1
        return self.in_flight

    @property
    def computes_here(self) -> bool:
        """Whether jobs need room on this machine's disk for temporary files."""
        return not isinstance(self.executor, JobExecutor) or self.executor.computes_here

    @property
    def lack(self) -> str:
        """What the executor waits for; empty if it can work."""
        return self.executor.lack if isinstance(self.executor, JobExecutor) else ""

    def cancel(self, future: Future[Any]) -> None:
        """Stop a job, as far as the executor can."""
        if isinstance(self.executor, JobExecutor):
            self.executor.cancel(future)
        else:
            future.cancel()
