"""A timer that rings once, some time after it was last wound."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer

__all__ = ["late"]


def late(parent: QObject, milliseconds: int, slot: Callable[[], object]) -> QTimer:
    """Make a timer that calls `slot` once, when `start` was called and the time has passed."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
