"""The list of presets, searched by name, tag and description, and what is done with the one in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QSortFilterProxyModel, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..certain import certain
from ..controls.keys import leave_undo
from ..model.document import Document, State
from ..model.presets import PresetLibrary, PresetRow
from ..translation import gettext as _
from .elided import Elided
from .lines import LinesDelegate
from .preset_actions import PresetActions

__all__ = ["PresetsPanel"]

ROW = Qt.ItemDataRole.UserRole


class PresetModel(QAbstractListModel):
    """Presets as rows of a view."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: tuple[PresetRow, ...] = ()

    def show_rows(self, rows: Sequence[PresetRow]) -> None:
        """Take another list."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """How many there are."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give name and tags as two lines; the description as a tooltip."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            layers = {"factory": _("built in"), "project": _("project"), "user": _("own")}
            below = ", ".join((layers.get(row.layer, row.layer), *row.tags))
            return f"{row.label}\n{below}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.description
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.label}. {row.description}"
        return row if role == ROW else None


class _Search(QSortFilterProxyModel):
    """Rows that have every word of the search."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words: list[str] = []

    def search(self, text: str) -> None:
        self.beginResetModel()
        self._words = text.casefold().split()
        self.endResetModel()

    def filterAcceptsRow(self, number: int, parent: QModelIndex) -> bool:
        model = certain(self.sourceModel())
        row: PresetRow = model.data(model.index(number, 0, parent), ROW)
        return all(word in row.words for word in self._words)


class PresetsPanel(QWidget):
    """Presets of the program, the user and the project.

    Parameters
    ----------
    document : Document
    library : PresetLibrary
    actions : PresetActions
    """

    chosen = pyqtSignal(object)  # PresetRow that the list stands on, or None

    def __init__(self, document: Document, library: PresetLibrary, actions: PresetActions) -> None:
        super().__init__()
        self._document = document
        self._library = library
        self.name = Elided("", self)
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.search = QLineEdit(self)
        leave_undo(self.search)
        self.search.setPlaceholderText(_("Search presets"))
        self.search.setAccessibleName(_("Search presets"))
        self.search.setToolTip(_("In names, tags and descriptions; Enter loads the only one"))
        self.search.setClearButtonEnabled(True)
        self._model = PresetModel(self)
        self._found = _Search(self)
        self._found.setSourceModel(self._model)
        self.search.textChanged.connect(self._found.search)
        self.search.returnPressed.connect(self._load_first)
        self.list = QListView(self)
        self.list.setModel(self._found)
        self.list.setItemDelegate(LinesDelegate(self.list))
        self.list.setAlternatingRowColors(True)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(_("Presets"))
        self.list.setToolTip(_("Press Enter, or click twice, to load a preset."))
        self.list.activated.connect(lambda _index: self.load())
        certain(self.list.selectionModel()).currentChanged.connect(self._on_current)
        self._found.modelReset.connect(lambda: self._on_current(QModelIndex()))
        self.description = QLabel(self)
        self.description.setWordWrap(True)
        self.description.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.description.setMinimumHeight(4 * self.fontMetrics().height())
        self._lay_out(actions)
        library.listed.connect(self._model.show_rows)
        document.changed.connect(self.show_state)
        self.show_state(None, document.state)

    @property
    def current(self) -> PresetRow | None:
        """The preset that the list stands on."""
        row: PresetRow | None = self.list.currentIndex().data(ROW)
        return row

    def load(self) -> None:
        """Load the preset that the list stands on."""
        if self.current is not None:
            self._library.load(self.current.name)

    def show_state(self, old: State | None, new: State) -> None:
        """Show which preset is in use, and with a star whether it was changed."""
        star = " *" if new.is_dirty else ""
        self.name.setText(f"{new.preset.name}{star}")
        self.name.setToolTip(
            _("The preset in use; the star says that it was changed.") if star else _("The preset in use.")
        )

    def _lay_out(self, actions: PresetActions) -> None:
        self.load_button = QPushButton(_("Load"), self)
        self.load_button.clicked.connect(self.load)
        self.load_button.setEnabled(False)
        self.save_button = QPushButton(_("Save"), self)
        self.save_button.setToolTip(_("Save the settings in use as a preset of your own."))
        self.save_button.clicked.connect(actions.save.trigger)
        self.more = QPushButton(_("More"), self)
        menu = QMenu(self)
        menu.addActions(actions.all)
        self.more.setMenu(menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.name, self.search, self.list, self.description):
            column.addWidget(widget)
        line = QHBoxLayout()
        for button in (self.load_button, self.save_button, self.more):
            line.addWidget(button)
        column.addLayout(line)

    def _on_current(self, _index: QModelIndex) -> None:
        row = self.current
        self.load_button.setEnabled(row is not None)
        self.description.setText(row.description if row else _("Choose a preset to read what it does."))
        self.chosen.emit(row)

    def _load_first(self) -> None:
        """Enter in the search loads what is found, if it is one."""
        if self._found.rowCount() == 1:
            self.list.setCurrentIndex(self._found.index(0, 0))
            self.load()
        else:
            self.list.setFocus()
