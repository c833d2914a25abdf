"""Controls of numbers: a box, and a slider where the range is small."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtWidgets import QSlider, QWidget

from .base import Control
from .facts import FieldFacts
from .number_box import NumberBox

__all__ = ["BareNumberControl", "NumberControl"]

MOST_SLIDER_STEPS = 200
WIDEST_SLIDER = 200.0  # of a number that is not whole


class NumberControl(Control):
    """A number, with a slider where its range is small enough to see something of it there."""

    has_room = True

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts, parent)
        self.box = NumberBox(facts, self)
        self.box.changed.connect(self._box_changed)
        self.slider = self._slider()
        self.row.addWidget(self.box, 1)
        if self.slider is not None:
            self.row.addWidget(self.slider, 1)
            self.slider.valueChanged.connect(self._slider_changed)
        self.describe(self.box, *([self.slider] if self.slider else []))

    @property
    def value(self) -> float:
        """The number."""
        return self.box.value

    def show_value(self, value: Any) -> None:
        """Show a number."""
        self.box.show_value(value)
        self._show_on_slider()

    def _slider(self) -> QSlider | None:
        facts = self.facts
        if facts.low is None or facts.high is None or facts.high <= facts.low:
            return None
        if facts.check(facts.low) or not self.has_room:  # an open end is that of a logarithmic quantity
            return None
        self._low, span = facts.low, facts.high - facts.low
        self._step: float = facts.step
        if facts.kind == "number":
            self._step = next(s for s in (0.01, 0.1, 0.5, 1.0) if span / s <= MOST_SLIDER_STEPS or s == 1.0)
        if span / self._step > MOST_SLIDER_STEPS or span > WIDEST_SLIDER:
            return None
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setRange(0, round(span / self._step))
        slider.setPageStep(max(1, slider.maximum() // 10))
        return slider

    def _slider_changed(self, position: int) -> None:
        value = round(self._low + position * self._step, 9)
        value = min(max(value, self._low), self.facts.high or value)
        if value != self.box.value and not self.facts.check(value):
            self.box.show_value(value)
            self.changed.emit(self.box.value)

    def _box_changed(self, value: object) -> None:
        self._show_on_slider()
        self.changed.emit(value)

    def _show_on_slider(self) -> None:
        if self.slider is not None:
            with QSignalBlocker(self.slider):
                self.slider.setValue(round((self.box.value - self._low) / self._step))


class BareNumberControl(NumberControl):
    """A number without a slider, where another control stands beside it."""

    has_room = False
