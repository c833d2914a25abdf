"""A number of any range with a slider on a scale that suits it."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QSignalBlocker, QSize, Qt
from PyQt6.QtWidgets import QSlider, QWidget

from .base import Control
from .facts import FieldFacts
from .kinds import control_of
from .number_box import NumberBox
from .scale import N_STEPS, Scale

__all__ = ["ScaledControl", "parameter_control"]

N_SHOWN_DIGITS = 6
BOX_WIDTH = "-00000.0 semitones"  # so that all boxes of a list are of one width


class ScaledControl(Control):
    """A slider, and beside it a box with the unit for exact values.

    Parameters
    ----------
    facts : FieldFacts
        Of a ``number`` with both ends.
    """

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts, parent)
        low = 0.0 if facts.low is None else facts.low
        self.scale = Scale(low, low if facts.high is None else facts.high, facts.unit)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, N_STEPS)
        self.slider.setSingleStep(N_STEPS // 100)
        self.slider.setPageStep(N_STEPS // 10)
        self.slider.setMinimumWidth(80)
        self.box = _Box(facts, self)
        self.row.addWidget(self.slider, 1)
        self.row.addWidget(self.box)
        self.slider.valueChanged.connect(self._slider_changed)
        self.box.changed.connect(self._box_changed)
        self.describe(self.slider, self.box)

    @property
    def value(self) -> float:
        """The number."""
        return self.box.value

    def show_value(self, value: Any) -> None:
        """Show a number, to six digits."""
        shown = float(f"{value:.{N_SHOWN_DIGITS}g}")
        if shown != self.box.value:
            self.box.show_value(shown)
        with QSignalBlocker(self.slider):
            if self.scale.value(self.slider.value()) != shown:
                self.slider.setValue(self.scale.position(shown))

    def _slider_changed(self, position: int) -> None:
        value = self.scale.value(position)
        if value != self.box.value:
            self.box.show_value(value)
            self.changed.emit(value)

    def _box_changed(self, value: Any) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(self.scale.position(value))
        self.changed.emit(float(value))


class _Box(NumberBox):
    def minimumSizeHint(self) -> QSize:
        """The same for every value."""
        hint = super().minimumSizeHint()
        return QSize(self.fontMetrics().horizontalAdvance(BOX_WIDTH), hint.height())


def parameter_control(facts: FieldFacts, parent: QWidget | None = None) -> Control:
    """Make the control of a plugin's parameter: every number has a slider."""
    return ScaledControl(facts, parent) if facts.kind == "number" else control_of(facts, parent)
