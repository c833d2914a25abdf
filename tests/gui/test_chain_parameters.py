from __future__ import annotations

from typing import Any

import pytest
from chain_shown import Shown
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QKeySequence, QWheelEvent
from PyQt6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from nast_fx.models import SlotSpec
from nast_fx.models.chain import AutomationSpec, BranchSpec
from nast_fx.models.plugin_table import BUILTINS, ParameterInfo
from nast_fx_gui.controls.kinds import ChoiceControl, FlagControl, PathControl
from nast_fx_gui.controls.scale import N_STEPS, Scale
from nast_fx_gui.controls.scaled import ScaledControl
from nast_fx_gui.panels.automation import AutomationDialog
from nast_fx_gui.panels.parameter_row import ParameterRow
from nast_fx_gui.translation import use_language
from nast_fx_gui.window import MainWindow

ALL = [(plugin, name) for plugin, info in BUILTINS.items() for name in info.parameters]
NUMBERS = [(plugin, name) for plugin, name in ALL if BUILTINS[plugin].parameters[name].kind == "number"]


def slot_of(plugin: str) -> SlotSpec:
    files = {name: "room.wav" for name, part in BUILTINS[plugin].parameters.items() if part.kind == "file"}
    return SlotSpec(plugin=plugin, parameters=files)


def test_every_parameter_of_every_built_in_is_here() -> None:
    assert len(BUILTINS) >= 20
    assert len(ALL) >= 50


@pytest.mark.parametrize("plugin", BUILTINS)
def test_a_slot_shows_a_row_for_each_parameter(qtbot: QtBot, plugin: str) -> None:
    shown = Shown(qtbot, slot_of(plugin))
    info = BUILTINS[plugin]
    assert list(shown.view.panel.rows) == list(info.parameters)
    assert shown.view.panel.head.about.text() == info.help
    for name, part in info.parameters.items():
        row = shown.row(name)
        assert row.automate.isVisibleTo(shown.view) == part.is_automatable
        assert row.label.toolTip() == part.help
        assert row.label.text()[0].isupper()


@pytest.mark.parametrize(("plugin", "name"), ALL)
def test_a_parameter_is_shown_as_it_is_in_the_chain(qtbot: QtBot, plugin: str, name: str) -> None:
    shown = Shown(qtbot, slot_of(plugin))
    info = BUILTINS[plugin].parameters[name]
    row = shown.row(name)
    for value in values_of(info):
        shown.view.slots.set_parameter((0,), name, value, default=info.default)
        assert shown.slot.parameters.get(name, info.default) == value
        assert str(row.control and row.control.value) == str(short(value))
        assert row.label.font().bold() == (info.default not in (None, value))
        if isinstance(row.control, ScaledControl):
            text = row.control.box.lineEdit()
            assert text is not None
            assert text.text().endswith(info.unit)
            assert row.control.slider.value() == row.control.scale.position(float(short(value)))
        shown.document.undo_stack.undo()


@pytest.mark.parametrize(("plugin", "name"), ALL)
def test_what_a_person_sets_is_in_the_chain(qtbot: QtBot, plugin: str, name: str) -> None:
    shown = Shown(qtbot, slot_of(plugin))
    info = BUILTINS[plugin].parameters[name]
    row = shown.row(name)
    expected = turned(qtbot, row, info)
    assert shown.slot.parameters[name] == expected
    assert expected != info.default
    assert shown.document.undo_stack.count() == 1
    if info.default is not None:
        row.back.click()
        assert shown.slot == slot_of(plugin)
        assert str(row.control and row.control.value) == str(short(info.default))


def values_of(info: ParameterInfo) -> list[Any]:
    if info.kind == "number":
        low, high = float(info.low or 0), float(info.high or 0)
        return [low, high, low + (high - low) / 3]
    return {"choice": list(info.choices), "switch": [True, False], "file": ["/rooms/hall.wav"]}[info.kind]


def short(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def turned(qtbot: QtBot, row: ParameterRow, info: ParameterInfo) -> Any:
    """Let a person set a parameter, and give what that should make of it."""
    control = row.control
    if isinstance(control, ScaledControl):
        position = N_STEPS // 3 if control.slider.value() != N_STEPS // 3 else N_STEPS // 2
        control.slider.setValue(position)
        return control.scale.value(position)
    if isinstance(control, ChoiceControl):
        index = (control.box.currentIndex() + 1) % control.box.count()
        control.box.setCurrentIndex(index)
        control.box.activated.emit(index)
        return info.choices[index]
    if isinstance(control, FlagControl):
        control.box.click()
        return not info.default
    assert isinstance(control, PathControl)
    control.line.setText("/rooms/hall.wav")
    qtbot.keyClick(control.line, Qt.Key.Key_Return)
    return "/rooms/hall.wav"


@pytest.mark.parametrize(("plugin", "name"), NUMBERS)
def test_a_slider_reaches_all_of_its_range(plugin: str, name: str) -> None:
    info = BUILTINS[plugin].parameters[name]
    scale = Scale(float(info.low or 0), float(info.high or 0), info.unit)
    values = [scale.value(step) for step in range(N_STEPS + 1)]
    assert (values[0], values[-1]) == (info.low, info.high)
    assert values == sorted(values)
    assert all(info.checked(value) == value for value in values)
    assert all(abs(scale.position(value) - step) <= 3 for step, value in enumerate(values[20:], 20))


def test_frequencies_are_spread_by_ratios_and_times_finer_toward_zero() -> None:
    cutoff = Scale(1, 96_000, "Hz")
    assert cutoff.kind == "ratio"
    assert cutoff.value(N_STEPS // 2) == pytest.approx(310, rel=0.01)
    assert Scale(0, 10_000, "ms").value(N_STEPS // 10) == 10
    assert Scale(-100, 24, "dBFS").value(N_STEPS // 2) == -38
    assert Scale(0, 1).value(N_STEPS // 4) == 0.25


def test_a_number_is_typed_with_or_without_its_unit(qtbot: QtBot) -> None:
    shown = Shown(qtbot, slot_of("LowpassFilter"))
    control = shown.row("cutoff_frequency_hz").control
    assert isinstance(control, ScaledControl)
    for text, value in (("1234.5", 1234.5), ("800 Hz", 800.0), ("99999999", 800.0), ("many", 800.0)):
        control.box.selectAll()
        qtbot.keyClicks(control.box, text)
        qtbot.keyClick(control.box, Qt.Key.Key_Return)
        assert shown.slot.parameters["cutoff_frequency_hz"] == value
    assert control.slider.value() == control.scale.position(800)


@pytest.mark.parametrize("name", ["mix", "gain_db", "name", "bypass"])
def test_what_every_slot_has_goes_both_ways(qtbot: QtBot, name: str) -> None:
    shown = Shown(qtbot, slot_of("Reverb"))
    row = shown.row(name)
    value: Any = {"mix": 0.25, "gain_db": -12.0, "name": "Hall", "bypass": True}[name]
    shown.view.slots.change((0,), "x", **{name: value})
    assert row.control is not None
    assert row.control.value == value
    row.back.click()
    assert shown.slot == slot_of("Reverb")
    row.edited.emit(value)
    assert getattr(shown.slot, name) == value
    assert row.control.value == value


def test_the_style_is_a_place_without_settings(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    panel = shown.view.panel
    assert shown.view.list.place == (0,)
    assert "render view" in panel.note.text()
    assert list(panel.rows) == ["amount"]
    assert panel.rows["amount"].control is None
    assert not shown.view.remove_button.isEnabled()
    assert not shown.view.double_button.isEnabled()
    assert not shown.view.up_button.isEnabled()


def test_a_branch_has_a_gain_and_a_parallel_slot_gets_branches(qtbot: QtBot) -> None:
    slot = SlotSpec(plugin="parallel", branches=(BranchSpec(),))
    shown = Shown(qtbot, slot)
    head = shown.view.panel.head
    assert head.branch_button.isVisibleTo(shown.view)
    head.branch_button.click()
    assert len(shown.slot.branches) == 2
    assert shown.view.list.place == (0, 1)
    assert [name for name, row in head.rows.items() if row.isVisibleTo(shown.view)] == ["gain_db"]
    control = head.rows["gain_db"].control
    assert isinstance(control, ScaledControl)
    control.slider.setValue(0)
    assert shown.slot.branches[1].gain_db == -60
    shown.view.remove_button.click()
    assert shown.slot == slot


def test_what_moves_over_time_is_shown_as_text(qtbot: QtBot) -> None:
    shown = Shown(qtbot, slot_of("LowpassFilter"))
    row = shown.row("cutoff_frequency_hz")
    curve = AutomationSpec(points=((0, 400), (8, 12000)))
    shown.view.slots.set_automation((0,), "cutoff_frequency_hz", curve)
    assert row.moves.text() == "0 s: 400 Hz, 8 s: 12000 Hz"
    assert row.control is not None
    assert not row.control.isEnabled()
    assert row.automate.isChecked()
    shown.document.undo_stack.undo()
    assert row.control.isEnabled()
    assert not row.moves.isVisibleTo(shown.view)


def dialog_of(qtbot: QtBot, curve: AutomationSpec | None) -> AutomationDialog:
    from nast_fx_gui.controls.parameter_facts import parameter_facts

    facts = parameter_facts(BUILTINS["LowpassFilter"].parameters["cutoff_frequency_hz"])
    dialog = AutomationDialog(facts, curve, 440.0)
    qtbot.addWidget(dialog)
    return dialog


@pytest.mark.parametrize(
    "curve",
    [
        None,
        AutomationSpec(points=((0, 400), (2.5, 900), (8, 12000))),
        AutomationSpec(controller=74, low=100.0, high=9000.0),
    ],
)
def test_the_editor_gives_the_curve_that_it_shows(qtbot: QtBot, curve: AutomationSpec | None) -> None:
    dialog = dialog_of(qtbot, curve)
    dialog.accept()
    assert dialog.curve == curve
    assert dialog.result() == 1


def test_points_are_entered_in_the_editor(qtbot: QtBot) -> None:
    dialog = dialog_of(qtbot, None)
    dialog.kind.setCurrentIndex(1)
    dialog.add_button.click()
    assert dialog.table.rowCount() == 3
    for column, text in enumerate(("12", "8000,5")):
        item = dialog.table.item(2, column)
        assert item is not None
        item.setText(text)
    dialog.table.setCurrentCell(1, 0)
    dialog.remove_button.click()
    dialog.accept()
    assert dialog.curve == AutomationSpec(points=((0, 440), (12, 8000.5)))


@pytest.mark.parametrize(
    ("row", "column", "text", "sentence"),
    [
        (1, 0, "0", "must be later than"),
        (0, 0, "-1", "must be at least 0"),
        (1, 0, "soon", "the time of point 2 must be a number"),
        (0, 1, "", "the value of point 1 must be a number"),
        (0, 1, "0.5", "cutoff_frequency_hz=0.5"),
    ],
)
def test_the_editor_says_what_is_no_curve(
    qtbot: QtBot, row: int, column: int, text: str, sentence: str
) -> None:
    dialog = dialog_of(qtbot, AutomationSpec(points=((0, 400), (4, 500))))
    item = dialog.table.item(row, column)
    assert item is not None
    item.setText(text)
    dialog.accept()
    assert sentence in dialog.fault.text()
    assert dialog.result() == 0


def test_the_button_opens_the_editor(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(qtbot, slot_of("LowpassFilter"))

    def enter(dialog: AutomationDialog) -> int:
        dialog.kind.setCurrentIndex(1)
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(AutomationDialog, "exec", enter)
    shown.row("cutoff_frequency_hz").automate.click()
    assert shown.slot.automation["cutoff_frequency_hz"].points == ((0, 50), (4, 50))
    assert shown.row("cutoff_frequency_hz").automate.isChecked()


def test_the_wheel_passes_over_a_control(qtbot: QtBot) -> None:
    shown = Shown(qtbot, slot_of("Reverb"))
    shown.view.show()
    control = shown.row("room_size").control
    assert isinstance(control, ScaledControl)

    def turn() -> None:
        center = QPointF(control.slider.rect().center())
        buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        phase = Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(center, center, QPoint(), QPoint(0, 120), buttons, keys, phase, False)
        QApplication.sendEvent(control.slider, event)

    turn()
    assert shown.slot.parameters == {}
    shown.view.activateWindow()
    control.slider.setFocus()
    qtbot.waitUntil(control.slider.hasFocus)
    turn()
    assert shown.slot.parameters["room_size"] > 0.5


def test_every_control_has_a_name_and_can_be_reached(qtbot: QtBot) -> None:
    shown = Shown(qtbot, slot_of("LadderFilter"))
    shown.view.show()
    reached = []
    for widget in shown.view.findChildren(QWidget):
        is_used = widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if is_used and widget.focusProxy() is None and not isinstance(widget, QScrollBar):
            reached.append(widget)
    nameless = [
        type(widget).__name__
        for widget in reached
        if not (widget.accessibleName() or getattr(widget, "text", str)() or named_by_label(widget))
    ]
    assert nameless == []
    assert len(reached) > 20


def named_by_label(widget: QWidget) -> bool:
    window = widget.window()
    assert window is not None
    return any(label.buddy() is widget for label in window.findChildren(QLabel))


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_two_keys_are_one(qtbot: QtBot, language: str) -> None:
    use_language(language)
    try:
        window = MainWindow(Shown(qtbot).session)
        qtbot.addWidget(window)
        view = window.views["chain"]
        window.tabs.setCurrentWidget(view)
        window.show()
        bar = window.menuBar()
        assert bar is not None
        texts = [action.text() for action in bar.actions()]
        for kind in (QAbstractButton, QLabel):
            texts += [widget.text() for widget in view.findChildren(kind) if not widget.isHidden()]
        hosted = window.views["chain"].panel.head  # type: ignore[attr-defined]
        texts += [hosted.window_button.text(), hosted.again.text(), hosted.branch_button.text()]
        keys = [QKeySequence.mnemonic(text).toString() for text in dict.fromkeys(texts)]
        used = [key for key in keys if key]
        assert len(used) > 12
        assert sorted(used) == sorted(set(used))
    finally:
        use_language("en")
