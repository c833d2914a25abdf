"""A word to somebody who is elsewhere: a message of the desktop, and the window asks for attention."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QApplication, QStyle, QSystemTrayIcon, QWidget

from .certain import certain

__all__ = ["Notifier"]

SHOWN_MS = 15_000


class Notifier(QObject):
    """Tells of what has ended, unless its window is the one that is being used.

    Parameters
    ----------
    widget : QWidget
        In the window in question.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._tray: QSystemTrayIcon | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MS)
        self._timer.timeout.connect(self._hide)

    def tell(self, title: str, text: str) -> None:
        """Show a message where the desktop shows them."""
        window = certain(self._widget.window())
        if window.isActiveWindow():
            return
        QApplication.alert(window)
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            icon = window.windowIcon()
            if icon.isNull():
                icon = certain(window.style()).standardIcon(QStyle.StandardPixmap.SP_MediaPlay)
            self._tray = QSystemTrayIcon(icon, self)
        self._tray.show()  # a message needs an icon, which goes with it
        self._tray.showMessage(title, text, msecs=SHOWN_MS)
        self._timer.start()

    def _hide(self) -> None:
        if self._tray is not None:
            self._tray.hide()
