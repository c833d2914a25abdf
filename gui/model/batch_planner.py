"""Which files a batch will have, and how their results will be named: asked of the engine as things change.

A folder is never listed here: one of a hundred thousand files takes seconds. Until the engine has answered,
what was added stands in the list as it is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from nast_fx.errors import CancelledError, NastFxError, UsageError

from .batch_requests import plan_request
from .batch_setup import BatchDocument, BatchSetup, in_words
from .document import State
from .queue import QueueModel, Row
from .queue_words import OVER, RETRIED

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.job import Job

__all__ = ["BatchPlanner"]

SETTLE_MS = 200  # after the last change
MOST_NAMES = 3  # of the preview
PLAN_STATES = {"queued": "waiting"}  # as we call them


class BatchPlanner(QObject):
    """Keeps the rows of the queue as the setup wants them.

    Parameters
    ----------
    batch : BatchDocument
    queue : QueueModel
        Whose rows are put.
    engine, listener : Engine
        That of batches, and another one for while it is at work.
    parent : QObject, optional
    """

    planned = pyqtSignal()
    """Rows, names or `fault` are new."""
    busy_changed = pyqtSignal(bool)
    """Whether the rows are still to come."""

    def __init__(
        self,
        batch: BatchDocument,
        queue: QueueModel,
        engine: Engine,
        listener: Engine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.fault = ""  # why there is no batch of this
        self.is_naming_fault = False  # whether the naming is to blame
        self.names: list[str] = []  # of the first results, from the output folder on
        self.passed_over: dict[str, str] = {}  # files that are no contents, and why
        self.running: set[str] | None = None  # contents that are being worked off; None without a batch
        self._batch, self._queue = batch, queue
        self._engine, self._listener = engine, listener
        self._last: dict[str, Row] = {}  # by content, also those that were removed
        self._ended: dict[tuple[str, str], Row] = {}  # by content and result
        self._job: Job | None = None  # for all files
        self._names_job: Job | None = None  # for the first ones
        self._is_watched = True
        self._is_stale = False  # whether something has changed meanwhile
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

    def watch(self, is_watched: bool) -> None:
        """Say whether somebody looks: else nothing is asked while settings are tried out elsewhere."""
        self._is_watched = is_watched
        if is_watched and self._is_stale:
            self.ask_again()

    def ask_again(self) -> None:
        """Look at the files once more."""
        self._is_stale = not self._is_watched
        if self._is_stale:
            return
        for job in (self._job, self._names_job):
            if job is not None:
                job.cancel()
        self._job = self._names_job = None
        self._timer.start()
        self._put(self._provisional())
        self.busy_changed.emit(True)

    def _setup_changed(self, old: BatchSetup, new: BatchSetup) -> None:
        if _asked(old) != _asked(new) or old.origin != new.origin:
            self.ask_again()

    def _document_changed(self, old: State, new: State) -> None:
        if self._batch.setup.inputs and (old.preset, old.origin) != (new.preset, new.origin):
            self.ask_again()

    def _ask(self) -> None:
        try:
            few, all_of_it = plan_request(self._batch, first=MOST_NAMES), plan_request(self._batch)
        except UsageError as error:
            self.passed_over = {}
            self._tell("" if not self._batch.setup.inputs else str(error))
            return
        engine = self._engine if self.running is None else self._listener
        names = self._names_job = engine.run("plan", few)
        names.finished.connect(lambda facts: self._name(names, facts))
        names.failed.connect(lambda _error: None)  # the next job says the same of all files
        job = self._job = engine.run("plan", all_of_it)
        job.finished.connect(lambda facts: self._answered(job, facts))
        job.failed.connect(lambda error: self._refused(job, error))

    def _name(self, job: Job, facts: Mapping[str, Any]) -> None:
        if job is self._names_job:
            self._names_job = None
            outputs = [str(one["output"]) for one in facts["files"]]
            self.names = [self._queue.below_root(output) for output in outputs[:MOST_NAMES]]
            self.fault = ""
            self.planned.emit()

    def _answered(self, job: Job, facts: Mapping[str, Any]) -> None:
        if job is not self._job:
            return
        self._job = None
        self.passed_over = {str(one["file"]): str(one["reason"]) for one in facts["passed_over"]}
        self._put([self._as_known(_row(one)) for one in facts["files"]])
        self._tell("")

    def _refused(self, job: Job, error: NastFxError) -> None:
        if job is self._job:
            self._job = None
            if not isinstance(error, CancelledError):
                self._tell(str(error))

    def _tell(self, fault: str) -> None:
        setup = self._batch.setup
        self.is_naming_fault = "--pattern" in fault or bool(fault and fault == setup.pattern_fault)
        self.fault = in_words(fault, setup.pattern)
        self.planned.emit()
        self.busy_changed.emit(False)

    def _provisional(self) -> list[Row]:
        """Rows until the engine has answered: those that are there, and what was added as it is."""
        setup = self._batch.setup
        inputs = {str(path) for path in setup.inputs}
        gone = {str(path) for path in setup.left_out}
        kept, seen = [], set()
        for row in self._queue.rows:
            above = _input_above(row.content, inputs)
            if above and row.content not in gone:
                kept.append(row)
                seen.add(above)
        return kept + [self._as_known(Row(one)) for one in map(str, setup.inputs) if one not in seen]

    def _put(self, planned: list[Row]) -> None:
        """Show rows, and those of a batch that runs or went on here, which no plan has."""
        setup = self._batch.setup
        self._last |= {row.content: row for row in self._queue.rows}
        self._ended |= {(row.content, row.output): row for row in self._queue.rows if row.state in OVER}
        there = {row.content for row in planned}
        running = self.running or set()
        more = [
            *map(str, setup.resumed),
            *(row.content for row in self._queue.rows if row.content in running),
        ]
        missing = [content for content in dict.fromkeys(more) if content not in there]
        self._queue.root = "" if setup.root is None else str(setup.root)
        self._queue.put([*(self._last.get(content, Row(content)) for content in missing), *planned])

    def _as_known(self, row: Row) -> Row:
        """Give a row as it has gone so far; where the engine would make its result, only a failure stays."""
        if row.content in (self.running or ()):
            return self._last.get(row.content, row)
        known = self._ended.get((row.content, row.output))
        if known is not None and (
            row.state == "skipped" or (row.state == "waiting" and known.state in RETRIED)
        ):
            return known
        if row.state == "waiting" and self.running is not None:
            row.state = "next"
        return row


def _row(one: Mapping[str, Any]) -> Row:
    state = PLAN_STATES.get(one["state"], one["state"])
    return Row(str(one["content"]), str(one["output"]), state, message=str(one["message"]))


def _input_above(content: str, inputs: set[str]) -> str:
    """The input that a content is, or is in; nothing if there is none."""
    while content not in inputs:
        above = os.path.dirname(content)
        if above == content:
            return ""
        content = above
    return content


def _asked(setup: BatchSetup) -> tuple[object, ...]:
    """What a plan is made of."""
    flags = (setup.overwrite, setup.is_recursive, setup.is_stems)
    return (setup.inputs, setup.resumed, setup.left_out, setup.pattern, setup.root, *flags)
