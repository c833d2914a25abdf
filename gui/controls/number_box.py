"""A box for a number of any size: Qt's own hold 32 bits, or round to decimals."""

from __future__ import annotations

import math

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtGui import QValidator
from PyQt6.QtWidgets import QAbstractSpinBox, QWidget

from ..certain import certain
from .facts import FieldFacts, unit_text
from .keys import leave_undo

__all__ = ["NumberBox"]

ROOM_FOR_ARROWS = 28  # pixels


class NumberBox(QAbstractSpinBox):
    """A number with its unit; what is out of range cannot be entered.

    Parameters
    ----------
    facts : FieldFacts
        Of a ``number`` or an ``integer``.
    """

    changed = pyqtSignal(object)  # int or float, when a person has entered it

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts = facts
        self._unit = unit_text(facts)
        self._is_whole = facts.kind == "integer"
        self._value: float = 0
        self._line = certain(self.lineEdit())
        leave_undo(self)  # the box has the keyboard and passes keys on to its line
        self.editingFinished.connect(self._finish)
        self.show_value(facts.default if isinstance(facts.default, (int, float)) else facts.low or 0)

    @property
    def value(self) -> float:
        """The number: an int where the field is one."""
        return self._value

    def show_value(self, value: float) -> None:
        """Show a number; nobody is told."""
        self._value = int(value) if self._is_whole else float(value)
        self._line.setText(self._text(self._value))

    def minimumSizeHint(self) -> QSize:
        """Room for the default and a few digits more, with the unit."""
        hint = super().minimumSizeHint()
        n_digits = max(5, len(self._text(self._value)) - len(self._unit) + 1)
        width = self.fontMetrics().horizontalAdvance("0" * n_digits + self._unit)
        return hint.expandedTo(QSize(width + ROOM_FOR_ARROWS, hint.height()))

    def sizeHint(self) -> QSize:
        """As small as it may be."""
        return self.minimumSizeHint()

    def stepBy(self, steps: int) -> None:
        """Go up or down, by an amount that suits the number."""
        size = self._facts.step if self._is_whole else self._step_size()
        value = self._value + steps * size
        value = round(value / size) * size if self._is_whole else float(f"{value:.9g}")
        self._take(self._within(value))
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Which ways are open."""
        flag = QAbstractSpinBox.StepEnabledFlag
        low, high = self._facts.low, self._facts.high
        down = flag.StepDownEnabled if low is None or self._value > low else flag.StepNone
        up = flag.StepUpEnabled if high is None or self._value < high else flag.StepNone
        return down | up

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        """Judge what is typed: no letters but an exponent's."""
        written = text or ""
        if self._parsed(written) is not None:
            return QValidator.State.Acceptable, written, position
        allowed = set("0123456789+-.,eE ") | set(self._unit)
        state = QValidator.State
        return state.Intermediate if set(written) <= allowed else state.Invalid, written, position

    def fixup(self, text: str | None) -> str:
        """Give the last good number in place of what is none."""
        return self._text(self._value)

    def _finish(self) -> None:
        value = self._parsed(self._line.text())
        self._take(self._value if value is None else value)

    def _take(self, value: float) -> None:
        is_new = value != self._value
        self.show_value(value)
        if is_new:
            self.changed.emit(self._value)

    def _text(self, value: float) -> str:
        return f"{value if self._is_whole else repr(value).removesuffix('.0')}{self._unit}"

    def _parsed(self, text: str) -> float | None:
        """Number of a text, None if it is none or out of range; a comma is a point."""
        bare = text.strip().removesuffix(self._unit.strip()).strip().replace(",", ".")
        try:
            value = int(bare) if self._is_whole else float(bare)
        except ValueError:
            return None
        return value if math.isfinite(value) and not self._facts.check(value) else None

    def _step_size(self) -> float:
        """A tenth of the leading digit, or a hundredth of a small range."""
        low, high = self._facts.low, self._facts.high
        if low is not None and high is not None and high - low <= 1000:
            return float(10 ** math.floor(math.log10(high - low) - 1.5))
        return float(10 ** (math.floor(math.log10(abs(self._value))) - 1)) if self._value else 0.1

    def _within(self, value: float) -> float:
        """Nearest number in range, or the present one where an end is open."""
        low, high = self._facts.low, self._facts.high
        value = value if low is None else max(value, low)
        value = value if high is None else min(value, high)
        return self._value if self._facts.check(value) else value
