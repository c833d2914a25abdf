"""One of the rows of the render view: a well above, and below it a hint or the picture of a sound."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPalette
from PyQt6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from .drop_area import DropArea

__all__ = ["SoundRow"]


class SoundRow(DropArea):
    """A header, and a place for pictures of the sound; files can be dropped on all of it.

    Parameters
    ----------
    header : QWidget
    hint : str
        What to do while there is no sound.
    """

    def __init__(self, header: QWidget, hint: str) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.header = header
        self.picture: QWidget | None = None
        self.hint = QWidget(self)
        self._hint_column = QVBoxLayout(self.hint)
        self.text = QLabel(hint, self.hint)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setWordWrap(True)
        self.text.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        font = self.text.font()
        font.setPointSizeF(1.15 * font.pointSizeF())
        self.text.setFont(font)
        self._hint_column.addStretch(1)
        self._hint_column.addWidget(self.text)
        self._hint_column.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 4, 8, 4)
        header.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._column.addWidget(header)
        self._column.addWidget(self.hint, 1)
        self._column.addStretch(0)

    def set_picture(self, picture: QWidget) -> None:
        """Put a waveform, a spectrogram or both into the row's place; shown once there is a sound."""
        self.picture = picture
        self._column.insertWidget(2, picture, 1)
        picture.setVisible(not self.hint.isVisibleTo(self))

    def show_hint(self, is_shown: bool) -> None:
        """Show what to do, or the sound."""
        self.hint.setVisible(is_shown)
        if self.picture is not None:
            self.picture.setVisible(not is_shown)

    def add_below_hint(self, widget: QWidget) -> None:
        """Put a button below the hint."""
        self._hint_column.insertWidget(
            self._hint_column.count() - 1, widget, 0, Qt.AlignmentFlag.AlignHCenter
        )
