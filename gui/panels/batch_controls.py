"""The buttons that run a batch, and how far it is."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from nast_fx.progress import Progress

from ..model.queue_words import duration_text
from ..translation import gettext as _

__all__ = ["BatchControls"]

STEPS = 1000  # of the bar


class BatchControls(QWidget):
    """Start, pause, cancel, try again; a bar for the whole."""

    started = pyqtSignal()
    paused = pyqtSignal(bool)
    """Whether to hold, or to go on."""
    cancelled = pyqtSignal()
    retried = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = self._button(_("&Start"), _("Render all files of the list"), self.started.emit)
        self.pause = self._button(_("Pause"), _("Hold all files, and go on later"), self._pause)
        self.cancel = self._button(_("&Cancel"), _("Stop; what is finished stays"), self.cancelled.emit)
        self.retry = self._button(
            _("Tr&y failed ones again"),
            _("Render once more what has failed or was broken off"),
            self.retried.emit,
        )
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(_("Progress of the batch"))
        self.bar.setRange(0, STEPS)
        self.line = QLabel(self)
        self.line.setAccessibleName(_("State of the batch"))
        self.line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.start, self.pause, self.cancel, self.retry):
            row.addWidget(button)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.bar)
        column.addWidget(self.line)
        row.addLayout(column, 1)
        self._state = "idle"
        self._is_paused = False
        self._counts = self._fault = ""
        self._progress = Progress("")
        self.show_state("idle")

    def show_state(self, state: str) -> None:
        """Show what a batch is doing: ``idle``, ``running``, ``paused`` or ``stopping``."""
        self._is_paused = state == "paused"
        self.pause.setText(_("Go on") if self._is_paused else _("Pause"))
        self.pause.setEnabled(state in ("running", "paused"))
        self.cancel.setEnabled(state in ("running", "paused"))
        if self._state == "idle":
            self._progress = Progress("")  # the last one stands until a batch begins
        self._state = state
        self._show()

    def show_possible(self, fault: str, *, may_start: bool, may_retry: bool) -> None:
        """Say whether a batch can begin, and if not, why."""
        self.start.setEnabled(may_start)
        self.start.setToolTip(fault or _("Render all files of the list"))
        self.retry.setEnabled(may_retry)

    def show_fault(self, text: str) -> None:
        """Say why no batch can begin."""
        self._fault = text
        self._show()

    def show_progress(self, progress: Progress) -> None:
        """Show how far the whole is."""
        self._progress = progress
        self._show()

    def show_counts(self, text: str) -> None:
        """Show how many files are in which state."""
        self._counts = text
        self._show()

    def _button(self, text: str, help_text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(help_text)
        button.clicked.connect(lambda _checked: slot())
        return button

    def _pause(self) -> None:
        self.paused.emit(not self._is_paused)

    def _show(self) -> None:
        self.bar.setValue(round(STEPS * self._progress.share))
        self.bar.setFormat(f"{self._progress.share:.0%}")
        words = {"paused": _("paused"), "stopping": _("stopping ...")}
        said = [words.get(self._state, ""), self._counts]
        if self._state == "idle":
            said.append(self._fault)
        if self._state == "running" and self._progress.seconds_left is not None:
            said.append(_("{time} left").format(time=duration_text(self._progress.seconds_left)))
        if self._progress.stage == "full":
            said.append(self._progress.note)
        text = " \N{MIDDLE DOT} ".join(filter(None, said))
        self.line.setText(text)
        self.line.setToolTip(text)
