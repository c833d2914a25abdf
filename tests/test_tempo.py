"""Tempo and beats of signals whose beats are known."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest

from nast_fx.analysis.mono import MONO_RATE as RATE
from nast_fx.analysis.mono import mono_of
from nast_fx.analysis.onsets import FRAME_SECONDS, onset_curve
from nast_fx.analysis.tempo import Tempo, detect_tempo
from nast_fx.audio import ArraySource, Audio, open_source
from nast_fx.audio.fluidsynth import SOUNDFONT_FOLDER
from nast_fx.audio.score_sound import render_score
from nast_fx.errors import AudioFileError
from nast_fx.progress import drain

TICKS = 480
CLEAR = 0.3  # confidence from which segments are cut by the beats


def tempo_of(signal: np.ndarray) -> Tempo:
    return drain(detect_tempo(ArraySource(Audio(signal[None].astype(np.float32), RATE))))


def ticks_at(times: np.ndarray, seconds: float) -> np.ndarray:
    """Short bursts of noise at `times`."""
    burst = np.random.default_rng(0).standard_normal(400) * np.exp(-np.arange(400) / 80)
    signal = np.zeros(round(seconds * RATE) + 400)
    for time in times:
        signal[round(time * RATE) : round(time * RATE) + 400] += 0.3 * burst
    return signal[:-400]


def f_measure(found: np.ndarray, true: np.ndarray, within: float = 0.05) -> float:
    """Share of beats that have a partner of their own within 50 ms."""
    partners = {int(np.argmin(np.abs(true - time))) for time in found if np.abs(true - time).min() <= within}
    return 2 * len(partners) / max(1, len(found) + len(true))


@pytest.mark.parametrize("bpm", range(60, 181, 10))
def test_clicks_have_their_tempo_and_their_beats(bpm: int) -> None:
    true = np.arange(0.3, 19.9, 60 / bpm)
    tempo = tempo_of(ticks_at(true, 20))
    assert tempo.bpm == pytest.approx(bpm, rel=0.002)
    assert tempo.confidence > 0.9
    assert f_measure(tempo.beats, true, within=0.015) > 0.95


def test_level_and_silence_before_do_not_matter() -> None:
    true = np.arange(5.0, 24.0, 60 / 97)
    signal = ticks_at(true, 30)  # and silence after
    for gain in (1e-4, 1.0):
        tempo = tempo_of(gain * signal)
        assert tempo.bpm == pytest.approx(97, rel=0.002)
        assert f_measure(tempo.beats, true) > 0.95
        assert tempo.beats[0] > 4.9
        assert tempo.beats[-1] < 24.1


def test_beats_go_on_where_a_click_is_missing() -> None:
    true = np.arange(0.2, 30, 0.5)
    played = np.delete(true, [7, 20, 21, 40])
    assert f_measure(tempo_of(ticks_at(played, 30)).beats, true) > 0.98


def test_beats_follow_a_ritardando() -> None:
    true = np.cumsum(60 / np.linspace(130, 90, 60))
    tempo = tempo_of(ticks_at(true, true[-1] + 0.5))
    assert f_measure(tempo.beats, true) > 0.95
    assert tempo.confidence > CLEAR
    assert tempo.bpm is not None
    assert 90 < tempo.bpm < 130


def steady(seconds: float, *hz: float) -> np.ndarray:
    return sum(
        (0.1 * np.sin(2 * np.pi * f * np.arange(round(seconds * RATE)) / RATE) for f in hz), np.zeros(1)
    )


def noise(seconds: float) -> np.ndarray:
    return 0.1 * np.random.default_rng(1).standard_normal(round(seconds * RATE))


WITHOUT_BEAT = {
    "silence": np.zeros(10 * RATE),
    "a constant": np.full(10 * RATE, 0.5),
    "a drone": steady(20, 110, 138.6, 165),
    "noise": noise(30),
    "short noise": noise(0.3),
    "one sample": np.ones(1),
    "random clicks": ticks_at(np.sort(np.random.default_rng(5).uniform(0, 30, 90)), 30),
    "one click": ticks_at(np.array([3.0]), 10),
}


@pytest.mark.parametrize("name", WITHOUT_BEAT)
def test_what_has_no_beat_has_no_tempo(name: str) -> None:
    tempo = tempo_of(WITHOUT_BEAT[name])
    assert tempo.confidence < 0.15
    assert tempo.bpm is None or np.isfinite(tempo.bpm)
    assert np.isfinite(tempo.beats).all()
    assert (tempo.bpm is None) == (len(tempo.beats) == 0)


def test_a_sample_that_is_no_number_is_refused() -> None:
    with pytest.raises(AudioFileError, match="not a finite number"):
        tempo_of(np.full(RATE, np.nan))


def test_onsets_are_where_something_begins_whatever_the_block() -> None:
    """The first block ends after 23.8 s; a click on either side is seen as any other."""
    times = np.array([0.0, 5.0, 23.7, 23.8, 40.0])
    source = ArraySource(Audio(ticks_at(times, 50)[None].astype(np.float32), RATE))
    curve = drain(onset_curve(source))
    assert len(curve) == 50 * RATE // 256 + 1
    for time in times:
        near = curve[max(0, round(time / FRAME_SECONDS) - 4) : round(time / FRAME_SECONDS) + 3]
        assert near.max() > 0.5 * curve.max()
    assert np.median(curve) == 0


def test_a_tone_begins_once() -> None:
    """And not again where the second block does, after 23.8 s."""
    curve = drain(onset_curve(ArraySource(Audio(steady(40, 220)[None].astype(np.float32), RATE))))
    assert curve[:5].max() > 1
    assert curve[5:-5].max() < 0.01


# --- drums and instruments of a soundfont


@pytest.fixture(scope="module")
def soundfont() -> Path:
    if shutil.which("fluidsynth") is None or not (SOUNDFONT_FOLDER / "TimGM6mb.sf2").is_file():
        pytest.skip("needs fluidsynth and timgm6mb-soundfont (make system)")
    return SOUNDFONT_FOLDER / "TimGM6mb.sf2"


# Of each pattern: beat in the bar, note, velocity; on the drum channel.
HOUSE = (
    [(b, 36, 115) for b in range(4)] + [(b + 0.5, 42, 80) for b in range(4)] + [(1, 39, 100), (3, 39, 100)]
)
ROCK = [(0, 36, 110), (2, 36, 110), (2.5, 36, 100), (1, 38, 110), (3, 38, 110)]
ROCK += [(b / 2, 42, 75) for b in range(8)]
BREAK = [
    (0, 36, 100),
    (0.5, 36, 100),
    (1, 38, 115),
    (1.75, 38, 50),
    (2.5, 36, 100),
    (2.75, 38, 60),
    (3, 38, 115),
]
BREAK += [(b / 2, 42, 70) for b in range(8)]
PATTERNS = {"house": HOUSE, "rock": ROCK, "break": BREAK}


def band(folder: Path, pattern: str, bpm: np.ndarray) -> tuple[Path, np.ndarray]:
    """A score of drums and a bass, and its beats; a tempo a beat."""
    events: list[tuple[float, int, int, int]] = []
    for bar in range(0, len(bpm), 4):
        events += [(bar + beat, 9, note, velocity) for beat, note, velocity in PATTERNS[pattern]]
        events += [(bar + beat, 0, 40 + (bar // 4) % 3 * 5, 95) for beat in range(4)]
    track = [
        (beat * TICKS, mido.MetaMessage("set_tempo", tempo=round(60e6 / one))) for beat, one in enumerate(bpm)
    ]
    track.append((0, mido.Message("program_change", program=33)))
    for beat, channel, note, velocity in events:
        key = {"channel": channel, "note": note}
        track.append((round(beat * TICKS), mido.Message("note_on", velocity=velocity, **key)))
        track.append((round((beat + 0.4) * TICKS), mido.Message("note_off", **key)))
    now, messages = 0, mido.MidiTrack()
    for tick, message in sorted(track, key=lambda event: event[0]):
        messages.append(message.copy(time=tick - now))
        now = tick
    mido.MidiFile(type=0, ticks_per_beat=TICKS, tracks=[messages]).save(folder / "band.mid")
    return folder / "band.mid", np.concatenate([[0], np.cumsum(60 / bpm)[:-1]])


def heard(score: Path, soundfont: Path) -> Tempo:
    with render_score(score, soundfont, 44_100) as sound, mono_of(sound, "the band") as mono:
        return drain(detect_tempo(mono))


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("bpm", [90, 104, 120, 128, 137, 150])
def test_a_band_is_heard_in_its_octave(soundfont: Path, tmp_path: Path, pattern: str, bpm: int) -> None:
    score, true = band(tmp_path, pattern, np.full(32, float(bpm)))
    tempo = heard(score, soundfont)
    assert tempo.bpm == pytest.approx(bpm, rel=0.005)
    assert f_measure(tempo.beats, true) > 0.95
    assert tempo.confidence > 0.9


@pytest.mark.parametrize("bpm", [66, 78, 165, 180])
def test_a_slow_or_fast_band_is_heard_up_to_an_octave(soundfont: Path, tmp_path: Path, bpm: int) -> None:
    tempo = heard(band(tmp_path, "rock", np.full(32, float(bpm)))[0], soundfont)
    assert tempo.bpm is not None
    assert min(abs(tempo.bpm / bpm / octave - 1) for octave in (0.5, 1, 2)) < 0.01


def test_a_band_that_slows_down_is_followed(soundfont: Path, tmp_path: Path) -> None:
    score, true = band(tmp_path, "rock", np.linspace(130, 90, 60))
    tempo = heard(score, soundfont)
    assert f_measure(tempo.beats, true) > 0.95
    assert tempo.confidence > CLEAR


@pytest.mark.parametrize(
    ("name", "bpm"),
    [
        ("loop_mika", 120),
        ("loop_safari", 120),
        ("loop_garzul", 120),
        ("loop_amen_full", 140),
        ("loop_compus", 148),
    ],
)
def test_real_loops_have_the_tempo_of_their_length(
    real_loop: Callable[[str], Path], name: str, bpm: float
) -> None:
    with open_source(real_loop(name)) as source, mono_of(source, name) as mono:
        tempo = drain(detect_tempo(mono))
    assert tempo.bpm == pytest.approx(bpm, rel=0.01)
    assert tempo.confidence > CLEAR
