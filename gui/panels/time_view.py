"""A picture of sound on the shared time axis: zoom, scroll, selection, play cursor, marks, time ruler."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QLabel, QSizePolicy, QWidget

from ..model.clock import clock_text
from ..model.time_axis import TimeAxis
from ..translation import gettext as _
from .overlay import Overlay
from .picture import Picture, colors_of
from .time_gestures import TimeGestures

__all__ = ["Selection", "TimeView"]

Selection = tuple[float, float] | None


class TimeView(QLabel):
    """Shows a picture of sound and lets people point at times.

    It is a label with a pixmap, though it draws itself: that is what makes it a graphic to screen readers.

    The picture is painted once for what the axis shows; what moves over it is drawn each time.

    Parameters
    ----------
    axis : TimeAxis
    picture : Picture
    name : str
        What it shows, in the user's language: "Content".
    kind : str
        How it shows it: "waveform".
    parent : QWidget, optional
    """

    selection_changed = pyqtSignal(object)
    """(start, end) in seconds that somebody has chosen, or None."""
    position_chosen = pyqtSignal(float)
    """Second at which to play from."""

    def __init__(
        self, axis: TimeAxis, picture: Picture, *, name: str, kind: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.axis = axis
        self.overlay = Overlay(axis)
        self._picture = picture
        self._pixmap: QPixmap | None = None
        self._name = name
        self._title = f"{name}, {kind}"
        self._gestures = TimeGestures(self)
        self.setPixmap(QPixmap(1, 1))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName(self._title)
        self.setToolTip(_help(self._title))
        axis.changed.connect(self._redraw)
        picture.changed.connect(self._redraw)
        self._describe()

    def set_selection(self, selection: Selection) -> None:
        """Show what is selected; (start, end) in seconds, or None."""
        if selection != self.overlay.selection:
            self.overlay.selection = selection
            self._describe()
            self.update()

    def set_position(self, seconds: float) -> None:
        """Show the play cursor at a second."""
        if seconds != self.overlay.position:
            old, self.overlay.position = self.overlay.position, seconds
            area = self.area
            for at in (old, seconds):  # all else stays as it is, thirty times a second
                x = area.left() + self.axis.x_of(at, area.width())
                self.update(QRectF(x - 3, 0, 6, self.height()).toAlignedRect())

    def set_marks(self, *, beats: Sequence[float] = (), segments: Sequence[float] = ()) -> None:
        """Show beats and the seams of segments, in seconds."""
        self.overlay.beats, self.overlay.segments = tuple(beats), tuple(segments)
        self.update()

    @property
    def area(self) -> QRectF:
        """Where the picture is: right of its scale, below the ruler. Alike in all views of a width."""
        metrics = self.fontMetrics()
        names = (_("Content"), _("Style"), _("Result"), "-24 dB", "20 kHz")
        left = max(metrics.horizontalAdvance(name) for name in names) + 14
        top = metrics.height() + 8
        return QRectF(left, top, max(self.width() - left, 1), max(self.height() - top, 1))

    def seconds_at(self, x: float) -> float:
        """Give the second at a place of the widget."""
        return self.axis.seconds_at(x - self.area.left(), self.area.width())

    def choose(self, selection: Selection) -> None:
        """Select, and tell it."""
        if selection is not None:
            first, last = sorted(selection)
            selection = (first, last) if last > first else None
        if selection != self.overlay.selection:
            self.set_selection(selection)
            self.selection_changed.emit(selection)

    def sizeHint(self) -> QSize:
        """Give room for two channels."""
        return QSize(640, 140)

    def minimumSizeHint(self) -> QSize:
        """Give room for a scale of two labels a channel."""
        return QSize(240, 90)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the picture, and over it what moves."""
        if self._pixmap is None:
            self._pixmap = self._drawn()
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._pixmap)
            if not self._picture.message:
                colors = self._picture.over(colors_of(self.palette()))
                self.overlay.paint(painter, self.area, colors, has_focus=self.hasFocus())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Draw anew."""
        super().resizeEvent(event)
        self._redraw()

    def changeEvent(self, event: QEvent | None) -> None:
        """Draw anew in other colors or letters."""
        super().changeEvent(event)
        self._redraw()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Show that keys go here."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Show that keys go elsewhere."""
        super().focusOutEvent(event)
        self.update()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom, or scroll with Shift or sideways."""
        self._gestures.wheel(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin to select."""
        self._gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Select as far as here."""
        self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Take the selection, or the place that was clicked."""
        self._gestures.release(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Do what the tooltip tells of keys."""
        if event is not None and not self._gestures.key(event):
            super().keyPressEvent(event)

    def _redraw(self) -> None:
        self._pixmap = None
        self._describe()
        self.update()

    def _drawn(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        colors, area = colors_of(self.palette()), self.area
        pixmap.fill(self.palette().window().color())
        with QPainter(pixmap) as painter:
            painter.setFont(self.font())
            painter.fillRect(area, self.palette().base())
            self._draw_name(painter, area)
            if self._picture.message:
                painter.setPen(self.palette().text().color())
                flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(area.adjusted(8, 4, -8, -4), int(flags), self._picture.message)
                return pixmap
            self.overlay.paint_ruler(painter, area, colors)
            self._picture.paint(painter, area, self.axis, colors)
            self._picture.paint_scale(painter, QRectF(0, area.top(), area.left(), area.height()), colors)
        return pixmap

    def _draw_name(self, painter: QPainter, area: QRectF) -> None:
        place = QRectF(2, 0, area.left() - 6, area.top() - 6)
        text = self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.setPen(self.palette().text().color())
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _describe(self) -> None:
        """Tell screen readers what can be seen."""
        if self._picture.message:
            self.setAccessibleDescription(self._picture.message)
            return
        start, end = clock_text(self.axis.start, 1), clock_text(self.axis.end, 1)
        texts = [_("visible from {start} to {end}").format(start=start, end=end)]
        if self.overlay.selection is not None:
            first, last = (clock_text(seconds, 2) for seconds in self.overlay.selection)
            texts.append(_("selected from {start} to {end}").format(start=first, end=last))
        self.setAccessibleDescription("; ".join(texts))


def _help(title: str) -> str:
    lines = [
        title,
        _("Drag selects, also at the edges of a selection; a click moves the play cursor."),
        _("The wheel zooms; with Shift, or sideways, it scrolls."),
        _("Left, Right, Home and End move the cursor, with Ctrl farther; with Shift they select."),
        _("+ and - zoom, 0 shows all, S shows the selection; Page Up and Page Down scroll."),
        _("Ctrl+A selects all, Escape selects nothing."),
    ]
    return "\n".join(lines)
