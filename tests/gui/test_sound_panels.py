"""Waveform and spectrogram: what the worker writes is seen, what hands do is told, nothing blocks."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import sound_files
from fake_engine import FakeEngine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PyQt6.QtCore import QPoint, QPointF, Qt, QTimer
from PyQt6.QtGui import QImage, QWheelEvent
from PyQt6.QtWidgets import QApplication

from nast_fx.errors import AudioFileError
from nast_fx_gui.model.time_axis import TimeAxis
from nast_fx_gui.panels.coverage import CHANNEL_SHARE, coverage
from nast_fx_gui.panels.spectrogram import SpectrogramPanel
from nast_fx_gui.panels.time_scroll import TimeScrollBar
from nast_fx_gui.panels.waveform import WaveformPanel

SONG = Path("song.wav")
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def axis():
    return TimeAxis()


@pytest.fixture
def waveform(qtbot, engine, axis, tmp_path):
    panel = WaveformPanel(engine, axis, tmp_path, name="Content")
    qtbot.addWidget(panel)
    panel.resize(1060, 160)
    panel.show()
    return panel


@pytest.fixture
def loaded(waveform, engine):
    """Ten seconds: loud on the left channel up to second 5, then on the right one."""
    columns = np.zeros((1000, 2, 2), np.float32)
    columns[:500, 0] = columns[500:, 1] = (-0.8, 0.8)
    waveform.set_file(SONG)
    tell(engine, columns)
    return waveform


def tell(engine, columns, rate=100.0):
    job = engine.last("peaks")
    sound_files.write_peaks(job.request["peaks"], columns)
    job.part.emit({"columns": len(columns), "channels": columns.shape[1]})
    job.finish(columns=len(columns), channels=columns.shape[1], seconds=len(columns) / rate)


def pixels(panel) -> np.ndarray:
    """Brightness (row, column) of what is seen where the picture is."""
    image = panel.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    bits = image.constBits().asarray(image.sizeInBytes())
    grey = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())[:, : image.width()]
    area = panel.area.toRect()
    return grey[area.top() : area.bottom(), area.left() : area.right()].astype(float)


def spot(panel, seconds: float) -> QPoint:
    return QPoint(round(panel.area.left() + panel.axis.x_of(seconds, panel.area.width())), 90)


def test_channels_are_seen_where_they_sound(loaded):
    filled = np.abs(pixels(loaded) - np.median(pixels(loaded))) > 40
    height, width = filled.shape
    top, bottom = filled[: height // 2], filled[height // 2 :]
    left, right = slice(width // 8, width * 3 // 8), slice(width * 5 // 8, width * 7 // 8)
    assert top[:, left].mean() > 0.6 > 0.1 > top[:, right].mean()
    assert bottom[:, right].mean() > 0.6 > 0.1 > bottom[:, left].mean()


@given(arrays(np.float32, (2, 5), elements=st.floats(-1.5, 1.5, width=32)), st.integers(20, 90))
def test_how_much_is_filled_is_how_far_it_moves(values, height):
    low, high = np.minimum(values, -values), np.maximum(values, -values) * np.float32(0.5)
    levels = coverage(low, high, height).astype(float) / 255
    for channel, part in enumerate((levels[: height // 2], levels[height // 2 :])):
        moves = (np.clip(high[channel], -1, 1) - np.clip(low[channel], -1, 1)) * len(part) / 2 * CHANNEL_SHARE
        assert part.sum(axis=0) == pytest.approx(np.maximum(moves, 1), abs=0.02)


def test_a_file_asks_for_peaks_and_another_one_cancels(waveform, engine, axis):
    waveform.set_file(SONG)
    first = engine.last("peaks")
    assert first.request["content"] == SONG
    waveform.set_file(Path("other.wav"))
    assert first.is_cancelled
    sound_files.write_peaks(first.request["peaks"], np.ones((100, 1, 2)))
    first.finish(columns=100, channels=1, seconds=1.0)  # too late
    assert axis.length == 0
    tell(engine, np.zeros((300, 1, 2)))
    assert axis.length == 3


def test_what_is_read_is_seen_at_its_place_while_the_rest_comes(waveform, engine):
    waveform.set_file(SONG)
    before = pixels(waveform)
    job = engine.last("peaks")
    sound_files.write_peaks(job.request["peaks"], np.tile(np.float32([-0.9, 0.9]), (250, 1, 1)))
    job.part.emit({"columns": 250, "channels": 1, "n_columns": 1000})
    assert waveform.axis.length == 10
    changed = np.abs(pixels(waveform) - before) > 40
    width = changed.shape[1]
    assert changed[:, : width // 5].mean() > 0.5 > 0.1 > changed[:, width // 3 :].mean()


def test_a_short_file_is_looked_at_again_more_finely(loaded, engine, tmp_path):
    assert len(engine.of("peaks")) == 2
    job = engine.last("peaks")
    rate = job.request["columns_per_second"]
    assert rate > 1000
    tell(engine, np.zeros((int(10 * rate), 2, 2)), rate)
    assert len(list(tmp_path.glob("*.peaks"))) == 1, "the coarse file is not needed any more"
    loaded.drawing.close()
    assert not list(tmp_path.glob("*.peaks"))


def test_a_finer_look_that_fails_leaves_the_picture(loaded, engine):
    engine.last("peaks").fail(AudioFileError("gone"))
    assert loaded.drawing.message == ""


@pytest.mark.parametrize("panel_kind", ["peaks", "spectrogram"])
def test_a_broken_file_is_a_sentence(qtbot, engine, axis, tmp_path, panel_kind):
    make = {"peaks": WaveformPanel, "spectrogram": SpectrogramPanel}[panel_kind]
    panel = make(engine, axis, tmp_path, name="Content")
    qtbot.addWidget(panel)
    panel.show()
    axis.set_length(5)
    panel.set_file(SONG)
    before = pixels(panel)
    qtbot.waitUntil(lambda: bool(engine.of(panel_kind)))
    engine.last(panel_kind).fail(AudioFileError("song.wav: is no sound file"))
    assert panel.accessibleDescription() == "song.wav: is no sound file"
    assert (pixels(panel) != before).any()


def test_drag_selects_and_click_moves_the_cursor(qtbot, loaded):
    told, places = [], []
    loaded.selection_changed.connect(told.append)
    loaded.position_chosen.connect(places.append)
    drag(qtbot, loaded, 2, 6)
    assert told == [(pytest.approx(2, abs=0.02), pytest.approx(6, abs=0.02))]
    qtbot.mouseClick(loaded, Qt.MouseButton.LeftButton, pos=spot(loaded, 8))
    assert places == [pytest.approx(8, abs=0.02)]
    drag(qtbot, loaded, 6, 4)  # its right edge
    assert told[1:] == [(pytest.approx(2, abs=0.02), pytest.approx(4, abs=0.02))]


def drag(qtbot, panel, start, end):
    qtbot.mousePress(panel, Qt.MouseButton.LeftButton, pos=spot(panel, start))
    qtbot.mouseMove(panel, spot(panel, (start + end) / 2))
    qtbot.mouseMove(panel, spot(panel, end))
    qtbot.mouseRelease(panel, Qt.MouseButton.LeftButton, pos=spot(panel, end))


def test_a_selection_from_outside_is_shown_and_not_told(loaded):
    told = []
    loaded.selection_changed.connect(told.append)
    before = pixels(loaded)
    loaded.set_selection((2, 6))
    changed = (pixels(loaded) != before).mean(axis=0) > 0.5
    width = len(changed)
    assert changed[round(0.3 * width) : round(0.5 * width)].all()
    assert not changed[: round(0.19 * width)].any()
    assert "0:02.00 to 0:06.00" in loaded.accessibleDescription()
    assert told == []


def test_keys_select_from_the_cursor(qtbot, loaded):
    told = []
    loaded.selection_changed.connect(told.append)
    loaded.set_position(4.0)
    for _ in range(3):
        qtbot.keyClick(loaded, Qt.Key.Key_Right, CTRL | SHIFT)
    assert told[-1] == (4.0, pytest.approx(7.0))
    qtbot.keyClick(loaded, Qt.Key.Key_Left, CTRL | SHIFT)
    assert told[-1] == (4.0, pytest.approx(6.0))
    qtbot.keyClick(loaded, Qt.Key.Key_A, CTRL)
    assert told[-1] == (0.0, 10.0)
    qtbot.keyClick(loaded, Qt.Key.Key_Escape)
    assert told[-1] is None


def test_keys_and_wheel_zoom_and_scroll(qtbot, loaded, axis):
    loaded.set_position(5.0)
    qtbot.keyClick(loaded, Qt.Key.Key_Plus)
    assert axis.span == pytest.approx(8)
    assert axis.start == pytest.approx(1)
    qtbot.keyClick(loaded, Qt.Key.Key_PageDown)
    assert axis.end == pytest.approx(10)
    qtbot.keyClick(loaded, Qt.Key.Key_0)
    assert axis.span == 10
    loaded.set_selection((2, 3))
    qtbot.keyClick(loaded, Qt.Key.Key_S)
    assert (axis.start, axis.end) == (2, 3)
    wheel(loaded, 2.25, -120)
    assert axis.span == pytest.approx(1.25)
    assert axis.start == pytest.approx(2.25 - 0.25 * 1.25, abs=0.01)
    before = axis.start
    wheel(loaded, 2.25, -120, SHIFT)
    assert axis.start == pytest.approx(before + 0.125)


def test_the_scroll_bar_and_the_axis_are_one(qtbot, axis):
    bar = TimeScrollBar(axis)
    qtbot.addWidget(bar)
    assert not bar.isEnabled()
    axis.set_length(100)
    axis.show(20.00049, 30.00049)
    assert axis.start == 20.00049, "it takes nothing back"
    assert bar.isEnabled()
    assert (bar.maximum(), bar.pageStep(), bar.value()) == (90_000, 10_000, 20_000)
    bar.setValue(bar.maximum())
    assert (axis.start, axis.end) == (pytest.approx(90), pytest.approx(100))


def test_beats_and_segments_are_seen(loaded):
    before = pixels(loaded)
    loaded.set_marks(beats=(1.0, 9.0), segments=(5.0,))
    changed = np.abs(pixels(loaded) - before) > 30
    height, width = changed.shape

    def place(seconds):
        x = round(seconds / 10 * width)
        return slice(x - 3, x + 4)

    assert changed[-8:, place(1)].any()
    assert changed[-8:, place(9)].any()
    assert not changed[: height // 2, place(1)].any(), "beats are short strokes below"
    assert changed[:, place(5)].any(axis=1).mean() > 0.4, "seams go through"
    assert not changed[:, place(3)].any()


def wheel(panel, seconds, turn, modifiers=Qt.KeyboardModifier.NoModifier):
    place = QPointF(spot(panel, seconds))
    event = QWheelEvent(
        place, place, QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(panel, event)


def test_spectrogram_of_what_is_seen(qtbot, engine, axis, tmp_path):
    panel = SpectrogramPanel(engine, axis, tmp_path, name="Content")
    qtbot.addWidget(panel)
    panel.resize(860, 220)
    panel.show()
    axis.set_length(60)
    panel.set_file(SONG)
    qtbot.waitUntil(lambda: len(engine.of("spectrogram")) == 1)
    first = engine.last("spectrogram")
    assert (first.request["start_seconds"], first.request["length_seconds"]) == (0, 60)
    draw(first)
    seen = pixels(panel)
    assert seen[-10, -10] > seen[-10, 10] + 50, "the right is louder"
    assert seen[-10, -10] > seen[10, -10] + 20, "and below is the bass"
    axis.show(30, 60)  # the old picture is stretched until the new one is there
    stretched = pixels(panel)
    assert stretched[-10, 5] == pytest.approx(seen[-10, seen.shape[1] // 2], abs=6)
    qtbot.waitUntil(lambda: len(engine.of("spectrogram")) == 2)
    second = engine.last("spectrogram")
    axis.show(40, 50)
    qtbot.waitUntil(lambda: len(engine.of("spectrogram")) == 3)
    assert second.is_cancelled
    assert engine.last("spectrogram").request["length_seconds"] == pytest.approx(10)
    draw(second)  # too late
    draw(engine.last("spectrogram"))
    assert pixels(panel)[-10, 5] == pytest.approx(seen[-10, 5], abs=6)
    assert not list(tmp_path.iterdir())


def draw(job):
    sound_files.write_picture(job.request["picture"], job.request["n_rows"], job.request["n_columns"])
    job.finish()


def test_many_turns_of_the_wheel_ask_once(qtbot, engine, axis, tmp_path):
    panel = SpectrogramPanel(engine, axis, tmp_path, name="Content")
    qtbot.addWidget(panel)
    panel.show()
    axis.set_length(60)
    panel.set_file(SONG)
    for _ in range(8):
        wheel(panel, 10, 120)
        qtbot.wait(5)
    qtbot.waitUntil(lambda: bool(engine.of("spectrogram")))
    qtbot.wait(200)
    assert len(engine.of("spectrogram")) == 1


@pytest.mark.parametrize("span", [3600, 600, 60, 1])
def test_an_hour_paints_fast(qtbot, waveform, engine, axis, span):
    waveform.set_file(SONG)
    tell(engine, sound_files.hour_of_peaks())
    axis.show(1000, 1000 + span)
    image = QImage(1280, 160, QImage.Format.Format_ARGB32_Premultiplied)
    times = []
    for number in range(7):
        axis.scroll(0.01 * span * (-1) ** number)
        begin = time.perf_counter()
        waveform.render(image)
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.010, f"{1000 * min(times):.1f} ms"


@pytest.mark.slow
def test_the_window_goes_on_while_an_hour_streams_in(qtbot, waveform, engine, axis):
    """A timer that should ring every 5 ms is never late by more than 100 ms."""
    columns = sound_files.hour_of_peaks()
    waveform.set_file(SONG)
    job = engine.last("peaks")
    path = job.request["peaks"]
    beats: list[float] = []
    heart = QTimer(interval=5)
    heart.timeout.connect(lambda: beats.append(time.perf_counter()))
    parts = list(np.array_split(columns, 40))
    written = 0

    def stream():
        nonlocal written
        sound_files.write_peaks(path, parts.pop(0))
        written = path.stat().st_size // 16
        job.part.emit({"columns": written, "channels": 2, "n_columns": len(columns)})
        if not parts:
            pump.stop()
            job.finish(columns=written, channels=2, seconds=3600.0)

    pump = QTimer(interval=25)
    pump.timeout.connect(stream)
    heart.start()
    pump.start()
    qtbot.waitUntil(lambda: job.is_over, timeout=10_000)
    qtbot.wait(100)
    assert axis.length == 3600
    assert len(beats) > 50
    assert max(np.diff(beats)) < 0.1
