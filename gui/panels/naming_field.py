"""How results are named: a pattern, what can stand in it, and the names that come of it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nast_fx.models.pattern import DEFAULT_PATTERN, TOKENS

from ..certain import certain
from ..translation import gettext as _
from .fault_label import FaultLabel

__all__ = ["NamingField"]


class NamingField(QWidget):
    """A line for the pattern; it holds none of its own."""

    edited = pyqtSignal(str)
    """The pattern as a person has written it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit(self)
        self.line.setAccessibleName(_("Naming of the results"))
        self.line.setToolTip(_("How results are named; / makes folders"))
        self.line.setPlaceholderText(DEFAULT_PATTERN)
        self.line.textEdited.connect(self.edited)
        self.button = QPushButton(_("Insert"), self)
        self.button.setAccessibleName(_("Insert into the naming"))
        self.button.setToolTip(_("What can stand in the naming"))
        self.button.setMenu(self._menu())
        self.preview = QLabel(self)
        self.preview.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.preview.setAccessibleName(_("Names of the first results"))
        self.fault = FaultLabel(self)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.preview)
        column.addWidget(self.fault)
        self._names: Sequence[str] = ()

    def show_pattern(self, text: str) -> None:
        """Show a pattern; one that is being written keeps its cursor."""
        if text != self.line.text():
            self.line.setText(text)

    def show_names(self, names: Sequence[str], fault: str) -> None:
        """Show the names of the first results, or why there are none."""
        self._names = () if fault else names
        self.fault.show_fault(fault)
        self.preview.setVisible(not fault)
        self._elide()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the names to the width."""
        self._elide()

    def _elide(self) -> None:
        text = ",  ".join(self._names)
        self.preview.setToolTip("\n".join(self._names))
        room = max(self.width(), 80)
        elided = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        self.preview.setText(elided)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        words = token_words()
        for name in TOKENS:
            text = "{" + name + "}"
            action = certain(menu.addAction(f"{text}   {words.get(name, '')}"))
            action.triggered.connect(lambda _checked=False, text=text: self._insert(text))
        menu.addSeparator()
        usual = certain(menu.addAction(_("The usual naming")))
        usual.triggered.connect(lambda: self.edited.emit(DEFAULT_PATTERN))
        return menu

    def _insert(self, text: str) -> None:
        self.line.insert(text)
        self.line.setFocus()
        self.edited.emit(self.line.text())


def token_words() -> dict[str, str]:
    """Say what stands for each token."""
    return {
        "folder": _("the file's folder, from the one that was added on"),
        "stem": _("the file's name without its suffix"),
        "ext": _("the result's suffix"),
        "preset": _("name of the preset, or 'styled' without one"),
        "method": _("name of the method"),
        "quality": _("draft, normal or high"),
        "seed": _("seed of every random draw"),
        "style": _("names of the styles"),
        "n": _("number of the file"),
        "variation": _("number of the variation"),
    }
