"""How cells of the queue are drawn: a mark beside a state's word, a bar for progress."""

from __future__ import annotations

from PyQt6.QtCore import QModelIndex, QObject, QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPalette
from PyQt6.QtWidgets import (
    QApplication,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionProgressBar,
    QStyleOptionViewItem,
)

from ..certain import certain
from ..model.queue import COLUMNS, ROW_ROLE, Row
from .state_marks import draw_mark

__all__ = ["QueueDelegate"]

MARK = 0.62  # of the row's height
MARGIN = 3


class QueueDelegate(QStyledItemDelegate):
    """Draws what a `QueueModel` has."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        """Make room for the mark; cut long names in the middle, where they differ least."""
        super().initStyleOption(option, index)
        view = certain(option)
        column = COLUMNS[index.column()]
        if column == "state":
            view.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
            view.decorationSize = QSize(view.rect.height() - 2 * MARGIN, view.rect.height() - 2 * MARGIN)
        elif column in ("name", "output"):
            view.textElideMode = Qt.TextElideMode.ElideMiddle
        elif column == "progress":
            view.text = ""

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw a cell."""
        super().paint(painter, option, index)
        column, row = COLUMNS[index.column()], index.data(ROW_ROLE)
        if column == "state":
            self._draw_state(certain(painter), option, row)
        elif column == "progress" and (row.share > 0 or row.state in ("running", "paused")):
            self._draw_bar(certain(painter), option, row)

    def _draw_state(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if is_chosen else QPalette.ColorRole.Text
        size = MARK * option.rect.height()
        top = option.rect.top() + (option.rect.height() - size) / 2
        draw_mark(
            painter,
            QRectF(option.rect.left() + 2 * MARGIN, top, size, size),
            row.state,
            option.palette.color(role),
        )

    def _draw_bar(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        bar = QStyleOptionProgressBar()
        bar.rect = option.rect.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        bar.palette, bar.fontMetrics = option.palette, option.fontMetrics
        bar.state = option.state | QStyle.StateFlag.State_Horizontal
        bar.minimum, bar.maximum, bar.progress = 0, 1000, round(1000 * row.share)
        bar.text, bar.textVisible = f"{row.share:.0%}", True
        bar.textAlignment = Qt.AlignmentFlag.AlignCenter
        style = option.widget.style() if option.widget is not None else QApplication.style()
        certain(style).drawControl(QStyle.ControlElement.CE_ProgressBar, bar, painter, option.widget)
