"""Transposition: tones land where they should, nothing moves in time, length and level stay."""

from __future__ import annotations

import numpy as np
import pytest

from nast_fx.audio import ArraySource, Audio, Samples
from nast_fx.audio import shift as shift_module
from nast_fx.audio.shift import shift_pitch, shift_source

RATE = 22_050


def tone(frequency: float, seconds: float = 2.0, n_channels: int = 1) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    return np.tile(0.3 * np.sin(2 * np.pi * frequency * time), (n_channels, 1)).astype(np.float32)


def pitch_of(signal: Samples) -> float:
    """Frequency in Hz of a tone (frame,), by the phase it gains between two windows."""
    window, hop = np.hanning(8192), 1024
    first, second = (np.fft.rfft(signal[s : s + 8192] * window) for s in (8000, 8000 + hop))
    peak = int(np.abs(first).argmax())
    turned = np.angle(second[peak] / first[peak])
    expected = 2 * np.pi * peak * hop / 8192
    turned += 2 * np.pi * round((expected - turned) / (2 * np.pi))
    return float(turned / (2 * np.pi * hop) * RATE)


@pytest.mark.parametrize("semitones", [-5.0, -0.37, 1.0, 3.0, 6.0])
def test_a_tone_lands_within_a_fifth_of_a_cent(semitones: float) -> None:
    shifted = shift_pitch(tone(440.0), RATE, semitones)
    assert 1200 * np.log2(pitch_of(shifted[0]) / 440.0) == pytest.approx(100 * semitones, abs=0.2)


def test_level_length_and_channels_stay() -> None:
    signal = tone(440.0, n_channels=3)
    shifted = shift_pitch(signal, RATE, 4.0)
    assert shifted.shape == signal.shape
    assert np.std(shifted[:, 8000:-8000]) == pytest.approx(np.std(signal), rel=0.05)


def test_a_click_stays_within_ten_milliseconds() -> None:
    signal = np.zeros((1, 2 * RATE), np.float32)
    signal[0, RATE] = 1.0
    for semitones in (-5.0, 2.0, 6.0):
        assert abs(int(np.abs(shift_pitch(signal, RATE, semitones)).argmax()) - RATE) < 0.01 * RATE


@pytest.mark.parametrize("n_frames", [0, 1, 700])
def test_the_shortest_signals_keep_their_length(n_frames: int) -> None:
    assert shift_pitch(np.full((2, n_frames), 0.1, np.float32), RATE, 2.0).shape == (2, n_frames)


def test_no_shift_and_silence_are_copies() -> None:
    signal = tone(300.0, 0.2)
    assert np.array_equal(shift_pitch(signal, RATE, 0.0), signal)
    assert not shift_pitch(np.zeros((2, 999), np.float32), RATE, 3.0).any()


def test_a_long_source_is_shifted_in_pieces_that_meet_where_it_is_quiet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shift_module, "PIECE_SECONDS", 4.0)
    monkeypatch.setattr(shift_module, "SEARCH_SECONDS", 1.0)
    signal = tone(440.0, 12.0)
    quiet = [round(seconds * RATE) for seconds in (4.6, 7.5)]
    for place in quiet:
        signal[:, place - RATE // 20 : place + RATE // 20] *= 0.01
    with shift_source(ArraySource(Audio(signal, RATE)), 3.0) as shifted:
        made = shifted.read(0, shifted.n_frames)
    assert made.shape == signal.shape
    levels = np.sqrt(np.mean(np.square(made[0].reshape(-1, RATE // 10)), axis=1))
    loud = [index for index in range(2, len(levels) - 2) if not {46, 45, 74, 75} & {index}]
    assert 20 * np.log10(levels[loud].max() / levels[loud].min()) < 0.5  # no seam dips or swells
    assert shift_module._seams(ArraySource(Audio(signal, RATE)))[0] == pytest.approx(quiet[0], abs=RATE // 10)
