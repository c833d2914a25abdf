"""The spectrogram of a sound file as a small picture of bytes, from 30 Hz up, evenly in log frequency.

0 dB is a sine of full scale. Where the picture shows more time than it has columns for, a column is the mean
power of a few windows in its stretch: an hour takes no longer than a minute.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nast_fx.audio.block import Samples, padded_read
from nast_fx.audio.decode import SoundReader
from nast_fx.audio.probe import FileInfo, probe
from nast_fx.audio.reading import read_side_by_side
from nast_fx.errors import AudioFileError
from nast_fx.progress import Progress, Steps

__all__ = ["FLOOR_DB", "F_MAX", "F_MIN", "Overview", "overview"]

F_MIN = 30.0
"""Frequency of the lowest row, in Hz."""
F_MAX = 20_000.0
"""Frequency of the highest row, in Hz, where the sample rate has it."""
FLOOR_DB = -100.0
"""Level of byte 0; byte 255 is 0 dB."""

WINDOW_SECONDS = 0.093
MOST_WINDOWS = 4096  # beside one for each column
GROUP = 32  # columns that are read together

Bytes = npt.NDArray[np.uint8]
Levels = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Overview:
    """A picture and what it shows.

    Attributes
    ----------
    picture : ndarray, (row, column) uint8
        The highest frequency first, as pictures have it; 0 is -100 dB or less, 255 is 0 dB or more.
    bottom_hz, top_hz : float
        Middles of the last and of the first row.
    start_seconds, length_seconds : float
        The stretch of time from the first column's beginning to the last one's end.
    sample_rate : int
        Hz.
    """

    picture: Bytes
    bottom_hz: float
    top_hz: float
    start_seconds: float
    length_seconds: float
    sample_rate: int


def overview(
    content: Path, start_seconds: float, length_seconds: float | None, *, n_columns: int, n_rows: int
) -> Steps[Overview]:
    """Draw a part of a sound file; channels count by their mean power.

    Of what is lossy the place of a column may be off by some milliseconds.

    Raises
    ------
    AudioFileError
        It cannot be read, or ends before the part begins.
    """
    info = probe(content)
    seconds = info.seconds - start_seconds
    if seconds <= 0:
        raise AudioFileError(
            f"{content}: is {info.seconds:.2f} s long; there is nothing at {start_seconds:g} s"
        )
    seconds = min(seconds, length_seconds or seconds)
    drawing = _Drawing(info, start_seconds, seconds / n_columns, n_columns, n_rows)
    picture = np.zeros((n_rows, n_columns), np.uint8)
    n_done = 0
    for levels in drawing.groups():
        picture[:, n_done : n_done + levels.shape[1]] = _bytes(levels)
        n_done += levels.shape[1]
        yield Progress("read", share=n_done / n_columns)
    top_hz = float(drawing.frequencies[-1])
    return Overview(picture[::-1], F_MIN, top_hz, start_seconds, seconds, info.sample_rate)


class _Drawing:
    """Where windows lie, and what they become."""

    def __init__(self, info: FileInfo, start: float, step: float, n_columns: int, n_rows: int) -> None:
        self.info = info
        self.n_columns = n_columns
        self.n_fft = 2 ** round(math.log2(WINDOW_SECONDS * info.sample_rate))
        self.frequencies = np.geomspace(F_MIN, min(F_MAX, info.sample_rate / 2), n_rows)
        n_fit = math.ceil(step * info.sample_rate / self.n_fft)
        self._n_each = max(1, min(n_fit, MOST_WINDOWS // n_columns))  # windows of a column
        places = start + (np.arange(n_columns * self._n_each) + 0.5) / self._n_each * step
        self._firsts = np.round(places * info.sample_rate).astype(np.int64) - self.n_fft // 2
        window = np.hanning(self.n_fft + 1)[:-1]
        self._window = (window / (window.sum() / 2)).astype(np.float32)

    def groups(self) -> Iterator[Levels]:
        """Give levels in dB, (row, column), some columns at a time."""
        size = GROUP * self._n_each
        parts = [self._firsts[i : i + size] for i in range(0, len(self._firsts), size)]
        return read_side_by_side(self.info.path, parts, self._levels)

    def _levels(self, reader: SoundReader, firsts: npt.NDArray[np.int64]) -> Levels:
        frames = np.stack(list(self._windows(reader, firsts))) * self._window
        power = (np.abs(np.fft.rfft(frames)) ** 2).mean(axis=1)
        power = power.reshape(-1, self._n_each, power.shape[-1]).mean(axis=1)
        return self._rows(10 * np.log10(np.maximum(power, 1e-12)).T)

    def _windows(self, reader: SoundReader, firsts: npt.NDArray[np.int64]) -> Iterator[Samples]:
        """Read windows (channel, frame): all in one where they touch, else one by one."""
        shape = (self.info.n_channels, self.info.n_frames)
        span = int(firsts[-1] - firsts[0]) + self.n_fft
        if span > len(firsts) * self.n_fft:
            for first in firsts:
                yield _finite(padded_read(int(first), self.n_fft, shape, reader.read_at))
            return
        whole = _finite(padded_read(int(firsts[0]), span, shape, reader.read_at))
        for first in firsts - firsts[0]:
            yield whole[:, first : first + self.n_fft]

    def _rows(self, levels: Levels) -> Levels:
        """Bring levels (bin, column) to rows: a row's loudest bin, or between two where rows are narrow."""
        places = self.frequencies * self.n_fft / self.info.sample_rate
        ratio = math.sqrt(self.frequencies[1] / self.frequencies[0])
        low = np.clip(np.round(places / ratio).astype(int), 0, len(levels) - 1)
        high = np.clip(np.round(places * ratio).astype(int), low + 1, len(levels))
        below = np.clip(places.astype(int), 0, len(levels) - 2)
        share = np.clip(places - below, 0, 1)[:, None]
        rows = (1 - share) * levels[below] + share * levels[below + 1]
        for row in np.flatnonzero(high - low > 1):
            rows[row] = levels[low[row] : high[row]].max(axis=0)
        return np.asarray(rows)


def _finite(samples: Samples) -> Samples:
    return np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)


def _bytes(levels: Levels) -> Bytes:
    return np.clip(np.round(255 * (1 - levels / FLOOR_DB)), 0, 255).astype(np.uint8)
