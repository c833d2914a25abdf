"""A drawn mark for each state of a file: it tells without color and needs no font or picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen

__all__ = ["MARKS", "draw_mark"]

PEN = 0.14  # of the mark's size


def draw_mark(painter: QPainter, rect: QRectF, state: str, color: QColor) -> None:
    """Draw the mark of a state into a square.

    Parameters
    ----------
    painter : QPainter
    rect : QRectF
        A square.
    state : str
        A key of `MARKS`.
    color : QColor
        That of the text beside it.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width(), rect.height())
    round_ends = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    painter.setPen(QPen(color, PEN, Qt.PenStyle.SolidLine, *round_ends))
    painter.drawPath(MARKS[state]())
    painter.restore()


def _line(*points: tuple[float, float]) -> QPainterPath:
    path = QPainterPath(QPointF(*points[0]))
    for point in points[1:]:
        path.lineTo(QPointF(*point))
    return path


def _lines(*lines: tuple[tuple[float, float], tuple[float, float]]) -> QPainterPath:
    path = QPainterPath()
    for begin, end in lines:
        path.addPath(_line(begin, end))
    return path


def _clock() -> QPainterPath:
    path = _line((0.5, 0.3), (0.5, 0.5), (0.65, 0.6))
    path.addEllipse(QRectF(0.1, 0.1, 0.8, 0.8))
    return path


def _crossed_circle() -> QPainterPath:
    path = _line((0.25, 0.25), (0.75, 0.75))
    path.addEllipse(QRectF(0.1, 0.1, 0.8, 0.8))
    return path


MARKS: Mapping[str, Callable[[], QPainterPath]] = {
    "waiting": _clock,
    "next": lambda: _lines(((0.2, 0.5), (0.2, 0.5)), ((0.5, 0.5), (0.5, 0.5)), ((0.8, 0.5), (0.8, 0.5))),
    "running": lambda: _line((0.25, 0.15), (0.85, 0.5), (0.25, 0.85), (0.25, 0.15)),
    "paused": lambda: _lines(((0.32, 0.18), (0.32, 0.82)), ((0.68, 0.18), (0.68, 0.82))),
    "done": lambda: _line((0.12, 0.55), (0.4, 0.82), (0.88, 0.2)),
    "skipped": lambda: _lines(
        ((0.15, 0.2), (0.45, 0.5)),
        ((0.45, 0.5), (0.15, 0.8)),
        ((0.55, 0.2), (0.85, 0.5)),
        ((0.85, 0.5), (0.55, 0.8)),
    ),
    "failed": lambda: _lines(((0.18, 0.18), (0.82, 0.82)), ((0.82, 0.18), (0.18, 0.82))),
    "cancelled": _crossed_circle,
    "broken": lambda: _line((0.6, 0.08), (0.25, 0.55), (0.7, 0.5), (0.4, 0.92)),
}
