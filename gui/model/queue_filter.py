"""The queue as it is looked at: sorted by a column, and only the rows that are asked for.

Qt's own proxy asks for two cells at each comparison, which takes Python a second for 5000 rows; here a sort
asks once for each row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QObject, Qt, QUrl

from .queue import COLUMNS, QueueModel, Row, pieces_of
from .queue_words import STATES

__all__ = ["FILTERS", "QueueFilter"]

FILTERS: Mapping[str, frozenset[str]] = {
    "all": frozenset(),
    "open": frozenset({"waiting", "next", "running", "paused"}),
    "failed": frozenset({"failed", "broken", "cancelled"}),
    "done": frozenset({"done", "skipped"}),
}
"""States of the rows that are shown; none is all of them."""

_DIGITS = re.compile(r"\d+")
MOST_PIECES = 100  # that are taken out one after the other; more is a new table


class QueueFilter(QAbstractTableModel):
    """Stands between a `QueueModel` and its view."""

    def __init__(self, source: QueueModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = source
        self._shown: list[str] = []  # contents, in their order
        self._states = FILTERS["all"]
        self._words: list[str] = []
        self._column = -1
        self._is_descending = False
        source.rowsInserted.connect(self._refresh)
        source.rowsRemoved.connect(self._refresh)
        source.dataChanged.connect(self._cells_changed)

    @property
    def rows(self) -> list[Row]:
        """What is shown, in its order."""
        found = (self._queue.row_of(content) for content in self._shown)
        return [row for row in found if row is not None]

    @property
    def n_hidden(self) -> int:
        """How many rows are not shown."""
        return len(self._queue.rows) - len(self._shown)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """What may be done with a cell: a result can be dragged to another program."""
        row = self.row_at(index.row()) if index.isValid() else None
        flags = super().flags(index)
        has_result = row is not None and row.state in ("done", "skipped")
        return flags | Qt.ItemFlag.ItemIsDragEnabled if has_result else flags

    def mimeTypes(self) -> list[str]:
        """As what rows are dragged: as files."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Iterable[QModelIndex]) -> QMimeData:
        """The results of the rows that are dragged."""
        rows = [self.row_at(number) for number in sorted({index.row() for index in indexes})]
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(row.output) for row in rows if row is not None and row.output])
        return data

    def show_only(self, name: str) -> None:
        """Show rows of some states; `name` is a key of `FILTERS`."""
        self._states = FILTERS[name]
        self._refresh()

    def search(self, text: str) -> None:
        """Show rows in whose name, result or message all words of `text` are."""
        self._words = text.casefold().split()
        self._refresh()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 is the order in which the rows are worked off."""
        self._column, self._is_descending = column, order == Qt.SortOrder.DescendingOrder
        self._refresh()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Rows that are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles of the columns, numbers of the rows."""
        return self._queue.headerData(section, orientation, role)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What the queue has there."""
        if not index.isValid():
            return None
        number = self._queue.number_of(self._shown[index.row()])
        return None if number is None else self._queue.data(self._queue.index(number, index.column()), role)

    def row_at(self, number: int) -> Row | None:
        """The row that is shown there."""
        return self._queue.row_of(self._shown[number]) if 0 <= number < len(self._shown) else None

    def place_of(self, content: str) -> int:
        """Where a content is shown; -1 if it is not."""
        return self._shown.index(content) if content in self._shown else -1

    def _wanted(self) -> list[str]:
        rows = [row for row in self._queue.rows if self._takes(row)]
        if self._column >= 0:
            rows.sort(key=_SORTED[COLUMNS[self._column]], reverse=self._is_descending)
        return [row.content for row in rows]

    def _takes(self, row: Row) -> bool:
        if self._states and row.state not in self._states:
            return False
        if not self._words:
            return True
        text = f"{row.name}\n{row.output}\n{row.message}".casefold()
        return all(word in text for word in self._words)

    def _cells_changed(self) -> None:
        if self._column >= 0 or self._states or self._words:
            self._refresh()
        if self._shown:  # a view paints no more than what is seen of it
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(COLUMNS) - 1))

    def _refresh(self) -> None:
        """Go from what is shown to what shall be, so that a view keeps its place and its selection."""
        wanted = self._wanted()
        if wanted == self._shown:
            return
        kept = set(wanted)
        pieces = pieces_of([content not in kept for content in self._shown])
        if len(pieces) > MOST_PIECES:
            self.beginResetModel()
            self._shown = wanted
            self.endResetModel()
            return
        for begin, end in reversed(pieces):
            self.beginRemoveRows(QModelIndex(), begin, end - 1)
            del self._shown[begin:end]
            self.endRemoveRows()
        known = set(self._shown)
        if new := [content for content in wanted if content not in known]:
            self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(new) - 1)
            self._shown += new
            self.endInsertRows()
        if wanted != self._shown:
            self._rearrange(wanted)

    def _rearrange(self, wanted: list[str]) -> None:
        self.layoutAboutToBeChanged.emit()
        places = {content: place for place, content in enumerate(wanted)}
        old = self.persistentIndexList()
        new = [self.index(places[self._shown[index.row()]], index.column()) for index in old]
        self._shown = wanted
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()


def _natural(text: str) -> str:
    """Give a text by which 2 comes before 10."""
    return _DIGITS.sub(lambda found: found[0].zfill(12), text.casefold())


_SORTED: Mapping[str, Callable[[Row], Any]] = {
    "name": lambda row: _natural(row.name),
    "output": lambda row: _natural(row.output),
    "state": lambda row: STATES.index(row.state),
    "progress": lambda row: row.share,
    "left": lambda row: float("inf") if row.seconds_left is None else row.seconds_left,
    "message": lambda row: row.message.casefold(),
}
