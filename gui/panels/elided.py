"""A text of one line that gives way where there is no room."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel

__all__ = ["Elided"]


class Elided(QLabel):
    """A text of one line that gives way: what has no room is an ellipsis in its middle."""

    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        return QSize(60, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw what has room."""
        painter = QPainter(self)
        text = QFontMetrics(self.font()).elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, self.contentsRect().width()
        )
        role = self.foregroundRole()
        group = self.palette().ColorGroup.Active if self.isEnabled() else self.palette().ColorGroup.Disabled
        painter.setPen(self.palette().color(group, role))
        painter.drawText(self.contentsRect(), int(self.alignment()), text)
