"""The wheel over a list of controls scrolls the list, and changes only the control that has the keyboard."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtWidgets import QAbstractSlider, QAbstractSpinBox, QComboBox, QScrollBar, QWidget

__all__ = ["WheelGuard"]


class WheelGuard(QObject):
    """Keeps the wheel from controls inside of a widget that are only passed."""

    def guard(self, widget: QWidget) -> None:
        """Guard all controls inside of a widget."""
        for kind in (QAbstractSlider, QAbstractSpinBox, QComboBox):
            for control in widget.findChildren(kind):
                if not isinstance(control, QScrollBar):
                    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                    control.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Pass the wheel on to what lies around."""
        if event is None or event.type() != QEvent.Type.Wheel:
            return False
        if isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False
