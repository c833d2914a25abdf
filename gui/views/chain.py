"""The chain view: slots from first to last, the chosen one's parameters, and what can be added."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeySequence, QShortcut, QShowEvent
from PyQt6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from nast_fx.errors import UsageError
from nast_fx.models import Preset, SlotSpec, validated
from nast_fx.models.plugin_table import BUILTINS

from ..certain import certain
from ..controls.facts import facts_of
from ..controls.kinds import control_of
from ..engine.engine import Engine
from ..model.chain_jobs import ChainJobs
from ..model.chain_places import Place, item_at
from ..model.document import State
from ..model.edits import with_values
from ..model.hosted import AsksEngine, HostedPlugins
from ..model.plugin_catalog import PluginCatalog
from ..model.plugins import PluginEntry
from ..model.slots import SlotsModel
from ..panels.chain_files import ChainFiles
from ..panels.plugin_list import PluginListPanel
from ..panels.slot_parameters import SlotPanel
from ..panels.slots import SlotsList
from ..session import Session
from ..translation import gettext as _

__all__ = ["ChainView"]

WIDTHS = (330, 560, 370)  # pixels of the three columns, of 1260


class ChainView(QWidget):
    """The effects ahead of the style and behind it.

    Parameters
    ----------
    session : Session
        Its listener does the short jobs.
    editor : Engine, optional
        Shows plugins' windows, which are open as long as a person likes; by default an engine of its own.
    """

    told = pyqtSignal(str)
    """One sentence for the status bar."""

    def __init__(self, session: Session, editor: AsksEngine | None = None) -> None:
        super().__init__()
        self._session = session  # kept alive as long as it is shown
        self._document = document = session.document
        self.own_engine = Engine(parent=self)
        self.editor: AsksEngine = editor or self.own_engine
        self._is_loaded = False
        self.slots = SlotsModel(document, self)
        self.hosted = HostedPlugins(session.listener, self)
        self.jobs = ChainJobs(document, self.slots, session.listener, self.editor, self)
        self.catalog = PluginCatalog(session.listener, self)
        self.list = SlotsList(self.slots, self)
        self.panel = SlotPanel(self.slots, self.hosted, self.jobs, self)
        self.plugins = PluginListPanel(self.catalog, self)
        self.files = ChainFiles(self.slots, self.jobs, session.remembered, self)
        self.tail = control_of(facts_of(Preset, "tail_seconds"), self)
        self.message = QLabel(self)
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.hide()
        self._buttons()
        self._lay_out()
        self._connect()
        self._choose(self.list.place)
        self._show_state(document.state, document.state)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Ask the engine what plugins there are, when the view is first shown."""
        super().showEvent(event)
        if not self._is_loaded:
            self.load()

    def load(self) -> None:
        """Ask the engine what plugins there are, and which of the chain are missing."""
        self._is_loaded = True
        self.catalog.load()
        self.jobs.check(again=True)

    def shut(self) -> None:
        """End the engine of plugins' windows, and with it a window that is open."""
        self.own_engine.close()

    def add(self, entry: PluginEntry) -> None:
        """Add a plugin behind the chosen slot; one that needs a file asks for it first."""
        values = dict(entry.values)
        info = BUILTINS.get(values["plugin"])
        for name, part in (info.parameters if info else {}).items():
            if part.default is None:
                file, _kind = QFileDialog.getOpenFileName(self, _(part.help))
                if not file:
                    return
                values["parameters"] = {name: file}
        try:
            slot = validated(SlotSpec, values)
        except UsageError as error:
            self.show_fault(str(error))
            return
        self.slots.add(slot, self._behind_chosen())

    def show_fault(self, sentence: str) -> None:
        """Say what was not done, until the next change."""
        self.message.setText(f"\N{WARNING SIGN} {sentence}")
        self.message.show()

    def show_note(self, sentence: str) -> None:
        """Say what was done."""
        self.message.setText(sentence)
        self.message.show()
        self.told.emit(sentence)

    def _behind_chosen(self) -> Place | None:
        place = self.list.place
        if place is None:
            return None
        item = item_at(self.slots.chain, place)
        if isinstance(item, SlotSpec):
            return (*place[:-1], place[-1] + 1)
        return (*place, len(item.slots))

    def _do(self, change: Callable[[Place], object]) -> None:
        if self.list.place is not None:
            change(self.list.place)

    def _choose(self, place: Place | None) -> None:
        self.panel.show_place(place)
        item = None if place is None else item_at(self.slots.chain, place)
        is_style = isinstance(item, SlotSpec) and item.kind == "style"
        for button, down in ((self.up_button, False), (self.down_button, True)):
            button.setEnabled(place is not None and self.slots.can_step(place, down=down))
        for button in (self.remove_button, self.double_button):
            button.setEnabled(item is not None and not is_style)

    def _set_tail(self, seconds: float) -> None:
        preset = with_values(self._document.state.preset, tail_seconds=seconds)
        self._document.change(_("Change tail"), merge="tail", preset=preset)

    def _show_state(self, _old: State, new: State) -> None:
        self.message.hide()
        self.tail.show_value(new.preset.tail_seconds)

    def _buttons(self) -> None:
        make, slots = self._button, self.slots
        self.up_button = make(
            _("&Up"), _("Move the slot up (Alt+Up)"), lambda: self._do(partial(slots.step, down=False))
        )
        self.down_button = make(
            _("Dow&n"), _("Move the slot down (Alt+Down)"), lambda: self._do(partial(slots.step, down=True))
        )
        self.double_button = make(
            _("Dupl&icate"), _("Add the same slot behind it (Ctrl+D)"), lambda: self._do(slots.duplicate)
        )
        self.remove_button = make(
            _("Re&move"), _("Take the slot out (Delete)"), lambda: self._do(slots.remove)
        )

    def _button(self, text: str, tip: str, clicked: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.clicked.connect(lambda: clicked())
        return button

    def _connect(self) -> None:
        self.list.place_changed.connect(self._choose)
        self.plugins.chosen.connect(self.add)
        self.tail.changed.connect(self._set_tail)
        self.catalog.changed.connect(self._look_again)
        self.slots.refused.connect(self.show_fault)
        self.jobs.failed.connect(self.show_fault)
        self.jobs.said.connect(self.show_note)
        self._document.changed.connect(self._show_state)
        certain(QApplication.instance()).aboutToQuit.connect(self.shut)
        search = QShortcut(QKeySequence.StandardKey.Find, self)
        search.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        search.activated.connect(self.plugins.search.setFocus)

    def _look_again(self) -> None:
        self.hosted.forget()
        self.jobs.check(again=True)

    def _lay_out(self) -> None:
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.files)
        column.addWidget(self.list, 1)
        column.addWidget(_row(self.up_button, self.down_button, self.double_button, self.remove_button))
        form = QFormLayout()
        form.addRow(_("&Tail after the end"), self.tail)
        column.addLayout(form)
        column.addWidget(self.message)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        for widget, width in zip((left, self.panel, self.plugins), WIDTHS, strict=True):
            splitter.addWidget(widget)
            widget.setMinimumWidth(width * 3 // 4)
        splitter.setSizes(list(WIDTHS))
        splitter.setStretchFactor(1, 1)
        splitter.setChildrenCollapsible(False)
        outer = QVBoxLayout(self)
        outer.addWidget(splitter)


def _row(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        row.addWidget(widget)
    return holder
