"""Loudness: the signals of EBU Tech 3341 and 3342, ffmpeg's meter, and signals that are hard to measure."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nast_fx.analysis import meter
from nast_fx.analysis.k_weighting import channel_weights, k_weighting
from nast_fx.analysis.loudness import Loudness, measure_loudness
from nast_fx.audio import ArraySource, Audio, open_source
from nast_fx.errors import AudioFileError
from nast_fx.progress import drain

RATE = 48_000
LU = 0.1  # tolerance of EBU Tech 3341 for M, S and I
FIGURES = (
    "integrated_lufs",
    "range_lu",
    "momentary_max_lufs",
    "short_term_max_lufs",
    "true_peak_dbtp",
    "sample_peak_dbfs",
)


def measure(samples, rate=RATE) -> Loudness:
    return drain(measure_loudness(ArraySource(Audio(np.atleast_2d(samples).astype(np.float32), rate))))


def tone(*parts, hz=1000.0, rate=RATE, n_channels=2):
    """A sine that goes through `parts` (level in dBFS or None for silence, seconds), in every channel."""
    level = np.concatenate(
        [np.full(round(s * rate), 0 if db is None else 10 ** (db / 20)) for db, s in parts]
    )
    return np.tile(level * np.sin(2 * np.pi * hz / rate * np.arange(len(level))), (n_channels, 1))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([(-23, 20)], -23, id="case 1"),
        pytest.param([(-33, 20)], -33, id="case 2"),
        pytest.param([(-36, 10), (-23, 60), (-36, 10)], -23, id="case 3"),
        pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23, id="case 4"),
        pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], -23, id="case 5"),
    ],
)
def test_tech_3341_integrated(parts, expected):
    found = measure(tone(*parts))
    assert found.integrated_lufs == pytest.approx(expected, abs=LU)
    if len(parts) == 1:
        assert found.momentary_max_lufs == pytest.approx(expected, abs=LU)
        assert found.short_term_max_lufs == pytest.approx(expected, abs=LU)


def test_tech_3341_case_6_five_channels():
    levels = 10 ** (np.array([-28, -28, -24, -30, -30]) / 20)
    assert measure(levels[:, None] * tone((0, 20), n_channels=5)).integrated_lufs == pytest.approx(
        -23, abs=LU
    )


def test_tech_3341_cases_9_and_12_stay_in_place():
    """A pattern as long as the window reads the same wherever the window is."""
    short_term = measure(tone(*[(-20, 1.34), (-30, 1.66)] * 5)).short_term
    momentary = measure(tone(*[(-20, 0.18), (-30, 0.22)] * 25)).momentary
    assert np.abs(short_term[299:] + 23).max() < LU
    assert np.abs(momentary[99:] + 23).max() < LU


@pytest.mark.parametrize("number", range(20))
def test_tech_3341_cases_10_and_13_find_a_tone_wherever_it_begins(number):
    found = measure(tone((None, number * 0.15), (-23, 3), (None, 1)))
    assert found.short_term_max_lufs == pytest.approx(-23, abs=LU)
    found = measure(tone((None, number * 0.02), (-23, 0.4), (None, 1)))
    assert found.momentary_max_lufs == pytest.approx(-23, abs=LU)


@pytest.mark.parametrize(
    ("curve", "step", "length"),
    [pytest.param("short_term", 0.15, 3.0, id="case 11"), pytest.param("momentary", 0.02, 0.4, id="case 14")],
)
def test_tech_3341_cases_11_and_14_as_one_signal(curve, step, length):
    parts, ends = [], []
    for number in range(20):
        parts += [(None, number * step), (number - 38, length), (None, 1)]
        ends.append(round(100 * sum(seconds for _, seconds in parts)))
    found = getattr(measure(tone(*parts)), curve)
    largest = [found[begin:end].max() for begin, end in zip([0, *ends], ends, strict=False)]
    assert np.abs(largest - np.arange(-38, -18)).max() < LU


@pytest.mark.parametrize(
    ("period", "degrees", "amplitude", "expected"),
    [
        pytest.param(4, 0, 0.5, -6, id="case 15"),
        pytest.param(4, 45, 0.5, -6, id="case 16"),
        pytest.param(6, 60, 0.5, -6, id="case 17"),
        pytest.param(8, 67.5, 0.5, -6, id="case 18"),
        pytest.param(4, 45, 1.41, 3, id="case 19"),
    ],
)
def test_tech_3341_true_peak_of_a_sine(period, degrees, amplitude, expected):
    time = np.arange(RATE)
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 1000)  # a sine that begins at once has higher peaks
    found = measure(fade * amplitude * np.sin(2 * np.pi * time / period + np.radians(degrees)))
    assert -0.4 <= found.true_peak_dbtp - expected <= 0.2


@pytest.mark.parametrize("offset", [pytest.param(n, id=f"case {20 + n}") for n in range(4)])
def test_tech_3341_peak_between_samples(offset):
    """A click of most of the band, full scale at four times the rate; every fourth sample is left."""
    time = np.arange(-2 * RATE, 2 * RATE)
    click = np.sinc(time / 5) * np.exp(-((time / 400) ** 2))
    found = measure(np.stack([click[offset::4]] * 2))
    assert -0.4 <= found.true_peak_dbtp <= 0.2
    assert found.sample_peak_dbfs == pytest.approx(
        0 if offset == 0 else 20 * np.log10(np.sinc(min(offset, 4 - offset) / 5)), abs=0.01
    )


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        pytest.param([-20, -30], 10, id="case 1"),
        pytest.param([-20, -15], 5, id="case 2"),
        pytest.param([-40, -20], 20, id="case 3"),
        pytest.param([-50, -35, -20, -35, -50], 15, id="case 4"),
    ],
)
def test_tech_3342_range(levels, expected):
    assert measure(tone(*[(level, 20) for level in levels])).range_lu == pytest.approx(expected, abs=1)


def test_the_weighting_is_the_standards_at_48_khz():
    """Against the two recursions of BS.1770-5, tables 1 and 2, run on an impulse."""
    impulse = np.zeros(2**14)
    impulse[0] = 1
    shelf = (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585)
    both = _recursion(_recursion(impulse, *shelf), 1, -2, 1, -1.99004745483398, 0.99007225036621)
    response = np.abs(np.fft.rfft(both))
    np.testing.assert_allclose(np.abs(k_weighting(RATE, 2**14)), response, atol=1e-6)


@pytest.mark.parametrize("hz", [30, 997, 3000])
def test_every_rate_reads_the_same(hz):
    found = [
        measure(tone((-20, 4), hz=hz, rate=rate), rate).integrated_lufs
        for rate in (8000, 11_025, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000)
    ]
    assert np.ptp(found) < 0.02
    if hz == 997:
        assert found[0] == pytest.approx(-20, abs=0.01)


@pytest.mark.parametrize(
    ("n_channels", "channel", "expected"),
    [
        *[(1, 0, 0), (3, 2, 0), (4, 2, 1.49), (5, 3, 1.49), (6, 2, 0), (6, 3, None), (6, 4, 1.49), (7, 4, 0)],
        *[(8, 3, None), (8, 4, 0), (8, 6, 1.49), (12, 3, 0)],
    ],
)
def test_a_loudspeakers_place_counts(n_channels, channel, expected):
    samples = np.zeros((n_channels, 2 * RATE))
    samples[channel] = tone((-20, 2), n_channels=1)
    found = measure(samples)
    assert len(channel_weights(n_channels)) == n_channels
    assert found.true_peak_dbtp == pytest.approx(-20, abs=0.05)
    if expected is None:
        assert found.integrated_lufs is None
    else:
        assert found.integrated_lufs == pytest.approx(-23.0 + expected, abs=0.02)


@settings(deadline=None, max_examples=15)
@given(gain_db=st.floats(-120, 120), seed=st.integers(0, 99))
def test_a_gain_moves_everything_alike(gain_db, seed):
    samples = _music(seed)
    base, moved = measure(samples), measure(samples * 10 ** (gain_db / 20))
    for figure in ("momentary_max_lufs", "short_term_max_lufs", "true_peak_dbtp", "sample_peak_dbfs"):
        assert getattr(moved, figure) - getattr(base, figure) == pytest.approx(gain_db, abs=1e-3)
    predicted = base.with_gains(np.full(len(base.power), 10 ** (gain_db / 20)))
    np.testing.assert_allclose(predicted.power, moved.power, rtol=1e-3, atol=1e-9 * moved.power.max())
    np.testing.assert_allclose(predicted.true_peaks, moved.true_peaks, rtol=1e-4)


@settings(deadline=None, max_examples=10)
@given(sides=st.integers(8, 200), n_points=st.integers(0, 150), rate=st.sampled_from([8000, 22_050, 44_100]))
def test_neither_blocks_nor_the_place_in_time_matter(sides, n_points, rate):
    samples = _music(1, rate)
    base = measure(samples, rate)
    shift = 2 * n_points  # an even number of points is a whole number of frames at every rate here
    silence = np.zeros((2, shift * rate // 100))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meter, "SIDES", sides)
        patch.setattr(meter, "LEAST_SIDES", 4)
        moved = measure(np.concatenate([silence, samples], axis=1), rate)
    np.testing.assert_allclose(moved.power[shift:], base.power, rtol=1e-3)  # 0.004 dB
    np.testing.assert_allclose(moved.true_peaks[shift + 1 :], base.true_peaks[1:], atol=1e-5)
    assert not moved.sample_peaks[:shift].any()


def test_points_are_hundredths_of_a_second():
    """A click is in its own point at a rate where points are no whole number of frames."""
    for point in (0, 7, 60, 101):
        samples = np.zeros((1, 30_000))
        samples[0, point * 22_050 // 100 + 100] = 0.5
        found = measure(samples, 22_050)
        assert len(found.power) == 137
        assert np.flatnonzero(found.sample_peaks).tolist() == [point]
        assert found.true_peaks.argmax() == found.power.argmax() == point
        assert (found.true_peaks >= found.sample_peaks).all()


def test_edges_between_points_are_rounded_halves_up():
    """At 22 050 Hz the first point ends at 220.5."""
    for frame, point in ((220, 0), (221, 1), (440, 1), (441, 2)):
        samples = np.zeros((1, 1000))
        samples[0, frame] = 0.5
        assert measure(samples, 22_050).sample_peaks.argmax() == point


def test_what_nobody_hears_counts_like_the_highest_tones():
    low, high = (measure(tone((-20, 2), hz=hz, rate=192_000), 192_000) for hz in (23_000, 48_000))
    assert low.integrated_lufs == pytest.approx(-16.7, abs=0.1)  # -20, and the shelf
    assert high.integrated_lufs == pytest.approx(low.integrated_lufs, abs=0.02)


def test_curves_begin_when_their_window_is_full():
    found = measure(tone((-20, 4)))
    assert np.flatnonzero(np.isfinite(found.momentary))[0] == 39
    assert np.flatnonzero(np.isfinite(found.short_term))[0] == 299


def test_silence_after_music_is_silent():
    found = measure(np.concatenate([tone((-1, 3)), np.zeros((2, 60 * RATE))], axis=1))
    assert (found.momentary[350:] == -np.inf).all()
    assert found.integrated_lufs == pytest.approx(-1.2, abs=LU)  # three blocks straddle the end


def test_what_is_quiet_is_measured_beside_an_offset():
    """A tone 80 dB below a constant, which is no sound."""
    samples = 0.9 + tone((-80, 10))
    found = measure(samples)
    assert found.momentary[600:900] == pytest.approx(-80, abs=0.2)


@pytest.mark.parametrize(
    ("samples", "rate", "missing", "note"),
    [
        (np.zeros((2, 5 * RATE)), RATE, FIGURES, "It is silent"),
        (np.full((2, 5 * RATE), 0.5), RATE, (), None),
        (tone((-20, 0.3)), RATE, FIGURES[:4], "from 0.4 s on"),
        (tone((-20, 0.5)), RATE, ("range_lu", "short_term_max_lufs"), "from 3 s on"),
        (tone((-20, 5), n_channels=1), RATE, (), None),
        (tone((-20, 5), n_channels=6), RATE, (), None),
        (tone((-20, 5), rate=8000), 8000, (), None),
        (tone((-20, 5), rate=192_000), 192_000, (), None),
        (tone((-90, 5)), RATE, ("integrated_lufs", "range_lu"), "nowhere louder than -70 LUFS"),
        (tone((-20, 1 / RATE)) + 0.1, RATE, FIGURES[:4], "from 0.4 s on"),
        (3.4e38 * tone((0, 5)), RATE, (), None),
        (1e-30 * tone((0, 5)), RATE, ("integrated_lufs", "range_lu"), "nowhere louder"),
    ],
    ids=[
        *["silent", "constant", "0.3s", "0.5s", "mono", "5.1"],
        *["8kHz", "192kHz", "quiet", "one-frame", "huge", "tiny"],
    ],
)
def test_every_signal_has_figures_or_a_sentence(samples, rate, missing, note):
    found = measure(samples, rate)
    assert tuple(name for name in FIGURES if getattr(found, name) is None) == missing
    assert np.isfinite([getattr(found, name) for name in FIGURES if name not in missing]).all()
    assert not np.isnan([*found.power, *found.momentary, *found.short_term]).any()
    assert len(found.notes) == (note is not None)
    if note:
        assert note in found.notes[0]
        assert found.notes[0].endswith(".")


def test_what_cannot_be_measured_is_named():
    samples = tone((-20, 2))
    samples[1, RATE] = np.nan
    with pytest.raises(AudioFileError, match=r"the signal: a sample at 1\.000 s is not a finite number"):
        measure(samples)
    with pytest.raises(AudioFileError, match="sample rate of 4000 Hz"):
        measure(tone((-20, 2), rate=4000), 4000)
    with pytest.raises(AudioFileError, match="holds no audio"):
        measure(np.zeros((1, 0)))


@pytest.mark.parametrize("name", ["loop_amen_full", "loop_garzul", "loop_compus", "loop_tabla"])
def test_loops_against_ffmpeg(real_loop, name):
    _compare(real_loop(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["battle", "knolls", "victory", "defeat", "vengeful", "sad"])
def test_tracks_against_ffmpeg(wesnoth_track, name):
    _compare(wesnoth_track(name))


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [("-ar", "48000"), ("-ac", "1"), ("-ar", "8000"), ("-af", "pan=5.1|c0=c0|c1=c1|c2=c0|c3=c1|c4=c1|c5=c0")],
    ids=["48kHz", "mono", "8kHz", "5.1"],
)
def test_other_shapes_against_ffmpeg(wesnoth_track, tmp_path, change):
    source, path = wesnoth_track("victory"), tmp_path / "x.wav"
    _ffmpeg("-i", str(source), *change, "-c:a", "pcm_f32le", str(path))
    # Its weighting is amplified where the rate is low: 0.2 dB at 8 kHz (see `k_weighting`).
    _compare(path, lu=0.3 if "8000" in change else LU)


def _compare(path, lu=LU):
    """Integrated within 0.1 LU, range within 0.2 LU, true peak within 0.2 dB of ffmpeg's own meter."""
    told = _ffmpeg("-i", str(path), "-filter_complex", "ebur128=peak=true", "-f", "null", "-")
    told = told[told.rindex("Summary:") :]
    integrated, loudness_range, peak = (
        float(re.search(rf"{name}:\s+(\S+)", told)[1]) for name in ("I", "LRA", "Peak")
    )
    with open_source(path) as source:
        found = drain(measure_loudness(source, str(path)))
    rounding = 0.05
    assert found.integrated_lufs == pytest.approx(integrated, abs=lu + rounding)
    assert found.range_lu == pytest.approx(loudness_range, abs=0.2 + rounding)
    assert found.true_peak_dbtp == pytest.approx(peak, abs=0.2 + rounding)


def _ffmpeg(*args):
    if not shutil.which("ffmpeg"):
        pytest.skip("needs ffmpeg (make system)")
    command = ["ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-y", *args]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def _recursion(signal, b0, b1, b2, a1, a2):
    result = np.zeros(len(signal))
    for n in range(len(signal)):
        before = [(signal[n - k], result[n - k]) if n >= k else (0, 0) for k in (1, 2)]
        (x1, y1), (x2, y2) = before
        result[n] = b0 * signal[n] + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
    return result


def _music(seed, rate=RATE, seconds=4):
    """Noise that swells and fades (channel, frame)."""
    random = np.random.default_rng(seed)
    swell = 0.05 * (1.5 + np.sin(np.linspace(0, 9, seconds * rate)))
    return (swell * random.normal(size=(2, seconds * rate))).astype(np.float32)
