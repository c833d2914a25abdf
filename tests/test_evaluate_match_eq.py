from __future__ import annotations

import numpy as np
import pytest

from nast_fx.audio import Audio
from nast_fx.errors import AudioFileError
from nast_fx.evaluate import match_eq


def noise(seed: int, n_channels: int = 1, rate: int = 22_050, seconds: float = 3.0) -> np.ndarray:
    shape = (n_channels, round(seconds * rate))
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def share_above(audio: Audio, hz: float) -> float:
    power = np.abs(np.fft.rfft(audio.samples[0])) ** 2
    return float(power[np.fft.rfftfreq(audio.n_frames, 1 / audio.sample_rate) > hz].sum() / power.sum())


def low_passed(samples: np.ndarray, rate: int, hz: float) -> np.ndarray:
    spectrum = np.fft.rfft(samples)
    spectrum[:, np.fft.rfftfreq(samples.shape[1], 1 / rate) > hz] *= 0.01
    return np.fft.irfft(spectrum, samples.shape[1]).astype(np.float32)


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_bright_content_becomes_as_dark_as_the_style(rate: int) -> None:
    content = Audio(noise(1, rate=rate), rate)
    style = Audio(low_passed(noise(2), 22_050, 2000), 22_050)
    matched = match_eq(content, style)
    assert share_above(content, 2500) > 0.5
    assert share_above(matched, 2500) < 0.01
    assert matched.samples.shape == content.samples.shape
    assert matched.sample_rate == rate


def test_the_content_keeps_its_loudness_its_channels_and_its_timing() -> None:
    samples = np.zeros((2, 100_000), dtype=np.float32)
    samples[0, 70_000], samples[1, 70_000] = 0.5, -0.25
    matched = match_eq(Audio(samples, 22_050), Audio(noise(2), 22_050))
    assert np.sqrt(np.mean(matched.samples**2)) == pytest.approx(np.sqrt(np.mean(samples**2)), rel=1e-3)
    assert np.abs(matched.samples).argmax(axis=1).tolist() == [70_000, 70_000]
    np.testing.assert_allclose(matched.samples[1], -0.5 * matched.samples[0], atol=1e-6)


def test_a_style_of_the_same_spectrum_changes_nothing() -> None:
    content = Audio(noise(1, seconds=7.0), 22_050)
    matched = match_eq(content, content)
    np.testing.assert_allclose(matched.samples, content.samples, atol=1e-4)


def test_style_level_does_not_matter() -> None:
    content, style = Audio(noise(1), 22_050), low_passed(noise(2), 22_050, 3000)
    loud, soft = match_eq(content, Audio(style, 22_050)), match_eq(content, Audio(0.01 * style, 22_050))
    np.testing.assert_allclose(loud.samples, soft.samples, atol=1e-5)


@pytest.mark.parametrize("bad", [np.zeros((1, 1000)), np.full((1, 1000), np.nan), np.zeros((1, 0))])
def test_silence_has_no_spectrum_to_match(bad: np.ndarray) -> None:
    good, nothing = Audio(noise(1), 22_050), Audio(bad, 22_050)
    with pytest.raises(AudioFileError, match="the style has no spectrum"):
        match_eq(good, nothing)
    with pytest.raises(AudioFileError, match="the content has no spectrum"):
        match_eq(nothing, good)
