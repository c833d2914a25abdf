"""A part of the window that files can be dropped on."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QMimeData, Qt, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QFrame, QWidget

__all__ = ["DropArea", "dropped_files"]

EDGE = 3  # pixels


def dropped_files(mime: QMimeData | None) -> list[Path]:
    """Files of this computer among what is dragged."""
    urls = mime.urls() if mime is not None else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


class DropArea(QFrame):
    """Takes files, and shows an edge while they hover above it."""

    dropped = pyqtSignal(list)  # of Path

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._is_hovered = False

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Say that files are taken."""
        if event is not None and dropped_files(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._hover(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent | None) -> None:
        """Take the edge away."""
        self._hover(False)

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Take the files."""
        self._hover(False)
        if event is not None and (files := dropped_files(event.mimeData())):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.dropped.emit(files)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the edge."""
        super().paintEvent(event)
        if self._is_hovered:
            painter = QPainter(self)
            painter.setPen(QPen(self.palette().highlight(), EDGE, Qt.PenStyle.DashLine))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))

    def _hover(self, is_hovered: bool) -> None:
        self._is_hovered = is_hovered
        self.update()
