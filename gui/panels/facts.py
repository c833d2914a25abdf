"""What is known of a file: loudness, key in three notations, tempo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QGridLayout, QGroupBox, QLabel, QPushButton, QVBoxLayout, QWidget

from nast_fx.errors import CancelledError, NastFxError

from ..certain import certain
from ..model.clock import clock_text
from ..translation import gettext as _

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.job import Job

__all__ = ["FactsPanel", "fact_rows"]

SURE_KEY, SURE_TEMPO = 0.5, 0.3  # confidences from which on they are sure, as `nast_fx.analysis` has them
UNKNOWN = "-"


class FactsPanel(QGroupBox):
    """Shows facts of a file as text that can be selected and copied.

    Parameters
    ----------
    engine : Engine
        Finds them.
    name : str
        Whose facts, in the user's language: "Content".
    parent : QWidget, optional
    """

    analyzed = pyqtSignal(dict)
    """All that was found, as ``nast-fx analyze --json`` has it."""

    def __init__(self, engine: Engine, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._engine = engine
        self._job: Job | None = None
        self._rows: list[tuple[str, str]] = []
        self._name = name
        self.setAccessibleName(_("Facts of {name}").format(name=name))
        self.message_label = QLabel()
        self.message_label.setWordWrap(True)
        self.message_label.setTextInteractionFlags(_selectable())
        self.copy_button = QPushButton(_("Copy"))
        self.copy_button.setAccessibleName(_("Copy facts of {name}").format(name=name))
        self.copy_button.setToolTip(_("Copy all of it as text"))
        self.copy_button.clicked.connect(self._copy)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._grid.setVerticalSpacing(2)
        column = QVBoxLayout(self)
        column.addLayout(self._grid)
        column.addWidget(self.message_label)
        column.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self._labels: list[tuple[QLabel, QLabel]] = []
        self.set_file(None)

    @property
    def text(self) -> str:
        """All facts, a line each."""
        return "\n".join(f"{label}: {value}" for label, value in self._rows)

    def set_file(self, path: Path | None) -> None:
        """Ask for the facts of another file, or show none."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
        self._show([], _("No file") if path is None else _("Listening …"))
        if path is None:
            return
        new = self._job = self._engine.run("analyze", {"content": path})
        new.finished.connect(lambda facts: self._on_finished(new, facts))
        new.failed.connect(lambda error: self._on_failed(new, error))

    def _on_finished(self, job: Job, facts: dict[str, Any]) -> None:
        if job is not self._job:
            return
        self._job = None
        self._show(fact_rows(facts), " ".join(facts.get("notes", ())))
        self.analyzed.emit(facts)

    def _on_failed(self, job: Job, error: NastFxError) -> None:
        if job is self._job and not isinstance(error, CancelledError):
            self._job = None
            self._show([], str(error))

    def _show(self, rows: list[tuple[str, str]], message: str) -> None:
        self._rows = rows
        while len(self._labels) < len(rows):
            self._add_labels()
        for number, (label, value) in enumerate(self._labels):
            is_used = number < len(rows)
            label.setVisible(is_used)
            value.setVisible(is_used)
            if is_used:
                label.setText(rows[number][0])
                value.setText(rows[number][1])
                value.setAccessibleName(f"{self._name}, {rows[number][0]}")
        self.message_label.setText(message)
        self.message_label.setVisible(bool(message))
        self.copy_button.setVisible(bool(rows))

    def _add_labels(self) -> None:
        label, value = QLabel(self), QLabel(self)
        label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
        value.setTextInteractionFlags(_selectable())
        label.setBuddy(value)
        row = len(self._labels)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(value, row, 1)
        self._labels.append((label, value))

    def _copy(self) -> None:
        certain(QGuiApplication.clipboard()).setText(self.text)


def fact_rows(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give label and value of each fact, in the user's language.

    Parameters
    ----------
    facts : mapping
        As ``nast-fx analyze --json`` has them; None is what has no value.
    """
    loudness, key, tempo = facts["loudness"], facts["key"], facts["tempo"]
    return [
        (_("Loudness"), _number(loudness["integrated_lufs"], "LUFS")),
        (_("Loudness range"), _number(loudness["range_lu"], "LU")),
        (_("True peak"), _number(loudness["true_peak_dbtp"], "dBTP")),
        (_("Key"), _sure(key["name"], key["confidence"], SURE_KEY)),
        (_("Camelot"), key["camelot"] or UNKNOWN),
        (_("Open Key"), key["open_key"] or UNKNOWN),
        (_("Tempo"), _sure(_bpm(tempo["bpm"]), tempo["confidence"], SURE_TEMPO)),
        (_("Length"), clock_text(facts["duration_seconds"], 1)),
        (_("Format"), _format(facts["sample_rate"], facts["channels"])),
    ]


def _number(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{round(value, 1) + 0.0:.1f} {unit}"


def _bpm(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f} BPM"


def _sure(value: str | None, confidence: float, sure: float) -> str:
    """Say a value, and in words how sure it is."""
    if value is None:
        return UNKNOWN
    words = _("{value} (sure, {share:.0%})") if confidence >= sure else _("{value} (uncertain, {share:.0%})")
    return words.format(value=value, share=confidence)


def _format(sample_rate: int, channels: int) -> str:
    names = {1: _("mono"), 2: _("stereo")}
    width = names.get(channels) or _("{n} channels").format(n=channels)
    return f"{sample_rate / 1000:g} kHz, {width}"


def _selectable() -> Qt.TextInteractionFlag:
    flags = Qt.TextInteractionFlag
    return flags.TextSelectableByMouse | flags.TextSelectableByKeyboard
