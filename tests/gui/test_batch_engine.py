"""The batch view with a real engine, real files and a real journal."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PyQt6.QtWidgets import QApplication

from nast_fx.models import StyleReference
from nast_fx_gui.certain import certain
from nast_fx_gui.engine.engine import Engine
from nast_fx_gui.model.remembered import Remembered
from nast_fx_gui.session import Session
from nast_fx_gui.theme import Theme
from nast_fx_gui.views.batch import BatchView

RATE = 8_000
LONG_MS = 60_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three files in a folder, and a style beside it; the journal is of this test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    time = np.arange(RATE) / RATE
    (tmp_path / "loops" / "drums").mkdir(parents=True)
    for name, pitch in (("drums/1", 220.0), ("drums/2", 330.0), ("pad", 440.0)):
        soundfile.write(tmp_path / "loops" / f"{name}.wav", 0.5 * np.sin(2 * np.pi * pitch * time), RATE)
    (tmp_path / "loops" / "notes.txt").write_text("no sound")
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    soundfile.write(tmp_path / "rain.wav", noise, RATE)
    return tmp_path / "loops"


@pytest.fixture
def engines() -> Iterator[tuple[Engine, Engine]]:
    both = Engine(), Engine()
    yield both
    for engine in both:
        engine.close()


def new_view(qtbot: Any, folder: Path, engines: tuple[Engine, Engine]) -> BatchView:
    app = certain(QApplication.instance())
    remembered = Remembered(folder.parent / "nast-fx.ini")
    view = BatchView(Session(*engines, remembered, Theme(app)))  # type: ignore[arg-type]
    qtbot.addWidget(view)
    view.show()
    return view


def view_of(qtbot: Any, folder: Path, engines: tuple[Engine, Engine], *, steps: int = 2) -> BatchView:
    view = new_view(qtbot, folder, engines)
    document = view.batch.document
    document.set_styles([StyleReference(path=folder.parent / "rain.wav")])
    document.set_setting("max_iterations", steps)
    view.batch.add([folder])
    qtbot.waitUntil(lambda: view.controls.start.isEnabled(), timeout=LONG_MS)
    return view


def states(view: BatchView) -> list[str]:
    return [row.state for row in view.queue.rows]


def test_a_folder_from_drop_to_summary(qtbot: Any, folder: Path, engines: tuple[Engine, Engine]) -> None:
    view = view_of(qtbot, folder, engines)
    assert view.planner.names == ["pad.styled.wav", "drums/1.styled.wav", "drums/2.styled.wav"]
    assert view.tools.note.text() == "passed over: 1"
    with qtbot.waitSignal(view.runner.ended, timeout=LONG_MS):
        view.controls.start.click()
    assert states(view) == ["done"] * 3
    assert view.summary.label.text().startswith("3 done, in ")
    results = [Path(row.output) for row in view.queue.rows]
    assert [soundfile.info(path).frames for path in results] == [RATE] * 3
    view.batch.change("Change naming", pattern="{stem}-{method}.{ext}")
    qtbot.waitUntil(lambda: view.planner.names[:1] == ["pad-infinite.wav"], timeout=LONG_MS)
    qtbot.waitUntil(lambda: states(view) == ["waiting"] * 3, timeout=LONG_MS)
    view.batch.document.undo_stack.undo()
    qtbot.waitUntil(lambda: states(view) == ["done"] * 3, timeout=LONG_MS)


@pytest.mark.slow
def test_an_engine_that_is_killed_is_gone_on_with(
    qtbot: Any, folder: Path, engines: tuple[Engine, Engine]
) -> None:
    view = view_of(qtbot, folder, engines, steps=100)
    view.controls.start.click()
    qtbot.waitUntil(lambda: "running" in states(view), timeout=LONG_MS)
    with qtbot.waitSignal(view.runner.ended, timeout=LONG_MS):
        os.kill(engines[0].process_id, signal.SIGKILL)
    assert set(states(view)) <= {"broken", "done"}
    assert "killed" in view.summary.label.text()
    view.close()
    again = new_view(qtbot, folder, engines)
    qtbot.waitUntil(again.offer.isVisible, timeout=LONG_MS)
    with qtbot.waitSignal(again.runner.ended, timeout=LONG_MS):
        again.offer.buttons[0].click()
    assert states(again)
    assert set(states(again)) == {"done"}
    assert len(list((folder.parent / "styled").rglob("*.wav"))) == 3


def test_a_batch_is_held_and_cancelled(qtbot: Any, folder: Path, engines: tuple[Engine, Engine]) -> None:
    view = view_of(qtbot, folder, engines, steps=2000)
    view.controls.start.click()
    qtbot.waitUntil(lambda: "running" in states(view), timeout=LONG_MS)
    view.controls.pause.click()
    qtbot.waitUntil(lambda: engines[0].state == "paused", timeout=LONG_MS)
    assert "paused" in states(view)
    with qtbot.waitSignal(view.runner.ended, timeout=LONG_MS):
        view.controls.cancel.click()
    assert set(states(view)) == {"cancelled"}
    assert not list((folder.parent / "styled").rglob("*.wav"))
