"""The queue as a table: a row a file, for thousands of rows.

What the engine says of single rows comes many times a second. It is taken up at once, and shown a few times
a second: a view asks for what it shows only then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, QTimer

from ..translation import gettext as _
from .queue_words import STATES, duration_text, state_words

__all__ = ["COLUMNS", "ROW_ROLE", "QueueModel", "Row", "count_states", "pieces_of"]

MOST_PIECES = 20  # that are taken out one after the other; each is a step for all views
SHOW_MS = 250  # between two showings of what has changed
COLUMNS = ("name", "output", "state", "progress", "left", "message")
ROW_ROLE = int(Qt.ItemDataRole.UserRole)


@dataclass(slots=True)
class Row:
    """A file of the queue.

    Attributes
    ----------
    content : str
        Path of the file; a queue has it once.
    output : str
        Path of its result, as far as it is known.
    state : str
        One of `STATES`: ``next`` waits for the batch after this one, ``broken`` was cut off by the engine's
        end.
    share : float
        Of it that is done, 0 ... 1.
    seconds_left : float or None
    message : str
        One sentence, or nothing.
    folder : str
        Its folder below the one that was added.
    """

    content: str
    output: str = ""
    state: str = "waiting"
    share: float = 0.0
    seconds_left: float | None = None
    message: str = ""
    folder: str = ""

    @property
    def name(self) -> str:
        """Name to show."""
        name = Path(self.content).name
        return f"{self.folder}/{name}" if self.folder else name


class QueueModel(QAbstractTableModel):
    """Rows, looked up by their content."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._numbers: dict[str, int] = {}
        self._changed: set[int] = set()
        self._new: dict[str, Row] = {}  # that are not shown yet
        self._words = state_words()
        self._titles = (_("Name"), _("Result"), _("State"), _("Progress"), _("Time left"), _("Message"))
        self.root = ""  # the output folder: names are shown from there on
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOW_MS)
        self._timer.timeout.connect(self.show_changes)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Rows; a row has none below it."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles of the columns."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._titles[section] if orientation == Qt.Orientation.Horizontal else section + 1

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows or tells; the whole row for its delegate."""
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == ROW_ROLE:
            return row
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._whole_text(row, column, role == Qt.ItemDataRole.AccessibleTextRole)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == "left":
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def number_of(self, content: str) -> int | None:
        """Where the row of a content is."""
        return self._numbers.get(content)

    def row_of(self, content: str) -> Row | None:
        """The row of a content."""
        number = self._numbers.get(content)
        return self._new.get(content) if number is None else self.rows[number]

    def below_root(self, output: str) -> str:
        """Name of a result as it is shown: from the output folder on."""
        return output.removeprefix(self.root + os.sep) if self.root else output

    def put(self, rows: Sequence[Row]) -> None:
        """Show these rows in place of those; what stays is left alone where it can be."""
        self.show_changes()
        new = [row.content for row in rows]
        kept = set(new)
        pieces = pieces_of([row.content not in kept for row in self.rows])
        for begin, end in reversed(pieces if len(pieces) <= MOST_PIECES else []):
            self._replace(begin, end, ())
        old = [row.content for row in self.rows]
        shorter = min(len(old), len(new))
        head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
        rest = shorter - head
        tail = next((n for n in range(rest) if old[-1 - n] != new[-1 - n]), rest)
        self._replace(head, len(old) - tail, rows[head : len(rows) - tail])
        for number in (*range(head), *range(len(new) - tail, len(new))):
            if self.rows[number] != rows[number]:
                self.rows[number] = rows[number]
                self._changed.add(number)
        self.show_changes()

    def change(self, content: str, fields: Mapping[str, Any]) -> None:
        """Change fields of a row, which is shown soon; an unknown content is a new row."""
        row = self.row_of(content)
        if row is None:
            row = self._new[content] = Row(content)
        for name, value in fields.items():
            setattr(row, name, value)
        if (number := self._numbers.get(content)) is not None:
            self._changed.add(number)
        if not self._timer.isActive():
            self._timer.start()

    def change_all(self, where: Callable[[Row], bool], **fields: Any) -> None:
        """Change fields of all rows of which something holds."""
        for row in list(filter(where, self.rows)):
            self.change(row.content, fields)
        self.show_changes()

    def show_changes(self) -> None:
        """Show what has changed since the last time."""
        self._timer.stop()
        if self._new:
            new, self._new = list(self._new.values()), {}
            self._replace(len(self.rows), len(self.rows), new)
        changed, self._changed = self._changed, set()
        if changed:
            self.dataChanged.emit(self.index(min(changed), 0), self.index(max(changed), len(COLUMNS) - 1))

    def _replace(self, begin: int, end: int, rows: Sequence[Row]) -> None:
        """Put `rows` in place of those from `begin` to `end`."""
        if begin == end and not rows:
            return
        if end > begin:
            self.beginRemoveRows(QModelIndex(), begin, end - 1)
            del self.rows[begin:end]
            self._count()
            self.endRemoveRows()
        if rows:
            self.beginInsertRows(QModelIndex(), begin, begin + len(rows) - 1)
            self.rows[begin:begin] = rows
            self._count()
            self.endInsertRows()

    def _count(self) -> None:
        self._numbers = {row.content: number for number, row in enumerate(self.rows)}

    def _text(self, row: Row, column: str) -> str:
        if column == "name":
            return row.name
        if column == "output":
            return self.below_root(row.output)
        if column == "state":
            return self._words[row.state]
        if column == "progress":
            return f"{row.share:.0%}" if row.share > 0 or row.state == "running" else ""
        if column == "left":
            return duration_text(row.seconds_left) if row.state == "running" else ""
        return row.message

    def _whole_text(self, row: Row, column: str, is_read_out: bool) -> str:
        """The text of a cell in full, as it is told in a tip and to a screen reader."""
        text = {"name": row.content, "output": row.output}.get(column) or self._text(row, column)
        return f"{self._titles[COLUMNS.index(column)]}: {text}" if is_read_out and text else text


def count_states(rows: Iterable[Row]) -> dict[str, int]:
    """Count the rows of each state."""
    counts = dict.fromkeys(STATES, 0)
    for row in rows:
        counts[row.state] += 1
    return counts


def pieces_of(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Begin and end of each run of neighbors that are true."""
    found: list[tuple[int, int]] = []
    for number, flag in enumerate(flags):
        if not flag:
            continue
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return found
