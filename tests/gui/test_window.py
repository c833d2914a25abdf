from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fake_engine import FakeEngine, values_of
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from nast_fx.errors import AudioFileError, NastFxError, NoSpaceError
from nast_fx.models import Preset, StyleReference
from nast_fx_gui import window as window_module
from nast_fx_gui.menus import ShortcutList
from nast_fx_gui.model.document import PresetOrigin
from nast_fx_gui.model.last_session import last_session
from nast_fx_gui.model.remembered import Remembered
from nast_fx_gui.panels.fault import FaultDialog
from nast_fx_gui.session import Session
from nast_fx_gui.theme import Theme
from nast_fx_gui.window import MainWindow

HEAVY = {
    "torch",
    "pedalboard",
    "scipy",
    "matplotlib",
    "nast_fx.audio",
    "nast_fx.render",
    "nast_fx.jobs",
}
MOST_SECONDS = 1.5  # of the processor, to the first picture: the clock also counts what else runs


@pytest.fixture
def renderer() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def listener() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, renderer: FakeEngine, listener: FakeEngine, settings_file: Path
) -> MainWindow:
    session = Session(renderer, listener, Remembered(settings_file), Theme(qapp))  # type: ignore[arg-type]
    made = MainWindow(session)
    qtbot.addWidget(made, before_close_func=lambda _window: end(session, renderer))
    made.show()
    qtbot.waitUntil(lambda: bool(listener.of("styles")))
    return made


def end(session: Session, renderer: FakeEngine) -> None:
    """End what a test left running, so that the window closes without a question."""
    session.rendering.cancel()
    for job in renderer.of("render"):
        if not job.is_over:
            job.fail()
    session.document.forget_preset()


def fill(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    window.open_content(tmp_path / "song.wav")
    window.session.document.set_styles([StyleReference(path=Path("bells"))])


def test_nothing_heavy_is_loaded_and_the_window_is_there_soon() -> None:
    code = (
        "import sys, time; begin = time.process_time()\n"
        "from PyQt6.QtWidgets import QApplication\n"
        "app = QApplication([])\n"
        "from nast_fx_gui.app import make_window\n"
        "from nast_fx_gui.model.remembered import Remembered\n"
        "window = make_window(app, Remembered()); window.show(); window.grab()\n"
        "print(time.process_time() - begin, *sys.modules); window.session.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    seconds, *modules = done.stdout.split()
    assert not HEAVY & set(modules)
    assert "nast_fx.models.preset" in modules
    assert float(seconds) < MOST_SECONDS


def test_a_file_is_taken_as_what_its_name_says(
    window: MainWindow, listener: FakeEngine, tmp_path: Path
) -> None:
    for name in ("song.wav", "rain.naststyle", "glue.toml"):
        (tmp_path / name).write_bytes(b"x")
        window.open_file(tmp_path / name)
    state = window.session.document.state
    assert state.content == tmp_path / "song.wav"
    assert [style.path for style in state.preset.styles] == [tmp_path / "rain.naststyle"]
    assert values_of(listener.last("presets", "import").request)["path"] == str(tmp_path / "glue.toml")


def test_a_whole_render(window: MainWindow, renderer: FakeEngine, tmp_path: Path) -> None:
    view = window.render_view
    assert not view.render_button.isEnabled()
    fill(window, tmp_path)
    assert view.render_button.isEnabled()
    view.render_button.click()
    assert not view.render_button.isEnabled()
    assert view.progress.isVisible()
    renderer.last("render").finish(
        output=str(tmp_path / "song.styled.wav"), device="cpu, as asked", seconds=3.0
    )
    assert view.result.made is not None
    assert view.result.name.text().startswith("song.styled.wav")
    assert "cpu, as asked" in window.device.text()
    assert view.render_button.isEnabled()


def test_the_engine_dies_in_the_middle_and_the_next_render_goes(
    window: MainWindow, renderer: FakeEngine, tmp_path: Path
) -> None:
    fill(window, tmp_path)
    window.render_view.make_result()
    renderer.last("render").report(stage="transfer", share=0.5)
    renderer.died.emit("the engine was ended (signal 9)")
    renderer.last("render").fail(NastFxError("the engine was ended (signal 9)"))
    dialogs = window.findChildren(FaultDialog)
    assert len(dialogs) == 1
    assert "signal 9" in dialogs[0].text()
    assert not window.render_view.progress.isVisible()
    window.render_view.make_result()
    assert len(renderer.of("render")) == 2


def test_a_cancelled_render_is_no_fault(window: MainWindow, renderer: FakeEngine, tmp_path: Path) -> None:
    fill(window, tmp_path)
    window.render_view.make_result()
    window.render_view.progress.stop.click()
    renderer.last("render").fail()
    assert not window.findChildren(FaultDialog)
    assert "no file was written" in window.statusBar().currentMessage()


def test_a_missing_file_is_told_first(window: MainWindow, listener: FakeEngine, tmp_path: Path) -> None:
    fill(window, tmp_path)
    window.session.checking.check()
    listener.last("check").fail(AudioFileError("song.wav: there is no such file"))
    assert "no such file" in window.render_view.verdict.text()
    assert not window.findChildren(FaultDialog)


def test_the_example_opens_in_one_step(window: MainWindow, listener: FakeEngine) -> None:
    window.render_view.example.click()
    listener.last("example").finish(content="e/song.wav", style="e/bells.wav")
    state = window.session.document.state
    assert state.content == Path("e/song.wav")
    assert [str(style.path) for style in state.preset.styles] == [str(Path("e/bells.wav"))]
    window.session.document.undo_stack.undo()
    assert window.session.document.state.content is None


def test_the_shape_is_remembered(
    qtbot: QtBot, qapp: QApplication, window: MainWindow, settings_file: Path
) -> None:
    window.resize(1000, 640)
    window.tabs.setCurrentIndex(1)
    window.close()
    session = Session(FakeEngine(), FakeEngine(), Remembered(settings_file), Theme(qapp))  # type: ignore[arg-type]
    again = MainWindow(session)
    qtbot.addWidget(again)
    assert (again.height(), again.tabs.currentIndex()) == (640, 1)  # the screen here is 800 pixels wide


def test_a_running_render_is_asked_about(
    window: MainWindow, renderer: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(window, tmp_path)
    window.render_view.make_result()
    monkeypatch.setattr(MainWindow, "_may_stop", lambda _self, _question: False)
    assert not window.close()
    assert not renderer.is_closed
    monkeypatch.setattr(MainWindow, "_may_stop", lambda _self, _question: True)
    assert window.close()
    assert renderer.is_closed


@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_a_changed_preset_is_asked_about(
    qtbot: QtBot, window: MainWindow, listener: FakeEngine, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    asked: list[str] = []

    def answered(_self: object, question: str, *_buttons: object) -> QMessageBox.StandardButton:
        asked.append(question)
        return QMessageBox.StandardButton[answer]

    monkeypatch.setattr(MainWindow, "_ask", answered)
    document = window.session.document
    preset = Preset(name="Glue")
    document.load(PresetOrigin("glue", Path("glue.toml"), "user", preset))
    document.set_plan(amount=0.5)
    assert window.close() == (answer == "Discard")
    assert len(asked) == 1
    assert "Glue" in asked[0]
    assert listener.is_closed == (answer == "Discard")
    if answer == "Save":
        listener.last("presets", "save").finish(path="glue.toml", layer="user")
        qtbot.waitUntil(lambda: listener.is_closed)
        assert len(asked) == 1


def test_what_has_no_name_is_not_asked_about(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MainWindow, "_ask", lambda *_all: pytest.fail("it was asked"))
    window.session.document.set_plan(amount=0.5)
    assert window.session.document.state.is_dirty
    assert window.close()


def test_the_last_session_comes_back(
    qtbot: QtBot, qapp: QApplication, window: MainWindow, settings_file: Path, tmp_path: Path
) -> None:
    window.reopen_session()  # there is none
    fill(window, tmp_path)
    document = window.session.document
    document.load(PresetOrigin("glue", Path("glue.toml"), "user", Preset(name="Glue", notes="a, b; 50 %\nä")))
    state = document.state
    assert window.close()
    session = Session(FakeEngine(), FakeEngine(), Remembered(settings_file), Theme(qapp))  # type: ignore[arg-type]
    again = MainWindow(session)
    qtbot.addWidget(again)
    again.reopen_session()
    assert session.document.state == state
    assert not session.document.state.is_dirty
    session.document.undo_stack.undo()
    assert session.document.state.content is None


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"preset": {"method": "none"}}'])
def test_a_session_that_makes_no_sense_is_none(settings_file: Path, text: str) -> None:
    remembered = Remembered(settings_file)
    remembered.set_text("session", text)
    assert last_session(remembered) is None


def test_undo_is_in_the_menu_and_under_its_keys(qtbot: QtBot, window: MainWindow) -> None:
    box = window.render_view.settings.how_far.rows["amount"].control.box
    with qtbot.waitActive(window):
        window.activateWindow()
    box.setFocus()
    box.lineEdit().selectAll()
    qtbot.keyClicks(box, "0.5")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert window.session.document.state.preset.plan.amount == 0.5
    qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.document.state.preset.plan.amount == 1.0
    texts = [action.text() for action in window.menus.edit.actions()]
    assert texts[0].startswith("Undo")
    assert texts[1] == "Redo Change setting"


def test_no_key_is_used_twice_and_all_are_listed(qtbot: QtBot, window: MainWindow) -> None:
    keys = [
        key.toString() for action in window.menus.actions() for key in action.shortcuts() if key.toString()
    ]
    assert len(keys) == len(set(keys))
    dialog = ShortcutList(window.menus.actions(), window)
    qtbot.addWidget(dialog)
    assert dialog.table.rowCount() >= 15


def test_themes_and_diagnostics(window: MainWindow, settings_file: Path) -> None:
    for action in window.menus.actions():
        if action.text() in ("Dark", "Light", "Deutsch"):
            action.trigger()
    assert window.session.theme.look == "dark"  # the last one in the menu
    assert Remembered(settings_file).text("language", "") == "de"
    window.copy_diagnostics()
    assert "PyQt" in QApplication.clipboard().text()


def test_everything_interactive_has_a_name_and_the_keyboard(window: MainWindow) -> None:
    window.render_view.settings.show_all(True)
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider)
    unnamed = []
    for widget in window.findChildren(QWidget):
        inner = isinstance(widget.parent(), (QAbstractSpinBox, QComboBox, QLineEdit))
        outside = type(widget).__name__ in ("QTabBar", "QScrollBar") or widget.objectName().startswith("qt_")
        if not isinstance(widget, kinds) or inner or outside or type(widget.parent()).__name__ == "QTabBar":
            continue
        text = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
        if not text or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            unnamed.append((type(widget).__name__, text))
    assert not unnamed


def test_the_views_are_a_dict() -> None:
    assert list(window_module.VIEWS) == ["render", "chain", "batch"]


def test_one_of_several_styles_is_chosen_to_be_shown(window: MainWindow, tmp_path: Path) -> None:
    view, document = window.render_view, window.session.document
    fill(window, tmp_path)
    paths = [tmp_path / f"{name}.wav" for name in "abc"]
    document.set_styles([StyleReference(path=path) for path in paths])
    lines = view.style_well.lines
    assert [line.shown.isChecked() for line in lines] == [True, False, False]
    lines[1].shown.click()
    assert view.listening._style == paths[1]
    assert view.listening.comparison._sources["style"].path == paths[1]
    assert not document.undo_stack.undoText().startswith("Show")
    document.set_styles([StyleReference(path=path) for path in paths[1:]])
    assert [line.shown.isChecked() for line in view.style_well.lines] == [True, False]
    assert view.listening._style == paths[1]
    document.set_styles([StyleReference(path=paths[2])])
    assert view.listening._style == paths[2]
    document.set_styles([])
    assert view.listening._style is None


def test_a_score_asks_for_its_instrument(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, well = window.session.document, window.render_view.content_well
    answers = iter(["/fonts/piano.sf2", "/songs/notes.mid", ""])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_all: (next(answers), ""))
    well.take([tmp_path / "song.mid"])
    qtbot.waitUntil(lambda: document.state.instrument == Path("/fonts/piano.sf2"))
    assert "piano.sf2" in well.score_menu.instrument.text()
    well.score_menu.midi.trigger()
    assert document.state.midi == Path("/songs/notes.mid")
    document.set_styles([StyleReference(path=Path("bells"))])
    request = document.request(output=None)
    assert (request.midi, request.instrument) == (document.state.midi, document.state.instrument)
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert (document.state.midi, document.state.instrument) == (None, Path("/fonts/piano.sf2"))
    well.score_menu.no_instrument.trigger()
    assert document.state.instrument is None
    document.undo_stack.undo()
    assert document.state.instrument == Path("/fonts/piano.sf2")
    well.score_menu.instrument.trigger()  # and no file is chosen
    assert document.state.instrument == Path("/fonts/piano.sf2")


@pytest.mark.parametrize("is_wanted", [True, False])
def test_where_a_result_has_no_room_another_place_is_offered(
    qtbot: QtBot,
    window: MainWindow,
    renderer: FakeEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_wanted: bool,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(MainWindow, "_may_stop", lambda _self, text: asked.append(text) or is_wanted)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_all: (str(tmp_path / "other.wav"), ""))
    fill(window, tmp_path)
    window.render_view.make_result()
    renderer.last("render").fail(NoSpaceError("song.styled.wav: no space left on the disk"))
    qtbot.waitUntil(lambda: bool(asked))
    assert "no space left" in asked[0]
    assert len(renderer.of("render")) == 1 + is_wanted
    if is_wanted:
        assert renderer.last("render").request.output == tmp_path / "other.wav"
    assert not window.findChildren(FaultDialog)
