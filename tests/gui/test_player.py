"""The player on a device that keeps what it gets: the right samples, fades, loops, faults; nothing waits."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import soundfile
import soxr
from fake_device import FakeDevice

from nast_fx.errors import AudioFileError
from nast_fx_gui.playback.mixer import FADE_SECONDS
from nast_fx_gui.playback.player import Player
from nast_fx_gui.playback.read_ahead import ReadAhead
from nast_fx_gui.playback.source import Source, SourceReader

RATE = 48_000
FADE = round(FADE_SECONDS * RATE)


@pytest.fixture
def device():
    return FakeDevice(RATE)


@pytest.fixture
def player(qapp, device):
    player = Player(device.find)
    yield player
    player.close()


@pytest.fixture
def noise(tmp_path):
    """Write two seconds of stereo noise; the seed is its name."""

    def write(seed: int, *, rate=RATE, seconds=2.0, channels=2, gain=0.3):
        samples = np.random.default_rng(seed).normal(size=(round(seconds * rate), channels)) * gain
        samples = np.clip(samples, -0.95, 0.95).astype(np.float32)
        path = tmp_path / f"{seed}.wav"
        soundfile.write(path, samples, rate, subtype="FLOAT")
        return path, samples

    return write


def play_to_the_end(qtbot, player):
    with qtbot.waitSignal(player.state_changed, check_params_cb=lambda state: state == "playing"):
        player.play()
    qtbot.waitUntil(lambda: player.state == "stopped", timeout=5000)
    qtbot.wait(50)


def test_a_file_is_heard_as_it_is(qtbot, player, device, noise):
    path, samples = noise(1)
    player.set_sources({"a": Source(path)})
    player.hear({"a": 1.0})
    play_to_the_end(qtbot, player)
    assert np.array_equal(device.heard, samples)
    assert player.length == 2.0
    assert player.position == 2.0


def test_gains_and_differences(qtbot, player, device, noise):
    (one, first), (two, second) = noise(1), noise(2)
    player.set_sources({"result": Source(one), "content": Source(two)})
    player.hear({"result": 0.5, "content": -0.5})
    play_to_the_end(qtbot, player)
    assert device.heard == pytest.approx(0.5 * first - 0.5 * second, abs=1e-6)


def test_a_switch_is_at_one_position_and_fades(qtbot, player, device, noise):
    (one, first), (two, second) = noise(1, seconds=20), noise(2, seconds=20)
    player.set_sources({"a": Source(one), "b": Source(two)})
    player.hear({"a": 1.0})
    player.play()
    qtbot.waitUntil(lambda: len(device.heard) > RATE)
    player.hear({"b": 1.0})
    qtbot.waitUntil(lambda: len(device.heard) > 5 * RATE)
    player.pause()
    qtbot.waitUntil(lambda: player.state == "stopped")
    heard = device.heard[: 5 * RATE]
    is_first = (heard == first[: 5 * RATE]).all(axis=1)
    is_second = (heard == second[: 5 * RATE]).all(axis=1)
    switch = int(np.argmin(is_first))
    assert switch > RATE // 2
    assert FADE - 5 < np.argmax(is_second) - switch < FADE + 5
    assert is_second[switch + FADE + 5 :].all()
    middle = switch + FADE // 2
    expected = (first[middle] + second[middle]) / 2
    assert heard[middle] == pytest.approx(expected, abs=0.02)


def test_a_loop_has_no_gap(qtbot, player, device, noise):
    path, samples = noise(1)
    player.set_sources({"a": Source(path)})
    player.hear({"a": 1.0})
    player.set_loop((0.5, 0.75))
    player.play()
    qtbot.waitUntil(lambda: len(device.heard) > 4 * RATE)
    heard = device.heard
    part = samples[RATE // 2 : RATE * 3 // 4]
    expected = np.resize(part, heard.shape)
    assert np.array_equal(heard[FADE:], expected[FADE:]), "only the start fades in"
    assert 0.5 <= player.position <= 0.75
    player.set_loop(None)
    qtbot.waitUntil(lambda: player.state == "stopped")
    qtbot.waitUntil(lambda: player.position == pytest.approx(2.0))


def test_a_loop_beyond_the_end_turns_at_the_end(qtbot, player, device, noise):
    path, samples = noise(1, seconds=0.5)
    player.set_sources({"a": Source(path)})
    player.hear({"a": 1.0})
    player.set_loop((0.25, 3.0))
    player.play()
    qtbot.waitUntil(lambda: len(device.heard) > RATE)
    part = samples[RATE // 4 :]
    assert np.array_equal(device.heard[FADE:], np.resize(part, device.heard.shape)[FADE:])


def test_seek_and_pause_have_no_click(qtbot, player, device, tmp_path):
    """A tone of 100 Hz moves at most by 1.3 % of full scale from frame to frame."""
    tone = np.sin(2 * np.pi * 100 * np.arange(20 * RATE) / RATE).astype(np.float32)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], 1), RATE, subtype="FLOAT")
    player.set_sources({"a": Source(tmp_path / "tone.wav")})
    player.hear({"a": 1.0})
    player.play()
    for number in range(12):
        qtbot.waitUntil(lambda n=number: len(device.heard) > (n + 1) * RATE // 2)
        player.seek(1.0021 * number)
    player.pause()
    qtbot.waitUntil(lambda: player.state == "stopped")
    qtbot.wait(50)
    player.play()
    qtbot.wait(50)
    player.pause()
    qtbot.waitUntil(lambda: player.state == "stopped")
    qtbot.wait(50)
    heard = device.heard[:, 0]
    assert abs(heard[-1]) < 0.02
    assert np.abs(np.diff(heard)).max() < 0.0131 + 1.5 / FADE


def test_play_goes_on_where_it_was_paused(qtbot, player, device, noise):
    path, samples = noise(1, seconds=10)
    player.set_sources({"a": Source(path)})
    player.hear({"a": 1.0})
    player.play()
    qtbot.waitUntil(lambda: len(device.heard) > RATE)
    player.pause()
    qtbot.waitUntil(lambda: player.state == "stopped")
    qtbot.wait(100)
    n_first = len(device.heard)
    assert player.position == pytest.approx((n_first - FADE) / RATE)
    player.play()
    qtbot.waitUntil(lambda: len(device.heard) > n_first + RATE)
    after = device.heard[n_first + FADE : n_first + RATE]
    assert np.array_equal(after, samples[n_first : n_first + RATE - FADE])


def test_a_preview_is_at_its_place_and_a_style_wraps(qtbot, player, device, noise):
    (one, first), (two, second) = noise(1, seconds=1), noise(2, seconds=0.3)
    player.set_sources({"content": Source(one), "result": Source(two, start_seconds=0.5)})
    player.hear({"result": 1.0})
    play_to_the_end(qtbot, player)
    assert np.array_equal(device.heard[RATE // 2 : RATE // 2 + len(second)], second)
    assert not device.heard[: RATE // 2].any()
    n = len(device.heard)
    player.set_sources({"content": Source(one), "style": Source(two, wraps=True)})
    player.hear({"style": 1.0})
    player.seek(0)
    play_to_the_end(qtbot, player)
    assert np.array_equal(device.heard[n:], np.resize(second, first.shape))


@pytest.mark.parametrize("rate", [44_100, 96_000, 8_000, 44_099])
def test_another_rate_is_resampled_from_any_place(noise, rate):
    path, samples = noise(3, rate=rate)
    silence = ((rate, rate), (0, 0))  # a second, before and after
    expected = soxr.resample(np.pad(samples, silence), rate, RATE, quality="HQ")[RATE:]
    reader = SourceReader(Source(path), RATE)
    for start, n_frames in ((0, 5000), (5000, 3000), (70_001, 4096), (12_345, 1), (90_000, 12_000)):
        found = reader.read(start, n_frames)
        known = expected[start : start + n_frames]
        assert found[: len(known)] == pytest.approx(known, abs=2e-4)
    assert reader.end == 2 * RATE
    reader.close()


@pytest.mark.parametrize("channels", [1, 6])
def test_other_numbers_of_channels_are_heard_on_both_sides(noise, channels):
    path, samples = noise(4, channels=channels)
    reader = SourceReader(Source(path), RATE)
    found = reader.read(0, 1000)
    assert found.shape == (1000, 2)
    if channels == 1:
        assert np.array_equal(found, np.repeat(samples[:1000], 2, axis=1))
    assert (found.std(axis=0) > 0.05).all()
    assert np.abs(found).max() <= np.abs(samples).max()
    reader.close()


def test_without_a_device_all_else_goes_on(qtbot, player, device, noise):
    device.is_there = False
    path, _ = noise(1)
    with qtbot.waitSignal(player.state_changed):
        player.set_sources({"a": Source(path)})
    assert player.state == "no device"
    assert "no sound device" in player.sentence
    player.hear({"a": 1.0})
    player.play()
    with qtbot.waitSignal(player.position_changed):
        player.seek(1.0)
    assert player.position == 1.0
    device.is_there = True  # plugged in
    play_to_the_end(qtbot, player)
    assert len(device.heard) == RATE
    assert player.sentence == ""


def test_a_device_that_goes_is_one_sentence(qtbot, player, device, noise):
    path, _ = noise(1, seconds=20)
    player.set_sources({"a": Source(path)})
    player.hear({"a": 1.0})
    player.play()
    qtbot.waitUntil(lambda: player.is_playing)
    with qtbot.waitSignal(player.failed) as told:
        device.is_lost = True
    assert told.args == ["the sound device is gone"]
    qtbot.waitUntil(lambda: player.state == "stopped")


@pytest.mark.parametrize("kind", ["missing", "broken"])
def test_a_bad_file_is_one_sentence_and_the_others_play(qtbot, player, device, noise, tmp_path, kind):
    path, samples = noise(1)
    bad = tmp_path / "bad.wav"
    if kind == "broken":
        bad.write_bytes(b"RIFF of nothing")
    with qtbot.waitSignal(player.failed) as told:
        player.set_sources({"bad": Source(bad), "a": Source(path)})
    assert told.args == ["bad.wav: cannot be played"]
    player.hear({"a": 1.0, "bad": 1.0})
    play_to_the_end(qtbot, player)
    assert np.array_equal(device.heard, samples)


def test_a_file_that_was_replaced_is_heard_anew(qtbot, player, device, noise):
    (path, _), (other, samples) = noise(1), noise(2)
    player.set_sources({"a": Source(path)})
    player.hear({"a": 1.0})
    play_to_the_end(qtbot, player)
    n_first = len(device.heard)
    other.replace(path)  # as a render does that is done again
    player.set_sources({"a": Source(path)})
    player.seek(0.0)
    play_to_the_end(qtbot, player)
    assert np.array_equal(device.heard[n_first:], samples)


def test_what_was_being_read_at_a_seek_is_thrown_away(noise, monkeypatch):
    path, samples = noise(1)
    read, begun, may_go_on = SourceReader.read, threading.Event(), threading.Event()

    def slow(*args):
        begun.set()
        assert may_go_on.wait(5)
        return read(*args)

    monkeypatch.setattr(SourceReader, "read", slow)
    ahead = ReadAhead(RATE, pytest.fail, lambda _length: None)
    ahead.set_sources({"a": Source(path)}, 0)
    assert begun.wait(5)
    ahead.seek(RATE, None)
    may_go_on.set()
    limit = time.monotonic() + 5
    while (piece := ahead.take(100)) is None:
        assert time.monotonic() < limit
        time.sleep(0.001)
    ahead.close()
    assert piece.position == RATE
    assert np.array_equal(piece.frames["a"], samples[RATE : RATE + 100])


def test_a_flac_without_its_length_is_one_sentence(tmp_path):
    soundfile.write(tmp_path / "piped.flac", np.zeros((1000, 2)), RATE)
    data = bytearray((tmp_path / "piped.flac").read_bytes())
    data[21] &= 0xF0  # the 36 bits of STREAMINFO that count samples
    data[22:26] = bytes(4)
    (tmp_path / "piped.flac").write_bytes(data)
    with pytest.raises(AudioFileError, match="does not tell its length"):
        SourceReader(Source(tmp_path / "piped.flac"), RATE)


@pytest.mark.slow
def test_no_call_waits(qtbot, player, device, noise, monkeypatch):
    """Not even where a disk takes half a second for each block."""
    path, _ = noise(1, seconds=20)
    read = SourceReader.read
    monkeypatch.setattr(SourceReader, "read", lambda *args: (time.sleep(0.5), read(*args))[1])
    begin = time.perf_counter()
    player.set_sources({"a": Source(path)})
    player.hear({"a": 1.0})
    player.play()
    player.seek(3.0)
    player.set_loop((1, 2))
    player.pause()
    assert time.perf_counter() - begin < 0.1


@pytest.mark.parametrize("ends", ["player.close()", "pass"])
def test_a_player_may_go_while_its_thread_looks_for_a_device(ends):
    code = """
        import gc, time
        from PyQt6.QtCore import QCoreApplication, QThread
        from nast_fx_gui.playback import player as module

        def find():
            time.sleep(2.5)

        app = QCoreApplication([])
        player = module.Player(find)
        player.set_sources({})
        time.sleep(0.2)
        begin = time.monotonic()
        END
        assert time.monotonic() - begin < 2
        thread = player._thread
        assert thread.isRunning()
        del player, thread
        gc.collect()
        app.processEvents()
        print("went on")
    """
    code = textwrap.dedent(code).replace("END", ends)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")


def test_what_a_player_was_asked_is_done_before_it_ends(qapp, device):
    for _round in range(20):
        player = Player(device.find)
        player.set_sources({})
        player.close()
        assert not player._thread.isRunning()
    assert "read ahead" not in {thread.name for thread in threading.enumerate()}
