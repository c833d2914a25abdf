"""The queue on the screen: a table for thousands of rows."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, pyqtBoundSignal, pyqtSignal
from PyQt6.QtGui import QAction, QKeySequence, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from ..certain import certain
from ..model.queue import COLUMNS, QueueModel, Row
from ..model.queue_filter import QueueFilter
from ..model.queue_words import RETRIED
from ..translation import gettext as _
from .queue_delegate import QueueDelegate

__all__ = ["QueueTable"]

WIDTHS = {"name": 240, "output": 270, "state": 150, "progress": 120, "left": 100}
ROW_SPACE = 8  # above and below a row's text, together


class QueueTable(QTableView):
    """Shows a queue, and says what is asked of its rows.

    Parameters
    ----------
    queue : QueueModel
    parent : QWidget, optional
    """

    opened = pyqtSignal(object)
    """A Row whose result is to be heard."""
    shown_in_folder = pyqtSignal(object)
    """A Row whose result is to be shown where it is."""
    removed = pyqtSignal(list)
    """Rows."""
    retried = pyqtSignal()
    """What has failed."""

    def __init__(self, queue: QueueModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = QueueFilter(queue, self)
        self.setModel(self.filter)
        self.setItemDelegate(QueueDelegate(self))
        self.setAccessibleName(_("Files of the batch"))
        self.setToolTip(_("Double-click a finished file to hear it; Delete removes what is chosen"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setAcceptDrops(False)  # the whole view takes drops
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._set_up_headers()
        self._actions = self._make_actions()
        self.doubleClicked.connect(self._open)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)

    @property
    def chosen(self) -> list[Row]:
        """Rows that are selected, in their order."""
        indexes = certain(self.selectionModel()).selectedRows()
        rows = (self.filter.row_at(number) for number in sorted(index.row() for index in indexes))
        return [row for row in rows if row is not None]

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the table; where it is empty, say how it is filled."""
        super().paintEvent(event)
        if self.filter.rowCount():
            return
        hint = _("Drop recordings and folders here, or add them above")
        if self.filter.n_hidden:
            hint = _("No file is like that")
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(certain(self.viewport()).rect().adjusted(24, 8, -24, -8), flags, hint)
        painter.end()

    def _set_up_headers(self) -> None:
        header = certain(self.horizontalHeader())
        for name, width in WIDTHS.items():
            self.setColumnWidth(COLUMNS.index(name), width)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        # A header asks at each paint whether all cells of a column are selected; of this model none ever is.
        header.setSelectionModel(QItemSelectionModel(self.filter, header))
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicatorClearable(True)  # a third click is the order of work
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        rows = certain(self.verticalHeader())
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + ROW_SPACE)
        rows.hide()

    def _make_actions(self) -> dict[str, QAction]:
        made = {
            "open": self._action(_("&Listen"), "Return", lambda: self._tell_first(self.opened)),
            "folder": self._action(_("Show in &folder"), "", lambda: self._tell_first(self.shown_in_folder)),
            "retry": self._action(_("&Try failed ones again"), "", self.retried.emit),
            "remove": self._action(_("&Remove"), "Delete", lambda: self.removed.emit(self.chosen)),
        }
        self.addActions(list(made.values()))
        return made

    def _action(self, text: str, key: str, slot: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(slot)
        return action

    def _tell_first(self, signal: pyqtBoundSignal) -> None:
        if self.chosen:
            signal.emit(self.chosen[0])

    def _open(self, index: QModelIndex) -> None:
        row = self.filter.row_at(index.row())
        if row is not None:
            self.opened.emit(row)

    def _show_menu(self, where: QPoint) -> None:
        rows = self.chosen
        if not rows:
            return
        has_result = len(rows) == 1 and rows[0].state in ("done", "skipped")
        self._actions["open"].setEnabled(has_result)
        self._actions["folder"].setEnabled(has_result)
        self._actions["retry"].setEnabled(any(row.state in RETRIED for row in rows))
        menu = QMenu(self)
        menu.addActions(list(self._actions.values()))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._actions.values():
            menu.aboutToHide.connect(lambda action=action: action.setEnabled(True))
        menu.popup(certain(self.viewport()).mapToGlobal(where))
