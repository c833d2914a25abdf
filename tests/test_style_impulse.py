"""`nast-fx style export-ir`: through any convolver a track gets the style's long-term spectrum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_runner import Cli, noise
from pedalboard import Convolution

from nast_fx.audio import ArraySource, Audio
from nast_fx.evaluate.impulse import impulse_response
from nast_fx.evaluate.long_term import GRID, LongTerm, long_term, pink
from nast_fx.models.impulse import ImpulseSettings
from nast_fx.progress import drain
from nast_fx.studies.sounds import SOUNDS
from nast_fx.styles import find_style, read_style
from nast_fx.styles.sound import StyleSource

RATE = 44_100
SIZE = 16_384  # of a window
CENTERS = 1000 * 2 ** (np.arange(-12, 13) / 3)  # third-octave bands from 63 Hz to 16 kHz


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def bands(samples: np.ndarray, rate: int, highest: float = 20_000) -> np.ndarray:
    """Third-octave levels in dB, of (channel, frame); measured without the program."""
    return levels_of(mean_power(samples), rate, highest)


def learnt_bands(name: str) -> np.ndarray:
    """Those of the runs of a learnt style, up to 15 kHz."""
    sound = StyleSource(read_style(find_style(name).path))
    runs = [span.weight * mean_power(sound.read(span.start, span.n_frames)) for span in sound.spans]
    return levels_of(np.sum(runs, axis=0), sound.sample_rate, 15_000)


def mean_power(samples: np.ndarray) -> np.ndarray:
    window, places = np.hanning(SIZE), range(0, samples.shape[1] - SIZE, SIZE // 8)
    spectra = [np.fft.rfft(samples[:, start : start + SIZE] * window) for start in places]
    return np.mean(np.abs(spectra) ** 2, axis=(0, 1))


def levels_of(power: np.ndarray, rate: int, highest: float) -> np.ndarray:
    hertz = np.fft.rfftfreq(SIZE, 1 / rate)
    edges = [(center * 2 ** (-1 / 6), center * 2 ** (1 / 6)) for center in CENTERS if center * 1.13 < highest]
    sums = [power[(hertz >= low) & (hertz < high)].sum() for low, high in edges]
    return np.asarray(10 * np.log10(sums))


def apart(levels: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """How far levels are from others in dB, whatever the volume."""
    difference = levels - goal
    return np.asarray(np.abs(difference - np.median(difference)))


def pink_noise(seconds: float, seed: int = 0) -> np.ndarray:
    n_frames = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n_frames))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.size), 1))
    made = np.fft.irfft(spectrum, n_frames)
    return (0.1 * made / made.std())[None].astype(np.float32)


def through(path: Path, samples: np.ndarray, rate: int = RATE) -> np.ndarray:
    """Give samples (channel, frame) as a convolver in a chain makes them."""
    return Convolution(str(path))(samples.astype(np.float32), rate)


@pytest.mark.parametrize("phase", ["minimum", "linear"])
@pytest.mark.parametrize(("style", "share"), [("rain", 1.0), ("breath", 1.0), ("strings", 0.85)])
def test_a_track_gets_the_spectrum_of_a_learnt_style(cli: Cli, style: str, share: float, phase: str) -> None:
    """Of a style of notes a band beside a far louder one stays too loud: a sixth of an octave is smoothed."""
    track = SOUNDS["song"](12.0, RATE, 0).samples
    soundfile.write("track.wav", track.T, RATE, subtype="FLOAT")
    ended = cli.run("style", "export-ir", style, "-o", "ir.wav", "--content", "track.wav", "--phase", phase)
    assert (ended.code, ended.out) == (0, ["ir.wav"]), ended
    goal = learnt_bands(style)
    before = apart(bands(track, RATE, 15_000), goal)
    after = apart(bands(through(cli.folder / "ir.wav", track), RATE, 15_000), goal)
    assert before.max() > 10
    assert np.quantile(after, share) < 2.5
    assert after.mean() < before.mean() / 3


def test_a_recording_is_a_style_too_and_a_part_of_it(cli: Cli) -> None:
    style = SOUNDS["metal"](6.0, RATE, 0).samples
    both = np.concatenate([style, 0.5 * pink_noise(2.0).repeat(2, axis=0)], axis=1)
    soundfile.write("both.wav", both.T, RATE, subtype="FLOAT")
    soundfile.write("track.wav", pink_noise(8.0, seed=1).T, RATE, subtype="FLOAT")
    goal = bands(style, RATE)
    for part, is_near in (("both.wav@0:6", True), ("both.wav", False)):
        ended = cli.run("style", "export-ir", part, "-o", "ir.wav", "--content", "track.wav", "--overwrite")
        assert ended.code == 0, ended
        off = apart(bands(through(cli.folder / "ir.wav", pink_noise(8.0, seed=1)), RATE), goal)
        assert (off.max() < 2.5) == is_near, off


def test_without_a_content_it_fits_a_pink_sound(cli: Cli) -> None:
    assert cli.run("style", "export-ir", "rain", "-o", "ir.wav", "--rate", RATE).code == 0
    made = bands(through(cli.folder / "ir.wav", pink_noise(20.0)), RATE, 15_000)
    assert apart(made, learnt_bands("rain")).max() < 1.5


def measured(samples: np.ndarray, rate: int = RATE) -> LongTerm:
    return drain(long_term(ArraySource(Audio(samples.astype(np.float32), rate))))


def response_db(impulse: Audio) -> np.ndarray:
    """Gain in dB at the centers of the bands."""
    n_fft = 2**18
    gain = np.abs(np.fft.rfft(impulse.samples[0], n_fft))
    return np.asarray(
        20 * np.log10(np.interp(CENTERS, np.fft.rfftfreq(n_fft, 1 / impulse.sample_rate), gain))
    )


def test_a_style_of_the_same_spectrum_changes_nothing() -> None:
    sound = measured(noise(6.0, RATE))
    impulse = impulse_response(sound, sound, ImpulseSettings(), RATE)
    assert impulse.samples[0, 0] == pytest.approx(1, abs=0.02)
    assert np.abs(response_db(impulse)).max() < 0.2


def test_the_two_phases_have_one_gain_and_their_own_delay() -> None:
    style, content = measured(SOUNDS["rain"](6.0, RATE, 0).samples), measured(pink_noise(6.0))
    first = impulse_response(style, content, ImpulseSettings(), RATE)
    middle = impulse_response(style, content, ImpulseSettings(phase="linear"), RATE)
    assert np.abs(response_db(first) - response_db(middle)).max() < 1.5
    # The phase of the shortest delay is the Hilbert transform of the log of the gain.
    spectrum = np.fft.fft(first.samples[0], 2**18)
    turns = np.fft.fft(np.log(np.abs(spectrum))) * np.sign(np.fft.fftfreq(2**18))
    phase = np.real(1j * np.fft.ifft(turns))
    np.testing.assert_allclose(np.exp(1j * phase), spectrum / np.abs(spectrum), atol=0.02)
    np.testing.assert_allclose(middle.samples[0], middle.samples[0, ::-1], atol=1e-6)
    assert np.abs(middle.samples[0]).argmax() == middle.n_frames // 2


def test_the_content_keeps_its_power() -> None:
    track = SOUNDS["song"](6.0, RATE, 0).samples
    style = measured(SOUNDS["bells"](6.0, RATE, 0).samples)
    impulse = impulse_response(style, measured(track), ImpulseSettings(), RATE).samples[0]
    n_fft = 2**20
    made = np.fft.irfft(np.fft.rfft(track, n_fft) * np.fft.rfft(impulse, n_fft))
    level = 10 * np.log10(np.sum(made**2) / np.sum(track.astype(np.float64) ** 2))
    assert abs(level) < 1.0


def test_what_a_style_says_nothing_about_keeps_the_gain_of_the_edge() -> None:
    impulse = impulse_response(measured(noise(6.0, 8000), 8000), pink(), ImpulseSettings(), 48_000)
    gains = response_db(impulse)
    assert np.ptp(gains[CENTERS > 5000]) < 0.2
    assert np.ptp(gains[CENTERS < 3600]) > 10


def test_a_recording_is_measured_in_blocks_and_however_short() -> None:
    long = pink_noise(30.0)
    found = measured(long)
    assert np.abs(10 * np.log10(found.density * GRID))[(GRID > 100) & (GRID < 18_000)].std() < 1.0
    for n_frames in (1, 3, 100, 16_384, 16_385):
        assert np.isfinite(measured(long[:, :n_frames]).density).all()


def test_rate_and_length_and_what_is_refused(cli: Cli) -> None:
    export = ("style", "export-ir", "rain.wav", "-o")
    (facts,) = (line for line in cli.run(*export, "a.wav", "--json").objects if line["type"] == "result")
    assert (facts["sample_rate"], facts["frames"], facts["latency"]) == (48_000, 12_001, 0)
    assert cli.run(*export, "b.wav", "--content", "song.wav").code == 0
    assert soundfile.info(cli.folder / "b.wav").samplerate == 8000
    assert cli.run(*export, "c.wav", "--rate", 96_000, "--length", 0.5, "--phase", "linear").code == 0
    info = soundfile.info(cli.folder / "c.wav")
    assert (info.samplerate, info.frames, info.channels, info.subtype) == (96_000, 48_001, 1, "FLOAT")
    cli.write("silence.wav", np.zeros((1, 8000)))
    before = cli.files()
    for args, code, message in (
        ((*export, "a.wav"), 1, "is there already"),
        ((*export, "rain.wav", "--overwrite"), 2, "is an input"),
        ((*export, "d.flac"), 2, "ends in .wav"),
        ((*export, "d.wav", "--length", 9), 2, "--length 9 must be"),
        ((*export, "d.wav", "--content", "silence.wav"), 1, "is silent"),
        (("style", "export-ir", "rian", "-o", "d.wav"), 2, "did you mean 'rain'?"),
        (("style", "export-ir", "rain@1:2", "-o", "d.wav"), 2, "of which no part can be used"),
    ):
        cli.refuses(cli.run(*args, "--quiet"), code, message, before=before)
