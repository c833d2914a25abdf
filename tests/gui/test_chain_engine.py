"""The chain view with a real engine, real plugins and, for a plugin's own window, a real screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chain_shown import Shown
from pytestqt.qtbot import QtBot
from x_display import screen

from nast_fx.models import SlotSpec
from nast_fx_gui.controls.scaled import ScaledControl
from nast_fx_gui.engine import Engine
from nast_fx_gui.model.document import Document
from nast_fx_gui.views.chain import ChainView

ZAM_COMP = Path("/usr/lib/vst3/ZamComp.vst3")
COMP = SlotSpec(plugin="ZamComp.vst3")
TITLE = "Pedalboard"
FIRST_KNOB = (60, 60)  # pixels; of the attack
MS = 30_000


@pytest.fixture(autouse=True)
def _zam_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not ZAM_COMP.is_dir():
        pytest.skip("no plugin is here: needs zam-plugins (make system)")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def engine(qapp: object) -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def shown(qtbot: QtBot, engine: Engine, *slots: SlotSpec) -> tuple[Document, ChainView]:
    made = Shown(qtbot, *slots, engine=engine)
    return made.document, made.view


def open_window(qtbot: QtBot, view: ChainView) -> None:
    view.panel.head.window_button.click()
    assert isinstance(view.editor, Engine)
    qtbot.waitUntil(lambda: view.editor.state == "busy", timeout=MS)


def test_a_plugin_tells_its_parameters_and_keeps_what_is_set(
    qtbot: QtBot, engine: Engine, tmp_path: Path
) -> None:
    document, view = shown(qtbot, engine, COMP, SlotSpec(plugin="ZamNowhere.vst3"))
    qtbot.waitUntil(lambda: "threshold_db" in view.panel.rows and bool(view.slots.faults), timeout=MS)
    assert "there is no plugin 'ZamNowhere.vst3'" in view.slots.faults[(1,)]
    control = view.panel.rows["threshold_db"].control
    assert isinstance(control, ScaledControl)
    assert (control.facts.low, control.facts.high, control.facts.unit) == (-80, 0, "dB")
    control.slider.setValue(500)
    assert document.state.preset.chain.slots[0].parameters == {"threshold_db": -40}
    view.list.choose((1,))
    view.remove_button.click()
    chain = document.state.preset.chain
    with qtbot.waitSignal(view.told, timeout=MS):
        view.jobs.save(tmp_path / "rack.toml", overwrite=False, states=True)
    with qtbot.waitSignal(document.changed, timeout=MS):
        view.jobs.open(tmp_path / "rack.toml")
    (slot,) = document.state.preset.chain.slots
    assert slot.state is not None
    assert slot.parameters == {"threshold_db": -40}
    view.list.choose((0,))
    qtbot.waitUntil(lambda: engine.state == "idle" and "threshold_db" in view.panel.rows, timeout=MS)
    assert view.panel.note.text() == ""
    control = view.panel.rows["threshold_db"].control
    assert isinstance(control, ScaledControl)
    assert control.value == -40
    document.undo_stack.undo()
    assert document.state.preset.chain == chain


def test_a_knob_that_is_turned_in_the_plugins_window_is_in_the_slot(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    with screen() as place:
        monkeypatch.setenv("DISPLAY", place.name)
        document, view = shown(qtbot, engine, COMP)
        qtbot.waitUntil(lambda: "attack_ms" in view.panel.rows, timeout=MS)
        open_window(qtbot, view)
        window = place.window(TITLE)
        place.window("ZamComp", by="--class")
        place.drag(window, FIRST_KNOB, up=25)
        place.close(window)
        qtbot.waitUntil(lambda: document.undo_stack.count() == 1, timeout=MS)
        assert document.state.preset.chain.slots[0].state is not None
        row = view.panel.rows["attack_ms"]
        qtbot.waitUntil(lambda: row.control is not None and row.control.value > 15, timeout=MS)
        open_window(qtbot, view)
        place.window(TITLE)
        view.panel.head.window_button.click()
        qtbot.waitUntil(lambda: view.jobs.edited is None, timeout=MS)
        assert isinstance(view.editor, Engine)
        assert view.editor.state == "idle"
        assert document.undo_stack.count() == 1
        view.shut()
        assert view.editor.process_id == 0


@pytest.mark.slow
def test_a_scan_finds_the_plugins_of_this_computer(qtbot: QtBot, engine: Engine) -> None:
    made = Shown(qtbot, engine=engine)
    panel = made.view.plugins
    assert "ZamComp" not in made.names()
    panel.scan_button.click()
    qtbot.waitUntil(lambda: panel.bar.value() > 0, timeout=4 * MS)
    qtbot.waitUntil(lambda: not made.view.catalog.is_scanning, timeout=10 * MS)
    assert "ZamComp" in made.names()
    panel.search.setText("zamcomp zammit")
    panel.add_button.click()
    assert made.plugins == ["style", "ZamComp.vst3"]
    qtbot.waitUntil(lambda: "threshold_db" in made.view.panel.rows, timeout=MS)
    panel.deny_button.click()
    qtbot.waitUntil(lambda: (1,) in made.view.slots.faults, timeout=MS)
    assert "deny list" in made.view.slots.faults[(1,)]
