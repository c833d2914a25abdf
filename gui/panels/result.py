"""The result: its name, and the ways out of the window: drag it, save it elsewhere, reveal it, type it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QMimeData, QPoint, QProcess, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices, QDrag, QGuiApplication, QMouseEvent
from PyQt6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nast_fx.errors import UsageError
from nast_fx.models import RenderRequest

from ..certain import certain
from ..model.copying import Copying
from ..model.remembered import Remembered
from ..model.rendering import Made
from ..translation import gettext as _
from .elided import Elided
from .progress import time_text

__all__ = ["DragHandle", "ResultLine", "file_mime", "reveal", "typed"]


def file_mime(path: Path) -> QMimeData:
    """Give a file as other programs take it from a drag or the clipboard."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path.resolve()))])
    mime.setText(str(path.resolve()))
    return mime


def reveal(path: Path) -> None:
    """Show a file in the system's file manager."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", str(path)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    else:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def typed(words: list[str]) -> str:
    """Give a command as it is typed on this system."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


class DragHandle(QLabel):
    """What is dragged from here is the file; a DAW takes it as from a file manager."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(_("\N{BRAILLE PATTERN DOTS-123456} Drag to your DAW"), parent)
        self.path: Path | None = None
        self._start: QPoint | None = None
        self.setFrameShape(QLabel.Shape.StyledPanel)
        self.setMargin(4)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(_("Drag the file from here; with the keyboard, copy it and paste it there."))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Remember where a drag may begin."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._start = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Begin the drag once the mouse has gone far enough."""
        if event is None or self._start is None or self.path is None:
            return
        way = (event.position().toPoint() - self._start).manhattanLength()
        if way >= QApplication.startDragDistance():
            self._start = None
            self.drag().exec(Qt.DropAction.CopyAction)

    def drag(self) -> QDrag:
        """Make the drag of the file."""
        if self.path is None:
            raise RuntimeError("there is no file to drag")
        drag = QDrag(self)
        drag.setMimeData(file_mime(self.path))
        return drag


class ResultLine(QWidget):
    """Shows what was made last; nothing before."""

    told = pyqtSignal(str)  # one sentence for the status bar

    def __init__(self, remembered: Remembered, copying: Copying) -> None:
        super().__init__()
        self._remembered = remembered
        self._copying = copying
        self.made: Made | None = None
        heading = QLabel(_("Result"), self)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        self.name = Elided(_("nothing made yet"), self)
        self.name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.handle = DragHandle(self)
        self.save = self._button(_("Save as ..."), self.save_as, _("Copy the result to another place."))
        self.show_file = self._button(
            _("Show in folder"), self._reveal, _("Show the file in the file manager.")
        )
        self.copy_file = self._button(
            _("Copy file"), self._copy_file, _("Copy the file, to paste it elsewhere.")
        )
        self.command = self._button(
            _("Copy command"), self.copy_command, _("Copy the command line that makes the same file.")
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.ways = QWidget(self)
        upper, lower = QHBoxLayout(), QHBoxLayout(self.ways)
        lower.setContentsMargins(0, 0, 0, 0)
        for widget in (heading, self.name):
            upper.addWidget(widget)
        for way in (self.handle, self.save, self.show_file, self.copy_file, self.command):
            lower.addWidget(way)
        lower.addStretch(1)
        column.addLayout(upper)
        column.addWidget(self.ways)
        self._show_ways(False)

    def show_made(self, made: Made) -> None:
        """Show what was made."""
        self.made = made
        self.handle.path = made.path
        seconds = time_text(made.facts.get("seconds"))
        kind = _("preview") if made.is_preview else made.path.name
        self.name.setText(_("{name} \N{MIDDLE DOT} made in {time}").format(name=kind, time=seconds))
        notes = "\n".join(map(str, made.facts.get("notes") or ()))
        self.name.setToolTip(
            "\n".join(filter(None, (str(made.path), str(made.facts.get("outcome", "")), notes)))
        )
        self._show_ways(True)

    def save_as(self) -> None:
        """Copy the result to where a person says."""
        if self.made is None:
            return
        name = f"preview{self.made.path.suffix}" if self.made.is_preview else self.made.path.name
        place = Path(self._remembered.folder("result")) / name
        chosen, _kind = QFileDialog.getSaveFileName(
            self, _("Save result"), str(place), f"*{self.made.path.suffix}"
        )
        if chosen:
            self._remembered.add_recent("result", Path(chosen))
            self._copying.copy(self.made.path, Path(chosen))

    def copy_command(self) -> None:
        """Copy the command line of what was made."""
        if self.made is not None:
            request = self.made.request
            if self.made.is_preview:
                request = request.model_copy(update={"output": None, "overwrite": "rename"})
            try:
                text = command_text(request)
            except UsageError as error:  # a chain that is in no file
                self.told.emit(str(error))
                return
            certain(QGuiApplication.clipboard()).setText(text)
            self.told.emit(_("The command line was copied."))

    def _copy_file(self) -> None:
        if self.made is not None:
            certain(QGuiApplication.clipboard()).setMimeData(file_mime(self.made.path))
            self.told.emit(_("The file was copied."))

    def _reveal(self) -> None:
        if self.made is not None:
            reveal(self.made.path)

    def _show_ways(self, is_shown: bool) -> None:
        self.ways.setVisible(is_shown)

    def _button(self, text: str, slot: Callable[[], None], tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.clicked.connect(lambda _checked=False: slot())
        return button


def command_text(request: RenderRequest) -> str:
    """Give the command line that does what `request` does."""
    from nast_fx.models.command_line import command_line

    return typed(command_line(request))
