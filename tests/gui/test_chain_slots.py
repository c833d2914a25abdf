from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt
from PyQt6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nast_fx.models import ChainSpec, SlotSpec
from nast_fx.models.chain import AutomationSpec, BranchSpec
from nast_fx_gui.model import commands
from nast_fx_gui.model.chain_places import STYLE, rows_of
from nast_fx_gui.model.document import Document
from nast_fx_gui.model.slots import DETAIL, FAULT, PLACE, SlotsModel
from nast_fx_gui.panels.slots import SlotsList

PARALLEL = SlotSpec(plugin="parallel", branches=(BranchSpec(), BranchSpec(slots=(SlotSpec(plugin="Delay"),))))
CHAIN = ChainSpec(
    slots=(
        SlotSpec(plugin="Compressor"),
        PARALLEL,
        STYLE,
        SlotSpec(plugin="Reverb"),
        SlotSpec(plugin="Reverb"),
    )
)
SHOWN = ["1  Compressor", "2  Parallel", "2.1  Branch 1", "2.2  Branch 2", "2.2.1  Delay", "3  Style"]
SHOWN += ["4  Reverb", "5  Reverb"]

EDITS: dict[str, Callable[[SlotsModel], Any]] = {
    "bypass": lambda slots: slots.setData(
        slots.index(0), Qt.CheckState.Unchecked.value, Qt.ItemDataRole.CheckStateRole
    ),
    "mix": lambda slots: slots.change((0,), "Change mix", merge="mix", mix=0.5),
    "gain": lambda slots: slots.change((1, 0), "Change gain", merge="gain_db", gain_db=-6.0),
    "name": lambda slots: slots.change((3,), "Change name", merge="name", name="Hall"),
    "if missing": lambda slots: slots.add(SlotSpec(plugin="A.vst3", if_missing="skip")),
    "parameter": lambda slots: slots.set_parameter((0,), "ratio", 4.0, default=1.0),
    "parameter in a branch": lambda slots: slots.set_parameter((1, 1, 0), "mix", 0.2, default=0.5),
    "automation": lambda slots: slots.set_automation(
        (3,), "room_size", AutomationSpec(points=((0, 0.1), (4, 0.9)))
    ),
    "amount": lambda slots: slots.set_automation(
        (2,), "amount", AutomationSpec(controller=11, low=0.0, high=1.0)
    ),
    "add": lambda slots: slots.add(SlotSpec(plugin="Chorus"), (1,)),
    "add a branch": lambda slots: slots.add(BranchSpec(), (1, 2)),
    "remove": lambda slots: slots.remove((3,)),
    "remove a branch": lambda slots: slots.remove((1, 0)),
    "duplicate": lambda slots: slots.duplicate((0,)),
    "move": lambda slots: slots.move((4,), (0,)),
    "move the style": lambda slots: slots.move((2,), (0,)),
    "move into a branch": lambda slots: slots.move((0,), (1, 0, 0)),
    "step": lambda slots: slots.step((3,), down=True) and slots.step((2,), down=True),
    "clear": lambda slots: slots.put(ChainSpec(), "Clear chain"),
}


@pytest.fixture
def document(qapp: QApplication) -> Document:
    made = Document()
    made.set_chain(CHAIN)
    made.undo_stack.clear()
    return made


def titles(slots: SlotsModel) -> list[str]:
    return [slots.index(row).data() for row in range(slots.rowCount())]


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_is_undone_and_done_again(document: Document, name: str) -> None:
    slots = SlotsModel(document)
    assert EDITS[name](slots)
    after = document.state.preset.chain
    assert after != CHAIN
    assert [row.item for row in slots.rows] == [row.item for row in rows_of(after)]
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert document.state.preset.chain == CHAIN
    assert titles(slots) == SHOWN
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    assert document.state.preset.chain == after
    assert [row.item for row in slots.rows] == [row.item for row in rows_of(after)]


def test_rows_say_what_is_set(document: Document) -> None:
    slots = SlotsModel(document)
    assert titles(slots) == SHOWN
    slots.change((3,), "x", mix=0.25, gain_db=-3.0, bypass=True, name="Hall")
    slots.set_automation((3,), "damping", AutomationSpec(points=((0, 0.5),)))
    index = slots.index(6)
    assert index.data() == "4  Hall"
    assert index.data(DETAIL) == "Reverb, bypassed, mix 25 %, -3 dB, 1 automated"
    assert index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    assert slots.index(2).data(Qt.ItemDataRole.CheckStateRole) is None
    slots.show_faults({(3,): "it is gone"})
    assert index.data(FAULT) == "it is gone"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole).endswith("1 automated, it is gone")


def test_two_slots_of_one_plugin_are_changed_apart(document: Document) -> None:
    slots = SlotsModel(document)
    slots.set_parameter((4,), "room_size", 0.9, default=0.5)
    first, second = document.state.preset.chain.slots[3:]
    assert (first.parameters, second.parameters) == ({}, {"room_size": 0.9})


def test_a_drag_of_a_slider_is_one_step(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.time, "monotonic", lambda: 100.0)
    slots = SlotsModel(document)
    for value in (0.6, 0.7, 0.8):
        slots.set_parameter((3,), "room_size", value, default=0.5)
    slots.set_parameter((4,), "room_size", 0.8, default=0.5)
    slots.set_parameter((4,), "damping", 0.8, default=0.5)
    assert document.undo_stack.count() == 3
    document.undo_stack.setIndex(1)
    assert document.state.preset.chain.slots[3].parameters == {"room_size": 0.8}


def test_back_at_its_default_a_parameter_is_left_out(document: Document) -> None:
    slots = SlotsModel(document)
    slots.set_parameter((3,), "room_size", 0.8, default=0.5)
    slots.set_parameter((3,), "room_size", 0.5, default=0.5)
    assert document.state.preset.chain == CHAIN


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda slots: slots.remove((2,)), "the style stays"),
        (lambda slots: slots.duplicate((2,)), "one place for the style"),
        (lambda slots: slots.add(STYLE), "at most one"),
        (lambda slots: slots.move((2,), (1, 0, 0)), "cannot stand in a branch"),
        (lambda slots: slots.set_parameter((0,), "ratio", 0.0, default=1.0), "ratio=0.0 must be a number of"),
        (lambda slots: slots.change((0,), "x", mix=2.0), "mix=2.0 must be at least 0 and at most 1"),
        (
            lambda slots: slots.set_automation((3,), "room_size", AutomationSpec(points=((0, 7),))),
            "room_size=7.0 must be",
        ),
    ],
)
def test_what_is_refused_changes_nothing_and_says_why(
    document: Document, edit: Callable[[SlotsModel], bool], sentence: str
) -> None:
    slots = SlotsModel(document)
    said: list[str] = []
    slots.refused.connect(said.append)
    assert not edit(slots)
    assert len(said) == 1
    assert sentence in said[0]
    assert document.state.preset.chain == CHAIN
    assert document.undo_stack.count() == 0


def shown(document: Document, qtbot: QtBot) -> SlotsList:
    view = SlotsList(SlotsModel(document))
    qtbot.addWidget(view)
    view.resize(320, 600)
    view.show()
    return view


def drop(view: SlotsList, source: int, target: int, part: float) -> None:
    """Drag a row to `part` (0 is the top, 1 the bottom) of another one."""
    slots = view.model()
    assert isinstance(slots, SlotsModel)
    data: QMimeData = slots.mimeData([slots.index(source)])
    box = view.visualRect(slots.index(target))
    place = QPointF(box.center().x(), box.top() + part * (box.height() - 1))
    rest = (Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    port = view.viewport()
    assert port is not None
    QApplication.sendEvent(port, QDragEnterEvent(place.toPoint(), *rest))
    QApplication.sendEvent(port, QDragMoveEvent(place.toPoint(), *rest))
    QApplication.sendEvent(port, QDropEvent(place, *rest))


@pytest.mark.parametrize(
    ("source", "target", "part", "plugins", "chosen"),
    [
        (0, 7, 0.95, ["parallel", "style", "Reverb", "Reverb", "Compressor"], (4,)),
        (6, 0, 0.05, ["Reverb", "Compressor", "parallel", "style", "Reverb"], (0,)),
        (5, 0, 0.05, ["style", "Compressor", "parallel", "Reverb", "Reverb"], (0,)),
        (0, 2, 0.5, ["parallel", "style", "Reverb", "Reverb"], (0, 0, 0)),
        (0, 4, 0.95, ["parallel", "style", "Reverb", "Reverb"], (0, 1, 1)),
        (4, 0, 0.05, ["Delay", "Compressor", "parallel", "style", "Reverb", "Reverb"], (0,)),
    ],
)
def test_a_slot_is_dragged_into_order(
    document: Document,
    qtbot: QtBot,
    source: int,
    target: int,
    part: float,
    plugins: list[str],
    chosen: tuple[int, ...],
) -> None:
    view = shown(document, qtbot)
    drop(view, source, target, part)
    assert [slot.plugin for slot in document.state.preset.chain.slots] == plugins
    assert view.place == chosen
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert document.state.preset.chain == CHAIN


def test_keys_move_remove_and_double_the_chosen_slot(document: Document, qtbot: QtBot) -> None:
    view = shown(document, qtbot)
    view.choose((3,))
    qtbot.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [slot.plugin for slot in document.state.preset.chain.slots][2:4] == ["Reverb", "style"]
    assert view.place == (2,)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert document.state.preset.chain == CHAIN
    qtbot.keyClick(view, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert len(document.state.preset.chain.slots) == 6
    assert view.place == (4,)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert document.state.preset.chain == CHAIN
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert document.state.preset.chain.slots[4].bypass


def test_a_click_on_the_box_bypasses(document: Document, qtbot: QtBot) -> None:
    view = shown(document, qtbot)
    box = view.visualRect(view.model().index(4, 0))  # type: ignore[union-attr]
    place = box.center()
    for x in range(box.left(), box.left() + 80, 4):
        place.setX(x)
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        if document.undo_stack.count():
            break
    assert document.state.preset.chain.slots[1].branches[1].slots[0].bypass
    assert view.place == (1, 1, 0)


def test_the_chosen_row_stays_chosen(document: Document, qtbot: QtBot) -> None:
    view = shown(document, qtbot)
    places: list[Any] = []
    view.place_changed.connect(places.append)
    view.choose((4,))
    document.set_chain(ChainSpec(slots=CHAIN.slots[:3]))
    assert view.place == (2,)
    document.undo_stack.undo()
    assert view.place == (2,)
    document.set_chain(ChainSpec())
    assert view.currentIndex().data(PLACE) == (0,)
    assert places[0] == (4,)
