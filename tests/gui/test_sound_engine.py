"""Waveform, spectrogram, facts with the real engine: a file is seen as it is, and an hour opens at once."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QTimer

from nast_fx_gui.engine.engine import Engine
from nast_fx_gui.model.time_axis import TimeAxis
from nast_fx_gui.panels.facts import FactsPanel
from nast_fx_gui.panels.spectrogram import LEAST_HZ, MOST_HZ, SpectrogramPanel
from nast_fx_gui.panels.waveform import WaveformPanel

RATE = 44_100


@pytest.fixture
def engine(qapp):
    engine = Engine()
    yield engine
    engine.close()


def test_a_tone_is_seen_where_it_sounds(qtbot, engine, tmp_path, write_wav):
    """Silence, then 1 kHz at half of full scale on the left channel."""
    times = np.arange(4 * RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * 1000 * times) * (times > 2)
    path = write_wav("tone.wav", np.stack([tone, 0 * tone]), RATE)
    axis = TimeAxis()
    waveform = WaveformPanel(engine, axis, tmp_path, name="Content")
    spectrogram = SpectrogramPanel(engine, axis, tmp_path, name="Content")
    for panel in (waveform, spectrogram):
        qtbot.addWidget(panel)
        panel.resize(500, 300)
        panel.show()
        panel.set_file(path)
    qtbot.waitUntil(lambda: not waveform.drawing.message and axis.length == 4.0, timeout=20_000)
    low, high = waveform.drawing._peaks.span(np.linspace(0, 4, 5))
    assert high[0] == pytest.approx([0, 0, 0.5, 0.5], abs=0.01)
    assert low[0] == pytest.approx([0, 0, -0.5, -0.5], abs=0.01)
    assert not high[1].any()
    qtbot.waitUntil(lambda: not spectrogram.drawing.message, timeout=20_000)
    image = spectrogram.drawing._near.image
    levels = np.array([[image.pixelIndex(x, y) for x in range(image.width())] for y in range(image.height())])
    row, column = np.unravel_index(levels.argmax(), levels.shape)
    share = 1 - row / (image.height() - 1)
    assert LEAST_HZ * (MOST_HZ / LEAST_HZ) ** share == pytest.approx(1000, rel=0.05)
    assert column > image.width() / 2
    assert levels[:, : image.width() // 3].max() == 0
    waveform.drawing.close()
    spectrogram.drawing.close()
    assert not list(tmp_path.glob("*.peaks"))


def test_facts_of_a_real_loop(qtbot, engine, real_loop):
    panel = FactsPanel(engine, "Content")
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.analyzed, timeout=60_000):
        panel.set_file(real_loop("loop_garzul"))
    facts = dict(line.split(": ", 1) for line in panel.text.splitlines())
    assert facts["Loudness"].endswith("LUFS")
    assert facts["Format"] == "44.1 kHz, stereo"
    assert {"Key", "Camelot", "Open Key", "Tempo", "True peak"} <= facts.keys()


def test_a_missing_file_is_one_sentence(qtbot, engine, tmp_path):
    panel = WaveformPanel(engine, TimeAxis(), tmp_path, name="Content")
    qtbot.addWidget(panel)
    panel.set_file(tmp_path / "none.wav")
    qtbot.waitUntil(lambda: "none.wav" in panel.drawing.message, timeout=20_000)


@pytest.mark.slow
def test_an_hour_is_drawn_in_seconds_and_the_window_never_stands_still(qtbot, engine, tmp_path):
    path = hour_of_wav(tmp_path / "hour.wav")
    axis = TimeAxis()
    waveform = WaveformPanel(engine, axis, tmp_path, name="Content")
    qtbot.addWidget(waveform)
    waveform.resize(1280, 160)
    waveform.show()
    with qtbot.waitSignal(engine.run("wait", {}).finished, timeout=20_000):
        pass  # the engine has started
    qtbot.wait(100)
    seconds, gap = opened(qtbot, waveform, path)
    for _again in range(2):  # what holds the window itself does so each time
        if gap >= 0.1:
            waveform.set_file(None)
            gap = min(gap, opened(qtbot, waveform, path)[1])
    assert axis.length == 3600
    assert seconds < 5 * BUSY
    assert gap < 0.1
    _, high = waveform.drawing._peaks.span(np.linspace(0, 3600, 3601))
    assert np.flatnonzero(high[0]).tolist() == [0, 1800, 3599]
    waveform.drawing.close()


def opened(qtbot, waveform, path):
    """Seconds until a file is drawn, and the longest that the window stood still meanwhile."""
    beats: list[float] = []
    heart = QTimer()
    heart.timeout.connect(lambda: beats.append(time.perf_counter()))
    heart.start(5)
    begin = time.perf_counter()
    waveform.set_file(path)
    qtbot.waitUntil(lambda: waveform.drawing._job is None, timeout=60_000)
    seconds = time.perf_counter() - begin
    qtbot.wait(100)
    return seconds, max(np.diff(beats))


BUSY = 3  # times slower than alone, on a machine that does other work


def hour_of_wav(path: Path) -> Path:
    """Write an hour of stereo, 16 bit, silent but for three clicks; it takes no room on the disk."""
    n_bytes = 3600 * RATE * 4
    head = b"RIFF" + struct.pack("<I", 36 + n_bytes) + b"WAVEfmt "
    head += struct.pack("<IHHIIHH", 16, 1, 2, RATE, 4 * RATE, 4, 16) + b"data" + struct.pack("<I", n_bytes)
    with path.open("wb") as file:
        file.write(head)
        for second in (0.5, 1800.5, 3599.5):
            file.seek(len(head) + round(second * RATE) * 4)
            file.write(struct.pack("<hh", 30_000, 30_000))
        file.truncate(len(head) + n_bytes)
    return path
