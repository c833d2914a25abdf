"""The batch view: many files, one sound."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices, QDragEnterEvent, QHideEvent, QShowEvent
from PyQt6.QtWidgets import QVBoxLayout

from nast_fx.errors import NastFxError

from ..model.batch_memory import keep_setup, remembered_setup
from ..model.batch_planner import BatchPlanner
from ..model.batch_runner import BatchRunner, Summary
from ..model.batch_setup import BatchDocument, BatchSetup
from ..model.presets import PresetLibrary
from ..model.queue import QueueModel, Row, count_states
from ..model.queue_words import RETRIED, counts_text, duration_text
from ..model.unfinished import Unfinished, UnfinishedBatch
from ..notify import Notifier
from ..panels.batch_controls import BatchControls
from ..panels.batch_settings import BatchSettings
from ..panels.drop_area import DropArea
from ..panels.notice_bar import NoticeBar
from ..panels.queue_table import QueueTable
from ..panels.queue_tools import QueueTools
from ..session import Session
from ..translation import gettext as _

if TYPE_CHECKING:
    from ..engine.engine import Engine

__all__ = ["BatchView"]


class BatchView(DropArea):
    """Files, what is done with them, and how far it is.

    Parameters
    ----------
    session : Session
        Its document's preset is what the files are done with, its undo stack takes every change.
    engine : Engine, optional
        That runs batches, for hours; the one of renders by default, which then wait for it.
    """

    open_result = pyqtSignal(Path, Path)
    """Content and result that are to be heard."""
    render_view_wanted = pyqtSignal()
    """The settings are to be changed."""
    told = pyqtSignal(str)
    """A sentence for who may be looking at another view."""

    def __init__(self, session: Session, engine: Engine | None = None) -> None:
        super().__init__()
        listener, remembered = session.listener, session.remembered
        engine = engine or session.batcher
        self._session = session
        self.batch = BatchDocument(session.document, self)
        self.batch.restore(**remembered_setup(remembered))
        self.queue = QueueModel(self)
        self.planner = BatchPlanner(self.batch, self.queue, engine, listener, self)
        self.runner = BatchRunner(self.batch, self.queue, self.planner, engine, self)
        self.library = PresetLibrary(listener, self)  # what it loads is not the document's
        self.unfinished = Unfinished(listener, self)
        self.notifier = Notifier(self)
        self.offer = NoticeBar(_("A batch that was broken off"), self)
        self.summary = NoticeBar(_("What came of the batch"), self)
        self.table = QueueTable(self.queue, self)
        self.tools = QueueTools(self.table, remembered, self)
        self.settings = BatchSettings(self.batch, remembered, self)
        self.controls = BatchControls(self)
        column = QVBoxLayout(self)
        column.addWidget(self.offer)
        column.addWidget(self.summary)
        column.addWidget(self.tools)
        column.addWidget(self.table, 1)
        column.addWidget(self.settings)
        column.addWidget(self.controls)
        self._connect_rows()
        self._connect_batch()
        session.presets.listed.connect(self.settings.sound.show_presets)
        self._show_counts()
        QTimer.singleShot(0, self.unfinished.ask)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files from elsewhere; results that are dragged out of the table are no contents."""
        if event is not None and event.source() is None:
            super().dragEnterEvent(event)

    @property
    def is_busy(self) -> bool:
        """Whether a batch runs, which the end of the program would break off."""
        return self.runner.state != "idle"

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look at the files as the settings are now."""
        super().showEvent(event)
        self.planner.watch(True)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Ask nothing while another view is shown."""
        super().hideEvent(event)
        self.planner.watch(False)

    def _connect_rows(self) -> None:
        self.dropped.connect(self.batch.add)
        self.tools.added.connect(self.batch.add)
        self.tools.removed.connect(lambda: self._remove(self.table.chosen))
        self.tools.cleared.connect(self._clear)
        self.table.removed.connect(self._remove)
        self.table.retried.connect(lambda: self._try(self.runner.start))
        self.table.opened.connect(self._open)
        self.table.shown_in_folder.connect(lambda row: _show_folder(Path(row.output).parent))
        for signal in (self.queue.rowsInserted, self.queue.rowsRemoved, self.queue.dataChanged):
            signal.connect(self._show_counts)

    def _connect_batch(self) -> None:
        self.batch.changed.connect(self._setup_changed)
        self.batch.document.changed.connect(self._show_possible)
        self.planner.planned.connect(self._show_plan)
        self.planner.busy_changed.connect(self.tools.show_busy)
        self.settings.render_view_wanted.connect(self.render_view_wanted)
        self.settings.sound.preset_wanted.connect(self.library.load)
        self.library.loaded.connect(self.settings.sound.take)
        self.library.failed.connect(self._tell_fault)
        self.controls.started.connect(lambda: self._try(self.runner.start))
        self.controls.paused.connect(lambda is_on: self.runner.pause() if is_on else self.runner.resume())
        self.controls.cancelled.connect(self.runner.cancel)
        self.controls.retried.connect(lambda: self._try(self.runner.start))
        self.runner.state_changed.connect(self._state_changed)
        self.runner.progress.connect(self.controls.show_progress)
        self.runner.noted.connect(lambda text: self.summary.show_notice(text, {}))
        self.runner.ended.connect(self._show_summary)
        self.unfinished.found.connect(self._offer)

    def _setup_changed(self, _old: BatchSetup, new: BatchSetup) -> None:
        keep_setup(self._session.remembered, new)
        self._show_possible()

    def _show_plan(self) -> None:
        fault = self.planner.fault if self.planner.is_naming_fault else ""
        names = self.planner.names if self.batch.setup.inputs else []
        self.settings.naming.show_names(names, self.batch.setup.pattern_fault or fault)
        self.tools.show_passed_over(self.planner.passed_over)
        self._show_possible()

    def _show_counts(self) -> None:
        counts = count_states(self.queue.rows)
        self.controls.show_counts(counts_text(counts) if self.queue.rows else _("no files"))
        self.tools.show_possible()
        self._show_possible()

    def _state_changed(self, state: str) -> None:
        if state == "running":
            self.summary.hide()
            self.offer.hide()
        self.controls.show_state(state)
        self._show_possible()

    def _show_possible(self) -> None:
        fault = self.runner.fault
        is_idle = self.runner.state == "idle"
        may_retry = is_idle and not fault and any(row.state in RETRIED for row in self.queue.rows)
        may_start = is_idle and not fault and bool(self.queue.rows) and not self.planner.is_busy
        self.controls.show_possible(fault, may_start=may_start, may_retry=may_retry)
        # What stands beside the naming already is not said twice.
        self.controls.show_fault("" if self.settings.naming.fault.text else fault)

    def _remove(self, rows: Collection[Row]) -> None:
        self.batch.remove(Path(row.content) for row in rows if not self.runner.is_running(row))

    def _clear(self) -> None:
        if self.runner.state == "idle":
            self.batch.clear()
        else:
            self._remove(self.queue.rows)

    def _open(self, row: Row) -> None:
        if row.state in ("done", "skipped") and row.output:
            self.open_result.emit(Path(row.content), Path(row.output))

    def _try(self, begin: Callable[[], None]) -> None:
        try:
            begin()
        except NastFxError as error:
            self._tell_fault(error)

    def _tell_fault(self, error: NastFxError) -> None:
        self.summary.show_notice(str(error), {}, is_warning=True)

    def _offer(self, found: UnfinishedBatch) -> None:
        mark = f"{found.n_left} {found.folder}"
        remembered = self._session.remembered
        if self.runner.state != "idle" or remembered.text("batch/dismissed", "") == mark:
            return
        text = _("A batch into {folder} was not finished; {n} files are left to do.")
        self.offer.show_notice(
            text.format(folder=found.folder, n=found.n_left),
            {_("Go on with it"): lambda: self.runner.resume_unfinished(found.folder)},
            is_warning=True,
            on_dismiss=lambda: remembered.set_text("batch/dismissed", mark),
        )
        self.told.emit(self.offer.label.text())

    def _show_summary(self, summary: Summary) -> None:
        counts = counts_text(summary.counts) or _("nothing was to do")
        text = _("{counts}, in {time}.").format(counts=counts, time=duration_text(summary.seconds))
        if summary.note:
            text = f"{text} {summary.note[:1].upper()}{summary.note[1:].rstrip('.')}."
        actions = {}
        folder = summary.folder
        if folder is not None and (summary.counts.get("done") or summary.counts.get("skipped")):
            actions[_("Open folder")] = lambda: _show_folder(folder)
        n_failed = sum(summary.counts.get(state, 0) for state in RETRIED)
        self.summary.show_notice(text, actions, is_warning=bool(n_failed or summary.note))
        self.told.emit(text)
        self.notifier.tell(_("Batch ended"), text)


def _show_folder(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
