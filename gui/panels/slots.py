"""The chain as a list: order by dragging or Alt+Up and Alt+Down, a check box that bypasses."""

from __future__ import annotations

from PyQt6.QtCore import QModelIndex, Qt, pyqtSignal
from PyQt6.QtGui import QDropEvent, QKeyEvent, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyleOptionViewItem,
    QWidget,
)

from ..certain import certain
from ..model.chain_places import Place
from ..model.slots import DEPTH, DETAIL, FAULT, PLACE, SLOT_MIME, SlotsModel
from ..translation import gettext as _
from .lines import LinesDelegate

__all__ = ["SlotsList"]

INDENT = 22  # pixels a level
MARGIN = 8  # pixels around the hint


class SlotsList(QListView):
    """The slots of a chain.

    Parameters
    ----------
    slots : SlotsModel
    parent : QWidget, optional
    """

    place_changed = pyqtSignal(object)
    """Place of the chosen slot or branch; None where there is none."""

    def __init__(self, slots: SlotsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slots = slots
        self.setItemDelegate(_SlotDelegate(self))
        self.setModel(slots)
        self.setAccessibleName(_("Slots of the chain"))
        self.setToolTip(_("Drag slots into order, or move the chosen one with Alt+Up and Alt+Down"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._last: Place | None = None
        slots.modelReset.connect(self._restore)
        slots.placed.connect(self.choose)
        certain(self.selectionModel()).currentChanged.connect(self._tell)
        self._restore()

    @property
    def place(self) -> Place | None:
        """Place of the chosen row."""
        found: Place | None = self.currentIndex().data(PLACE)
        return found

    def choose(self, place: Place) -> None:
        """Choose the row of a place."""
        row = self._slots.row_of(place)
        if row >= 0:
            self.setCurrentIndex(self._slots.index(row))
            self.scrollTo(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Move, remove or double the chosen slot."""
        if event is None or self.place is None:
            return
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._slots.step(self.place, down=event.key() == Qt.Key.Key_Down)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._slots.remove(self.place)
        elif control and event.key() == Qt.Key.Key_D:
            self._slots.duplicate(self.place)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the rows; below a style that stands alone, say how effects are added."""
        super().paintEvent(event)
        if len(self._slots.rows) > 1:
            return
        view = certain(self.viewport())
        top = self.visualRect(self._slots.index(0)).bottom() + MARGIN
        place = view.rect().adjusted(MARGIN, top, -MARGIN, 0)
        flags = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter = QPainter(view)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(
            place, flags, _("Add effects from the list on the right; they come behind the chosen slot.")
        )
        painter.end()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Move a slot to where it is dropped."""
        if event is None or event.mimeData() is None or not certain(event.mimeData()).hasFormat(SLOT_MIME):
            return
        old = self._slots.dropped_place(certain(event.mimeData()))
        new = self._target(self.indexAt(event.position().toPoint()))
        # As a copy: Qt would remove the row that it thinks has moved.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.setState(QAbstractItemView.State.NoState)
        certain(self.viewport()).update()
        self._slots.move(old, new)

    def _target(self, index: QModelIndex) -> Place:
        """Place, as `SlotsModel.move` takes it, of a drop."""
        position = QAbstractItemView.DropIndicatorPosition
        if not index.isValid():
            return (self._n_outer(),)
        row = self._slots.rows[index.row()]
        where = self.dropIndicatorPosition()
        if row.slot is None:
            return self._in_branch(row.place, where)
        if where != position.BelowItem:
            return row.place
        if row.slot.branches:
            return (*row.place, 0, 0)
        return (*row.place[:-1], row.place[-1] + 1)

    def _in_branch(self, place: Place, where: QAbstractItemView.DropIndicatorPosition) -> Place:
        if where == QAbstractItemView.DropIndicatorPosition.AboveItem and place[-1]:
            place = (*place[:-1], place[-1] - 1)
        elif where != QAbstractItemView.DropIndicatorPosition.OnItem:
            return (*place, 0)
        return (*place, sum(row.place[:-1] == place for row in self._slots.rows))

    def _n_outer(self) -> int:
        return sum(row.depth == 0 for row in self._slots.rows)

    def _tell(self) -> None:
        self._last = self.place
        self.place_changed.emit(self.place)

    def _restore(self) -> None:
        """Choose the place again that was chosen before the list was another one."""
        last = self._last
        row = -1 if last is None else self._slots.row_of(last)
        if row < 0:
            row = min(last[0], self._n_outer() - 1) if last else 0
            row = self._slots.row_of((row,))
        self.setCurrentIndex(self._slots.index(row))
        self._tell()


class _SlotDelegate(LinesDelegate):
    """Draws title and details of a slot, and what is wrong with it."""

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        """Indent what lies in a branch."""
        super().initStyleOption(option, index)
        shown = certain(option)
        shown.rect = shown.rect.adjusted(INDENT * index.data(DEPTH), 0, 0, 0)

    def lines(self, text: str, index: QModelIndex) -> list[tuple[str, bool]]:
        """Details, and one more line for a fault."""
        fault = index.data(FAULT)
        return [(index.data(DETAIL), True), *([(f"\N{WARNING SIGN} {fault}", False)] if fault else [])]
