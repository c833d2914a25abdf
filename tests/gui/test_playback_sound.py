"""Playing is heard: what a PulseAudio sink plays is recorded and compared with the files.

The recording has frames of the files as they are, so that most is compared bit by bit.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from pulse_server import RATE, PulseServer, pulse_server

from nast_fx.analysis import measure_loudness
from nast_fx.audio import ArraySource, Audio
from nast_fx.progress import drain

SCRIPT = Path(__file__).with_name("play_script.py")
PROJECT = Path(__file__).parents[2]
BEGIN = 0.5  # second at which each script plays
TRIES = 4
LATE = 0.6  # seconds that opening the device, its buffer and a busy machine may make


pytestmark = pytest.mark.slow  # in real time, on a machine that does nothing else


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pulse_server(tmp_path_factory.mktemp("pulse")) as running:
        yield running


def noise(seed: int, seconds: float, level: float, *, rate: int = RATE) -> np.ndarray:
    """Noise (frame, 2) with more bass than treble."""
    white = np.random.default_rng(seed).normal(size=(round(seconds * rate), 2))
    smooth = white + np.roll(white, 1, axis=0) + np.roll(white, 2, axis=0)
    return np.clip(smooth * level / np.abs(smooth).max(), -1, 1).astype(np.float32)


def saved(path: Path, samples: np.ndarray, rate: int = RATE) -> str:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return str(path)


def loudness(samples: np.ndarray) -> float:
    found = drain(measure_loudness(ArraySource(Audio(np.ascontiguousarray(samples.T), RATE))))
    assert found.integrated_lufs is not None
    return found.integrated_lufs


def perform(server: PulseServer, folder: Path, files, steps, seconds) -> tuple[np.ndarray, dict]:
    """Play, and give what was recorded (frame, 2) and what the player told.

    A machine that is too busy to play leaves gaps of silence; then it is tried again.
    """
    script, told = folder / "script.json", folder / "told.json"
    script.write_text(json.dumps({"files": files, "steps": steps, "seconds": seconds}))
    for _ in range(TRIES):
        recorded = server.record(
            [sys.executable, str(SCRIPT), str(script), str(told)],
            PYTHONPATH=str(PROJECT), QT_QPA_PLATFORM="offscreen",
        )  # fmt: skip
        sounding = np.flatnonzero(recorded.any(axis=1))
        if len(sounding) and len(sounding) == np.ptp(sounding) + 1:  # noise is nowhere zero
            facts = json.loads(told.read_text())
            assert facts["faults"] == []
            return recorded, facts
    pytest.fail(f"there is a gap in what is heard, {TRIES} times")


def lag_of(recorded: np.ndarray, played: np.ndarray) -> int:
    """Frame of the recording at which `played` begins: the peak of their cross-correlation."""
    n = 1 << (len(recorded) + len(played)).bit_length()
    one, other = (np.fft.rfft(signal[:, 0], n) for signal in (recorded, played))
    return int(np.argmax(np.fft.irfft(one * np.conj(other), n)[: len(recorded)]))


def test_every_sample_is_heard_in_time(server, tmp_path):
    samples = noise(1, 2.5, 0.7)
    files = {"content": saved(tmp_path / "a.wav", samples)}
    recorded, facts = perform(server, tmp_path, files, [[BEGIN, "player.play", []]], 3.8)
    begin = lag_of(recorded, samples)
    assert np.array_equal(recorded[begin : begin + len(samples)], samples)
    assert not recorded[:begin].any()
    assert not recorded[begin + len(samples) :].any()
    times, positions = np.array(facts["positions"]).T
    moving = (positions > 0.3) & (positions < 2.2)
    assert moving.sum() > 20
    drift = (times - positions)[moving]
    assert np.ptp(drift) < 0.2, "the position goes on evenly"
    assert BEGIN - 0.05 < drift.mean() < BEGIN + LATE, "and begins with the sound"
    assert facts["states"] == ["playing", "stopped"]


def test_another_rate_is_heard_as_well_resampled(server, tmp_path):
    samples = noise(2, 1.5, 0.5, rate=44_100)
    files = {"content": saved(tmp_path / "a.wav", samples, 44_100)}
    recorded, _ = perform(server, tmp_path, files, [[BEGIN, "player.play", []]], 2.8)
    expected = soxr.resample(samples, 44_100, RATE, quality="HQ")
    begin = lag_of(recorded, expected)
    heard = recorded[begin : begin + len(expected)]
    inner = slice(1000, -1000)  # at the ends a whole file is resampled otherwise
    assert np.abs(heard[inner] - expected[inner]).max() < 1e-3


def test_a_and_b_are_equally_loud_and_at_one_position(server, tmp_path):
    """B is 9 dB softer and of another color; the switch is in the middle and at once."""
    a, b = noise(3, 5.0, 0.8), noise(3, 5.0, 0.3)
    b = b - 0.5 * np.roll(b, 2, axis=0)
    files = {"content": saved(tmp_path / "a.wav", a), "result": saved(tmp_path / "b.wav", b)}
    steps = [
        [0.0, "comparison.set_level", ["content", loudness(a), 20 * np.log10(0.8)]],
        [0.0, "comparison.set_level", ["result", loudness(b), -6.0]],
        [0.1, "comparison.hear", ["A"]],
        [BEGIN, "player.play", []],
        [BEGIN + 2.0, "comparison.hear", ["B"]],
        [BEGIN + 4.0, "player.pause", []],
    ]
    recorded, _ = perform(server, tmp_path, files, steps, BEGIN + 4.7)
    begin = lag_of(recorded, a)
    gain = 10 ** ((loudness(b) - loudness(a)) / 20)
    heard = recorded[begin:]
    n = min(len(heard), len(a))
    is_a = np.isclose(heard[:n], gain * a[:n], atol=1e-6).all(axis=1)
    is_b = np.isclose(heard[:n], b[:n], atol=1e-6).all(axis=1)
    switch = int(np.argmin(is_a))
    assert abs(switch / RATE - 2.0) < LATE
    fade = round(0.005 * RATE)
    end = int(np.flatnonzero(is_b)[-1])
    assert is_b[switch + fade + 2 : end].all(), "B is at the very frame where A would have been"
    assert end / RATE > 3.2
    heard_a, heard_b = heard[:switch], heard[switch + fade : end]
    assert abs(loudness(heard_a) - loudness(heard_b)) < 0.2
    assert abs(loudness(a) - loudness(b)) > 5, "as they are they are not"


def test_a_loop_is_heard_without_a_gap(server, tmp_path):
    samples = noise(4, 3.0, 0.6)
    files = {"content": saved(tmp_path / "a.wav", samples)}
    steps = [
        [0.0, "player.set_loop", [[1.0, 1.4]]],
        [BEGIN, "player.play", []],
        [BEGIN + 2.5, "player.pause", []],
    ]
    recorded, facts = perform(server, tmp_path, files, steps, BEGIN + 3.2)
    part = samples[RATE : round(1.4 * RATE)]
    fade = round(0.005 * RATE)
    sounding = np.flatnonzero(np.abs(recorded).max(axis=1) > 0)
    first, last = sounding[0], sounding[-1]
    heard = recorded[first - 1 : last]  # the first frame of a fade is silent
    n_whole = len(heard) - 2 * fade
    assert n_whole > 1.8 * RATE
    expected = np.resize(part, heard.shape)
    begin = min((-1, 0, 1), key=lambda k: np.abs(np.roll(expected, k, axis=0) - heard)[fade:n_whole].max())
    assert np.array_equal(np.roll(expected, begin, axis=0)[fade:n_whole], heard[fade:n_whole])
    assert all(0.99 <= seconds <= 1.41 for _, seconds in facts["positions"][1:])
