from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chain_shown import Shown
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from nast_fx.errors import AudioFileError, NastFxError, UsageError
from nast_fx.models import ChainSpec, Preset, SlotSpec
from nast_fx.models.chain import BranchSpec, StateSpec
from nast_fx.models.plugin_table import BUILTINS
from nast_fx_gui.model.chain_jobs import CHECK_MS
from nast_fx_gui.model.document import PresetOrigin
from nast_fx_gui.model.plugins import entries_of
from nast_fx_gui.model.slots import FAULT

COMP = SlotSpec(plugin="ZamComp.vst3")


def plugin(name: str, path: str = "", **facts: Any) -> dict[str, Any]:
    values = {"maker": "Damien Zammit", "version": "4.1", "category": "Fx", "is_instrument": False}
    return {"name": name, "path": path or f"/usr/lib/vst3/{name}.vst3", **values, **facts}


KNOWN = {
    "plugins": [plugin("ZamComp"), plugin("Dexed", maker="Digital Suburban", is_instrument=True)],
    "failures": [{"path": "/x/Broken.vst3", "error": "Broken: the plugin crashed while loading (SIGSEGV)"}],
    "denied": ["/x/ZamVerb.vst3"],
}


def number(name: str, value: Any, **facts: Any) -> dict[str, Any]:
    ends = {"label": name.title(), "unit": "dB", "low": -80.0, "high": 0.0, "default": 0.0, "choices": []}
    return {"name": name, "value": value, **ends, **facts}


SAID = {
    "name": "ZamComp",
    "maker": "Damien Zammit",
    "version": "4.1.0",
    "is_instrument": False,
    "warnings": [],
    "parameters": [
        number("threshold", -9.99999904),
        number("program", "Zero", default="Zero", choices=["Zero", "Vocal"]),
        number("stereo", True, default=False),
    ],
}


def test_built_ins_are_there_at_once_and_plugins_when_the_engine_has_answered(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    assert shown.names() == sorted([*BUILTINS, "Parallel"], key=str.casefold)
    shown.job("list", "plugins").finish(**KNOWN)
    assert shown.names()[-4:] == ["Dexed", "ZamComp", "Broken", "ZamVerb"]


def test_words_find_names_makers_kinds_and_what_is_said(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.job("list", "plugins").finish(**KNOWN)
    for text, names in (
        ("zam", ["ZamComp", "ZamVerb"]),
        ("zammit", ["ZamComp"]),
        ("built-in echo", ["Delay"]),
        ("failed", ["Broken"]),
        ("SIGSEGV", ["Broken"]),
        ("no such thing", []),
    ):
        shown.view.plugins.search.setText(text)
        assert shown.names() == names
    assert shown.view.plugins.about.text() == "Nothing has these words."
    assert not shown.view.plugins.add_button.isEnabled()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Broken", "It failed: the plugin crashed while loading (SIGSEGV)"),
        ("ZamVerb", "on your deny list and never opened. /x/ZamVerb.vst3"),
        ("Dexed", "An instrument plays scores"),
    ],
)
def test_what_cannot_be_added_says_why(qtbot: QtBot, name: str, sentence: str) -> None:
    shown = Shown(qtbot)
    shown.job("list", "plugins").finish(**KNOWN)
    panel = shown.view.plugins
    panel.search.setText(name)
    assert sentence in panel.about.text()
    assert not panel.add_button.isEnabled()
    qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    assert shown.plugins == []


def test_a_found_plugin_is_added_behind_the_chosen_slot(qtbot: QtBot) -> None:
    shown = Shown(qtbot, SlotSpec(plugin="Gain"), SlotSpec(plugin="Reverb"))
    shown.job("list", "plugins").finish(**KNOWN)
    panel = shown.view.plugins
    qtbot.keyClicks(panel.search, "zamc")
    qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    assert shown.plugins == ["Gain", "ZamComp.vst3", "Reverb"]
    assert shown.view.list.place == (1,)
    panel.search.setText("parallel")
    panel.add_button.click()
    assert shown.plugins == ["Gain", "ZamComp.vst3", "parallel", "Reverb"]
    shown.view.list.choose((2, 0))
    panel.search.setText("Delay")
    panel.add_button.click()
    assert shown.view.list.place == (2, 0, 0)
    for _ in range(3):
        shown.document.undo_stack.undo()
    assert shown.plugins == ["Gain", "Reverb"]


@pytest.mark.parametrize("file", ["/rooms/hall.wav", ""])
def test_what_needs_a_file_asks_for_it(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (file, ""))
    shown = Shown(qtbot)
    shown.view.plugins.search.setText("Convolution")
    shown.view.plugins.add_button.click()
    slots = shown.document.state.preset.chain.slots
    assert [slot.parameters for slot in slots if slot.plugin == "Convolution"] == (
        [{"impulse_response_filename": file}] if file else []
    )


def test_arrows_in_the_search_walk_through_the_list(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    panel = shown.view.plugins
    first = panel.entry
    qtbot.keyClick(panel.search, Qt.Key.Key_Down)
    assert panel.entry != first
    qtbot.keyClick(panel.search, Qt.Key.Key_Up)
    assert panel.entry == first


def test_files_of_one_name_or_of_several_plugins_are_told_apart() -> None:
    found = [
        plugin("One", "/a/Shell.vst3"),
        plugin("Two", "/a/Shell.vst3"),
        plugin("Same", "/a/Same.vst3"),
        plugin("Same", "/b/Same.vst3"),
    ]
    entries = {
        entry.text.rpartition(", ")[2] + entry.name: dict(entry.values)
        for entry in entries_of({"plugins": found, "failures": [], "denied": []})
    }
    assert entries["/a/Shell.vst3Two"] == {"plugin": "Shell.vst3", "plugin_name": "Two"}
    assert entries["/b/Same.vst3Same"] == {"plugin": "Same.vst3", "path": "/b/Same.vst3"}


def test_a_scan_shows_how_far_it_is_and_what_it_found(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.job("list", "plugins").finish(plugins=[], failures=[], denied=[])
    panel = shown.view.plugins
    panel.scan_button.click()
    assert panel.bar.isVisibleTo(shown.view)
    job = shown.job("scan", "plugins")
    job.report(stage="scan", share=0.5, note="ZamComp.vst3")
    assert panel.bar.value() == 500
    assert "ZamComp.vst3" in panel.note.text()
    job.finish(**KNOWN, opened=4)
    assert not panel.bar.isVisibleTo(shown.view)
    assert panel.note.text() == "2 plugins were found; 1 failed."
    assert "ZamComp" in shown.names()
    panel.scan_button.click()
    assert shown.job("scan", "plugins").request["rescan"]


def test_a_scan_is_stopped(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    panel = shown.view.plugins
    panel.scan_button.click()
    panel.scan_button.click()
    job = shown.job("scan", "plugins")
    assert job.is_cancelled
    job.fail()
    assert "stopped" in panel.note.text()
    assert panel.scan_button.text() == "&Scan for plugins"
    assert len(shown.engine.of("plugins", "list")) == 2


@pytest.mark.parametrize(
    ("name", "action", "path"),
    [("ZamVerb", "allow", "/x/ZamVerb.vst3"), ("ZamComp", "deny", "/usr/lib/vst3/ZamComp.vst3")],
)
def test_a_plugin_is_denied_and_allowed(qtbot: QtBot, name: str, action: str, path: str) -> None:
    shown = Shown(qtbot, COMP)
    shown.job("list", "plugins").finish(**KNOWN)
    panel = shown.view.plugins
    assert not panel.deny_button.isEnabled()
    panel.search.setText(name)
    assert panel.deny_button.text().replace("&", "").lower() == action
    panel.deny_button.click()
    job = shown.job(action, "plugins")
    assert job.request["name"] == path
    n_checks = len(shown.engine.of("chains", "check"))
    job.finish(path=path, denied=action == "deny", changed=True)
    assert len(shown.engine.of("plugins", "list")) == 2
    assert len(shown.engine.of("chains", "check")) == n_checks + 1


def test_a_list_that_cannot_be_had_says_why(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.job("list", "plugins").fail(AudioFileError("the list of denied plugins is damaged"))
    assert "damaged" in shown.view.plugins.note.text()


def test_a_missing_plugin_is_shown_with_its_slot(qtbot: QtBot) -> None:
    inner = SlotSpec(plugin="parallel", branches=(BranchSpec(slots=(SlotSpec(plugin="Nowhere.vst3"),)),))
    shown = Shown(qtbot, COMP, inner)
    fault = {"place": "2.1.1", "message": "there is no plugin 'Nowhere.vst3'", "is_missing": True}
    shown.job("check").finish(faults=[fault])
    rows = {index: shown.view.slots.index(index).data(FAULT) for index in range(4)}
    assert rows == {0: "", 1: "", 2: "", 3: "there is no plugin 'Nowhere.vst3'"}
    shown.view.list.choose((1, 0, 0))
    head = shown.view.panel.head
    assert "there is no plugin" in head.fault.text()
    assert head.fault.isVisibleTo(shown.view)
    row = head.rows["if_missing"]
    assert row.isVisibleTo(shown.view)
    row.edited.emit("skip")
    slot = shown.document.state.preset.chain.slots[1].branches[0].slots[0]
    assert slot.if_missing == "skip"
    shown.document.undo_stack.undo()
    assert shown.document.state.preset.chain.slots[1] == inner


def test_another_chain_is_looked_through_once_after_a_while(qtbot: QtBot) -> None:
    shown = Shown(qtbot, SlotSpec(plugin="Gain"))
    assert shown.engine.of("chains", "check") == []
    shown.view.slots.add(COMP)
    shown.view.slots.add(COMP)
    qtbot.waitUntil(lambda: len(shown.engine.of("chains", "check")) == 1, timeout=20 * CHECK_MS)
    shown.view.slots.set_parameter((0,), "gain_db", 2.0, default=1.0)
    qtbot.wait(2 * CHECK_MS)
    assert len(shown.engine.of("chains", "check")) == 1
    late = shown.job("check")
    shown.document.set_chain(ChainSpec())
    qtbot.wait(2 * CHECK_MS)
    late.finish(faults=[{"place": "1", "message": "gone", "is_missing": True}])
    assert shown.view.slots.faults == {}


def test_a_plugin_has_the_parameters_that_it_says(qtbot: QtBot) -> None:
    shown = Shown(qtbot, COMP)
    panel = shown.view.panel
    assert panel.rows == {}
    assert "asked" in panel.note.text()
    assert shown.job("show").request["slot"] == {"plugin": "ZamComp.vst3"}
    shown.job("show").finish(**SAID)
    values = {name: row.control and row.control.value for name, row in panel.rows.items()}
    assert values == {"threshold": -10, "program": "Zero", "stereo": True}
    panel.rows["threshold"].edited.emit(-20.0)
    panel.rows["stereo"].edited.emit(False)
    assert shown.document.state.preset.chain.slots[0].parameters == {"threshold": -20.0, "stereo": False}
    assert len(shown.engine.of("chains", "show")) == 1
    panel.rows["program"].edited.emit("Vocal")
    assert shown.job("show").request["slot"]["parameters"] == {"program": "Vocal"}
    assert "threshold" in panel.rows
    row = panel.rows["threshold"]
    shown.job("show").finish(**{**SAID, "parameters": [*SAID["parameters"][1:], number("threshold", -30)]})  # type: ignore[index]
    row = panel.rows["threshold"]
    row.back.click()
    assert row.control is not None
    assert row.control.value == -30


def test_a_plugin_that_cannot_be_opened_says_why_and_is_asked_again(qtbot: QtBot) -> None:
    shown = Shown(qtbot, COMP)
    shown.job("show").fail(UsageError("there is no plugin 'ZamComp.vst3'"))
    panel = shown.view.panel
    assert "there is no plugin" in panel.note.text()
    panel.head.again.click()
    assert len(shown.engine.of("chains", "show")) == 2
    shown.job("show").finish(**SAID)
    assert "threshold" in panel.rows


def test_two_slots_of_one_plugin_are_asked_once_and_set_apart(qtbot: QtBot) -> None:
    shown = Shown(qtbot, COMP, COMP)
    shown.job("show").finish(**SAID)
    shown.view.list.choose((1,))
    shown.view.panel.rows["threshold"].edited.emit(-33.0)
    first, second = shown.document.state.preset.chain.slots
    assert (first.parameters, second.parameters) == ({}, {"threshold": -33.0})
    assert len(shown.engine.of("chains", "show")) == 1
    titles = [shown.view.slots.index(row).data() for row in (0, 1)]
    assert titles == ["1  ZamComp", "2  ZamComp"]


def test_many_parameters_have_a_search(qtbot: QtBot) -> None:
    shown = Shown(qtbot, COMP)
    many = [number(f"band_{index}", 0) for index in range(150)]
    shown.job("show").finish(**{**SAID, "parameters": many})
    panel = shown.view.panel
    shown.view.show()
    assert panel.search.isVisible()
    assert len(panel.rows) == 12
    qtbot.waitUntil(lambda: len(panel.rows) == 60)
    assert panel.more.isVisible()
    assert panel.more.text() == "60 of 150 are shown; search for the others."
    panel.search.setText("band_14")
    assert list(panel.rows) == ["band_14", *(f"band_{index}" for index in range(140, 150))]
    assert not panel.more.isVisible()
    panel.rows["band_141"].edited.emit(-3.0)
    assert panel.search.text() == "band_14"
    control = panel.rows["band_141"].control
    assert control is not None
    assert control.value == -3


EDITED = StateSpec(raw="QUJD", identifier="id", version="4", values={"threshold": 0.5})


def edited(slot: SlotSpec, *, is_changed: bool = True) -> dict[str, Any]:
    after = slot.model_copy(update={"state": EDITED, "parameters": {}})
    values = after.model_dump(mode="json", exclude_defaults=True)
    return {"slot": values, "changes": {}, "changed": is_changed, "notes": []}


def test_what_is_set_in_the_plugins_window_is_in_the_slot(qtbot: QtBot) -> None:
    shown = Shown(qtbot, SlotSpec(plugin="ZamComp.vst3", parameters={"threshold": -5.0}))
    before = shown.document.state.preset.chain
    head = shown.view.panel.head
    head.window_button.click()
    job = shown.editor.last("plugins", "edit")
    assert job.request["slot"] == {"plugin": "ZamComp.vst3", "parameters": {"threshold": -5.0}}
    assert "Close" in head.window_button.text()
    shown.view.slots.add(SlotSpec(plugin="Gain"), (0,))
    job.finish(**edited(before.slots[0]))
    assert "Open" in head.window_button.text()
    assert shown.document.state.preset.chain.slots[1].state == EDITED
    assert shown.document.state.preset.chain.slots[1].parameters == {}
    shown.document.undo_stack.undo()
    shown.document.undo_stack.undo()
    assert shown.document.state.preset.chain == before


def test_a_window_that_changed_nothing_leaves_no_step(qtbot: QtBot) -> None:
    shown = Shown(qtbot, COMP)
    shown.view.panel.head.window_button.click()
    shown.editor.last("plugins", "edit").finish(**edited(COMP, is_changed=False))
    assert shown.document.undo_stack.count() == 0
    assert "Nothing was changed" in shown.view.message.text()


def test_a_window_is_closed_from_here(qtbot: QtBot) -> None:
    shown = Shown(qtbot, COMP)
    head = shown.view.panel.head
    head.window_button.click()
    head.window_button.click()
    job = shown.editor.last("plugins", "edit")
    assert job.is_cancelled
    job.fail()
    assert "nothing of it is kept" in shown.view.message.text()
    assert "Open" in head.window_button.text()


def test_a_window_whose_slot_is_gone_says_so(qtbot: QtBot) -> None:
    shown = Shown(qtbot, COMP)
    shown.view.panel.head.window_button.click()
    shown.view.remove_button.click()
    shown.editor.last("plugins", "edit").finish(**edited(COMP))
    assert "not kept" in shown.view.message.text()
    assert shown.plugins == []


def test_a_plugin_without_a_window_says_so(qtbot: QtBot) -> None:
    shown = Shown(qtbot, COMP)
    shown.view.panel.head.window_button.click()
    shown.editor.last("plugins", "edit").fail(NastFxError("ZamComp: there is no display"))
    assert shown.view.message.text() == "\N{WARNING SIGN} ZamComp: there is no display"
    shown.view.slots.add(SlotSpec(plugin="Gain"))
    assert not shown.view.message.isVisibleTo(shown.view)


def test_a_chain_file_is_opened_as_one_step(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: ("/racks/rack.toml", ""))
    shown = Shown(qtbot, COMP)
    shown.view.files.open_button.click()
    assert shown.job("load").request["path"] == "/racks/rack.toml"
    shown.job("load").finish(path="/racks/rack.toml", chain={"slots": [{"plugin": "Reverb"}]})
    assert shown.plugins == ["Reverb"]
    shown.document.undo_stack.undo()
    assert shown.plugins == ["ZamComp.vst3"]
    shown.view.files.open_button.click()
    shown.job("load").fail(UsageError("/racks/rack.toml: line 3 is no TOML"))
    assert "line 3" in shown.view.message.text()


@pytest.mark.parametrize(("name", "wants_states"), [("rack.toml", True), ("rack", False)])
def test_a_chain_file_is_saved_with_states_if_asked_for(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, name: str, wants_states: bool
) -> None:
    buttons = QMessageBox.StandardButton
    answer = buttons.Yes if wants_states else buttons.No
    monkeypatch.setattr(QMessageBox, "question", lambda *_args: answer)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (f"/racks/{name}", ""))
    shown = Shown(qtbot, COMP)
    shown.document.load(PresetOrigin("glue", Path("/p/glue.toml"), "user", Preset(name="Glue")))
    shown.document.set_chain(ChainSpec(slots=(COMP,)))
    shown.view.files.save_button.click()
    request = shown.job("save").request
    assert (request["path"], request["states"], request["overwrite"]) == (
        "/racks/rack.toml",
        wants_states,
        name == "rack.toml",
    )
    assert request["chain"]["slots"] == [{"plugin": "ZamComp.vst3"}]
    assert request["chain_file"] == "/p/glue.toml"
    said: list[str] = []
    shown.view.told.connect(said.append)
    shown.job("save").finish(path="/racks/rack.toml", notes=["ZamComp: something"])
    assert said == ["ZamComp: something", "The chain is saved: /racks/rack.toml"]


def test_the_tail_is_part_of_the_preset(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.view.tail.changed.emit(3.5)
    assert shown.document.state.preset.tail_seconds == 3.5
    assert shown.view.tail.value == 3.5
    shown.document.undo_stack.undo()
    assert shown.view.tail.value == 0
