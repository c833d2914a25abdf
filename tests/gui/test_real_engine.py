"""The window with real engines: example, known style, preset, preview, command line, cancel, death."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nast_fx.models import StyleReference
from nast_fx_gui.app import make_window
from nast_fx_gui.model.remembered import Remembered
from nast_fx_gui.panels.fault import FaultDialog
from nast_fx_gui.window import MainWindow

pytestmark = pytest.mark.slow

Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, settings_file: Path, tmp_path: Path) -> Iterator[MainWindow]:
    remembered = Remembered(settings_file)
    remembered.set_text("example-folder", str(tmp_path))
    made = make_window(qapp, remembered)
    qtbot.addWidget(made, before_close_func=lambda _window: end(made))
    made.show()
    yield made
    made.session.close()


def end(window: MainWindow) -> None:
    """Leave nothing that is asked about when it closes."""
    window.session.rendering.cancel()
    window.session.document.forget_preset()


@pytest.fixture
def until(qtbot: QtBot) -> Until:
    def wait(is_so: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(is_so()), timeout=120_000)

    return wait


def open_example(window: MainWindow, until: Until) -> None:
    window.open_example()
    until(lambda: window.session.document.state.content)
    window.session.document.set_styles([StyleReference(path=Path("bells"))])
    until(lambda: window.session.device)


def test_a_person_hears_a_preview(window: MainWindow, until: Until) -> None:
    session, view = window.session, window.render_view
    until(lambda: session.presets.rows and session.styles.rows)
    assert {"subtle-glue"} <= {row.name for row in session.presets.rows}
    open_example(window, until)
    assert "segments" in view.verdict.text()
    until(lambda: "LUFS" in view.listening.pictures["content"].words.text())
    session.presets.load("subtle-glue")
    until(lambda: session.document.state.origin)
    session.document.set_selection((2.0, 4.0))
    view.preview_button.click()
    until(lambda: view.result.made)
    assert view.result.made is not None
    assert view.result.made.facts["frames"] == 2 * 44_100
    until(lambda: view.listening.comparison.is_known)
    view.result.copy_command()
    words = shlex.split(QApplication.clipboard().text())
    assert words[:2] == ["nast-fx", "render"]
    assert "bells" in words
    assert not window.findChildren(FaultDialog)


def test_a_preset_is_there_after_it_was_saved(window: MainWindow, until: Until) -> None:
    session = window.session
    session.document.set_plan(amount=0.4)
    session.document.set_words(name="Dark room", tags=["dark"])
    session.presets.save(session.document.state.preset, overwrite=False)
    until(lambda: session.document.state.origin)
    assert not session.document.state.is_dirty
    until(lambda: any(row.title == "Dark room" for row in session.presets.rows))


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_engine_ends_one_render(window: MainWindow, until: Until, tmp_path: Path) -> None:
    open_example(window, until)
    view, session = window.render_view, window.session
    view.make_result()
    until(lambda: view.progress.bar.value() > 0)
    os.kill(session.renderer.process_id, signal.SIGKILL)
    until(lambda: window.findChildren(FaultDialog))
    assert not session.rendering.is_busy
    for dialog in window.findChildren(FaultDialog):
        assert "PyQt" in dialog.detailedText()
        dialog.close()
    view.make_result()
    until(lambda: view.progress.bar.value() > 0)
    view.progress.stop.click()
    until(lambda: not session.rendering.is_busy)
    assert [path.name for path in (tmp_path / "example").glob("*styled*")] == []


def test_what_is_wrong_with_a_content_is_said_and_the_window_goes_on(
    window: MainWindow, until: Until, tmp_path: Path
) -> None:
    view, session = window.render_view, window.session
    noise = np.random.default_rng(1).normal(0, 0.1, (24_000, 8))
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "broken.wav").write_bytes(b"RIFFxxxx")
    (tmp_path / "broken.naststyle").write_bytes(b"PK\x03\x04")
    for name, rate, channels in (("st\nyle", 48_000, 2), ("\N{BELL} a\nb", 48_000, 1), ("many", 192_000, 8)):
        soundfile.write(tmp_path / f"{name}.wav", noise[:, :channels], rate)
    style = StyleReference(path=tmp_path / "st\nyle.wav")
    session.document.set_styles([style])
    session.document.set_plan(amount=0.0)
    for name in ("missing.wav", "empty.wav", "folder.wav", "broken.wav"):
        view.verdict.setText("")
        window.open_content(tmp_path / name)
        until(lambda name=name: name in view.verdict.text())
    for name in ("\N{BELL} a\nb", "many"):
        window.open_content(tmp_path / f"{name}.wav")
        view.make_result()
        until(lambda name=name: (tmp_path / f"{name}.styled.wav").exists())
        until(lambda: not session.rendering.is_busy)
    session.document.set_styles([StyleReference(path=tmp_path / "broken.naststyle")])
    until(lambda: "broken.naststyle" in view.verdict.text())
    session.document.set_styles([style])
    until(lambda: "kHz" in view.verdict.text())
