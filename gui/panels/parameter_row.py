"""One parameter in a list: its name, its control, its change over time, and the way back to its default."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from nast_fx.models.chain import AutomationSpec

from ..controls.base import Control
from ..controls.facts import FieldFacts, unit_text
from ..controls.scaled import parameter_control
from ..translation import gettext as _

__all__ = ["ParameterRow", "curve_text"]

MOST_POINTS = 6  # of a curve, as text
LABEL_WIDTH = "Impulse response  "  # of all rows, so that their controls begin at one edge


def curve_text(curve: AutomationSpec, facts: FieldFacts) -> str:
    """Give what a parameter does over time, in one line."""
    unit = unit_text(facts)
    if curve.controller is not None:
        return _("MIDI controller {number}: {low:g} to {high:g}{unit}").format(
            number=curve.controller, low=curve.low, high=curve.high, unit=unit
        )
    points = [f"{seconds:g} s: {value:g}{unit}" for seconds, value in curve.points[:MOST_POINTS]]
    more = [_("{count} more").format(count=len(curve.points) - MOST_POINTS)]
    return ", ".join(points + (more if len(curve.points) > MOST_POINTS else []))


class ParameterRow(QWidget):
    """A parameter.

    Parameters
    ----------
    facts : FieldFacts
    is_automatable : bool
        Whether it may change over time.
    has_control : bool
        Whether it has a value of its own here.
    parent : QWidget, optional
    """

    edited = pyqtSignal(object)
    """The value, when a person has changed it."""
    automation_asked = pyqtSignal()
    """A person wants to see, or change, what it does over time."""

    def __init__(
        self,
        facts: FieldFacts,
        *,
        is_automatable: bool = False,
        has_control: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.facts = facts
        self.base: Any = facts.default
        self.curve: AutomationSpec | None = None
        self.control: Control | None = parameter_control(facts, self) if has_control else None
        name = _(facts.label)
        self.label = QLabel(name, self)
        self.label.setToolTip(_(facts.help))
        self.label.setWordWrap(True)
        self.label.setFixedWidth(self.fontMetrics().horizontalAdvance(LABEL_WIDTH))
        self.moves = QLabel(self)
        self.moves.setWordWrap(True)
        self.moves.setTextFormat(Qt.TextFormat.PlainText)
        self.automate = self._button(_("Time ..."), _("Automate {name}").format(name=name))
        self.automate.setToolTip(_("Let {name} change over time").format(name=name))
        self.automate.setCheckable(True)
        self.automate.clicked.connect(self._ask)
        self.back = self._button("\N{LEFTWARDS ARROW WITH HOOK}", _("Reset {name}").format(name=name))
        self.back.setToolTip(_("Back to the default"))
        self.back.setAutoRaise(True)
        self.back.clicked.connect(lambda: self.edited.emit(self.base))
        if self.control is not None:
            self.label.setBuddy(self.control.buddy)
            self.control.changed.connect(self.edited)
        self._lay_out(is_automatable)

    def show_value(self, value: Any, base: Any, curve: AutomationSpec | None = None) -> None:
        """Show a value, what stands where the slot says none (`base`), and a curve instead of it."""
        self.base, self.curve = base, curve
        self.automate.setChecked(curve is not None)
        self.moves.setText("" if curve is None else curve_text(curve, self.facts))
        self.moves.setVisible(curve is not None)
        is_changed = base is not None and bool(value != base)
        self.back.setToolTip(_("Back to {value}").format(value=_value_text(base, self.facts)))
        self.back.setEnabled(is_changed and curve is None)
        font = self.label.font()
        font.setBold(is_changed or curve is not None)
        self.label.setFont(font)
        if self.control is not None:
            self.control.setEnabled(curve is None)
            # A plugin of another version may have another list.
            if not self.facts.choices or value in self.facts.choices:
                self.control.show_value(value)

    def _ask(self) -> None:
        self.automate.setChecked(self.curve is not None)
        self.automation_asked.emit()

    def _button(self, text: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setAccessibleName(name)
        return button

    def _lay_out(self, is_automatable: bool) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.label, 0, 0)
        if self.control is not None:
            grid.addWidget(self.control, 0, 1)
        for column, (button, is_used) in enumerate(
            ((self.automate, is_automatable), (self.back, self.control is not None)), 2
        ):
            grid.addWidget(button, 0, column)
            button.setVisible(is_used)
            policy = button.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            button.setSizePolicy(policy)
        grid.addWidget(self.moves, 1, 1, 1, 3)
        self.moves.hide()
        if self.facts.default is None:
            self.back.hide()


def _value_text(value: Any, facts: FieldFacts) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"{text}{unit_text(facts)}"
