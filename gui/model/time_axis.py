"""The stretch of time that all pictures of sound show together."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

__all__ = ["LEAST_SPAN", "TimeAxis"]

LEAST_SPAN = 0.05  # seconds that are seen at the nearest
FOLLOW_SHARE = 0.05  # where in the view a position lands that has left it


class TimeAxis(QObject):
    """From when to when the pictures show a sound; they share one axis and follow its signal.

    Parameters
    ----------
    parent : QObject, optional

    Attributes
    ----------
    length : float
        Seconds that there are; 0 while nothing is open.
    start, end : float
        What is seen, in seconds: ``0 <= start < end <= length``, or both 0.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.length = 0.0
        self.start = 0.0
        self.end = 0.0

    @property
    def span(self) -> float:
        """Seconds that are seen."""
        return self.end - self.start

    def set_length(self, seconds: float) -> None:
        """Say how long the sound is; who saw all of it, or nothing, sees all of it now."""
        is_all = self.start == 0 and self.end == self.length
        self.length = max(seconds, 0.0)
        if is_all:
            self._set(0.0, self.length)
        else:
            self.show(self.start, self.end)

    def show(self, start: float, end: float) -> None:
        """Show a stretch of time, moved and narrowed so that it is inside of the sound."""
        span = min(max(end - start, LEAST_SPAN), self.length)
        first = min(max(start, 0.0), self.length - span)
        self._set(first, first + span)

    def show_all(self) -> None:
        """Show everything."""
        self._set(0.0, self.length)

    def zoom(self, factor: float, about: float) -> None:
        """Go nearer (`factor` above 1) or farther; second `about` stays where it is."""
        span = min(max(self.span / factor, LEAST_SPAN), self.length)
        if self.span > 0:
            share = (about - self.start) / self.span
            self.show(about - share * span, about + (1 - share) * span)

    def scroll(self, seconds: float) -> None:
        """Move on by some seconds, or back."""
        self.show(self.start + seconds, self.end + seconds)

    def follow(self, position: float) -> None:
        """Turn the page if a position is not in view."""
        if self.span > 0 and not self.start <= position < self.end:
            first = position - FOLLOW_SHARE * self.span
            self.show(first, first + self.span)

    def x_of(self, seconds: float, width: float) -> float:
        """Give the place of a second in a picture of some width."""
        return width * (seconds - self.start) / self.span if self.span > 0 else 0.0

    def seconds_at(self, x: float, width: float) -> float:
        """Give the second at a place in a picture of some width; never outside of the sound."""
        seconds = self.start + self.span * x / width if width > 0 else self.start
        return min(max(seconds, 0.0), self.length)

    def _set(self, start: float, end: float) -> None:
        if (start, end) != (self.start, self.end):
            self.start, self.end = start, end
            self.changed.emit()
