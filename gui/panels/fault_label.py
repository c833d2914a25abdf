"""One sentence about what is wrong, beside what it is about; no place is taken where all is well."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QStyle, QWidget

from ..certain import certain

__all__ = ["FaultLabel"]


class FaultLabel(QWidget):
    """A warning sign and a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        size = self.fontMetrics().height()
        sign = QLabel(self)
        icon = certain(self.style()).standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning)
        sign.setPixmap(icon.pixmap(size, size))
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._label, 1)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence."""
        return self._label.text()

    def show_fault(self, text: str) -> None:
        """Show a sentence, or nothing."""
        self._label.setText(text)
        self._label.setAccessibleName(text)
        self.setVisible(bool(text))
