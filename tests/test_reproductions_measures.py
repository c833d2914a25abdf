"""The measures of the reproductions, on signals whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from nast_fx.evaluate.features import LEVEL, SAMPLE_RATE
from nast_fx.reproductions.onsets import CURVE_RATE, onset_times
from nast_fx.reproductions.players import INSTRUMENTS, play
from nast_fx.reproductions.rhythm import (
    autocorrelation_agreement,
    interval_distribution,
    interval_divergence,
    local_autocorrelation,
)
from nast_fx.reproductions.scores import ANTHEM_SECONDS, anthem
from nast_fx.reproductions.spectra import (
    block_copy,
    brightness,
    envelope_difference_db,
    flatness,
    log_error,
    spectral_agreement,
)

HOP_SECONDS = 1 / CURVE_RATE


def at_level(signal: np.ndarray) -> np.ndarray:
    return (signal * LEVEL / np.sqrt(np.mean(signal**2))).astype(np.float32)


def pulses(times: np.ndarray | list[float], seconds: float = 8.0, hz: float = 800.0) -> np.ndarray:
    """Decaying tones that begin at `times`, over a little noise."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    signal = 1e-4 * np.random.default_rng(0).normal(size=time.size)
    for start in times:
        since = np.clip(time - start, 0, None)
        signal += (time >= start) * np.exp(-since / 0.03) * np.sin(2 * np.pi * hz * since)
    return at_level(signal)


def noise(seconds: float = 3.0, seed: int = 0) -> np.ndarray:
    return at_level(np.random.default_rng(seed).normal(size=round(seconds * SAMPLE_RATE)))


def tone(hz: float, seconds: float = 3.0) -> np.ndarray:
    return at_level(np.sin(2 * np.pi * hz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE))


def test_onsets_are_where_events_begin() -> None:
    wanted = np.array([0.5, 1.1, 1.4, 2.3, 3.0, 4.2, 5.5, 7.0])
    found = onset_times(pulses(wanted))
    assert found.size == wanted.size
    assert np.abs(found - wanted).max() < 3 * HOP_SECONDS
    # An interval is that of the events, whatever the detector's own delay.
    assert np.abs(np.diff(found) - np.diff(wanted)).max() < 1.5 * HOP_SECONDS


def test_silence_has_no_onsets() -> None:
    assert onset_times(np.zeros(2 * SAMPLE_RATE, dtype=np.float32)).size == 0


def test_an_interval_is_counted_in_its_bin() -> None:
    share = interval_distribution(np.arange(20) * 0.5)
    assert share.sum() == pytest.approx(1.0)
    assert (share.argmax() + 1) * HOP_SECONDS == pytest.approx(0.5, abs=HOP_SECONDS)
    assert share.min() == pytest.approx(0.01 / share.size)
    # No interval at all says nothing.
    assert np.ptp(interval_distribution(np.zeros(1))) == 0


def test_the_divergence_of_a_rhythm_grows_with_its_difference() -> None:
    source = pulses(np.arange(0.2, 8, 0.5))
    same = pulses(np.arange(0.35, 8, 0.5), hz=500.0)
    mixed = pulses(np.sort(np.concatenate([np.arange(0.2, 8, 1.0), np.arange(0.45, 8, 1.0)])))
    other = pulses(np.arange(0.2, 8, 0.3))
    divergences = [interval_divergence(source, texture) for texture in (source, same, mixed, other)]
    assert divergences[0] == 0
    assert divergences[1] < 0.2
    assert divergences[1] < divergences[3]
    assert divergences[3] > 1.0
    assert divergences[2] > divergences[1]


def test_the_local_autocorrelation_peaks_at_the_period() -> None:
    curve = local_autocorrelation(pulses(np.arange(0.2, 8, 0.6)))
    assert curve[0] == pytest.approx(1.0)
    near = round(0.3 * CURVE_RATE)
    assert (near + curve[near : round(0.9 * CURVE_RATE)].argmax()) * HOP_SECONDS == pytest.approx(
        0.6, abs=0.03
    )
    # Not the same times, but the same rhythm.
    same = autocorrelation_agreement(pulses(np.arange(0.2, 8, 0.6)), pulses(np.arange(0.4, 8, 0.6)))
    other = autocorrelation_agreement(pulses(np.arange(0.2, 8, 0.6)), pulses(np.arange(0.2, 8, 0.43)))
    assert same > 0.9
    assert other < 0.4
    # Single events alike, no rhythm in common: what is near lag 0 says nothing.
    scattered = np.sort(np.random.default_rng(3).uniform(0.1, 7.9, 13))
    assert abs(autocorrelation_agreement(pulses(np.arange(0.2, 8, 0.6)), pulses(scattered))) < 0.3


def test_the_log_error_is_zero_of_itself_and_symmetric() -> None:
    one, other = noise(seed=0), tone(440.0)
    assert log_error(one, one) == 0
    assert log_error(one, other) == pytest.approx(log_error(other, one))
    assert log_error(one, noise(seed=1)) < log_error(one, other)


def test_brightness_of_a_tone_and_of_noise() -> None:
    centroid, bandwidth = brightness(tone(2000.0))
    assert centroid == pytest.approx(2000.0, abs=15.0)
    assert bandwidth < 60.0
    centroid, bandwidth = brightness(noise())
    # Uniform on 0 ... 11025 Hz: its mean, and twice its deviation.
    assert centroid == pytest.approx(SAMPLE_RATE / 4, rel=0.02)
    assert bandwidth == pytest.approx(SAMPLE_RATE / 2 / np.sqrt(3), rel=0.02)


def test_flatness_tells_a_tone_from_noise() -> None:
    # The mean of the logarithm of a chi-square power is Euler's constant below that of its mean.
    assert flatness(noise()) == pytest.approx(np.exp(-np.euler_gamma), abs=0.02)
    assert flatness(tone(1000.0)) < 0.01


def test_spectra_agree_whatever_their_rhythm() -> None:
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    beat = np.exp(-8 * (time % 0.5))
    low, high = (at_level(beat * np.sin(2 * np.pi * hz * time)) for hz in (300.0, 5000.0))
    assert spectral_agreement(low, tone(300.0)) > 0.7
    assert spectral_agreement(low, high) < 0.3


def test_envelopes_differ_by_their_decibels() -> None:
    signal = noise(2.0)
    louder = (2 * signal).astype(np.float32)
    for over in ("time", "frequency"):
        assert envelope_difference_db(signal, signal, over=over) == 0
        assert envelope_difference_db(signal, louder, over=over) == pytest.approx(20 * np.log10(2), abs=0.01)
    # Half of the time 6 dB louder: seen over time, and the same at every frequency.
    half = np.where(np.arange(signal.size) < signal.size // 2, 1, 2)
    changed = (half * signal).astype(np.float32)
    over_time = envelope_difference_db(signal, changed, over="time")
    assert over_time == pytest.approx(20 * np.log10(2) / np.sqrt(2), abs=0.1)
    assert envelope_difference_db(signal, changed, over="frequency") == pytest.approx(
        10 * np.log10(2.5), abs=0.4
    )
    # What is far below the loudest is no difference.
    silent = np.concatenate([signal, np.zeros_like(signal)])
    hiss = silent + 1e-6 * noise(4.0, seed=2)
    assert envelope_difference_db(silent, hiss.astype(np.float32), over="time") < 0.1


def test_a_block_is_found_wherever_it_was_taken_from() -> None:
    source = at_level(np.concatenate([tone(hz, 0.5) for hz in (300, 900, 500, 1500, 700, 2500, 400, 3500)]))
    # Another order, the phases turned: no waveform would correlate at any lag.
    pasted = at_level(-np.concatenate([source[2 * SAMPLE_RATE :], source[: 2 * SAMPLE_RATE]]))
    assert block_copy(pasted, source) > 0.8
    assert block_copy(noise(4.0), source) < 0.3


def test_one_color_is_no_copy() -> None:
    dark = [np.cumsum(np.random.default_rng(seed).normal(size=4 * SAMPLE_RATE)) for seed in (0, 1)]
    first, second = (at_level(signal - np.convolve(signal, np.ones(400) / 400, "same")) for signal in dark)
    assert block_copy(first, second) < 0.15
    assert block_copy(first, first) > 0.99


def test_the_anthem_moves_by_semitones_and_lasts_four_seconds() -> None:
    assert pytest.approx(4.0) == ANTHEM_SECONDS
    plain, moved = anthem(), anthem(-6)
    assert [note.pitch - 6 for note in plain] == [note.pitch for note in moved]
    assert max(note.start + note.seconds for note in plain) == pytest.approx(ANTHEM_SECONDS)
    top = [note.pitch for note in plain if note.velocity == 100]
    assert top == [67, 64, 60, 64, 67, 72, 76, 74]


def fundamental_hz(samples: np.ndarray, rate: int) -> float:
    """Lag of the first strong peak of the autocorrelation, as a frequency."""
    power = np.abs(np.fft.rfft(samples, 2 * samples.size)) ** 2
    correlation = np.fft.irfft(power)[: rate // 80]
    lowest = rate // 1200
    strong = np.flatnonzero(correlation[lowest:] > 0.85 * correlation[lowest:].max()) + lowest
    first = strong[: np.flatnonzero(np.diff(strong, append=10**9) > 1)[0] + 1]
    return rate / first[correlation[first].argmax()]


@pytest.mark.parametrize("name", INSTRUMENTS)
@pytest.mark.parametrize("own", [True, False])
def test_an_instrument_plays_the_note(name: str, own: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from nast_fx.reproductions import players

    if own:
        monkeypatch.setattr(players, "_soundfont", lambda: None)
    elif players._soundfont() is None:
        pytest.skip("needs fluidsynth and timgm6mb-soundfont (make system)")
    note = players.ScoreNote(0.25, 1.0, 69, 100)
    audio = play([note], name, seconds=2.0, sample_rate=22_050, seed=3)
    assert audio.samples.shape == (1, 44_100)
    assert np.abs(audio.samples).max() == pytest.approx(10 ** (-3 / 20), rel=1e-3)
    assert not audio.samples[0, : round(0.24 * 22_050)].any()
    middle = audio.samples[0, round(0.5 * 22_050) : round(0.9 * 22_050)].astype(np.float64)
    assert 12 * np.log2(fundamental_hz(middle, 22_050) / 440) == pytest.approx(0, abs=0.35)
    again = play([note], name, seconds=2.0, sample_rate=22_050, seed=3)
    np.testing.assert_array_equal(audio.samples, again.samples)
