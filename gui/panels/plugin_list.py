"""What can be added to a chain, with a search; the plugins of this computer are looked for on demand."""

from __future__ import annotations

from PyQt6.QtCore import QModelIndex, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ..certain import certain
from ..model.plugin_catalog import PluginCatalog
from ..model.plugins import ENTRY, FoundPlugins, PluginEntry
from ..translation import gettext as _

__all__ = ["PluginListPanel"]

N_STEPS = 1000  # of the bar
ABOUT_LINES = 4  # room for what a plugin says of itself


class PluginListPanel(QWidget):
    """A searchable list; Return or a double click adds.

    Parameters
    ----------
    catalog : PluginCatalog
    parent : QWidget, optional
    """

    chosen = pyqtSignal(object)
    """A `PluginEntry` that is to be added."""

    def __init__(self, catalog: PluginCatalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._catalog = catalog
        self.found = FoundPlugins(catalog.model, self)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(_("Search effects and plugins"))
        self.search.setAccessibleName(_("Search effects and plugins"))
        self.search.setToolTip(_("Words of the name, the maker or the description"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._add)
        self.list = self._make_list()
        self.about = QLabel(self)
        self.about.setWordWrap(True)
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.about.setFixedHeight(ABOUT_LINES * self.fontMetrics().lineSpacing())
        self.add_button = QPushButton(_("&Add to chain"), self)
        self.add_button.setToolTip(_("Add the chosen effect behind the chosen slot (Return)"))
        self.add_button.clicked.connect(self._add)
        self.scan_button = QPushButton(_("&Scan for plugins"), self)
        self.scan_button.setToolTip(_("Open each new plugin of this computer once, in a process of its own"))
        self.scan_button.clicked.connect(self._scan)
        self.deny_button = QPushButton(self)
        self.deny_button.clicked.connect(self._set_denied)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, N_STEPS)
        self.bar.setAccessibleName(_("Progress of the scan"))
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self._lay_out()
        catalog.scan_changed.connect(self._show_scan)
        catalog.reported.connect(self._report)
        catalog.said.connect(self.note.setText)
        catalog.failed.connect(lambda text: self.note.setText(f"\N{WARNING SIGN} {text}"))
        self.found.modelReset.connect(self._choose_first)
        self._show_scan()
        self._choose_first()

    @property
    def entry(self) -> PluginEntry | None:
        """The chosen line."""
        found: PluginEntry | None = self.list.currentIndex().data(ENTRY)
        return found

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Let arrows in the search walk through the list."""
        if event is not None and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            down = event.key() == Qt.Key.Key_Down
            index = self.list.indexBelow(self.list.currentIndex())
            index = index if down else self.list.indexAbove(self.list.currentIndex())
            if index.isValid():
                self.list.setCurrentIndex(index)
            return
        super().keyPressEvent(event)

    def _make_list(self) -> QTreeView:
        view = QTreeView(self)
        view.setModel(self.found)
        view.setRootIsDecorated(False)
        view.setUniformRowHeights(True)
        view.setAlternatingRowColors(True)
        view.setAllColumnsShowFocus(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setAccessibleName(_("Effects and plugins"))
        view.setToolTip(_("Press Enter, or click twice, to add one to the chain"))
        head = certain(view.header())
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        view.activated.connect(self._add)
        certain(view.selectionModel()).currentChanged.connect(self._show_entry)
        return view

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addWidget(self.about)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button, 1)
        buttons.addWidget(self.deny_button)
        buttons.addWidget(self.scan_button)
        column.addLayout(buttons)
        column.addWidget(self.bar)
        column.addWidget(self.note)

    def _search(self, text: str) -> None:
        self.found.search(text)
        if not self.list.currentIndex().isValid():
            self._choose_first()
        self._show_entry()

    def _choose_first(self) -> None:
        self.list.setCurrentIndex(self.found.index(0, 0))
        self._show_entry()

    def _show_entry(self, _index: QModelIndex | None = None) -> None:
        entry = self.entry
        self.about.setText(entry.text if entry else _("Nothing has these words."))
        self.about.setToolTip(entry.text if entry else "")
        self.add_button.setEnabled(entry is not None and entry.can_be_added)
        is_denied = entry is not None and entry.kind == "denied"
        self.deny_button.setEnabled(entry is not None and bool(entry.path))
        self.deny_button.setText(_("Allow") if is_denied else _("Den&y"))
        self.deny_button.setToolTip(
            _("Let the plugin be opened again")
            if is_denied
            else _("Never open the plugin, until it is allowed")
        )

    def _set_denied(self) -> None:
        if self.entry is not None and self.entry.path:
            self._catalog.set_denied(self.entry.path, self.entry.kind != "denied")

    def _add(self) -> None:
        entry = self.entry
        if entry is not None and entry.can_be_added:
            self.chosen.emit(entry)

    def _scan(self) -> None:
        if self._catalog.is_scanning:
            self._catalog.cancel()
        else:
            self.note.clear()
            self._catalog.scan(again=any(row.kind == "failed" for row in self._catalog.model.rows))

    def _show_scan(self) -> None:
        is_scanning = self._catalog.is_scanning
        self.bar.setVisible(is_scanning)
        self.bar.setValue(0)
        self.scan_button.setText(_("Stop scan") if is_scanning else _("&Scan for plugins"))

    def _report(self, note: str, share: float) -> None:
        self.bar.setValue(round(N_STEPS * share))
        self.note.setText(_("Opening {plugin}").format(plugin=note))
