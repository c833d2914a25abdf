"""Single keys that work in a whole window, and the fields that need them for themselves."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox, QWidget

__all__ = ["KeyGuard"]


class KeyGuard(QObject):
    """Leaves Space to a button that has the focus, and letters to a list that is searched by them.

    Text fields keep their keys by themselves. What a widget does not keep, it hands up to its window as a
    question whether somebody needs the key more than a shortcut does; there it is answered.

    Parameters
    ----------
    window : QWidget
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        """Answer for the widget that has the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            focus = QApplication.focusWidget()
            is_plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            searched = isinstance(focus, QComboBox | QAbstractItemView)
            pressed = isinstance(focus, QAbstractButton) and event.key() == Qt.Key.Key_Space
            if pressed or (searched and is_plain and event.text().isprintable() and event.text()):
                event.accept()
                return True
        return False
