"""Above the queue: add, remove, and look for rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from ..certain import certain
from ..model.remembered import Remembered
from ..translation import gettext as _
from .queue_table import QueueTable

__all__ = ["QueueTools"]

MOST_SHOWN = 20  # files that are passed over, in the tip


class QueueTools(QWidget):
    """Buttons and filters of a `QueueTable`."""

    added = pyqtSignal(list)
    """Paths of files and folders."""
    removed = pyqtSignal()
    """The chosen rows."""
    cleared = pyqtSignal()

    def __init__(self, table: QueueTable, remembered: Remembered, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table, self._remembered = table, remembered
        self.add_files = self._button(_("Add f&iles ..."), _("Add recordings to the list"), self._add_files)
        self.add_folder = self._button(
            _("Add fol&der ..."), _("Add all recordings of a folder to the list"), self._add_folder
        )
        self.remove = self._button(
            _("Re&move"), _("Remove the chosen files from the list; no file is deleted"), self.removed.emit
        )
        self.clear = self._button(
            _("Remove &all"), _("Empty the list; no file is deleted"), self.cleared.emit
        )
        self.note = QLabel(self)
        self.shown = self._shown_box()
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(_("Search"))
        self.search.setAccessibleName(_("Search in the list"))
        self.search.setToolTip(_("Show only files with these words in name, result or message"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(220)
        self.search.textChanged.connect(table.filter.search)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.add_files, self.add_folder, self.remove, self.clear):
            row.addWidget(button)
        row.addWidget(self.note, 1)
        row.addWidget(self.shown)
        row.addWidget(self.search)
        certain(table.selectionModel()).selectionChanged.connect(self.show_possible)
        self._is_busy = False
        self._passed_over: Mapping[str, str] = {}

    def show_possible(self) -> None:
        """Offer to remove only where there is something to remove."""
        self.remove.setEnabled(certain(self._table.selectionModel()).hasSelection())
        self.clear.setEnabled(self._table.filter.rowCount() + self._table.filter.n_hidden > 0)

    def show_busy(self, is_busy: bool) -> None:
        """Say whether the engine is still looking at the files."""
        self._is_busy = is_busy
        self._show_note()

    def show_passed_over(self, files: Mapping[str, str]) -> None:
        """Say which files of the folders are not in the list, and why."""
        self._passed_over = files
        self._show_note()

    def _show_note(self) -> None:
        lines = [f"{Path(path).name}: {reason}" for path, reason in self._passed_over.items()]
        if len(lines) > MOST_SHOWN:
            lines[MOST_SHOWN:] = [_("and {n} more").format(n=len(lines) - MOST_SHOWN)]
        text = _("passed over: {n}").format(n=len(self._passed_over)) if self._passed_over else ""
        self.note.setText(_("looking at the files ...") if self._is_busy else text)
        self.note.setToolTip("\n".join(lines))

    def _shown_box(self) -> QComboBox:
        box = QComboBox(self)
        for name, text in (
            ("all", _("all files")),
            ("open", _("waiting or working")),
            ("failed", _("failed or broken off")),
            ("done", _("done or skipped")),
        ):
            box.addItem(text, name)
        box.setAccessibleName(_("Files that are shown"))
        box.setToolTip(_("Show only files in such a state"))
        box.activated.connect(lambda _index: self._table.filter.show_only(box.currentData()))
        return box

    def _button(self, text: str, help_text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(help_text)
        button.clicked.connect(lambda _checked: slot())
        return button

    def _add_files(self) -> None:
        start = self._remembered.folder("batch")
        names, _kind = QFileDialog.getOpenFileNames(self, _("Add files"), start)
        if names:
            self._remembered.add_recent("batch", Path(names[0]))
            self.added.emit([Path(name) for name in names])

    def _add_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, _("Add folder"), self._remembered.folder("batch"))
        if name:
            self._remembered.add_recent("batch", Path(name))
            self.added.emit([Path(name)])
