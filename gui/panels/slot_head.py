"""What every slot has, whatever stands in it: name, bypass, mix, gain; and the buttons of its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from nast_fx.models import SlotSpec
from nast_fx.models.chain import BranchSpec

from ..controls.facts import facts_of
from ..model.chain_jobs import ChainJobs
from ..model.chain_places import Place, Row
from ..model.slot_words import kind_text, title_of
from ..model.slots import SlotsModel
from ..translation import gettext as _
from .parameter_row import ParameterRow

__all__ = ["SlotHead"]

FIELDS = ("name", "bypass", "mix", "gain_db", "if_missing")
HOSTED = ("vst3", "au")


class SlotHead(QWidget):
    """Name, mix and kind of the chosen slot.

    Parameters
    ----------
    slots : SlotsModel
    jobs : ChainJobs
    parent : QWidget, optional
    """

    def __init__(self, slots: SlotsModel, jobs: ChainJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slots, self._jobs = slots, jobs
        self._place: Place = ()
        self.title = QLabel(self)
        font = self.title.font()
        font.setPointSizeF(1.25 * font.pointSizeF())
        font.setBold(True)
        self.title.setFont(font)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.about = QLabel(self)
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.fault = QLabel(self)
        self.fault.setWordWrap(True)
        self.fault.setTextFormat(Qt.TextFormat.PlainText)
        self.rows = {name: self._row(name) for name in FIELDS}
        self.window_button = self._button(_("Open the plugin's &window"), self._toggle_window)
        self.window_button.setToolTip(_("Set the plugin in its own window; the slot keeps what is set there"))
        self.again = self._button(_("Loo&k again"))
        self.again.setToolTip(_("Look for the plugin, and ask it for its parameters, once more"))
        self.branch_button = self._button(_("Add &branch"), self._add_branch)
        self.branch_button.setToolTip(_("Add a path that hears what enters the parallel slot"))
        self._lay_out()
        jobs.edit_changed.connect(self._show_window)

    def show_item(self, place: Place, item: SlotSpec | BranchSpec) -> None:
        """Show a slot or a branch."""
        self._place = place
        slot = item if isinstance(item, SlotSpec) else None
        self.title.setText(title_of(Row(place, item)))
        self.about.setText("" if slot is None else _about(slot))
        self.about.setVisible(bool(self.about.text()))
        fault = self._slots.faults.get(place, "")
        self.fault.setText(f"\N{WARNING SIGN} {fault}")
        self.fault.setVisible(bool(fault))
        is_hosted = slot is not None and slot.kind in HOSTED
        for name, row in self.rows.items():
            is_there = hasattr(item, name) and (name != "if_missing" or is_hosted)
            row.setVisible(is_there)
            if is_there:
                row.show_value(getattr(item, name), row.facts.default)
        self.window_button.setVisible(is_hosted)
        self.window_button.setEnabled(not fault)
        self.again.setVisible(is_hosted)
        self.branch_button.setVisible(slot is not None and slot.kind == "parallel")
        self._show_window()

    def _show_window(self) -> None:
        is_open = self._jobs.edited is not None
        self.window_button.setText(
            _("Close the &window without its changes") if is_open else _("Open the plugin's &window")
        )

    def _toggle_window(self) -> None:
        if self._jobs.edited is None:
            self._jobs.edit(self._place)
        else:
            self._jobs.close_window()

    def _add_branch(self) -> None:
        slot = self._slots.slot_at(self._place)
        self._slots.add(BranchSpec(), (*self._place, len(slot.branches)))

    def _row(self, name: str) -> ParameterRow:
        row = ParameterRow(facts_of(SlotSpec, name), parent=self)
        row.edited.connect(lambda value: self._edit(name, value))
        return row

    def _edit(self, name: str, value: Any) -> None:
        text = _("Change {parameter}").format(parameter=_(self.rows[name].facts.label).lower())
        self._slots.change(self._place, text, merge=name, **{name: value})

    def _button(self, text: str, clicked: Callable[[], None] | None = None) -> QPushButton:
        button = QPushButton(text, self)
        if clicked is not None:
            button.clicked.connect(lambda: clicked())
        return button

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.title, self.about, self.fault):
            column.addWidget(widget)
        for row in self.rows.values():
            column.addWidget(row)
        buttons = QHBoxLayout()
        for button in (self.window_button, self.again, self.branch_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        line = QFrame(self)
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Sunken)
        column.addWidget(line)


def _about(slot: SlotSpec) -> str:
    if slot.builtin is not None:
        return _(slot.builtin.help)
    where = f", {slot.path}" if slot.path else ""
    return f"{kind_text(slot)}{where}"
