"""One channel at one rate: what key and tempo are found in."""

from __future__ import annotations

import numpy as np

from nast_fx.audio import AudioSource, Samples, ScratchFile, check_samples, resample_source

__all__ = ["MONO_RATE", "mono_of"]

MONO_RATE = 22_050  # Hz
CANCELLED = 1e-2  # of the loudest channel's RMS: a sum below it says little of the channels


class _Weighted:
    """A source: a weighted sum of the channels of `source`."""

    def __init__(self, source: AudioSource, weights: Samples) -> None:
        self.sample_rate = source.sample_rate
        self.n_channels = 1
        self.n_frames = source.n_frames
        self._source, self._weights = source, weights

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (1, frame)."""
        return np.asarray(self._weights @ self._source.read(start, n_frames))[None]


def mono_of(source: AudioSource, name: str) -> ScratchFile:
    """Mix a source down, and bring it to `MONO_RATE`, into a temporary file that the caller closes.

    The mean of the channels; where they cancel, the loudest one.

    Raises
    ------
    AudioFileError
        A sample is not a number (`check_samples`); `name` is for that message.
    """
    mean = np.full(source.n_channels, 1 / source.n_channels, dtype=np.float32)
    levels = check_samples(source, name).rms
    if source.n_channels > 1 and check_samples(_Weighted(source, mean), name).rms[0] < CANCELLED * levels.max():
        mean = np.eye(source.n_channels, dtype=np.float32)[int(levels.argmax())]
    return resample_source(_Weighted(source, mean), MONO_RATE)
