from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from nast_fx.errors import AudioFileError
from nast_fx.models import Preset, RenderRequest, StyleReference
from nast_fx_gui.model.copying import Copying
from nast_fx_gui.model.document import Document, PresetOrigin
from nast_fx_gui.model.presets import PresetLibrary
from nast_fx_gui.model.remembered import Remembered
from nast_fx_gui.model.rendering import Made, Rendering
from nast_fx_gui.model.styles import StyleRow
from nast_fx_gui.panels import preset_actions, result, well
from nast_fx_gui.panels.drop_area import DropArea
from nast_fx_gui.panels.fault import FaultDialog
from nast_fx_gui.panels.preset_actions import PresetActions, WordsDialog
from nast_fx_gui.panels.presets import PresetsPanel
from nast_fx_gui.panels.progress import ProgressPanel, time_text
from nast_fx_gui.panels.result import DragHandle, ResultLine, file_mime
from nast_fx_gui.panels.settings import SettingsPanel
from nast_fx_gui.panels.well import ContentWell, StyleWell
from nast_fx_gui.theme import Theme


@pytest.fixture
def document() -> Document:
    return Document()


@pytest.fixture
def remembered(settings_file: Path) -> Remembered:
    return Remembered(settings_file)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def library(engine: FakeEngine) -> PresetLibrary:
    return PresetLibrary(engine)  # type: ignore[arg-type]


GLUE = {
    "name": "subtle-glue",
    "path": "glue.toml",
    "layer": "factory",
    "tags": ["mix"],
    "description": "Soft.",
}
OWN = {
    "name": "my-drone",
    "path": "drone.toml",
    "layer": "user",
    "tags": ["dark"],
    "description": "Long tones",
}


def pulled(widget: QWidget, *paths: Path) -> None:
    """Drop files on a widget."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(5, 5), action, mime, button, key)
    widget.dropEvent(event)


def test_dropped_files_are_told(qtbot: QtBot, tmp_path: Path) -> None:
    area = DropArea()
    qtbot.addWidget(area)
    told: list[list[Path]] = []
    area.dropped.connect(told.append)
    pulled(area, tmp_path / "a b.wav", tmp_path / "ä#%.wav")
    pulled(area)
    assert told == [[tmp_path / "a b.wav", tmp_path / "ä#%.wav"]]


def test_the_content_well_both_ways(
    qtbot: QtBot, document: Document, remembered: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = ContentWell(document, remembered)
    qtbot.addWidget(panel)
    document.set_content(Path("x/song.wav"))
    assert panel.name.text() == "song.wav"
    monkeypatch.setattr(well.QFileDialog, "getOpenFileNames", lambda *_: (["y/other.wav"], ""))
    panel.browse.click()
    assert document.state.content == Path("y/other.wav")
    panel.recent_menu.aboutToShow.emit()
    assert [action.text() for action in panel.recent_menu.actions()] == ["other.wav"]
    document.undo_stack.undo()
    assert panel.name.text() == "song.wav"
    panel.recent_menu.actions()[0].trigger()
    assert document.state.content == Path("y/other.wav")


def test_the_style_well_both_ways(qtbot: QtBot, document: Document, remembered: Remembered) -> None:
    panel = StyleWell(document, remembered)
    qtbot.addWidget(panel)
    assert not panel.known.isEnabled()
    panel.show_known([StyleRow("bells", "factory", Path("bells.naststyle"), "Struck metal")])
    panel.known_menu.actions()[0].trigger()
    panel.take([Path("rain.wav")])
    assert [str(style.path) for style in document.state.preset.styles] == ["bells", "rain.wav"]
    panel.lines[1].box.stepBy(10)
    weight = document.state.preset.styles[1].weight
    assert weight > 1
    assert panel.lines[1].box.value == weight
    document.undo_stack.undo()
    assert panel.lines[1].box.value == 1
    panel.lines[0].away.click()
    assert [str(style.path) for style in document.state.preset.styles] == ["rain.wav"]
    assert panel.name.text() == "rain.wav"
    panel.away.click()
    assert panel.name.text() == "nothing chosen"
    assert not panel.lines


def test_settings_both_ways(qtbot: QtBot, document: Document) -> None:
    panel = SettingsPanel(document)
    qtbot.addWidget(panel)
    panel.show()
    document.set_plan(amount=0.25)
    assert panel.how_far.rows["amount"].control.value == 0.25
    panel.how_far.rows["strength"].control.slider.setValue(40)
    assert document.state.preset.plan.strength == 0.4
    panel.choice.setCurrentIndex(panel.choice.findData("mital"))
    panel.choice.activated.emit(panel.choice.currentIndex())
    assert document.state.preset.method == "mital"
    form = panel.methods["mital"]
    assert form.isVisible()
    assert not panel.methods["infinite"].isVisible()
    form.rows["limiter"].control.box.click()
    assert document.state.preset.settings == {"limiter": False}
    form.rows["limiter"].back.click()
    assert document.state.preset.settings == {}
    document.undo_stack.undo()  # there and back at once is no step: this is the choice of the method
    assert panel.choice.currentData() == "infinite"
    assert panel.methods["infinite"].isVisible()


def test_what_cannot_be_is_told_and_taken_back(qtbot: QtBot, document: Document) -> None:
    panel = SettingsPanel(document)
    qtbot.addWidget(panel)
    panel.show()
    panel.show_all(True)
    document.set_plan(segment_markers=True)
    row = panel.plan.rows["segment_beats"]
    row.control.box.click()
    assert "exclude each other" in row.fault.text()
    assert row.fault.isVisible()
    assert row.control.value is None
    assert document.state.preset.plan.segment_beats is None


def test_rows_differ_from_the_preset_not_from_the_default(qtbot: QtBot, document: Document) -> None:
    panel = SettingsPanel(document)
    qtbot.addWidget(panel)
    preset = Preset(name="Glue", method="mital", settings={"n_layers": 2}, plan={"amount": 0.5})
    document.load(PresetOrigin("glue", Path("glue.toml"), "user", preset))
    row = panel.how_far.rows["amount"]
    assert not row.is_changed
    assert (row.target, row.back.isEnabled()) == (1.0, True)
    document.set_plan(amount=0.75)
    assert row.is_changed
    assert row.target == 0.5
    assert not panel.methods["mital"].rows["n_layers"].is_changed


def make_presets(
    qtbot: QtBot, document: Document, library: PresetLibrary, remembered: Remembered
) -> tuple[PresetsPanel, PresetActions]:
    parent = QWidget()
    qtbot.addWidget(parent)
    actions = PresetActions(document, library, remembered, parent)
    panel = PresetsPanel(document, library, actions)
    panel.chosen.connect(actions.show_current)
    qtbot.addWidget(panel)
    return panel, actions


def test_presets_are_found_and_loaded(
    qtbot: QtBot, document: Document, library: PresetLibrary, engine: FakeEngine, remembered: Remembered
) -> None:
    panel, actions = make_presets(qtbot, document, library, remembered)
    library.refresh()
    engine.last("presets", "list").finish(presets=[GLUE, OWN])
    model = panel.list.model()
    assert model.rowCount() == 2
    for text, n_found in (("dark tones", 1), ("GLUE", 1), ("mix dark", 0), ("", 2)):
        panel.search.setText(text)
        assert model.rowCount() == n_found
    assert not actions.delete.isEnabled()
    panel.list.setCurrentIndex(model.index(0, 0))
    assert panel.description.text() == "Soft."
    assert not actions.delete.isEnabled()  # one of the program's
    panel.list.setCurrentIndex(model.index(1, 0))
    assert actions.delete.isEnabled()
    panel.load_button.click()
    job = engine.last("presets", "load")
    assert job.request["name"] == "my-drone"
    job.finish(preset={"schema": 1, "name": "My drone", "plan": {"amount": 0.3}}, **OWN | {"tags": []})
    assert document.state.preset.plan.amount == 0.3
    assert panel.name.text() == "My drone"
    document.set_plan(amount=0.4)
    assert panel.name.text() == "My drone *"
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert panel.name.text() == "Untitled"


def test_a_preset_is_saved_and_clean_then(
    qtbot: QtBot,
    document: Document,
    library: PresetLibrary,
    engine: FakeEngine,
    remembered: Remembered,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _panel, actions = make_presets(qtbot, document, library, remembered)
    document.set_plan(amount=0.4, device="cpu")
    monkeypatch.setattr(preset_actions.QInputDialog, "getText", lambda *_, **__: ("Dark room", True))
    actions.save.trigger()
    job = engine.last("presets", "save")
    assert job.request["preset"]["name"] == "Dark room"
    assert job.request["preset"]["plan"] == {"amount": 0.4}  # where it computes is not of the sound
    assert job.request["overwrite"] is False
    job.finish(path="presets/dark-room.toml", layer="user")
    assert not document.state.is_dirty
    assert not actions.save.isEnabled()
    document.set_plan(amount=0.6)
    actions.save.trigger()
    assert engine.last("presets", "save").request["overwrite"] is True
    failed: list[Any] = []
    library.failed.connect(failed.append)
    engine.last("presets", "save").fail(AudioFileError("no space"))
    assert document.state.is_dirty
    assert str(failed[0]) == "no space"


def test_a_preset_of_the_program_is_saved_under_another_name(
    qtbot: QtBot,
    document: Document,
    library: PresetLibrary,
    engine: FakeEngine,
    remembered: Remembered,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _panel, actions = make_presets(qtbot, document, library, remembered)
    document.load(PresetOrigin("subtle-glue", Path("glue.toml"), "factory", Preset(name="Subtle glue")))
    document.set_plan(amount=0.4)
    monkeypatch.setattr(preset_actions.QInputDialog, "getText", lambda *_, **__: ("", False))
    actions.save.trigger()
    assert not engine.of("presets", "save")
    library.refresh()
    engine.last("presets", "list").finish(presets=[GLUE, OWN])
    monkeypatch.setattr(preset_actions.QInputDialog, "getText", lambda *_, **__: ("My Drone", True))
    answers = iter([False, True])
    monkeypatch.setattr(PresetActions, "_sure", lambda *_: next(answers))
    actions.save.trigger()
    assert not engine.of("presets", "save")
    actions.save.trigger()
    assert engine.last("presets", "save").request["overwrite"] is True


def test_delete_import_export(
    qtbot: QtBot,
    document: Document,
    library: PresetLibrary,
    engine: FakeEngine,
    remembered: Remembered,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel, actions = make_presets(qtbot, document, library, remembered)
    library.refresh()
    engine.last("presets", "list").finish(presets=[OWN])
    panel.list.setCurrentIndex(panel.list.model().index(0, 0))
    asked: list[str] = []
    monkeypatch.setattr(PresetActions, "_sure", lambda _self, question: asked.append(question) or True)
    actions.delete.trigger()
    assert engine.last("presets", "delete").request["name"] == "my-drone"
    monkeypatch.setattr(preset_actions.QFileDialog, "getOpenFileName", lambda *_: ("in/gift.zip", ""))
    actions.take_in.trigger()
    engine.last("presets", "import").finish(needs=["runs the plugin Glue.vst3"])
    assert "Glue.vst3" in asked[-1]
    again = engine.last("presets", "import")
    assert again.request["allow"]
    again.finish(names=["gift"])
    monkeypatch.setattr(preset_actions.QFileDialog, "getSaveFileName", lambda *_: ("out/drone.zip", ""))
    actions.give.trigger()
    assert engine.last("presets", "export").request["name"] == "my-drone"


def test_words_of_a_preset(qtbot: QtBot, document: Document) -> None:
    dialog = WordsDialog(document)
    qtbot.addWidget(dialog)
    dialog.form.rows["name"].control.line.setText("")
    dialog.accept()
    assert dialog.form.rows["name"].fault.text()
    dialog.form.rows["name"].control.line.setText("Dark room")
    dialog.form.rows["tags"].control.line.setText("dark, for drums,")
    dialog.form.rows["notes"].control.box.setPlainText("two\nlines")
    dialog.accept()
    preset = document.state.preset
    assert (preset.name, preset.tags, preset.notes) == ("Dark room", ("dark", "for drums"), "two\nlines")
    document.undo_stack.undo()
    assert document.state.preset.name == "Untitled"


def test_progress_is_shown_and_stopped(
    qtbot: QtBot, qapp: QApplication, document: Document, engine: FakeEngine
) -> None:
    document.set_content(Path("song.wav"))
    document.set_styles([StyleReference(path=Path("bells"))])
    rendering = Rendering(engine, document)  # type: ignore[arg-type]
    panel = ProgressPanel(rendering, Theme(qapp))
    qtbot.addWidget(panel)
    assert panel.isHidden()
    rendering.render()
    job = engine.last("render")
    job.report(stage="transfer", segment=2, n_segments=9, step=5, n_steps=50, share=0.25, seconds_left=75.2)
    assert panel.bar.value() == 250
    for part in ("transfer", "3", "9", "1:15"):
        assert part in panel.words.text()
    assert not panel.curve.points
    for step in range(3):
        job.report(stage="transfer", losses={"content": 1 / (step + 1), "style": None})
    assert [value for _step, value in panel.curve.points["content"]] == [1, 1 / 2, 1 / 3]
    assert "style" not in panel.curve.points
    panel.pause.click()
    assert engine.is_paused
    assert panel.pause.text() == "Resume"
    panel.pause.click()
    assert not engine.is_paused
    panel.stop.click()
    assert job.is_cancelled
    job.fail()
    assert panel.isHidden()


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "\N{EN DASH}"), (0, "0:00"), (61.4, "1:01"), (3661, "1:01:01")]
)
def test_times_are_read_as_on_a_clock(seconds: float | None, text: str) -> None:
    assert time_text(seconds) == text


@pytest.fixture
def made(tmp_path: Path) -> Made:
    path = tmp_path / "song.styled, ä.wav"
    path.write_bytes(b"RIFF")
    request = RenderRequest(
        content=Path("song.wav"), styles=(StyleReference(path=Path("bells")),), output=path
    )
    return Made(False, path, request, {"seconds": 65.0, "outcome": "it converged"})


def test_a_result_leaves_the_window(
    qtbot: QtBot, remembered: Remembered, made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copying = Copying()
    line = ResultLine(remembered, copying)
    qtbot.addWidget(line)
    assert not line.ways.isVisibleTo(line)
    line.save_as()
    line.show_made(made)
    assert line.ways.isVisibleTo(line)
    assert "1:05" in line.name.text()
    assert "converged" in line.name.toolTip()
    monkeypatch.setattr(result.QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "copy.wav"), ""))
    with qtbot.waitSignal(copying.copied, timeout=5000):
        line.save.click()
    assert (tmp_path / "copy.wav").read_bytes() == b"RIFF"
    shown: list[Path] = []
    monkeypatch.setattr(result, "reveal", shown.append)
    line.show_file.click()
    assert shown == [made.path]
    line.copy_file.click()
    clipboard = QApplication.clipboard()
    assert [url.toLocalFile() for url in clipboard.mimeData().urls()] == [str(made.path)]


def test_a_drag_carries_the_file(qtbot: QtBot, made: Made) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    handle = DragHandle(parent)
    handle.path = made.path
    urls = handle.drag().mimeData().urls()
    assert [Path(url.toLocalFile()) for url in urls] == [made.path]
    assert file_mime(made.path).hasUrls()


def test_a_fault_is_told_with_details_to_copy(qtbot: QtBot) -> None:
    dialog = FaultDialog("song.wav: there is no such file", "nast-fx 0.1.0 ...", None)
    qtbot.addWidget(dialog)
    dialog.open()
    dialog.copy.click()
    assert dialog.isVisible()
    text = QApplication.clipboard().text()
    assert "no such file" in text
    assert "nast-fx 0.1.0" in text
    dialog.close()
