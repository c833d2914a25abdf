"""The one channel that key and tempo are found in."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from nast_fx.analysis.mono import MONO_RATE, mono_of
from nast_fx.audio import ArraySource, Audio
from nast_fx.errors import AudioFileError

RATE = 44_100


class Counted(ArraySource):
    """A source that counts the frames that are read."""

    n_read = 0

    def read(self, start, n_frames):
        self.n_read += n_frames
        return super().read(start, n_frames)


def counted(*channels, rate=RATE) -> Counted:
    return Counted(Audio(np.stack(channels).astype(np.float32), rate))


def mixed(source):
    with contextlib.closing(mono_of(source, "x.wav")) as mono:
        assert (mono.n_channels, mono.sample_rate) == (1, MONO_RATE)
        return mono.read(0, mono.n_frames)[0]


def sine(hz, rate=MONO_RATE):
    return np.sin(2 * np.pi * hz * np.arange(2 * rate) / rate)


def test_the_mean_of_the_channels_in_one_reading():
    source = counted(0.5 * sine(440, RATE), 0.1 * sine(660, RATE))
    found = mixed(source)
    np.testing.assert_allclose(found[500:-500], (0.25 * sine(440) + 0.05 * sine(660))[500:-500], atol=1e-3)
    assert source.n_read == source.n_frames


@pytest.mark.parametrize("rest", [0.0, 0.004])
def test_channels_that_cancel_leave_the_loudest(rest):
    found = mixed(counted((0.5 + rest) * sine(440, RATE), -0.5 * sine(440, RATE)))
    np.testing.assert_allclose(found[500:-500], (0.5 + rest) * sine(440)[500:-500], atol=1e-3)


def test_channels_that_nearly_cancel_are_mixed():
    found = mixed(counted(-0.5 * sine(440, RATE), 0.6 * sine(440, RATE)))
    np.testing.assert_allclose(found[500:-500], 0.05 * sine(440)[500:-500], atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 1e30])
def test_silent_and_huge_signals(value):
    found = mixed(counted(value * sine(440, RATE), value * sine(440, RATE)))
    assert np.isfinite(found).all()
    assert bool(found.any()) is bool(value)


def test_what_is_no_number_is_named():
    broken = sine(440, RATE)
    broken[RATE] = np.nan
    with pytest.raises(AudioFileError, match=r"x\.wav: a sample at 1\.000 s is not a finite number"):
        mixed(counted(sine(440, RATE), broken))
