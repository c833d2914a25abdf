"""Which files a batch will have, and how their results will be named: asked of the engine as things change.

A folder is never listed here: one of a hundred thousand files takes seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from nast_fx.errors import CancelledError, NastFxError, UsageError

from .batch_requests import plan_request
from .batch_setup import BatchDocument, BatchSetup, in_words
from .document import State
from .queue import QueueModel, Row
from .queue_words import OVER

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.job import Job

__all__ = ["BatchPlanner"]

SETTLE_MS = 200  # after the last change
MOST_NAMES = 3  # of the preview


class BatchPlanner(QObject):
    """Keeps the rows of the queue as the setup wants them.

    Parameters
    ----------
    batch : BatchDocument
    queue : QueueModel
        Whose rows are put.
    engine : Engine
        For short jobs.
    parent : QObject, optional
    """

    planned = pyqtSignal()
    """The rows and all below are those of the setup."""
    busy_changed = pyqtSignal(bool)
    """Whether the rows are still to come."""

    def __init__(
        self, batch: BatchDocument, queue: QueueModel, engine: Engine, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.fault = ""  # why there is no batch of this
        self.passed_over: dict[str, str] = {}  # files that are no contents, and why
        self.running: set[str] = set()  # contents that are being worked off
        self._batch, self._queue, self._engine = batch, queue, engine
        self._last: dict[str, Row] = {}  # by content, also those that were removed
        self._ended: dict[tuple[str, str], Row] = {}  # by content and result
        self._job: Job | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._ask)
        batch.changed.connect(self._setup_changed)
        batch.document.changed.connect(self._document_changed)

    @property
    def is_busy(self) -> bool:
        """Whether the rows are still to come."""
        return self._job is not None or self._timer.isActive()

    @property
    def names(self) -> list[str]:
        """Results of the first files, as they are named below the output folder."""
        return [self._queue.below_root(row.output) for row in self._queue.rows[:MOST_NAMES] if row.output]

    def ask_again(self) -> None:
        """Look at the files once more."""
        self._timer.start()
        self.busy_changed.emit(True)

    def _setup_changed(self, old: BatchSetup, new: BatchSetup) -> None:
        if _asked(old) != _asked(new) or old.origin != new.origin:
            self.ask_again()

    def _document_changed(self, old: State, new: State) -> None:
        if self._batch.setup.inputs and (old.preset, old.origin) != (new.preset, new.origin):
            self.ask_again()

    def _ask(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        setup = self._batch.setup
        if not setup.inputs:
            self._put([], "")
            return
        try:
            request = plan_request(self._batch)
        except UsageError as error:
            self._put(None, str(error))
            return
        job = self._job = self._engine.run("plan", request)
        job.finished.connect(lambda facts: self._answered(job, facts))
        job.failed.connect(lambda error: self._refused(job, error))

    def _answered(self, job: Job, facts: Mapping[str, Any]) -> None:
        if job is not self._job:
            return
        self._job = None
        self.passed_over = {str(one["file"]): str(one["reason"]) for one in facts.get("passed_over", ())}
        rows = [
            Row(str(one["content"]), str(one.get("output") or ""), message=str(one.get("message") or ""))
            for one in facts["files"]
        ]
        self._put(rows, in_words(str(facts.get("fault") or ""), self._batch.setup.pattern))

    def _refused(self, job: Job, error: NastFxError) -> None:
        if job is not self._job:
            return
        self._job = None
        if not isinstance(error, CancelledError):
            self._put(None, in_words(str(error), self._batch.setup.pattern))

    def _put(self, planned: list[Row] | None, fault: str) -> None:
        """Take up a plan; without one the rows stay, but those that were removed."""
        setup = self._batch.setup
        self._last |= {row.content: row for row in self._queue.rows}
        self._ended |= {(row.content, row.output): row for row in self._queue.rows if row.state in OVER}
        if planned is None:
            gone = {str(path) for path in setup.left_out}
            planned = [row for row in self._queue.rows if row.content not in gone]
        elif not setup.inputs:
            self.passed_over = {}
        there = {row.content for row in planned}
        more = [
            *map(str, setup.resumed),
            *(row.content for row in self._queue.rows if row.content in self.running),
        ]
        added = [
            self._last.get(content, Row(content)) for content in dict.fromkeys(more) if content not in there
        ]
        self._queue.root = "" if setup.root is None else str(setup.root)
        self._queue.put([*added, *map(self._as_known, planned)])
        self.fault = fault
        self.planned.emit()
        self.busy_changed.emit(False)

    def _as_known(self, row: Row) -> Row:
        """Give a row as it went on since it was first planned; another name of its result begins anew."""
        if row.content in self.running:
            return self._last.get(row.content, row)
        row.state = "next" if self.running else "waiting"
        return self._ended.get((row.content, row.output), row)


def _asked(setup: BatchSetup) -> tuple[object, ...]:
    """What a plan is made of."""
    flags = (setup.overwrite, setup.is_stems, setup.is_recursive)
    return (setup.inputs, setup.resumed, setup.left_out, setup.pattern, setup.root, *flags)
