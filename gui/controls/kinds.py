"""The controls, one a kind of field, in the dict `CONTROLS`; a new kind is a class and a line there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QWidget,
)

from ..translation import gettext as _
from .base import Control
from .facts import FieldFacts
from .keys import leave_undo
from .number_box import NumberBox

__all__ = ["CONTROLS", "control_of"]

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


class ChoiceControl(Control):
    """One of several words."""

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts, parent)
        self.box = QComboBox(self)
        for choice in facts.choices:
            self.box.addItem(str(choice), choice)
        self.box.activated.connect(lambda _index: self.changed.emit(self.value))
        self.row.addWidget(self.box, 1)
        self.describe(self.box)

    @property
    def value(self) -> Any:
        """The word."""
        return self.box.currentData()

    def show_value(self, value: Any) -> None:
        """Show a word."""
        self.box.setCurrentIndex(self.facts.choices.index(value))


class FlagControl(Control):
    """Yes or no."""

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts, parent)
        self.box = QCheckBox(_("on"), self)
        self.box.clicked.connect(lambda is_on: self.changed.emit(bool(is_on)))
        self.row.addWidget(self.box, 1)
        self.describe(self.box)

    @property
    def value(self) -> bool:
        """Whether it is checked."""
        return self.box.isChecked()

    def show_value(self, value: Any) -> None:
        """Show yes or no."""
        self.box.setChecked(bool(value))


class TextControl(Control):
    """A line of text; what the field does not take is not taken."""

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts, parent)
        self.line = QLineEdit(self)
        leave_undo(self.line)
        self.line.editingFinished.connect(self._finish)
        self._shown = ""
        self.row.addWidget(self.line, 1)
        self.describe(self.line)

    @property
    def value(self) -> Any:
        """The text."""
        return self.line.text()

    def show_value(self, value: Any) -> None:
        """Show a text."""
        self._shown = str(value)
        self.line.setText(self._shown)
        self.line.setCursorPosition(0)

    def _finish(self) -> None:
        if self.line.text() != self._shown:
            self._shown = self.line.text()
            self.changed.emit(self.value)


class ProseControl(Control):
    """A text of several lines."""

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts, parent)
        self.box = QPlainTextEdit(self)
        self.box.setTabChangesFocus(True)
        self.box.setMaximumHeight(90)
        self.box.textChanged.connect(self._tell)
        self.row.addWidget(self.box, 1)
        self.describe(self.box)

    @property
    def value(self) -> str:
        """The text."""
        return self.box.toPlainText()

    def show_value(self, value: Any) -> None:
        """Show a text."""
        if value != self.value:
            with QSignalBlocker(self.box):
                self.box.setPlainText(str(value))

    def _tell(self) -> None:
        self.changed.emit(self.value)


class WordsControl(TextControl):
    """Words, parted by commas."""

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts, parent)
        self.line.setPlaceholderText(_("parted by commas"))

    @property
    def value(self) -> tuple[str, ...]:
        """The words."""
        return tuple(word.strip() for word in self.line.text().split(",") if word.strip())

    def show_value(self, value: Any) -> None:
        """Show words."""
        super().show_value(", ".join(value))


class PathControl(TextControl):
    """A file, typed or looked for."""

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts, parent)
        self.button = QPushButton(_("Browse ..."), self)
        self.button.clicked.connect(self._browse)
        self.row.addWidget(self.button)
        self.describe(self.line, self.button)
        self.button.setAccessibleName(_("Browse for {name}").format(name=_(facts.label)))

    @property
    def value(self) -> Path:
        """The file."""
        return Path(self.line.text())

    def _browse(self) -> None:
        name, _kind = QFileDialog.getOpenFileName(self, _(self.facts.label), self.line.text())
        if name:
            self.line.setText(name)
            self._finish()


class InsteadControl(Control):
    """A value of another kind, or one value instead: nothing (automatic), or a word such as ``inf``."""

    def __init__(self, facts: FieldFacts, parent: QWidget | None = None) -> None:
        super().__init__(facts, parent)
        instead = facts.instead[0]
        words = _("automatic") if instead is None else str(instead)
        self.box = QCheckBox(words, self)
        default = _starting_value(facts) if facts.default in facts.instead else facts.default
        made = BareNumberControl if facts.kind in ("number", "integer") else CONTROLS[facts.kind]
        self.inner = made(replace(facts, instead=(), default=default), self)
        self.inner.show_value(default)
        self.row.addWidget(self.box)
        self.row.addWidget(self.inner, 1)
        self.box.clicked.connect(self._clicked)
        self.inner.changed.connect(self.changed)
        self.describe(self.box)
        self.box.setAccessibleName(f"{_(facts.label)}: {words}")
        self.show_value(facts.default)

    @property
    def value(self) -> Any:
        """What the inner control shows, or the one value instead of it."""
        return self.facts.instead[0] if self.box.isChecked() else self.inner.value

    def show_value(self, value: Any) -> None:
        """Show a value; the inner control keeps its own while another stands instead."""
        is_instead = value in self.facts.instead
        self.box.setChecked(is_instead)
        self.inner.setEnabled(not is_instead)
        if not is_instead:
            self.inner.show_value(value)

    def _clicked(self) -> None:
        self.inner.setEnabled(not self.box.isChecked())
        self.changed.emit(self.value)


def control_of(facts: FieldFacts, parent: QWidget | None = None) -> Control:
    """Make the control of a field."""
    kind = "instead" if facts.instead else facts.kind
    return CONTROLS[kind](facts, parent)


def _starting_value(facts: FieldFacts) -> Any:
    """What an optional value is when it is first asked for."""
    if facts.choices:
        return facts.choices[0]
    if facts.kind in ("number", "integer"):
        wanted: float = {"samples": 2048, "LUFS": -14, "dBTP": -1, "s": 1}.get(facts.unit, 1)
        wanted = wanted if facts.low is None else max(wanted, facts.low)
        return wanted if facts.high is None else min(wanted, facts.high)
    return {"flag": False, "path": Path()}.get(facts.kind, "")


CONTROLS: Mapping[str, type[Control]] = {
    "number": NumberControl,
    "integer": NumberControl,
    "choice": ChoiceControl,
    "flag": FlagControl,
    "text": TextControl,
    "prose": ProseControl,
    "words": WordsControl,
    "path": PathControl,
    "instead": InsteadControl,
}
