"""From tasks to results, on any executor: long work as a generator, which cleans up whatever ends it.

The journal hears of each job before it begins and after it has ended, so that a kill at any moment costs at
most what was being made. An executor is given plain functions and dicts of what JSON has.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import CancelledError as FutureCancelledError
from dataclasses import dataclass, field
from typing import Any

from nast_fx.errors import AudioFileError, CancelledError, NastFxError, NoSpaceError, NothingToDoError
from nast_fx.jobs.folders import Folders
from nast_fx.jobs.job_executor import ExecutorLostError, JobFuture
from nast_fx.jobs.journal import Journal
from nast_fx.jobs.queue import Queue
from nast_fx.jobs.run import run_request
from nast_fx.jobs.space import lack_of_space
from nast_fx.jobs.task import ELSEWHERE, Ending, Outcome, Task
from nast_fx.progress import Progress, Steps

__all__ = ["Queue", "run_batch"]

LOOK_SECONDS = 0.25  # between two reports
SPACE_SECONDS = 5.0  # between two attempts on a full disk
LEAVE_SECONDS = 15.0  # for running jobs to stop


@dataclass
class _Running:
    task: Task
    began: float = field(default_factory=time.monotonic)


def run_batch(
    tasks: Sequence[Task],
    queue: Queue,
    journal: Journal,
    batch: str,
    *,
    on_outcome: Callable[[Outcome], None] | None = None,
    on_begin: Callable[[Task, Future[Any]], None] | None = None,
) -> Steps[list[Outcome]]:
    """Do the tasks of a batch.

    Parameters
    ----------
    tasks : sequence of Task
    queue : Queue
    journal : Journal
    batch : str
        Its name there (`Journal.begin`).
    on_outcome : callable, optional
        Called as each task ends.
    on_begin : callable, optional
        Called as each task begins, with the future of its job.

    Returns
    -------
    list of Outcome
        One a task, in the order in which they ended. If it is closed before its end, running jobs are
        stopped, and nothing of them is left.

    Raises
    ------
    NoSpaceError
        A disk is full, and `stops_when_full`.
    ExecutorLostError
        The executor is gone; what was not finished is left to do.
    """
    work = _Work(tasks, queue, journal, batch, on_outcome)
    work.on_begin = on_begin
    try:
        while not work.is_over:
            work.fill()
            work.collect(LOOK_SECONDS)
            yield work.progress()
        return work.outcomes
    finally:
        work.stop()


class _Work:
    def __init__(
        self,
        tasks: Sequence[Task],
        queue: Queue,
        journal: Journal,
        batch: str,
        on_outcome: Callable[[Outcome], None] | None,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self._n_tasks = len(tasks)
        self._waiting = deque(tasks)
        self._running: dict[Future[Any], _Running] = {}
        self._queue = queue
        self._journal = journal
        self._batch = batch
        self._on_outcome = on_outcome
        self.on_begin: Callable[[Task, Future[Any]], None] | None = None
        self._began = time.monotonic()
        self._full = ""  # what lacks
        self._look_again = 0.0
        self._folders = Folders()
        self._is_stopping = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return not self._waiting and not self._running

    def fill(self) -> None:
        """Hand jobs to the executor, as many as it shall have."""
        while self._waiting and len(self._running) < self._queue.n_wanted:
            if self._full and time.monotonic() < self._look_again:
                return
            if lack := lack_of_space(self._waiting[0], scratch=self._queue.computes_here):
                self._pause(lack)
                return
            self._full = ""
            self._begin(self._waiting.popleft())

    def collect(self, seconds: float) -> None:
        """Wait for a job to end, at most so long, and take up what has ended."""
        if not self._running:
            time.sleep(seconds if self._full else 0)
            return
        for future in wait(self._running, seconds, FIRST_COMPLETED).done:
            self._take(future)

    def progress(self) -> Progress:
        """Say how far it is."""
        shares = [report.share for future in self._running if (report := _report(future))]
        share = (len(self.outcomes) + sum(shares)) / max(self._n_tasks, 1)
        passed = time.monotonic() - self._began
        left = passed * (1 - share) / share if share > 0.02 and passed > 5 else None
        if self._full:
            return Progress("full", share=share, note=f"paused: {self._full}; it goes on when there is room")
        names = ", ".join(run.task.content.name for run in list(self._running.values())[:3])
        note = f"{len(self.outcomes)} of {self._n_tasks} done" + (f", now {names}" if names else "")
        if lack := self._queue.lack:
            note = f"{note}; {lack}"
        return Progress("batch", share=min(share, 1.0), seconds_left=left, note=note)

    def stop(self) -> None:
        """Stop what runs, and clear away what is left of it."""
        self._is_stopping = True
        for future in self._running:
            self._queue.cancel(future)
        for future in wait(self._running, LEAVE_SECONDS).done:
            self._take(future)
        for task in self._waiting:
            self._note(task, "cancelled", "not begun")
        self._folders.clear()

    def _begin(self, task: Task) -> None:
        found = self._journal.done(task.wanted, task.fingerprint)
        if found and found[0] == task.output and task.request.overwrite != "overwrite":
            self._end(task, "skipped", "done meanwhile by another batch", found[1])
            return
        try:
            self._journal.check_inputs(task)
        except AudioFileError as error:
            self._end(task, "failed", str(error))
            return
        if not self._journal.claim(self._batch, task):
            self._end(task, "skipped", ELSEWHERE)
            return
        job = task.job(self._queue.threads, self._journal.receipt_of(self._batch, task))
        if self._journal.made(self._batch, task):  # before the disk was full
            job["request"]["overwrite"] = "overwrite"
        try:
            self._folders.make(task.files)
            future = self._queue.executor.submit(run_request, job)
        except OSError as error:
            self._end(task, "failed", f"{task.output.parent}: the folder cannot be made: {error.strerror}")
            return
        self._running[future] = _Running(task)
        if self.on_begin is not None:
            self.on_begin(task, future)

    def _take(self, future: Future[Any]) -> None:
        run = self._running.pop(future)
        seconds = time.monotonic() - run.began
        try:
            result = dict(future.result()) | {"content": str(run.task.content)}
        except NothingToDoError as error:
            self._end(run.task, "skipped", str(error), seconds=seconds)
        except NoSpaceError as error:
            self._journal.end(self._batch, run.task, "queued")
            self._waiting.appendleft(run.task)
            self._pause(str(error))
        except ExecutorLostError:
            if not self._is_stopping:
                self._journal.end(self._batch, run.task, "queued")
                self._waiting.appendleft(run.task)
                raise
            self._end(run.task, "cancelled", "cancelled", seconds=seconds)
        except (CancelledError, FutureCancelledError):
            self._end(run.task, "cancelled", "cancelled", seconds=seconds)
        except Exception as error:
            self._failed(future, run, error, seconds)
        else:
            self._made(run.task, result, seconds)

    def _made(self, task: Task, result: dict[str, Any], seconds: float) -> None:
        """Take up a result, if it was made of what was planned."""
        try:
            self._journal.check_inputs(task)
        except AudioFileError as error:
            if receipt := self._journal.made(self._batch, task):
                receipt.remove_files()
            self._end(task, "failed", str(error), seconds=seconds)
        else:
            self._end(task, "done", "", result, seconds)

    def _failed(self, future: Future[Any], run: _Running, error: Exception, seconds: float) -> None:
        task = run.task
        retried = isinstance(future, JobFuture) and future.attempts > 1
        is_whole = all(path.exists() for path in task.files)
        if retried and is_whole and (receipt := self._journal.made(self._batch, task)):
            # The first worker had finished the file, and died before it could say so.
            self._made(task, dict(receipt.facts) | {"content": str(task.content)}, seconds)
            return
        text = str(error) if isinstance(error, NastFxError) else f"{type(error).__name__}: {error}"
        self._end(task, "failed", text, seconds=seconds)

    def _pause(self, lack: str) -> None:
        self._full = lack
        self._look_again = time.monotonic() + SPACE_SECONDS
        if self._queue.stops_when_full and not self._is_stopping:
            raise NoSpaceError(f"{lack}; the batch was stopped: --resume goes on")

    def _end(
        self, task: Task, state: Ending, note: str, result: dict[str, Any] | None = None, seconds: float = 0.0
    ) -> None:
        self._journal.end(self._batch, task, state, result=result, error=note)
        self._note(task, state, note, result, seconds)

    def _note(
        self, task: Task, state: Ending, note: str, result: dict[str, Any] | None = None, seconds: float = 0.0
    ) -> None:
        outcome = Outcome(task.content, task.output, state, note, result or {}, seconds)
        self.outcomes.append(outcome)
        if self._on_outcome is not None:
            self._on_outcome(outcome)


def _report(future: Future[Any]) -> Progress | None:
    return future.progress if isinstance(future, JobFuture) else None
