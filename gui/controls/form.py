"""A form of a model: a row a field, made from the field; the few that matter first, the others in a fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from nast_fx.models import Settings

from ..translation import gettext as _
from .base import Control
from .facts import FieldFacts, facts_of
from .kinds import control_of

__all__ = ["Form", "Row"]


class Row:
    """One field in a form: label, control, the way back, and what is wrong with it.

    Parameters
    ----------
    facts : FieldFacts
    parent : QWidget
    """

    def __init__(self, facts: FieldFacts, parent: QWidget) -> None:
        self.facts = facts
        self.control: Control = control_of(facts, parent)
        self.label = QLabel(parent)
        self.label.setBuddy(self.control.buddy)
        self.label.setToolTip(_(facts.help))
        self.label.setWordWrap(True)
        self.back = QToolButton(parent)
        self.back.setText("\N{LEFTWARDS ARROW WITH HOOK}")
        self.back.setAutoRaise(True)
        self.back.setAccessibleName(_("Reset {name}").format(name=_(facts.label)))
        self.fault = QLabel(parent)
        self.fault.setWordWrap(True)
        self.fault.setObjectName("fault")
        self.fault.hide()
        self._target: Any = None
        self._is_changed = False
        self.show_value(facts.default, facts.default)

    @property
    def target(self) -> Any:
        """Value that the way back leads to: the preset's, and from there the default."""
        return self._target

    @property
    def is_changed(self) -> bool:
        """Whether the value is another than the preset's."""
        return self._is_changed

    def show_value(self, value: Any, base: Any) -> None:
        """Show a value, and whether it is another than the preset's (`base`)."""
        self.control.show_value(value)
        self.fault.hide()
        self._is_changed = bool(value != base)
        self._target = base if self._is_changed else self.facts.default
        name = _(self.facts.label)
        self.label.setText(_("{name} (changed)").format(name=name) if self._is_changed else name)
        font = self.label.font()
        font.setBold(self._is_changed)
        self.label.setFont(font)
        self.back.setEnabled(value != self._target)
        where = _("the preset's value") if self._is_changed else _("the default")
        shown = _("automatic") if self._target is None else self._target
        self.back.setToolTip(_("Back to {where}: {value}").format(where=where, value=shown))

    def show_fault(self, sentence: str) -> None:
        """Say what is wrong with what was entered."""
        self.fault.setText(f"\N{WARNING SIGN} {sentence}")
        self.fault.show()

    def show_row(self, is_shown: bool) -> None:
        """Show or hide all of it."""
        for widget in (self.label, self.control, self.back):
            widget.setVisible(is_shown)
        if not is_shown:
            self.fault.hide()


class Form(QWidget):
    """Controls of all fields of a model.

    Parameters
    ----------
    model : type of Settings
    first : sequence of str
        Fields that are always shown, in this order.
    left_out : sequence of str
        Fields that have no row here.
    """

    edited = pyqtSignal(str, object)  # name, value: a person changed it

    def __init__(
        self,
        model: type[Settings],
        *,
        first: Sequence[str] = (),
        left_out: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.model = model
        self._first = [name for name in first if name in model.model_fields]
        rest = [name for name in model.model_fields if name not in (*self._first, *left_out)]
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        outer.addLayout(self._grid)
        # The Tab key goes in the order in which they are made.
        self.rows = {name: self._row(number, name) for number, name in enumerate((*self._first, *rest))}
        self.fold = QToolButton(self)
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setAutoRaise(True)
        outer.addWidget(self.fold)
        self.fold.setVisible(bool(rest) and bool(self._first))
        self.fold.toggled.connect(self.show_all)
        self.show_all(not self._first)

    def show_values(self, values: Settings, base: Settings) -> None:
        """Show a model's values; rows that differ from `base` are marked."""
        for name, row in self.rows.items():
            row.show_value(getattr(values, name), getattr(base, name))
        self._name_fold()

    def show_fault(self, name: str, sentence: str) -> None:
        """Say under a row what is wrong with it."""
        self.rows[name].show_fault(sentence)

    def show_all(self, is_all: bool) -> None:
        """Show all rows, or only the first ones and those that differ from the preset."""
        self.fold.setChecked(is_all)
        self.fold.setArrowType(Qt.ArrowType.DownArrow if is_all else Qt.ArrowType.RightArrow)
        for name, row in self.rows.items():
            row.show_row(is_all or name in self._first)
        self._name_fold()

    def _name_fold(self) -> None:
        hidden = [row for name, row in self.rows.items() if name not in self._first]
        n_changed = sum(row.is_changed for row in hidden)
        text = _("Show fewer") if self.fold.isChecked() else _("Show all ({n} more)").format(n=len(hidden))
        if n_changed and not self.fold.isChecked():
            text = _("{text}, {n} changed").format(text=text, n=n_changed)
        self.fold.setText(text)

    def _row(self, number: int, name: str) -> Row:
        row = Row(facts_of(self.model, name), self)
        self._grid.addWidget(row.label, 2 * number, 0)
        self._grid.addWidget(row.control, 2 * number, 1)
        self._grid.addWidget(row.back, 2 * number, 2)
        self._grid.addWidget(row.fault, 2 * number + 1, 0, 1, 3)
        row.control.changed.connect(lambda value: self.edited.emit(name, value))
        row.back.clicked.connect(lambda: self.edited.emit(name, row.target))
        return row
