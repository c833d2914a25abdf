from __future__ import annotations

import itertools

import numpy as np
import pytest

from nast_fx.errors import UsageError
from nast_fx.studies.sounds import SOUNDS, song
from nast_fx.studies.synthesis import (
    at_rms,
    fall,
    filtered,
    high_pass,
    in_room,
    low_pass,
    mixed,
    panned,
    resonances,
    times,
)


def level_db(samples: np.ndarray) -> float:
    return 20.0 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-12)


def spectrum_db(samples: np.ndarray) -> np.ndarray:
    """Mean level in octaves from 60 Hz up, relative to the whole."""
    power = np.mean(np.abs(np.fft.rfft(samples, axis=1)) ** 2, axis=0)
    hz = np.fft.rfftfreq(samples.shape[1], 1 / 44100)
    octaves = [power[(hz >= low) & (hz < 2 * low)].sum() for low in 60.0 * 2.0 ** np.arange(8)]
    return 10.0 * np.log10(np.array(octaves) / power.sum() + 1e-9)


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_stereo_finite_and_peaks_at_minus_3_db(name: str) -> None:
    sound = SOUNDS[name](1.5, 44100, 3)
    assert sound.samples.shape == (2, 66150)
    assert sound.samples.dtype == np.float32
    assert np.isfinite(sound.samples).all()
    assert 20.0 * np.log10(np.abs(sound.samples).max()) == pytest.approx(-3.0, abs=1e-3)
    left, right = sound.samples
    assert abs(level_db(left) - level_db(right)) < 6.0
    assert np.corrcoef(left, right)[0, 1] < 0.95
    assert abs(sound.samples.mean()) < 1e-3


@pytest.mark.parametrize("name", SOUNDS)
def test_the_seed_alone_decides(name: str) -> None:
    first, again, other = (SOUNDS[name](0.6, 22050, seed).samples for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


@pytest.mark.parametrize("sample_rate", [8000, 96000])
@pytest.mark.parametrize("name", SOUNDS)
def test_other_rates_keep_the_length(name: str, sample_rate: int) -> None:
    sound = SOUNDS[name](0.25, sample_rate, 0)
    assert sound.samples.shape == (2, sample_rate // 4)
    assert sound.sample_rate == sample_rate
    assert np.isfinite(sound.samples).all()


def test_the_song_builds_and_breaks_off_for_a_beat() -> None:
    samples = song().samples
    bars = [level_db(bar) for bar in np.array_split(samples, 5, axis=1)]
    quiet = samples[:, round(9.03 * 44100) : round(9.59 * 44100)]
    assert bars[3] - bars[0] > 6.0
    assert level_db(quiet) < -80.0
    # Near silence, not digital silence: that is where an effect's own noise would be heard.
    assert np.abs(quiet).max() > 0.0
    assert level_db(samples[:, round(9.6 * 44100) :]) > -22.0


def test_styles_differ_in_color() -> None:
    colors = {name: spectrum_db(sound(2.0, 44100, 0).samples) for name, sound in SOUNDS.items()}
    for one, two in itertools.combinations(colors.values(), 2):
        assert np.abs(one - two).mean() > 3.0


def test_a_length_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match=r"seconds=0\.0 must be above 0"):
        song(0.0)


def test_fall_is_60_db_down_after_its_seconds() -> None:
    assert 20.0 * np.log10(fall(np.array([0.5]), 0.5)[0]) == pytest.approx(-60.0)


def test_a_mode_rings_for_its_seconds() -> None:
    click = np.zeros(44100)
    click[0] = 1.0
    ring = filtered(click, 44100, resonances([1000.0], [0.4], [1.0]), ring_seconds=1.0)
    decay_db = level_db(ring[4410:4851]) - level_db(ring[13230:13671])
    assert decay_db == pytest.approx(60.0 * 0.2 / 0.4, abs=0.5)


@pytest.mark.parametrize(("response", "hz"), [(low_pass(500.0), 8000.0), (high_pass(8000.0), 500.0)])
def test_a_filter_takes_12_db_an_octave(response, hz: float) -> None:
    tone = np.sin(2.0 * np.pi * hz * times(0.5, 44100))
    middle = filtered(tone, 44100, response)[4410:-4410]
    assert level_db(middle) - level_db(tone) == pytest.approx(-48.0, abs=0.3)


def test_panning_keeps_the_power() -> None:
    tone = np.sin(times(0.1, 44100) * 3000.0)
    for place in (-1.0, -0.3, 0.0, 1.0):
        assert np.sum(panned(tone, place) ** 2) == pytest.approx(np.sum(tone**2))
    assert np.abs(panned(tone, -1.0)[1]).max() < 1e-12


def test_a_mix_adds_and_cuts() -> None:
    one = np.ones((2, 4))
    np.testing.assert_array_equal(mixed([(0.0, one), (0.3, one), (0.9, one)], 5, 10)[0], [1, 1, 1, 2, 1])


def test_a_dry_room_changes_nothing_and_a_wet_one_rings_on() -> None:
    click = np.zeros((2, 8000))
    click[:, 0] = 1.0
    dry, wet = (
        in_room(click, 8000, np.random.default_rng(0), seconds=0.6, wet=amount) for amount in (0.0, 0.5)
    )
    np.testing.assert_array_equal(dry, click)
    tail = wet - click
    # The wet part holds the square of `wet` of the energy, begins late and dies.
    assert np.sum(tail**2) / np.sum(click**2) == pytest.approx(0.25, rel=0.02)
    assert level_db(tail[:, 200:800]) - level_db(tail[:, 3800:4400]) > 30.0


def test_silence_stays_silent() -> None:
    assert not at_rms(np.zeros((2, 10))).any()
