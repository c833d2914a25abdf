"""What every control is: it shows a value without a word, and says what a person makes of it."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from ..translation import gettext as _
from .facts import FieldFacts

__all__ = ["Control"]


class Control(QWidget):
    """A control of one field.

    Parameters
    ----------
    facts : FieldFacts

    Attributes
    ----------
    buddy : QWidget
        What has the keyboard; the label's partner.
    """

    changed = pyqtSignal(object)  # the value, when a person has changed it

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts = facts
        self.buddy: QWidget = self
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)

    @property
    def value(self) -> Any:
        """What is shown."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Show a value; `changed` is silent."""
        raise NotImplementedError

    def describe(self, *widgets: QWidget) -> None:
        """Give widgets the field's name and help; the first has the keyboard."""
        self.buddy = widgets[0]
        self.setFocusProxy(self.buddy)
        for widget in widgets:
            widget.setAccessibleName(_(self.facts.label))
            widget.setAccessibleDescription(_(self.facts.help))
            widget.setToolTip(_(self.facts.help))
