"""The key: chords and rendered scores whose key and tuning are known, and sounds that have none."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from cli_runner import Cli

from nast_fx.analysis import chroma
from nast_fx.analysis.key import SAFE_CONFIDENCE, KeyEstimate, KeySpan, detect_key
from nast_fx.analysis.tuning import measure_tuning
from nast_fx.audio import ArraySource, Audio, Samples
from nast_fx.audio.fluidsynth import SOUNDFONT_FOLDER
from nast_fx.models.key import Key, parse_key
from nast_fx.progress import drain
from nast_fx.studies.key_bench import HELD_OUT, SOUNDFONT, modulating_pieces, pieces, sound_of
from nast_fx.studies.key_page import (
    KeyFigures,
    Trial,
    cents_off,
    key_page,
    relation,
    seconds_off,
    weighted_score,
)
from nast_fx.studies.key_scores import Piece, compose

RATE = 22_050
CLOSE_SECONDS, CLOSE_CENTS = 4.0, 5.0
FONT_CENTS = 3.0  # so sharp are most instruments of the soundfont themselves
NEVER_SAFE = 0.3  # "clearly below" what is safe to transpose by
PROGRESSIONS = {"major": "0 9m 5 7 5 7 0 0", "minor": "0m 8 5m 7 0m 10 7 0m"}

Array = npt.NDArray[np.float64]


def source_of(samples: Array) -> ArraySource:
    return ArraySource(Audio(np.asarray(samples, dtype=np.float32)[None], RATE))


def detected(samples: Array) -> KeyEstimate:
    return drain(detect_key(source_of(samples)))


def tones(pitches: list[int], seconds: float, cents: float = 0.0) -> Array:
    """Plucked notes of six partials each, as MIDI numbers."""
    n_frames = round(seconds * RATE)
    time_ = np.arange(n_frames) / RATE
    partials = [
        np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69 + cents / 100) / 12) * number * time_) / number
        for pitch in pitches
        for number in range(1, 7)
    ]
    return 0.05 * np.sum(partials, axis=0) * np.exp(-2 * time_)


def beats(seconds: float, seed: int = 0) -> Array:
    """Noise bursts every quarter of a second, and a kick that falls in pitch every half."""
    time_ = np.arange(RATE // 2) / RATE
    burst = 0.08 * np.random.default_rng(seed).standard_normal((round(seconds * 2), len(time_)))
    burst *= np.exp(-30 * (time_ % 0.25))
    kick = 0.3 * np.sin(2 * np.pi * (50 * time_ - 4 * np.exp(-time_ * 40))) * np.exp(-time_ * 12)
    return np.asarray(burst + kick).ravel()


def song(key: Key, n_seconds: float = 16.0, cents: float = 0.0) -> Array:
    """Chords of a second each, with their root in the bass, and drums."""
    chords = PROGRESSIONS[key.mode].split()
    played = []
    for index in range(round(n_seconds)):
        name = chords[index % len(chords)]
        root = key.tonic + int(name.rstrip("m"))
        third = 3 if name.endswith("m") else 4
        upper = [60 + (root + step) % 12 for step in (0, third, 7)]
        played.append(tones([36 + root % 12, *upper], 1.0, cents))
    return np.concatenate(played) + beats(n_seconds)


@pytest.fixture(scope="module")
def soundfont() -> None:
    if shutil.which("fluidsynth") is None or not (SOUNDFONT_FOLDER / SOUNDFONT).is_file():
        pytest.skip("needs fluidsynth and timgm6mb-soundfont (make system)")


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def tried(piece: Piece) -> Trial:
    with sound_of(piece) as mono:
        return Trial(piece, drain(detect_key(mono)), {})


def mean_score(trials: list[Trial]) -> float:
    return float(np.mean([weighted_score(trial.piece.keys[0], trial.found.key) for trial in trials]))


@pytest.mark.parametrize("name", ["C major", "F# major", "Bb major", "E minor", "G minor", "C# minor"])
def test_chords_over_drums_have_their_key(name: str) -> None:
    found = detected(song(parse_key(name), cents=20))
    assert str(found.key) == name
    assert found.confidence >= SAFE_CONFIDENCE
    assert not found.changes
    assert (found.spans[0].start_seconds, found.spans[0].end_seconds) == (0.0, 16.0)


@pytest.mark.parametrize("cents", [-45, -30, -10, 0, 10, 30, 45])
def test_the_tuning_of_chords_is_found(cents: float) -> None:
    found = detected(song(Key(2), 8, cents))
    assert found.tuning_cents == pytest.approx(cents, abs=2)
    assert found.key == Key(2)


@pytest.mark.parametrize("cents", [-37.3, 4.1, 22.9])
def test_the_tuning_of_one_tone_is_found_between_bins(cents: float) -> None:
    """A bin is 2.7 Hz wide: 15 cents at 311 Hz."""
    tone = np.sin(2 * np.pi * 440 * 2 ** ((-6 + cents / 100) / 12) / RATE * np.arange(6 * RATE))
    assert drain(measure_tuning(source_of(tone))).cents == pytest.approx(cents, abs=1)


def test_chroma_shows_the_notes_that_sound_and_neither_their_harmonics_nor_drums() -> None:
    """Of a low note's harmonics the third and fifth are other pitch classes, a fifth and a third above."""
    played = np.concatenate([tones([45], 1.0)] * 8)
    alone = drain(chroma.measure_chroma(source_of(played), 0.0)).notes.mean(axis=0)
    with_drums = drain(chroma.measure_chroma(source_of(played + beats(8.0)), 0.0)).notes.mean(axis=0)
    assert alone.argmax() == with_drums.argmax() == 9
    assert alone[[4, 1]].max() < 0.15 * alone[9]  # as they come, they are a third and a fifth of it
    assert np.delete(with_drums, 9).max() < 0.2 * with_drums[9]


def test_chroma_shows_a_note_when_it_sounds() -> None:
    note = tones([69], 2.0)
    played = np.concatenate([np.zeros(4 * RATE), note, np.zeros(4 * RATE)])
    heard = drain(chroma.measure_chroma(source_of(played), 0.0)).notes[:, 9]
    sounding = chroma.FRAME_SECONDS * np.flatnonzero(heard > 0.3 * heard.max())
    assert sounding[0] == pytest.approx(4.0, abs=0.2)
    assert sounding[-1] < 6.2


def test_chroma_does_not_depend_on_how_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(song(Key(4), 12))
    whole = drain(chroma.measure_chroma(source, 0.0))
    monkeypatch.setattr(chroma, "CHUNK", 37)
    pieces_ = drain(chroma.measure_chroma(source, 0.0))
    assert np.allclose(whole.notes, pieces_.notes, rtol=1e-3, atol=1e-4 * whole.notes.max())


class _Hours:
    """A source of some hours that remembers how much was asked for at once."""

    sample_rate, n_channels = RATE, 1

    def __init__(self, hours: float) -> None:
        self.n_frames = round(3600 * hours * RATE)
        self.loop = song(Key(7)).astype(np.float32)
        self.most = 0

    def read(self, start: int, n_frames: int) -> Samples:
        self.most = max(self.most, n_frames)
        turns = -(-n_frames // len(self.loop)) + 1
        first = start % len(self.loop)
        return np.tile(self.loop, turns)[None, first : first + n_frames]


def test_a_long_recording_is_read_in_parts() -> None:
    source = _Hours(0.1)
    assert drain(detect_key(source)).key == Key(7)
    assert source.most < 40 * RATE


@pytest.mark.slow
def test_an_hour_takes_seconds() -> None:
    began = time.process_time()
    assert drain(detect_key(_Hours(1))).key == Key(7)
    assert time.process_time() - began < 16  # two cores for 8 s


def rain() -> Array:
    rng = np.random.default_rng(1)
    sound = 0.03 * rng.standard_normal(10 * RATE)
    for start in rng.integers(0, len(sound) - 500, 2000):
        drop = np.arange(500)
        sound[start : start + 500] += (
            0.2 * np.exp(-drop / 90) * np.sin(drop * rng.uniform(0.3, 1.7)) * rng.random()
        )
    return sound


def with_silence(hit: Array) -> Array:
    return np.concatenate([hit, np.zeros(RATE)])


WITHOUT_KEY = {
    "white noise": lambda: 0.1 * np.random.default_rng(2).standard_normal(10 * RATE),
    "brown noise": lambda: 0.002 * np.cumsum(np.random.default_rng(3).standard_normal(10 * RATE)),
    "rain": rain,
    "drums": lambda: beats(12.0),
    "a hit": lambda: with_silence(beats(0.5)),
    "a blip": lambda: 0.5 * np.sin(2 * np.pi * 440 / RATE * np.arange(round(0.3 * RATE))),
    "a sine": lambda: 0.5 * np.sin(2 * np.pi * 440 / RATE * np.arange(10 * RATE)),
    "a note": lambda: tones([57], 10.0) + tones([57], 10.0)[::-1],
    "a glide": lambda: 0.3 * np.sin(np.cumsum(2 * np.pi * 100 / RATE * 2 ** np.linspace(0, 4, 10 * RATE))),
    "all twelve notes": lambda: np.concatenate([tones([60 + n % 12], 0.3) for n in range(36)]),
    "a sample": lambda: np.array([0.5]),
}


@pytest.mark.parametrize("name", WITHOUT_KEY)
def test_sounds_without_a_key_are_not_trusted(name: str) -> None:
    found = detected(WITHOUT_KEY[name]())
    assert 0 <= found.confidence < NEVER_SAFE
    assert not found.changes


def test_a_single_chord_is_not_safe_either() -> None:
    """It may be the first, fourth or fifth degree of three keys."""
    chord = np.concatenate([tones([48, 60, 64, 67], 2.0)] * 6)
    assert detected(chord).confidence < SAFE_CONFIDENCE


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_silence_and_a_constant_have_no_key(level: float) -> None:
    assert detected(np.full(5 * RATE, level)) == KeyEstimate(None, 0.0, None, ())


def test_speech_is_not_trusted(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng (make system)")
    words = "The quick brown fox jumps over the lazy dog, and nobody knows what the weather will be. " * 3
    subprocess.run(["espeak-ng", "-w", tmp_path / "speech.wav", words], check=True)
    samples, rate = soundfile.read(tmp_path / "speech.wav")
    assert rate == RATE
    assert detected(samples).confidence < NEVER_SAFE


def test_noise_has_no_tuning() -> None:
    found = drain(measure_tuning(source_of(WITHOUT_KEY["white noise"]())))
    assert found.cents is None
    assert found.concentration < 0.1


def test_a_level_has_no_say() -> None:
    loud = song(Key(9, "minor"), 8)
    loud_one, quiet_one = detected(loud), detected(1e-4 * loud)
    assert quiet_one.key == loud_one.key == Key(9, "minor")
    assert quiet_one.confidence == pytest.approx(loud_one.confidence, abs=0.02)


def test_a_change_of_key_in_chords_is_found() -> None:
    found = detected(np.concatenate([song(Key(0), 24), song(Key(3), 24)]))
    assert [span.key for span in found.spans] == [Key(0), Key(3)]
    assert found.changes[0].start_seconds == pytest.approx(24, abs=CLOSE_SECONDS)
    assert found.spans[0].end_seconds == found.spans[1].start_seconds


def test_the_span_that_covers_most_of_a_stretch() -> None:
    first, second = KeySpan(0, 10, Key(0), 0.9), KeySpan(10, 30, Key(3), 0.8)
    estimate = KeyEstimate(Key(3), 0.7, 0.0, (first, second))
    assert estimate.changes == (second,)
    assert estimate.at(2, 12) is first
    assert estimate.at(8, 20) is second
    assert estimate.at(30, 40) is None


@pytest.mark.usefixtures("soundfont")
def test_rendered_scores_in_major_and_minor() -> None:
    trials = [tried(piece) for piece in pieces(HELD_OUT[0])[1::4]]
    assert {trial.piece.keys[0].mode for trial in trials} == {"major", "minor"}
    assert mean_score(trials) >= 0.9
    assert sum(trial.found.confidence >= SAFE_CONFIDENCE for trial in trials) >= 0.8 * len(trials)
    assert max(abs(cents_off(trial) or 0) for trial in trials) <= CLOSE_CENTS


@pytest.mark.usefixtures("soundfont")
@pytest.mark.parametrize("index", [0, 3, 7, 10])
def test_a_modulating_score_is_split_at_its_change(index: int) -> None:
    off = seconds_off(tried(modulating_pieces(HELD_OUT[0])[index]))
    assert off is not None
    assert abs(off) <= CLOSE_SECONDS


@pytest.mark.usefixtures("soundfont")
@pytest.mark.parametrize("cents", [-30, -10, 10, 30, 45])
def test_the_tuning_of_a_rendered_score_is_found(cents: float) -> None:
    off = cents_off(tried(compose(Key(2), "band", HELD_OUT[0], cents=cents)))
    assert off is not None
    assert abs(off) <= CLOSE_CENTS


@pytest.mark.slow
@pytest.mark.usefixtures("soundfont")
def test_all_48_pieces() -> None:
    trials = [tried(piece) for piece in pieces(HELD_OUT[0])]
    assert mean_score(trials) >= 0.9
    assert sum(bool(trial.found.changes) for trial in trials) <= 1
    assert max(abs(cents_off(trial) or 0) for trial in trials) <= CLOSE_CENTS + FONT_CENTS


@pytest.mark.slow
@pytest.mark.usefixtures("soundfont")
def test_most_modulating_scores_are_split_once_and_in_time() -> None:
    off = [seconds_off(tried(piece)) for piece in modulating_pieces(HELD_OUT[0])]
    assert sum(value is not None and abs(value) <= CLOSE_SECONDS for value in off) >= 10


@pytest.mark.parametrize(
    ("truth", "found", "score", "name"),
    [
        ("C major", "C major", 1.0, "right"),
        ("C major", "G major", 0.5, "fifth"),
        ("C minor", "G minor", 0.5, "fifth"),
        ("C major", "F major", 0.0, "other"),
        ("C major", "A minor", 0.3, "relative"),
        ("A minor", "C major", 0.3, "relative"),
        ("C major", "C minor", 0.2, "parallel"),
        ("C major", "G minor", 0.0, "other"),
    ],
)
def test_the_weighted_score_is_that_of_mir_eval(truth: str, found: str, score: float, name: str) -> None:
    assert weighted_score(parse_key(truth), parse_key(found)) == score
    assert relation(parse_key(truth), parse_key(found)) == name
    assert weighted_score(parse_key(truth), None) == 0


def test_a_score_is_the_same_again_and_another_with_another_seed() -> None:
    first, again, other = (compose(Key(4), "electric", seed) for seed in (5, 5, 6))
    assert list(first.score) == list(again.score)
    assert list(first.score) != list(other.score)
    assert 20 <= first.score.length <= 32


def test_the_page_says_what_was_measured_and_that_essentia_is_absent() -> None:
    piece = compose(Key(0), "band", 5, cents=10)
    right = Trial(piece, KeyEstimate(Key(0), 0.9, 12.0, (KeySpan(0, 20, Key(0), 0.9),)), {})
    fifth = replace(right, found=replace(right.found, key=Key(7)))
    moved = replace(piece, keys=(Key(0), Key(3)), change_seconds=(9.0,))
    split = (KeySpan(0, 10, Key(0), 0.9), KeySpan(10, 20, Key(3), 0.9))
    modulating = Trial(moved, KeyEstimate(Key(0), 0.9, 12.0, split), {})
    page = key_page(KeyFigures([right, fifth], [modulating], [right], [], (), HELD_OUT))
    assert "| nast-fx | **0.750** | 1 | 1 | 0 | 0 | 0 |" in page
    assert "within 4 s of the change: 1 of 1" in page
    assert "Farthest off: 2.0 cents." in page
    assert "essentia is not installed here" in page


def test_the_two_pages_are_not_asked_for_at_once(cli: Cli) -> None:
    before = cli.files()
    cli.refuses(cli.run("bench", "--key", "--quality"), 2, "give one of them", before=before)
