"""What lies over a picture of sound: selection, play cursor, beats, seams of segments; and its time ruler."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from ..model.clock import ticks
from ..model.time_axis import TimeAxis
from ..theme import Colors

__all__ = ["Overlay"]

LEAST_BEAT_PIXELS = 5  # between two beats that are drawn
SHADE = 70  # opacity of a selection, of 255


class Overlay:
    """Times that are marked, and how they are drawn.

    Parameters
    ----------
    axis : TimeAxis

    Attributes
    ----------
    selection : (float, float) or None
    position : float
        Of the play cursor.
    beats, segments : tuple of float
        Seconds, ascending.
    """

    def __init__(self, axis: TimeAxis) -> None:
        self._axis = axis
        self.selection: tuple[float, float] | None = None
        self.position = 0.0
        self.beats: tuple[float, ...] = ()
        self.segments: tuple[float, ...] = ()

    def paint(self, painter: QPainter, area: QRectF, colors: Colors, *, has_focus: bool) -> None:
        """Draw all of them over a picture; marks differ by their line, not by color alone."""
        if self._axis.span <= 0:
            return
        painter.save()
        painter.setClipRect(area.adjusted(0, -8, 0, 0))
        self._paint_marks(painter, area, colors)
        self._paint_selection(painter, area, colors)
        self._paint_cursor(painter, area, colors)
        painter.restore()
        if has_focus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colors.accent), 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))

    def paint_ruler(self, painter: QPainter, area: QRectF, colors: Colors) -> None:
        """Write round times above an area, and draw lines through it."""
        metrics = painter.fontMetrics()
        widest = metrics.horizontalAdvance("0:00:00.000") + 16
        for seconds, text in ticks(self._axis.start, self._axis.end, max(int(area.width() // widest), 1)):
            x = area.left() + self._axis.x_of(seconds, area.width())
            painter.setPen(QPen(QColor(colors.line), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
            painter.setPen(QColor(colors.hint))
            width = metrics.horizontalAdvance(text)
            left = min(max(x - width / 2, area.left()), area.right() - width - 1)
            place = QRectF(left, 0, width + 1, area.top() - 6)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_marks(self, painter: QPainter, area: QRectF, colors: Colors) -> None:
        beats = self._seen(self.beats)
        if len(beats) and area.width() / len(beats) >= LEAST_BEAT_PIXELS:
            painter.setPen(QPen(QColor(colors.text), 1))
            for seconds in beats:  # short strokes at the lower edge
                x = self._x(seconds, area)
                painter.drawLine(QLineF(x, area.bottom() - 8, x, area.bottom()))
        painter.setPen(QPen(QColor(colors.text), 1, Qt.PenStyle.DashLine))
        for seconds in self._seen(self.segments):  # dashed lines from edge to edge
            x = self._x(seconds, area)
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))

    def _paint_selection(self, painter: QPainter, area: QRectF, colors: Colors) -> None:
        if self.selection is None:
            return
        left, right = (self._x(seconds, area) for seconds in self.selection)
        color = QColor(colors.accent)
        painter.setPen(QPen(color, 2))
        for x in (left, right):
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        color.setAlpha(SHADE)
        painter.fillRect(QRectF(left, area.top(), right - left, area.height()), color)

    def _paint_cursor(self, painter: QPainter, area: QRectF, colors: Colors) -> None:
        x = self._x(self.position, area)
        painter.setPen(QPen(QColor(colors.base), 3))  # an edge, so that it is seen on any picture
        painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        painter.setPen(QPen(QColor(colors.text), 1))
        painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        painter.setBrush(QColor(colors.text))
        top = area.top()
        painter.drawPolygon(
            QPolygonF([QPointF(x - 4, top - 6), QPointF(x + 4, top - 6), QPointF(x, top + 1)])
        )

    def _seen(self, times: tuple[float, ...]) -> tuple[float, ...]:
        first, last = np.searchsorted(times, (self._axis.start, self._axis.end))
        return times[first:last]

    def _x(self, seconds: float, area: QRectF) -> float:
        return area.left() + self._axis.x_of(seconds, area.width())
