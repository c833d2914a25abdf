from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from nast_fx.models import METHOD_SETTINGS, Preset, RenderPlan, Settings, StyleReference, Tracking, validated
from nast_fx.models.preset import PresetOutput
from nast_fx_gui.controls.facts import FieldFacts, facts_of, label_of
from nast_fx_gui.controls.form import Form
from nast_fx_gui.controls.kinds import CONTROLS, InsteadControl, NumberControl, control_of
from nast_fx_gui.controls.number_box import NumberBox

MODELS: list[type[Settings]] = [*METHOD_SETTINGS.values(), RenderPlan, Tracking, PresetOutput, StyleReference]
PRESET_WORDS = ("name", "author", "description", "tags", "notes")
FIELDS = [
    pytest.param(model, name, id=f"{model.__name__}.{name}")
    for model in MODELS
    for name in model.model_fields
] + [pytest.param(Preset, name, id=f"Preset.{name}") for name in PRESET_WORDS]
TEXTS = {
    "name": ["Glass room", "Ä"],
    "tags": [(), ("dark", "for drums")],
    "key": ["content", "off", "F# minor"],
    "components": ["real", "magnitude+phase"],
    "style_layers": ["all", "1+3"],
    "features": ["dft", "wavenet", "own/weights.safetensors"],
}


def samples(facts: FieldFacts) -> list[Any]:
    """Values of a field: the default, the ends, some between, and what stands instead."""
    values: list[Any] = list(facts.instead)
    if facts.kind == "choice":
        values += facts.choices
    elif facts.kind == "flag":
        values += [True, False]
    elif facts.kind == "prose":
        values += ["", "two\nlines"]
    elif facts.kind in ("text", "words"):
        values += TEXTS.get(facts.name, ["", "a b", "ä+ö"])
    elif facts.kind == "path":
        values += [Path("a b/ä.wav")]
    else:
        low, high = facts.low or 0, facts.high if facts.high is not None else 65_536
        values += [low, high, low + (high - low) // 3 // facts.step * facts.step]
        values += [1e-7, 0.1 + 0.2, 123.456789] if facts.kind == "number" else []
    return [value for value in values if not facts.check(value)]


def enter(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    if text.isascii():
        qtbot.keyClicks(line, text)
    else:
        line.insert(text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


@pytest.mark.parametrize(("model", "name"), FIELDS)
def test_a_control_shows_every_value_and_is_silent(qtbot: QtBot, model: type[Settings], name: str) -> None:
    control = control_of(facts_of(model, name))
    qtbot.addWidget(control)
    told: list[Any] = []
    control.changed.connect(told.append)
    values = samples(control.facts)
    assert values
    for value in values:
        control.show_value(value)
        assert control.value == value
        assert type(control.value) is type(value) or isinstance(value, (int, float))
    assert not told


@pytest.mark.parametrize(("model", "name"), FIELDS)
def test_a_person_can_enter_every_value(qtbot: QtBot, model: type[Settings], name: str) -> None:
    control = control_of(facts_of(model, name))
    qtbot.addWidget(control)
    told: list[Any] = []
    control.changed.connect(told.append)
    values = samples(control.facts)
    control.show_value(values[-1])
    for value in [*values, *reversed(values)]:
        before = control.value
        put(qtbot, control, value)
        assert control.value == value
        if before != value:
            assert told[-1] == value
    assert all(not control.facts.check(value) for value in told)


def put(qtbot: QtBot, control: Any, value: Any) -> None:
    """Do what a person does to enter a value."""
    if isinstance(control, InsteadControl):
        if control.box.isChecked() != (value in control.facts.instead):
            control.box.click()
        if value not in control.facts.instead:
            put(qtbot, control.inner, value)
    elif isinstance(control, NumberControl):
        enter(qtbot, control.box.lineEdit(), repr(value))
    elif control.facts.kind == "choice":
        box: QComboBox = control.box
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())
    elif control.facts.kind == "flag":
        if control.box.isChecked() != value:
            control.box.click()
    elif control.facts.kind == "prose":
        control.box.selectAll()
        control.box.insertPlainText(value)
    else:
        enter(qtbot, control.line, ", ".join(value) if isinstance(value, tuple) else str(value))


@pytest.mark.parametrize(("model", "name"), FIELDS)
def test_every_control_has_name_help_and_keyboard(qtbot: QtBot, model: type[Settings], name: str) -> None:
    control = control_of(facts_of(model, name))
    qtbot.addWidget(control)
    assert control.buddy.accessibleName()
    assert control.buddy.toolTip() == control.facts.help != ""
    assert control.buddy.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_there_is_a_control_for_every_kind() -> None:
    used = {facts_of(model, name).kind for model in MODELS for name in model.model_fields}
    used |= {facts_of(Preset, name).kind for name in PRESET_WORDS}
    assert used | {"instead"} == set(CONTROLS)


def test_names_become_words() -> None:
    assert label_of("n_filters") == "Number of filters"
    assert label_of("content_f_max") == "Content highest frequency"
    assert label_of("griffin_lim_iterations") == "Griffin-Lim iterations"
    assert label_of("segment_seconds") == "Segment length"
    for model in MODELS:
        labels = [label_of(name) for name in model.model_fields]
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("typed", "value"), [("0,25", 0.25), (".5", 0.5), ("7", 0.1), ("-1", 0.1), ("x", 0.1), ("1e-3", 0.001)]
)
def test_what_is_out_of_range_is_not_taken(qtbot: QtBot, typed: str, value: float) -> None:
    box = NumberBox(facts_of(RenderPlan, "amount"))
    qtbot.addWidget(box)
    box.show_value(0.1)
    enter(qtbot, box.lineEdit(), typed)
    assert box.value == value


def test_steps_stay_in_range(qtbot: QtBot) -> None:
    box = NumberBox(facts_of(METHOD_SETTINGS["infinite"], "learning_rate"))
    qtbot.addWidget(box)
    box.show_value(0.01)
    box.stepBy(-1)
    assert box.value > 0  # the range is open there
    box.show_value(1.0)
    box.stepBy(1)
    assert box.value == 1.0
    even = NumberBox(facts_of(METHOD_SETTINGS["infinite"], "n_fft"))
    qtbot.addWidget(even)
    even.show_value(2048)
    even.stepBy(1)
    assert even.value == 2050


def test_box_and_slider_show_one_value(qtbot: QtBot) -> None:
    control = NumberControl(facts_of(RenderPlan, "amount"))
    qtbot.addWidget(control)
    told: list[Any] = []
    control.changed.connect(told.append)
    assert control.slider is not None
    control.show_value(0.333)
    assert (control.slider.value(), control.value) == (33, 0.333)
    control.slider.setValue(70)
    assert told == [0.7]
    assert control.box.lineEdit().text() == "0.7"


def test_a_form_has_a_row_for_every_field_and_says_what_differs(qtbot: QtBot) -> None:
    form = Form(RenderPlan, first=("amount", "strength"), left_out=("loop",))
    qtbot.addWidget(form)
    form.show()
    assert set(form.rows) == set(RenderPlan.model_fields) - {"loop"}
    assert list(form.rows)[:2] == ["amount", "strength"]
    base = RenderPlan(amount=0.5)
    form.show_values(RenderPlan(amount=0.7, seed=2**62 + 1), base)
    row = form.rows["amount"]
    assert "changed" in row.label.text()
    assert row.label.buddy() is row.control.buddy
    assert not form.rows["seed"].label.isVisible()
    assert "1 changed" in form.fold.text()
    form.fold.click()
    assert form.rows["seed"].label.isVisible()
    assert form.rows["seed"].control.value == 2**62 + 1
    assert "changed" not in form.rows["follow"].label.text()


def test_the_way_back_leads_to_the_preset_and_then_to_the_default(qtbot: QtBot) -> None:
    form = Form(RenderPlan)
    qtbot.addWidget(form)
    base = RenderPlan(amount=0.5)
    asked: list[tuple[str, Any]] = []

    def change(name: str, value: Any) -> None:
        asked.append((name, value))
        form.show_values(validated(RenderPlan, {name: value}), base)

    form.edited.connect(change)
    form.show_values(RenderPlan(amount=0.7), base)
    for _ in range(3):
        form.rows["amount"].back.click()
    assert asked == [("amount", 0.5), ("amount", 1.0), ("amount", 0.5)]


def test_a_fault_is_told_under_its_row(qtbot: QtBot) -> None:
    form = Form(RenderPlan, first=("amount",))
    qtbot.addWidget(form)
    form.show()
    form.show_fault("amount", "amount=7 is too much")
    assert "amount=7" in form.rows["amount"].fault.text()
    assert form.rows["amount"].fault.isVisible()
    form.show_values(RenderPlan(), RenderPlan())
    assert not form.rows["amount"].fault.isVisible()
