"""Buttons that stay down, with a key for the whole window; signs for them in the color of the text."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QIcon, QKeySequence, QPainter, QPaintEvent, QPixmap, QPolygonF, QShortcut
from PyQt6.QtWidgets import QSizePolicy, QToolButton, QWidget

__all__ = ["KeyButton", "pause_icon", "play_icon"]

BAR = 3.0  # height of the bar under a button that is down
SIGN = 64  # pixels of a sign; it is shown smaller


class KeyButton(QToolButton):
    """A button that is up, or down and underlined.

    A click leaves the focus where it is, so that the space bar goes on to play.

    Parameters
    ----------
    text : str
    help_text : str
        For the tooltip, which also names the key.
    key : str
        As in ``Space``; empty is none.
    parent : QWidget, optional
    """

    def __init__(self, text: str, help_text: str, key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        self.setToolTip(f"{help_text} ({key})" if key else help_text)
        self.setAccessibleDescription(self.toolTip())
        self.setMinimumSize(max(self.sizeHint().width(), 36), self.fontMetrics().height() + 12)
        if key:  # a button's own shortcut would wait for a tenth of a second and look pressed
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(self.click)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw a button, and a bar if it is down: the style's shade alone is hardly seen."""
        super().paintEvent(event)
        if self.isChecked():
            with QPainter(self) as painter:
                place = QRectF(4, self.height() - BAR - 2, self.width() - 8, BAR)
                painter.fillRect(place, self.palette().highlight())


def play_icon(color: QColor) -> QIcon:
    """Draw a triangle."""
    points = ((0.2, 0.1), (0.2, 0.9), (0.9, 0.5))
    return _sign(color, [points])


def pause_icon(color: QColor) -> QIcon:
    """Draw two bars."""
    bars = [((x, 0.1), (x, 0.9), (x + 0.22, 0.9), (x + 0.22, 0.1)) for x in (0.18, 0.6)]
    return _sign(color, bars)


def _sign(color: QColor, shapes: Sequence[Sequence[tuple[float, float]]]) -> QIcon:
    pixmap = QPixmap(SIGN, SIGN)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        for shape in shapes:
            painter.drawPolygon(QPolygonF([QPointF(SIGN * x, SIGN * y) for x, y in shape]))
    return QIcon(pixmap)
