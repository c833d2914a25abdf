"""What a render would do, asked of the engine after every change: faults are told before the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from nast_fx.errors import CancelledError, NastFxError, UsageError

from .document import Document, State

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.job import Job

__all__ = ["CHECK_WAIT_MS", "Checking"]

CHECK_WAIT_MS = 300  # after the last change


class Checking(QObject):
    """Dry runs of the document.

    Parameters
    ----------
    engine : Engine
        The listener.
    document : Document
    """

    checked = pyqtSignal(dict)  # facts of the dry run
    faulted = pyqtSignal(str)  # one sentence
    device_known = pyqtSignal(str)  # where a render runs, and why

    def __init__(self, engine: Engine, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._document = document
        self._job: Job | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(CHECK_WAIT_MS)
        self._timer.timeout.connect(self.check)
        document.changed.connect(self._document_changed)

    def check(self) -> None:
        """Ask now; an answer that is still to come is dropped."""
        if self._job is not None:
            self._job.cancel()
        self._job = None
        try:
            request = self._document.request(output=None)
        except UsageError:
            return  # nothing is chosen yet, which is no fault
        job = self._job = self._engine.run(
            "check", {"request": request.model_dump(mode="json", by_alias=True, exclude_defaults=True)}
        )
        job.finished.connect(lambda facts: self._on_facts(job, facts))
        job.failed.connect(lambda error: self._on_error(job, error))

    def _on_facts(self, job: Job, facts: dict[str, Any]) -> None:
        if job is self._job:
            self._job = None
            self.checked.emit(facts)
            if facts.get("device"):
                self.device_known.emit(str(facts["device"]))

    def _on_error(self, job: Job, error: NastFxError) -> None:
        if job is self._job:
            self._job = None
            if not isinstance(error, CancelledError):
                self.faulted.emit(str(error))

    def _document_changed(self, _old: State, _new: State) -> None:
        self._timer.start()
