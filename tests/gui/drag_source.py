"""A window from which a file or folder is dragged, as from a file manager: ``TITLE X Y PATH``."""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import QMimeData, Qt, QUrl
from PyQt6.QtGui import QDrag, QMouseEvent
from PyQt6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    """What is dragged from here is the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.name)
        self._path = path

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(self._path))])
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.exec(Qt.DropAction.CopyAction)


if __name__ == "__main__":
    title, x, y, path = sys.argv[1:]
    app = QApplication(sys.argv[:1])
    source = Source(Path(path))
    source.setWindowTitle(title)
    source.setGeometry(int(x), int(y), 200, 60)
    source.show()
    sys.exit(app.exec())
