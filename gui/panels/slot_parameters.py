"""The chosen slot: how it is mixed in, what its plugin is, and its parameters as controls with units."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt, QTimer
from PyQt6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from nast_fx.models import SlotSpec
from nast_fx.models.chain import BranchSpec

from ..certain import certain
from ..controls.facts import FieldFacts
from ..controls.wheel import WheelGuard
from ..model.chain_jobs import ChainJobs
from ..model.chain_places import Place, item_at
from ..model.hosted import HostedPlugins, SaidPlugin
from ..model.slot_parameters import SlotParameter, parameters_of
from ..model.slots import SlotsModel
from ..translation import gettext as _
from .automation import AutomationDialog
from .parameter_row import ParameterRow
from .slot_head import SlotHead

__all__ = ["SlotPanel"]

SEARCH_FROM = 12  # parameters; fewer are found without a search
MARGIN = 10  # pixels to the columns beside it
MOST_SHOWN = 60  # parameters at once; the search finds the others
AT_ONCE = 12  # rows that are made in one go: a thousand would hold the window up for seconds


class SlotPanel(QWidget):
    """Shows a slot or branch of the chain, and asks for its changes.

    Parameters
    ----------
    slots : SlotsModel
    hosted : HostedPlugins
    jobs : ChainJobs
    parent : QWidget, optional
    """

    def __init__(
        self, slots: SlotsModel, hosted: HostedPlugins, jobs: ChainJobs, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._slots, self._hosted, self._jobs = slots, hosted, jobs
        self._place: Place | None = None
        self._shape: tuple[object, ...] = ()
        self._parameters: tuple[SlotParameter, ...] = ()
        self._waiting: list[SlotParameter] = []
        self.rows: dict[str, ParameterRow] = {}
        self.head = SlotHead(slots, jobs, self)
        self.head.again.clicked.connect(self._ask_again)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(_("Search parameters"))
        self.search.setAccessibleName(_("Search parameters"))
        self.search.setToolTip(_("Search parameters"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self._make_rows())
        self.more = QLabel(self)
        self.more.setWordWrap(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._add_rows)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self._guard = WheelGuard(self)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lay_out()
        self._guard.guard(self.head)
        slots.dataChanged.connect(self._refresh)
        hosted.said.connect(self._refresh)
        jobs.edit_changed.connect(self._refresh)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 0, MARGIN, 0)
        for widget in (self.head, self.note, self.search):
            column.addWidget(widget)
        column.addWidget(self.area, 1)
        column.addWidget(self.more)

    def show_place(self, place: Place | None) -> None:
        """Show what stands at a place of the chain; nothing for None."""
        self._place = place
        self._refresh()

    def _refresh(self) -> None:
        if self._place is None or self._slots.row_of(self._place) < 0:
            return
        item = item_at(self._slots.chain, self._place)
        self.head.show_item(self._place, item)
        parameters, note = self._known(item)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        plugin = getattr(item, "plugin", "")
        if parameters is None and self._shape[:2] == (self._place, plugin):
            return  # the rows of before stay until the plugin has answered
        shape = (self._place, plugin, tuple(_form(one.facts) for one in parameters or ()))
        self._parameters = parameters or ()
        if shape != self._shape:
            self._shape = shape
            self.search.setVisible(len(self._parameters) >= SEARCH_FROM)
            with QSignalBlocker(self.search):
                self.search.clear()
            self._make_rows()
        self._show_values()

    def _known(self, item: SlotSpec | BranchSpec) -> tuple[tuple[SlotParameter, ...] | None, str]:
        """Parameters, None while they are asked, and what is to be said instead of them, or beside."""
        if isinstance(item, BranchSpec):
            return (), _("The slots of a branch hear what enters the parallel slot; branches are summed.")
        if item.kind not in ("vst3", "au"):
            parameters = parameters_of(item)
            return parameters, _note(item, None, bool(parameters))
        said = self._hosted.of(item, self._jobs.chain_file)
        if said is None:
            return None, _("The plugin is asked for its parameters ...")
        if isinstance(said, str):
            is_said = self._place in self._slots.faults  # by the head, in nearly the same words
            return (), "" if is_said else f"\N{WARNING SIGN} {said}"
        parameters = parameters_of(item, said)
        return parameters, _note(item, said, bool(parameters))

    def _make_rows(self) -> None:
        """Make the rows of what is searched for: some at once, the others when there is time."""
        words = self.search.text().casefold().split()
        found = [one for one in self._parameters if _has(one.facts, words)]
        self._waiting = found[:MOST_SHOWN]
        self.rows = {}
        inside = QWidget(self.area)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addStretch(1)
        if (former := self.area.takeWidget()) is not None:
            former.deleteLater()  # not at once: a row of it may be what is being changed
        self.area.setWidget(inside)
        count = _("{shown} of {count} are shown; search for the others.")
        self.more.setText(count.format(shown=MOST_SHOWN, count=len(found)))
        self.more.setVisible(len(found) > MOST_SHOWN)
        self._add_rows()

    def _add_rows(self) -> None:
        inside = certain(self.area.widget())
        column = inside.layout()
        now, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        for one in now:
            row = ParameterRow(
                one.facts, is_automatable=one.is_automatable, has_control=one.has_value, parent=inside
            )
            if isinstance(column, QVBoxLayout):
                column.insertWidget(column.count() - 1, row)
            self.rows[one.facts.name] = row
            row.edited.connect(lambda value, one=one: self._edit(one, value))
            row.automation_asked.connect(lambda one=one: self._automate(one))
            self._guard.guard(row)
        if self._waiting:
            self._timer.start()
        self._show_values()

    def _show_values(self) -> None:
        if not self._parameters or self._place is None:
            return
        curves = self._slots.slot_at(self._place).automation
        for one in self._parameters:
            if (row := self.rows.get(one.facts.name)) is not None:
                row.show_value(one.value, one.base, curves.get(one.facts.name))

    def _edit(self, one: SlotParameter, value: Any) -> None:
        if self._place is None:
            return
        written = str(value) if one.facts.kind == "path" else value
        if not self._slots.set_parameter(self._place, one.facts.name, written, default=one.base):
            QTimer.singleShot(0, self._refresh)  # shows what is still set

    def _automate(self, one: SlotParameter) -> None:
        if self._place is None:
            return
        curve = self._slots.slot_at(self._place).automation.get(one.facts.name)
        dialog = AutomationDialog(one.facts, curve, float(one.value), self)
        if dialog.exec() and self._place is not None:
            self._slots.set_automation(self._place, one.facts.name, dialog.curve)
        dialog.deleteLater()

    def _ask_again(self) -> None:
        self._hosted.forget()
        self._jobs.check(again=True)
        self._refresh()


def _has(facts: FieldFacts, words: list[str]) -> bool:
    text = f"{facts.name} {facts.label} {facts.help}".casefold()
    return all(word in text for word in words)


def _form(facts: FieldFacts) -> tuple[object, ...]:
    """What decides over the control of a parameter."""
    return facts.name, facts.kind, facts.unit, facts.low, facts.high, facts.choices


def _note(slot: SlotSpec, said: SaidPlugin | None, has_parameters: bool) -> str:
    if slot.kind == "style":
        return _("Here the style is put on. Its method and settings are those of the render view.")
    if slot.kind == "parallel":
        return _("Its branches hear the same and are summed; an empty one is the untouched sound.")
    if said is not None and said.is_instrument:
        return _("\N{WARNING SIGN} An instrument plays scores and cannot stand in a chain.")
    warnings = [f"\N{WARNING SIGN} {text}." for text in (said.warnings if said is not None else ())]
    return "\n".join(warnings) if warnings or has_parameters else _("It has no parameters.")
