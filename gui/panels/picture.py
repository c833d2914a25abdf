"""What a picture of sound is to the view that shows it, and what pictures share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QRectF, Qt, pyqtBoundSignal
from PyQt6.QtGui import QColor, QImage, QPainter, QPalette

from ..model.time_axis import TimeAxis
from ..theme import COLORS, Colors

__all__ = ["Picture", "colors_of", "draw_scale", "image_of"]


class Picture(Protocol):
    """Draws a sound; made once for a view, which asks it to paint and listens to `changed`."""

    @property
    def changed(self) -> pyqtBoundSignal:
        """Signal: it looks different now."""

    @property
    def message(self) -> str:
        """What to show in place of the picture; empty if there is a picture."""

    def over(self, colors: Colors) -> Colors:
        """Give the colors of what is drawn over the picture."""

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, colors: Colors) -> None:
        """Draw what the axis shows into an area."""

    def paint_scale(self, painter: QPainter, area: QRectF, colors: Colors) -> None:
        """Draw the scale at the side of the area."""


def colors_of(palette: QPalette) -> Colors:
    """Give the colors that go with a palette."""
    is_dark = palette.color(QPalette.ColorRole.Base).lightness() < 128
    return COLORS["dark" if is_dark else "light"]


def image_of(levels: npt.NDArray[np.uint8], table: list[int]) -> QImage:
    """Make an image of levels (row, column) and a table of 256 colors as ``0xAARRGGBB``."""
    levels = np.ascontiguousarray(levels)
    height, width = levels.shape
    image = QImage(levels.tobytes(), width, height, width, QImage.Format.Format_Indexed8).copy()
    image.setColorTable(table)
    return image


def draw_scale(
    painter: QPainter, area: QRectF, colors: Colors, labels: Iterable[tuple[float, str]], *, edge: float = 4.0
) -> None:
    """Write labels at heights (0 is the top) to the right of an area, none over another or cut."""
    high = float(painter.fontMetrics().height())
    taken: list[float] = []
    for y, text in labels:
        top = min(max(y - high / 2, area.top()), area.bottom() - high)
        if all(abs(top - other) >= high for other in taken):
            taken.append(top)
            painter.setPen(QColor(colors.hint))
            place = QRectF(area.left(), top, area.width() - edge, high)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
