"""A batch from its start to its end: the engine does it, and here its rows are kept up to date.

Files that are added while it runs make a batch of their own, which begins when this one has ended.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from nast_fx.errors import CancelledError, NastFxError, NothingToDoError, UsageError
from nast_fx.progress import Progress

from ..engine.process import EngineDiedError
from ..translation import gettext as _
from .batch_planner import BatchPlanner
from .batch_requests import batch_request, check_batch, resume_request
from .batch_setup import BatchDocument, in_words
from .queue import QueueModel, Row, count_states
from .queue_words import OVER

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.job import Job

__all__ = ["BatchRunner", "Summary"]

PART_FIELDS = ("output", "state", "share", "seconds_left", "message")
_FRESH: Mapping[str, Any] = {"state": "waiting", "share": 0.0, "seconds_left": None, "message": ""}


@dataclass(frozen=True)
class Summary:
    """What came of a batch.

    Attributes
    ----------
    counts : mapping of str to int
        How many of its files are in each state.
    seconds : float
        How long it took, pauses included.
    folder : Path or None
        Where the results are.
    note : str
        What is to be said besides: why it ended, which stems do not fit; one sentence, or nothing.
    """

    counts: Mapping[str, int]
    seconds: float
    folder: Path | None
    note: str = ""


class BatchRunner(QObject):
    """Runs one batch at a time.

    Parameters
    ----------
    batch : BatchDocument
    queue : QueueModel
    planner : BatchPlanner
    engine : Engine
        That does nothing else: it may be at it for a night.
    parent : QObject, optional
    """

    state_changed = pyqtSignal(str)  # "idle", "running", "paused", "stopping"
    progress = pyqtSignal(object)  # Progress of the whole
    noted = pyqtSignal(str)  # a sentence about the whole
    ended = pyqtSignal(object)  # Summary

    def __init__(
        self,
        batch: BatchDocument,
        queue: QueueModel,
        planner: BatchPlanner,
        engine: Engine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.state = "idle"
        self._batch, self._queue, self._planner, self._engine = batch, queue, planner, engine
        self._job: Job | None = None
        self._contents: set[str] = set()
        self._unplanned: list[Path] = []  # what the engine named besides
        self._began = 0.0
        self._folder: Path | None = None

    @property
    def fault(self) -> str:
        """Why no batch can begin; one sentence, or nothing."""
        try:
            check_batch(self._batch)
        except UsageError as error:
            return str(error)
        return self._planner.fault

    def start(self) -> None:
        """Work off the queue; what is done already is found to be so, and what has failed is tried again.

        Raises
        ------
        UsageError
            The setup makes no batch; one sentence.
        """
        request = batch_request(self._batch)
        for row in self._queue.rows:
            if row.state not in ("done", "skipped"):
                self._queue.change(row.content, _FRESH)
        self._folder = self._batch.setup.root
        self._begin(request, {row.content for row in self._queue.rows})

    def resume_unfinished(self, folder: Path) -> None:
        """Go on with a batch that an earlier start has left; its files come as the engine names them."""
        self._folder = folder
        self._begin(resume_request(folder), set())

    def pause(self) -> None:
        """Hold all files at their next report."""
        if self.state == "running":
            self._engine.pause()
            self._set_state("paused")
            self._queue.change_all(lambda row: row.state == "running", state="paused")

    def resume(self) -> None:
        """Go on after a pause."""
        if self.state == "paused":
            self._engine.resume()
            self._set_state("running")
            self._queue.change_all(lambda row: row.state == "paused", state="running")

    def cancel(self) -> None:
        """Stop: what is finished stays, nothing else is left."""
        if self._job is not None and self.state != "stopping":
            self._engine.resume()  # what is held hears nothing
            self._set_state("stopping")
            self._job.cancel()

    def is_running(self, row: Row) -> bool:
        """Whether a row is of the batch that runs, and not over."""
        return self._job is not None and row.content in self._contents and row.state not in OVER

    def _begin(self, request: Mapping[str, Any], contents: set[str]) -> None:
        self._contents = contents
        self._planner.running = contents
        self._began = time.monotonic()
        job = self._job = self._engine.run("batch", request)
        job.progress.connect(self._reported)
        job.part.connect(self._take_part)
        job.finished.connect(lambda facts: self._end(_stem_note(facts)))
        job.failed.connect(self._failed)
        self._set_state("running")

    def _reported(self, progress: Progress) -> None:
        self.progress.emit(progress)

    def _take_part(self, part: Mapping[str, Any]) -> None:
        if "content" not in part:
            self.noted.emit(str(part.get("note", "")))
            return
        content = str(part["content"])
        row = self._queue.row_of(content)
        fields = {name: part[name] for name in PART_FIELDS if part.get(name) is not None}
        fields["state"] = self._state_of(str(part["state"]), row)
        if fields["state"] == "running":
            fields["message"] = _(str(part.get("message") or ""))  # the stage, one word
        elif fields["state"] == "done":
            fields["share"] = 1.0
        if content not in self._contents:
            self._contents.add(content)
            self._unplanned += [Path(content)] if row is None else []
        self._queue.change(content, {"seconds_left": None, **fields})

    def _state_of(self, state: str, row: Row | None) -> str:
        """Give the engine's state of a file as it is shown."""
        if state == "skipped" and row is not None and row.state == "done":
            return "done"  # it was made a moment ago, and is
        if state == "running" and self.state == "paused":
            return "paused"
        return "waiting" if state == "queued" else state

    def _failed(self, error: NastFxError) -> None:
        text = in_words(str(error), self._batch.setup.pattern)
        if isinstance(error, CancelledError):
            self._leave_open("cancelled", "")
            self._end("")
        elif isinstance(error, NothingToDoError):
            self._end(text)
        else:
            self._leave_open("broken" if isinstance(error, EngineDiedError) else "failed", text)
            self._end(text, is_fault=True)

    def _leave_open(self, state: str, message: str) -> None:
        """Give the state to all rows of the batch that have not ended by themselves."""
        fields = {"state": state, "message": message, "seconds_left": None}
        self._queue.change_all(lambda row: row.content in self._contents and row.state not in OVER, **fields)

    def _end(self, note: str, *, is_fault: bool = False) -> None:
        was_stopped, self._job = self.state == "stopping", None
        if self.state == "paused":
            self._engine.resume()
        rows = [row for row in self._queue.rows if row.content in self._contents]
        summary = Summary(count_states(rows), time.monotonic() - self._began, self._folder, note)
        self._contents = set()
        self._planner.running = None
        resumed, self._unplanned = (*self._batch.setup.resumed, *self._unplanned), []
        self._batch.change(_("List files of the batch"), resumed=tuple(dict.fromkeys(resumed)))
        self._set_state("idle")
        self.ended.emit(summary)
        has_more = any(row.state == "next" for row in self._queue.rows)
        self._queue.change_all(lambda row: row.state == "next", state="waiting")
        if has_more and not was_stopped and not is_fault and not self.fault:
            self.start()

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)


def _stem_note(facts: Mapping[str, Any]) -> str:
    """Say which stems do not sum to their mix."""
    return " ".join(str(text) for group in facts.get("stems", ()) for text in group["problems"])
