"""The engine, to whoever has work: jobs that wait their turn, a child that does them, a watch over it.

A child is started for the first job and kept. One that dies takes its job with it and nothing else; the next
job starts another.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from nast_fx.errors import CancelledError, NastFxError, UsageError
from nast_fx.models import Settings, messages, validated
from nast_fx.progress import Progress

from ..translation import gettext as _
from .job import Job, run_values
from .process import EngineDiedError, EngineProcess

__all__ = ["Engine"]

START_SECONDS = 60.0  # to say hello; a cold disk has much to read
HANG_SECONDS = 60.0  # between two reports; loading a network or a plugin says nothing for a while
CANCEL_SECONDS = 5.0  # to stop at the next report
BATCH_FACTOR = 4  # of that for a batch, which has workers of its own to stop


class Engine(QObject):
    """Does jobs one after the other in a child process.

    Parameters
    ----------
    command : sequence of str, optional
        See `EngineProcess`.
    start_seconds, hang_seconds, cancel_seconds : float
        How long the child may take to begin, to say something, and to stop a job.
    parent : QObject, optional
    """

    state_changed = pyqtSignal(str)
    """off, starting, idle, busy, paused, hanging (no report for long), dead"""
    died = pyqtSignal(str)
    """One sentence; the next job starts another child."""

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        start_seconds: float = START_SECONDS,
        hang_seconds: float = HANG_SECONDS,
        cancel_seconds: float = CANCEL_SECONDS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.state = "off"
        self._command = command
        self._process: EngineProcess | None = None
        self._waiting: deque[Job] = deque()
        self._job: Job | None = None
        self._name = ""  # of the job, in messages
        self._names = map(str, itertools.count(1))
        self._is_paused = False
        self._stderr_tail = ""
        self._start_watch = self._timer(start_seconds, self.kill)
        self._hang_watch = self._timer(hang_seconds, self._on_silence)
        self._cancel_watch = self._timer(cancel_seconds, self.kill)
        self._cancel_seconds = cancel_seconds

    @property
    def process_id(self) -> int:
        """Number of the child; 0 without one."""
        return 0 if self._process is None else self._process.process_id

    @property
    def stderr_tail(self) -> str:
        """The end of what the child, or the last one, wrote on stderr: for diagnostics."""
        return self._stderr_tail if self._process is None else self._process.stderr_tail

    def run(
        self,
        kind: str,
        request: Mapping[str, Any] | BaseModel,
        *,
        side_files: Mapping[str, Path] | None = None,
        fresh: bool = False,
    ) -> Job:
        """Ask for a job; it begins when those before it are over.

        Parameters
        ----------
        kind : str
            See ``docs/worker.md``.
        request : mapping or model
            Fields of the kind's request.
        side_files : mapping of str to Path, optional
            Files to write beside a render.
        fresh : bool
            Use no finished segments, and keep none.
        """
        job = Job(kind, run_values(kind, request, side_files, fresh), self._cancel)
        self._waiting.append(job)
        QTimer.singleShot(0, self._next)
        return job

    def pause(self) -> None:
        """Hold the running job at its next report, and those after it, until `resume`."""
        self._hold(True)

    def resume(self) -> None:
        """Go on."""
        self._hold(False)

    def kill(self) -> None:
        """End the child at once, for who waits no longer; its job fails."""
        if self._process is not None:
            self._process.end(_("the engine did not answer and was ended"))

    def leave(self) -> None:
        """End all jobs with a CancelledError and tell the child to end; `close` waits for that."""
        jobs = [job for job in (self._job, *self._waiting) if job is not None]
        self._job, self._waiting = None, deque()
        for job in jobs:
            job.end(_cancelled())
        if self._process is not None:
            self._process.leave()

    def close(self) -> None:
        """End jobs and child as `leave` does, and wait for its end: a second as a rule, two at most.

        Of several engines all leave before the first is closed, so that they end side by side.
        """
        self.leave()
        if self._process is not None:
            self._process.close()
        self._drop()
        self._set_state("off")

    def _timer(self, seconds: float, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(round(1000 * seconds))
        timer.timeout.connect(slot)
        return timer

    def _next(self) -> None:
        """Take the next job, if none is running, and begin it as soon as there is a child."""
        if self._job is not None or not self._waiting:
            return
        self._job = self._waiting.popleft()
        if self._process is not None:
            self._begin()
            return
        self._process = EngineProcess(self._command, self)
        self._process.greeted.connect(self._on_greeted)
        self._process.said.connect(self._on_said)
        self._process.died.connect(self._on_died)
        self._start_watch.start()
        self._set_state("starting")
        self._process.start()

    def _begin(self) -> None:
        if self._job is None or self._process is None or not self._process.has_greeted:
            return
        self._name = next(self._names)
        try:
            run = validated(messages.Run, {"id": self._name, **self._job.values})
        except UsageError as error:
            self._end(error)
            return
        self._process.send(run)
        self._hang_watch.start()
        self._set_state("busy")

    def _end(self, outcome: dict[str, Any] | NastFxError) -> None:
        """Be done with the running job, and say so before the next begins."""
        job, self._job, self._name = self._job, None, ""
        self._hang_watch.stop()
        self._cancel_watch.stop()
        if self._process is not None and self._process.has_greeted:
            self._set_state("idle")
        if job is not None:
            job.end(outcome)
        QTimer.singleShot(0, self._next)

    def _cancel(self, job: Job) -> None:
        if job is not self._job:
            self._waiting.remove(job)
            job.end(_cancelled())
        elif self._process is not None and self._name:
            self._process.send(messages.Cancel(id=self._name))
            factor = BATCH_FACTOR if job.kind == "batch" else 1
            self._cancel_watch.start(round(1000 * factor * self._cancel_seconds))
        else:
            self._end(_cancelled())

    def _hold(self, is_paused: bool) -> None:
        self._is_paused = is_paused
        if self._process is not None and self._process.has_greeted:
            self._process.send(messages.Pause() if is_paused else messages.Resume())
            self._set_state("busy" if self._job is not None else "idle")
            if self._job is not None:
                self._hang_watch.start()

    def _on_greeted(self) -> None:
        self._start_watch.stop()
        self._set_state("idle")
        if self._is_paused and self._process is not None:
            self._process.send(messages.Pause())
        self._begin()

    def _on_said(self, message: Settings) -> None:
        if self._job is None or getattr(message, "id", None) != self._name:
            return  # about a message, as a cancel that came too late
        self._hang_watch.start()
        self._set_state("busy")
        if isinstance(message, messages.ProgressMessage):
            self._job.progress.emit(Progress(**message.model_dump(exclude={"type", "id"})))
        elif isinstance(message, messages.PartMessage):
            self._job.part.emit(message.part)
        elif isinstance(message, messages.ResultMessage):
            self._end(message.result)
        elif isinstance(message, messages.ErrorMessage):
            self._end(message.error)

    def _on_died(self, reason: str) -> None:
        self._drop()
        self._set_state("dead")
        self.died.emit(reason)
        was_stopped = self._job is not None and self._job.is_cancelled
        self._end(_cancelled() if was_stopped else EngineDiedError(reason))

    def _drop(self) -> None:
        """Forget the child, which is gone."""
        for timer in (self._start_watch, self._hang_watch, self._cancel_watch):
            timer.stop()
        if self._process is not None:
            self._stderr_tail = self._process.stderr_tail
            self._process.deleteLater()
        self._process = None

    def _on_silence(self) -> None:
        if not self._is_paused:
            self._set_state("hanging")

    def _set_state(self, state: str) -> None:
        if self._is_paused and state in ("idle", "busy"):
            state = "paused"
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def _cancelled() -> CancelledError:
    return CancelledError(_("cancelled; nothing was written"))
