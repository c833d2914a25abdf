"""Rows of a list that have several lines: a title, and below it in the color of hints what is less."""

from __future__ import annotations

from PyQt6.QtCore import QModelIndex, QRect, QSize, Qt
from PyQt6.QtGui import QFont, QPainter, QPalette
from PyQt6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ..certain import certain

__all__ = ["LinesDelegate"]

PADDING = 5  # pixels above and below


class LinesDelegate(QStyledItemDelegate):
    """Draws the lines of a row's text, with the platform's check box where there is one."""

    def lines(self, text: str, index: QModelIndex) -> list[tuple[str, bool]]:
        """Give the lines below the title, and whether each is only a hint."""
        return [(line, True) for line in text.split("\n")[1:]]

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """As high as the lines are."""
        n_lines = 1 + len(self.lines(str(index.data()), index))
        return QSize(200, n_lines * option.fontMetrics.lineSpacing() + 2 * PADDING)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the row without its text, then the text in lines."""
        brush = certain(painter)
        shown = QStyleOptionViewItem(option)
        self.initStyleOption(shown, index)
        style = certain(shown.widget.style() if shown.widget else QApplication.style())
        place = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, shown, shown.widget)
        text, shown.text = str(index.data()), ""
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, shown, brush, shown.widget)
        place = place.adjusted(4, PADDING, -4, -PADDING)
        roles = QPalette.ColorRole
        is_chosen = bool(shown.state & QStyle.StateFlag.State_Selected)
        strong, weak = (roles.HighlightedText,) * 2 if is_chosen else (roles.Text, roles.PlaceholderText)
        font = QFont(shown.font)
        font.setBold(True)
        rest = [(line, shown.font, weak if is_hint else strong) for line, is_hint in self.lines(text, index)]
        brush.save()
        for line, face, role in [(text.split("\n")[0], font, strong), *rest]:
            brush.setFont(face)
            brush.setPen(shown.palette.color(QPalette.ColorGroup.Active, role))
            height = brush.fontMetrics().lineSpacing()
            cut = brush.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, place.width())
            brush.drawText(QRect(place.left(), place.top(), place.width(), height), 0, cut)
            place.setTop(place.top() + height)
        brush.restore()
