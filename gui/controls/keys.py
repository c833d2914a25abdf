"""Undo in a line of text is the document's: else Ctrl+Z after a number would take back letters only."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QWidget

__all__ = ["leave_undo"]


class _Filter(QObject):
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
            return False
        if not any(map(event.matches, (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo))):
            return False
        event.ignore()
        return True


def leave_undo(field: QWidget) -> None:
    """Let the keys of undo and redo pass a field to the window."""
    field.installEventFilter(_Filter(field))
