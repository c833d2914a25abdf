"""One channel at one rate: what key and tempo are found in."""

from __future__ import annotations

import numpy as np

from nast_fx.audio import AudioSource, Samples, ScratchFile, check_samples, resample_source

__all__ = ["MONO_RATE", "mono_of"]

MONO_RATE = 22_050  # Hz
CANCELLED = 1e-2  # of the loudest channel's RMS: a sum below it says little of the channels


class _Mix:
    """A source: a weighted sum of the channels of `source`, whose energies are added up while it is read."""

    def __init__(self, source: AudioSource, weights: Samples) -> None:
        self.sample_rate = source.sample_rate
        self.n_channels = 1
        self.n_frames = source.n_frames
        self.energies = np.zeros(source.n_channels)
        self.energy = 0.0  # of the sum
        self._source, self._weights = source, weights

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (1, frame)."""
        block = self._source.read(start, n_frames)
        with np.errstate(over="ignore", invalid="ignore"):
            mixed = self._weights @ block
            self.energies += [float(channel @ channel) for channel in block]
            self.energy += float(mixed @ mixed)
        return np.asarray(mixed)[None]


def mono_of(source: AudioSource, name: str) -> ScratchFile:
    """Mix a source down, and bring it to `MONO_RATE`, into a temporary file that the caller closes.

    The mean of the channels; where they cancel, the loudest one.

    Raises
    ------
    AudioFileError
        A sample is not a number (`check_samples`); `name` is for that message.
    """
    mix = _Mix(source, np.full(source.n_channels, 1 / source.n_channels, dtype=np.float32))
    mono = resample_source(mix, MONO_RATE)
    try:
        if not np.isfinite(mix.energies).all():
            check_samples(source, name)
        cancels = mix.energy < CANCELLED**2 * mix.energies.max()
    except BaseException:
        mono.close()
        raise
    if not cancels:
        return mono
    mono.close()
    loudest = np.eye(source.n_channels, dtype=np.float32)[int(mix.energies.argmax())]
    return resample_source(_Mix(source, loudest), MONO_RATE)
