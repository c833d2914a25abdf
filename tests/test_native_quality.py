"""The default method at a track's own rate in stereo: the picture, transients, ends, the highest octave."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nast_fx.audio import ArraySource, Audio, check_samples
from nast_fx.methods import build_method
from nast_fx.models import RenderPlan, Tracking
from nast_fx.progress import drain
from nast_fx.render import Reference, References, style_source
from nast_fx.studies.sounds import rain, song

RATE = 44_100
SECONDS = 4.0
Samples = NDArray[np.float32]


def styled(content: Samples, style: Audio) -> Samples:
    source = ArraySource(Audio(content, RATE))
    references = References((Reference(ArraySource(style), "style", 1.0),), 30.0)
    with ExitStack() as stack:
        steps = style_source(
            source,
            check_samples(source, "content"),
            references,
            build_method("infinite"),
            RenderPlan(),
            stack,
            tracking=Tracking(key="off"),
        )
        return drain(steps).source.read(0, source.n_frames)


@pytest.fixture(scope="module")
def music() -> tuple[Samples, Samples]:
    content = song(SECONDS, RATE).samples
    return content, styled(content, rain(SECONDS, RATE))


def decibels(power: Any) -> float:
    return float(10 * np.log10(power + 1e-12))


def width_db(samples: Samples) -> float:
    """Level of the side below the mid."""
    mid, side = samples[0] + samples[1], samples[0] - samples[1]
    return decibels(np.mean(side**2)) - decibels(np.mean(mid**2))


def correlation(samples: Samples) -> float:
    """Of the two channels."""
    left, right = samples - samples.mean(axis=1, keepdims=True)
    return float(left @ right / np.sqrt((left @ left) * (right @ right)))


def test_the_stereo_picture_is_within_the_contents_spread(music: tuple[Samples, Samples]) -> None:
    content, result = music
    parts = [content[:, start : start + RATE] for start in range(0, content.shape[1], RATE)]
    widths = [width_db(part) for part in parts]
    assert min(widths) - 1 <= width_db(result) <= max(widths) + 1
    links = [correlation(part) for part in parts]
    assert min(links) - 0.05 <= correlation(result) <= max(links) + 0.05


def test_transients_have_no_echo_before_them() -> None:
    """Hits out of near silence: the 10 ms before one are masked by it, the 30 ms before those are not."""
    rng = np.random.default_rng(0)
    n_frames = round(SECONDS * RATE)
    hits = np.zeros(n_frames)
    starts = np.arange(round(0.5 * RATE), n_frames - RATE // 2, round(0.5 * RATE))
    for start in starts:
        decay = np.exp(-np.arange(RATE // 4) / (0.03 * RATE))
        hits[start : start + RATE // 4] += rng.standard_normal(RATE // 4) * decay
    content = np.stack([hits, 0.9 * hits]) * 0.2 + 2e-5 * rng.standard_normal((2, n_frames))
    result = styled(content.astype(np.float32), rain(SECONDS, RATE))
    for start in starts:
        before, after = slice(start - 1764, start - 441), slice(start, start + 1764)
        echo = decibels(np.mean(result[:, before] ** 2)) - decibels(np.mean(result[:, after] ** 2))
        assert echo < -30, (start / RATE, echo)


def test_the_ends_do_not_click(music: tuple[Samples, Samples]) -> None:
    _, result = music
    steps = np.abs(np.diff(result, axis=1))
    typical = np.quantile(steps, 0.999)
    assert steps[:, :220].max() <= 1.5 * typical
    assert steps[:, -220:].max() <= 1.5 * typical
    assert np.abs(result[:, 0]).max() < 0.5 * np.abs(result).max()


def test_the_highest_octave_is_styled_too(music: tuple[Samples, Samples]) -> None:
    content, result = music
    style = rain(SECONDS, RATE).samples

    def high(samples: Samples) -> float:
        power = np.abs(np.fft.rfft(samples, axis=1)) ** 2
        hertz = np.fft.rfftfreq(samples.shape[1], 1 / RATE)
        return decibels(power[:, (hertz > 11_025) & (hertz < 18_000)].sum() / power.sum())

    assert abs(high(result) - high(style)) < 0.6 * abs(high(content) - high(style))
