from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine, FakeJob
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QSystemTrayIcon,
    QTableView,
    QWidget,
)

from nast_fx.errors import NothingToDoError, UsageError
from nast_fx.models import StyleReference
from nast_fx.models.pattern import DEFAULT_PATTERN, TOKENS
from nast_fx_gui import notify
from nast_fx_gui.certain import certain
from nast_fx_gui.engine.process import EngineDiedError
from nast_fx_gui.model import batch_planner
from nast_fx_gui.model.remembered import Remembered
from nast_fx_gui.panels.naming_field import token_words
from nast_fx_gui.session import Session
from nast_fx_gui.theme import Theme
from nast_fx_gui.views import batch as batch_module
from nast_fx_gui.views.batch import BatchView

RAIN = StyleReference(path=Path("rain.wav"))
A, B, C = (f"/in/{name}.wav" for name in "abc")
LEFT = Qt.MouseButton.LeftButton


class Stage:
    """The view between engines that do nothing."""

    def __init__(self, qtbot: Any, qapp: QApplication, settings_file: Path) -> None:
        self.qtbot = qtbot
        self.renderer, self.listener, self.engine = FakeEngine(), FakeEngine(), FakeEngine()
        engines: Any = (self.renderer, self.listener)
        self.session = Session(*engines, Remembered(settings_file), Theme(qapp))
        self.document = self.session.document
        self.document.set_styles([RAIN])
        self.view = BatchView(self.session, self.engine)  # type: ignore[arg-type]
        qtbot.addWidget(self.view)
        self.view.resize(1280, 720)
        self.view.show()
        self.settings, self.table, self.controls = self.view.settings, self.view.table, self.view.controls

    @property
    def setup(self) -> Any:
        return self.view.batch.setup

    @property
    def job(self) -> FakeJob:
        return self.engine.last("batch")

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.view.queue.rows]

    @property
    def plans(self) -> list[FakeJob]:
        """What was asked for all files, and not answered yet."""
        jobs = self.engine.of("plan") + self.listener.of("plan")
        asked = [job for job in jobs if not job.is_over and not job.is_cancelled]
        return [job for job in asked if not {"first", "resume"} & job.request.keys()]

    def plan(self, *contents: str, passed_over: Any = ()) -> FakeJob:
        """Answer the latest question for names."""
        self.qtbot.waitUntil(lambda: bool(self.plans))
        files = [
            {
                "content": one,
                "output": f"/in/styled/{Path(one).stem}.styled.wav",
                "state": "queued",
                "message": "",
            }
            for one in contents
        ]
        job = self.plans[-1]
        names = [one for one in self.engine.of("plan") if "first" in one.request]
        names[-1].finish(files=files[:3])
        job.finish(folder="/in/styled", files=files, passed_over=passed_over)
        return job

    def add(self, *contents: str) -> None:
        self.view.batch.add(map(Path, contents))
        self.plan(*contents)

    def run(self, **states: str) -> None:
        """Start, and say how far each file is."""
        self.click(self.controls.start)
        for name, state in states.items():
            self.job.part.emit({"content": f"/in/{name}.wav", "state": state, "share": 0.5})
        self.view.queue.show_changes()

    def click(self, button: QAbstractButton) -> None:
        assert button.isEnabled()
        self.qtbot.mouseClick(button, LEFT, pos=QPoint(8, button.height() // 2))

    def undo(self) -> None:
        self.document.undo_stack.undo()


@pytest.fixture
def stage(qtbot: Any, qapp: QApplication, settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(batch_planner, "SETTLE_MS", 20)
    return Stage(qtbot, qapp, settings_file)


def files_of(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(widget: QWidget, data: QMimeData) -> bool:
    """Drag something over a widget and let go; whether it was taken."""
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, LEFT, none)
    enter.ignore()
    QApplication.sendEvent(widget, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(50, 50), copy, data, LEFT, none)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_files_and_folders_are_dropped(stage: Stage, tmp_path: Path) -> None:
    song = tmp_path / "ein Lied, ä.wav"
    assert drop(stage.view, files_of(song, tmp_path))
    assert stage.setup.inputs == (song, tmp_path)
    job = stage.plan(str(song), str(tmp_path / "b.wav"))
    assert job.request["inputs"] == [str(song), str(tmp_path)]
    assert stage.table.filter.rowCount() == 2
    text = QMimeData()
    text.setText("no file")
    assert not drop(stage.view, text)
    stage.undo()
    assert stage.setup.inputs == ()


class FromTheTable:
    """A drag of the table's own results."""

    def __init__(self, source: QWidget) -> None:
        self.source = lambda: source
        self.mimeData = lambda: files_of(Path("/out/a.wav"))
        self.taken = False

    def setDropAction(self, _action: Qt.DropAction) -> None: ...

    def accept(self) -> None:
        self.taken = True


def test_results_that_are_dragged_out_are_no_contents(stage: Stage) -> None:
    event: Any = FromTheTable(stage.table)
    stage.view.dragEnterEvent(event)
    assert not event.taken


def test_files_and_folders_are_looked_for(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [str(tmp_path / "a.wav"), str(tmp_path / "b.wav")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_given: (files, ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_given: str(tmp_path))
    stage.click(stage.view.tools.add_files)
    assert list(map(str, stage.setup.inputs)) == files
    stage.click(stage.view.tools.add_folder)
    assert stage.setup.inputs[-1] == tmp_path
    stage.click(stage.settings.browse)
    assert stage.setup.folder == tmp_path
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_given: "")
    stage.click(stage.settings.browse)
    stage.click(stage.view.tools.add_folder)
    assert stage.document.undo_stack.count() == 4  # the style was the first


def test_rows_are_removed_by_key_and_button(stage: Stage) -> None:
    stage.add(A, B, C)
    assert not stage.view.tools.remove.isEnabled()
    stage.table.selectRow(1)
    stage.qtbot.keyClick(stage.table, Qt.Key.Key_Delete)
    assert stage.setup.inputs == (Path(A), Path(C))
    stage.plan(A, C)
    stage.table.selectRow(0)
    stage.click(stage.view.tools.remove)
    stage.plan(C)
    assert stage.table.filter.rowCount() == 1
    stage.click(stage.view.tools.clear)
    stage.qtbot.waitUntil(lambda: stage.table.filter.rowCount() == 0)
    assert not stage.view.tools.clear.isEnabled()
    for count in (1, 2, 3):
        stage.undo()
        assert len(stage.setup.inputs) == count


def test_the_pattern_goes_both_ways(stage: Stage) -> None:
    line = stage.settings.naming.line
    assert line.text() == DEFAULT_PATTERN
    stage.view.batch.change("x", pattern="{n}.{ext}")
    assert line.text() == "{n}.{ext}"
    line.setFocus()
    line.setCursorPosition(0)
    stage.qtbot.keyClicks(line, "my ")
    assert stage.setup.pattern == "my {n}.{ext}"
    assert line.cursorPosition() == 3
    stage.undo()
    assert line.text() == "{n}.{ext}"


def test_names_are_shown_as_the_pattern_is_written(stage: Stage) -> None:
    stage.view.batch.change("x", folder=Path("/in/styled"))
    stage.add(A, B)
    naming = stage.settings.naming
    assert naming.preview.text() == "a.styled.wav,  b.styled.wav"
    stage.qtbot.keyClicks(naming.line, "{stm}")
    stage.qtbot.waitUntil(lambda: naming.fault.isVisible())
    assert naming.fault.text == "naming: there is no token {stm}; did you mean 'stem'?"
    assert not stage.controls.start.isEnabled()
    assert "stm" not in stage.controls.line.text()
    stage.undo()
    stage.plan(A, B)
    assert not naming.fault.isVisible()
    assert stage.controls.start.isEnabled()
    stage.view.batch.change("x", pattern="x.{ext}")
    stage.qtbot.waitUntil(lambda: bool(stage.plans))
    stage.plans[-1].fail(UsageError("a and b would both be named x.wav; put {n} into --pattern"))
    assert naming.fault.text == "a and b would both be named x.wav; put {n} into naming"


def test_tokens_are_inserted_from_a_menu(stage: Stage) -> None:
    assert set(token_words()) == set(TOKENS)
    naming = stage.settings.naming
    stage.view.batch.change("x", pattern="a.{ext}")
    naming.line.setCursorPosition(1)
    actions = certain(naming.button.menu()).actions()
    next(action for action in actions if action.text().startswith("{method}")).trigger()
    assert stage.setup.pattern == "a{method}.{ext}"
    actions[-1].trigger()
    assert stage.setup.pattern == naming.line.text() == DEFAULT_PATTERN


def test_the_folder_goes_both_ways(stage: Stage) -> None:
    line = stage.settings.folder
    stage.add(A)
    assert (line.text(), line.placeholderText()) == ("", "/in/styled")
    stage.qtbot.keyClicks(line, "/out/")
    assert (stage.setup.folder, line.text()) == (Path("/out"), "/out/")
    stage.qtbot.keyClicks(line, "./a")
    assert (stage.setup.folder, line.text()) == (Path("/out/a"), "/out/./a")
    stage.view.batch.change("x", folder=Path("/other"))
    assert line.text() == "/other"
    line.selectAll()
    stage.qtbot.keyClick(line, Qt.Key.Key_Backspace)
    assert stage.setup.folder is None


def test_choices_and_switches_go_both_ways(stage: Stage) -> None:
    settings = stage.settings
    for index in range(settings.overwrite.count()):
        settings.overwrite.setCurrentIndex(index)
        settings.overwrite.activated.emit(index)
        assert stage.setup.overwrite == settings.overwrite.itemData(index)
    stage.view.batch.change("x", overwrite="skip")
    assert settings.overwrite.currentData() == "skip"
    stage.qtbot.keyClick(settings.jobs, Qt.Key.Key_Up)
    assert stage.setup.n_jobs == 1
    stage.view.batch.change("x", n_jobs=0)
    assert settings.jobs.text() == "automatic"
    for box, field in ((settings.recursive, "is_recursive"), (settings.stems, "is_stems")):
        before = box.isChecked()
        stage.click(box)
        assert getattr(stage.setup, field) is not before
        stage.undo()
        assert box.isChecked() is before


def test_the_sound_is_that_of_the_render_view_or_of_a_preset(stage: Stage) -> None:
    sound = stage.settings.sound
    assert sound.presets.currentText() == "As in the render view (Untitled*)"
    assert sound.line.toolTip() == "style rain, method infinite, normal quality"
    stage.session.begin()
    rows = [{"name": name, "path": f"/p/{name}.toml", "layer": "user"} for name in ("glue", "metal")]
    stage.listener.last("presets", "list").finish(presets=rows)
    assert [sound.presets.itemText(n) for n in (1, 2)] == ["glue", "metal"]
    sound.presets.activated.emit(2)
    assert stage.listener.last("presets", "load").request["name"] == "metal"
    preset = {"schema": 1, "name": "Into metal", "method": "mital"}
    stage.listener.last("presets", "load").finish(
        name="metal", path="/p/metal.toml", layer="user", preset=preset
    )
    assert stage.setup.origin.name == sound.presets.currentText() == "metal"
    assert sound.line.toolTip() == "style rain, method mital, normal quality"
    stage.undo()
    assert (stage.setup.origin, sound.presets.currentIndex()) == (None, 0)
    with stage.qtbot.waitSignal(stage.view.render_view_wanted):
        stage.click(sound.button)


def test_a_preset_that_cannot_be_read_is_told(stage: Stage) -> None:
    stage.view.settings.sound.preset_wanted.emit("gone")
    stage.listener.last("presets", "load").fail(UsageError("there is no preset 'gone'"))
    assert "gone" in stage.view.summary.label.text()
    assert stage.setup.origin is None


def test_it_says_why_it_cannot_start(stage: Stage) -> None:
    assert stage.controls.line.text() == "no files \N{MIDDLE DOT} add files or folders first"
    stage.document.set_styles([])
    stage.view.batch.add([Path(A)])
    stage.qtbot.waitUntil(lambda: not stage.view.planner.is_busy)
    assert "choose a style first" in stage.controls.line.text()
    assert not stage.controls.start.isEnabled()
    stage.document.set_styles([RAIN])
    stage.plan(A)
    assert stage.controls.line.text() == "1 waiting"
    assert stage.controls.start.isEnabled()


def test_a_run_with_pause_and_end(stage: Stage) -> None:
    stage.add(A, B)
    stage.run(a="running")
    assert not stage.controls.start.isEnabled()
    stage.job.report(stage="batch", share=0.25, seconds_left=90.0)
    assert stage.controls.bar.text() == "25%"
    assert stage.controls.line.text() == "1 working, 1 waiting \N{MIDDLE DOT} 1 min 30 s left"
    stage.click(stage.controls.pause)
    stage.view.queue.show_changes()
    assert stage.engine.is_paused
    assert (stage.controls.pause.text(), stage.states) == ("Go on", ["paused", "waiting"])
    stage.click(stage.controls.pause)
    assert not stage.engine.is_paused
    stage.job.report(stage="full", share=0.25, note="paused: the disk is full")
    assert "disk is full" in stage.controls.line.text()
    for one in (A, B):
        stage.job.part.emit({"content": one, "state": "done"})
    stage.job.finish()
    assert stage.view.summary.isVisible()
    assert stage.view.summary.label.text() == "2 done, in 0 s."
    assert [button.text() for button in stage.view.summary.buttons] == ["Open folder", "Dismiss"]
    stage.click(stage.view.summary.buttons[-1])
    assert not stage.view.summary.isVisible()


def test_cancel(stage: Stage) -> None:
    stage.add(A, B)
    stage.run(a="done", b="running")
    stage.click(stage.controls.cancel)
    assert stage.job.is_cancelled
    assert not stage.controls.cancel.isEnabled()
    stage.job.fail()
    assert stage.states == ["done", "cancelled"]
    assert stage.view.summary.label.text() == "1 done, 1 cancelled, in 0 s."
    assert stage.controls.start.isEnabled()


def test_a_dead_engine_in_the_middle(stage: Stage) -> None:
    stage.add(A, B)
    stage.run(a="done", b="running")
    stage.job.fail(EngineDiedError("the engine was killed (SIGKILL)"))
    assert stage.states == ["done", "broken"]
    model = stage.table.filter
    assert (model.index(1, 2).data(), model.index(1, 5).data()) == (
        "broken off",
        "the engine was killed (SIGKILL)",
    )
    assert "The engine was killed" in stage.view.summary.label.text()
    stage.click(stage.controls.retry)
    assert stage.states == ["done", "waiting"]
    stage.job.part.emit({"content": A, "state": "skipped"})
    stage.job.part.emit({"content": B, "state": "done"})
    stage.job.finish()
    assert stage.states == ["done", "done"]
    assert not stage.controls.retry.isEnabled()


def test_the_menu_tries_failed_ones_again(stage: Stage) -> None:
    stage.add(A, B)
    stage.run(a="failed", b="done")
    stage.job.finish()
    stage.table.retried.emit()
    assert stage.states == ["waiting", "done"]
    assert len(stage.engine.of("batch")) == 2


def test_rows_that_are_being_made_are_not_removed(stage: Stage) -> None:
    stage.add(A, B)
    stage.run(a="done", b="running")
    stage.table.setFocus()
    stage.table.selectAll()
    stage.qtbot.keyClick(stage.table, Qt.Key.Key_Delete)
    assert stage.setup.inputs == (Path(B),)


def test_finished_rows_are_opened(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.add(A, B)
    stage.run(a="done", b="running")
    opened: list[tuple[Path, Path]] = []
    stage.view.open_result.connect(lambda content, output: opened.append((content, output)))
    for number in (0, 1):
        where = stage.table.visualRect(stage.table.filter.index(number, 0)).center()
        viewport = certain(stage.table.viewport())
        stage.qtbot.mouseClick(viewport, LEFT, pos=where)
        stage.qtbot.mouseDClick(viewport, LEFT, pos=where)
    assert opened == [(Path(A), Path("/in/styled/a.styled.wav"))]
    stage.table.selectRow(0)
    stage.qtbot.keyClick(stage.table, Qt.Key.Key_Return)
    assert len(opened) == 2
    shown: list[str] = []
    monkeypatch.setattr(batch_module.QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    stage.table.shown_in_folder.emit(stage.table.chosen[0])
    assert shown == ["/in/styled"]


def test_the_menu_offers_what_can_be(stage: Stage) -> None:
    stage.add(A, B)
    stage.run(a="done", b="failed")
    for number, wanted in ((0, [True, True, False, True]), (1, [False, False, True, True])):
        stage.table.selectRow(number)
        stage.table.customContextMenuRequested.emit(QPoint(20, 20))
        menu = certain(QApplication.activePopupWidget())
        assert [action.isEnabled() for action in menu.actions()] == wanted
        menu.close()


def test_search_and_filter(stage: Stage) -> None:
    stage.add(A, B, C)
    stage.run(a="done", b="failed")
    tools = stage.view.tools
    tools.shown.setCurrentIndex(tools.shown.findData("failed"))
    tools.shown.activated.emit(tools.shown.currentIndex())
    assert [row.content for row in stage.table.filter.rows] == [B]
    tools.shown.activated.emit(tools.shown.setCurrentIndex(0) or 0)
    stage.qtbot.keyClicks(tools.search, "c.wav")
    assert [row.content for row in stage.table.filter.rows] == [C]


def test_what_was_passed_over_is_said(stage: Stage) -> None:
    stage.view.batch.add([Path("/in")])
    assert stage.view.tools.note.text() == "looking at the files ..."
    stage.plan(A, passed_over=[{"file": f"/in/{n}.txt", "reason": "it is not audio"} for n in range(30)])
    assert stage.view.tools.note.text() == "passed over: 30"
    assert stage.view.tools.note.toolTip().splitlines()[-1] == "and 10 more"


def unfinished_files(*states: str) -> list[dict[str, str]]:
    return [{"content": f"/in/{n}.wav", "state": state} for n, state in enumerate(states)]


def test_an_unfinished_batch_is_offered(stage: Stage) -> None:
    stage.qtbot.waitUntil(lambda: bool(stage.listener.of("plan")))
    assert not stage.view.offer.isVisible()
    asked = stage.listener.last("plan")
    told: list[str] = []
    stage.view.told.connect(told.append)
    assert asked.request == {"resume": True}
    asked.finish(folder="/out", files=unfinished_files("queued", "skipped", "queued"))
    assert stage.view.offer.label.text() == "A batch into /out was not finished; 2 files are left to do."
    assert told == [stage.view.offer.label.text()]
    stage.click(stage.view.offer.buttons[0])
    assert stage.job.request == {"resume": True, "output": "/out"}
    assert not stage.view.offer.isVisible()


def test_a_batch_that_is_not_wanted_is_offered_once(stage: Stage) -> None:
    for files, is_offered in ((["queued"], True), (["queued"], False), (["queued", "queued"], True)):
        stage.view.unfinished.ask()
        stage.listener.last("plan").finish(folder="/out", files=unfinished_files(*files))
        assert stage.view.offer.isVisible() == is_offered
        if is_offered:
            stage.click(stage.view.offer.buttons[-1])


def test_nothing_unfinished_nothing_said(stage: Stage) -> None:
    for end in ("none", "all done"):
        stage.view.unfinished.ask()
        if end == "none":
            stage.listener.last("plan").fail(NothingToDoError("nothing to do: no batch was broken off"))
        else:
            stage.listener.last("plan").finish(folder="/out", files=unfinished_files("skipped"))
        assert not stage.view.offer.isVisible()


def test_a_new_start_remembers_how_it_was_named(stage: Stage, qtbot: Any, settings_file: Path) -> None:
    stage.view.batch.change("x", pattern="{n}.{ext}", folder=Path("/out"))
    again = Stage(qtbot, certain(QApplication.instance()), settings_file)
    assert again.settings.naming.line.text() == "{n}.{ext}"
    assert again.settings.folder.text() == "/out"
    assert again.document.undo_stack.count() == 1  # the style


class Tray:
    """Stands where the desktop's tray is."""

    told: list[tuple[str, str]]

    def __init__(self, *_given: object) -> None:
        Tray.told = []

    @staticmethod
    def isSystemTrayAvailable() -> bool:
        return True

    def show(self) -> None: ...

    def hide(self) -> None: ...

    def showMessage(self, title: str, text: str, **_more: object) -> None:
        Tray.told.append((title, text))


@pytest.mark.parametrize("is_active", [False, True])
def test_the_end_is_told_to_who_is_elsewhere(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, is_active: bool
) -> None:
    alerts: list[object] = []
    Tray.told = []
    monkeypatch.setattr(notify, "QSystemTrayIcon", Tray)
    monkeypatch.setattr(notify.QApplication, "alert", alerts.append)
    monkeypatch.setattr(stage.view, "isActiveWindow", lambda: is_active)
    stage.add(A)
    stage.run(a="done")
    stage.job.finish()
    assert Tray.told == ([] if is_active else [("Batch ended", "1 done, in 0 s.")])
    assert len(alerts) == (0 if is_active else 1)


def test_without_a_tray_the_window_asks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: False)
    monkeypatch.setattr(stage.view, "isActiveWindow", lambda: False)
    alerts: list[object] = []
    monkeypatch.setattr(notify.QApplication, "alert", alerts.append)
    stage.view.notifier.tell("Batch ended", "x")
    assert alerts == [stage.view]


def test_everything_is_reached_and_named(stage: Stage) -> None:
    stage.add(A)
    kinds = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QTableView)
    found = [
        widget
        for widget in stage.view.findChildren(QWidget)
        if isinstance(widget, kinds)
        and widget.isVisible()
        and not widget.objectName().startswith("qt_")
        and widget.parent() is not stage.settings.jobs
        and not (isinstance(widget, QAbstractButton) and isinstance(widget.parent(), QTableView | QLineEdit))
    ]
    assert len(found) == 21
    nameless = [
        widget
        for widget in found
        if not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]
    assert not nameless
    assert not [widget for widget in found if not widget.toolTip()]
    assert not [widget for widget in found if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus]


def test_keys_of_buttons_and_labels_are_their_own(stage: Stage) -> None:
    texts = [
        widget.text()
        for widget in stage.view.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QLabel)
    ]
    keys = [
        QKeySequence.mnemonic(text).toString() for text in texts if not QKeySequence.mnemonic(text).isEmpty()
    ]
    of_menus = {f"Alt+{letter}" for letter in "FEPRVH"}
    assert len(keys) == len({*keys, *of_menus}) - len(of_menus)
    assert len(keys) >= 12


def test_nothing_is_asked_while_another_view_is_shown(stage: Stage) -> None:
    stage.add(A)
    stage.view.hide()
    count = len(stage.engine.of("plan"))
    for amount in (0.3, 0.4):
        stage.document.set_plan(amount=amount)
        stage.qtbot.wait(60)
    assert len(stage.engine.of("plan")) == count
    stage.view.show()
    assert stage.plan(A).request["request"]["plan"] == {"amount": 0.4}
    stage.view.hide()
    stage.view.show()
    stage.qtbot.wait(60)
    assert len(stage.engine.of("plan")) == count + 2
    assert not stage.view.is_busy
    stage.run(a="running")
    assert stage.view.is_busy
