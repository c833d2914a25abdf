"""A sound file as the player needs it: stereo, at the device's rate, from any frame on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import soundfile

from nast_fx.errors import AudioFileError

from ..translation import gettext as _

if TYPE_CHECKING:
    import soxr

__all__ = ["N_CHANNELS", "Frames", "Source", "SourceReader"]

N_CHANNELS = 2  # that are heard
LEAD_FRAMES = 2048  # which the filter of a change of rate needs before a place, and plenty
NO_LENGTH = 2**62  # frames, of a FLAC that was piped
CHUNK_FRAMES = 8192
CENTER_GAIN = 10 ** (-3 / 20)  # of what is neither left nor right (ITU-R BS.775)

Frames = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """A file, and where it is on the common time.

    Attributes
    ----------
    path : Path
    start_seconds : float
        When it begins: a preview begins where the selection did.
    wraps : bool
        Whether it is heard again and again: a style may be shorter than the content.
    """

    path: Path
    start_seconds: float = 0.0
    wraps: bool = False


class SourceReader:
    """Reads a source at a rate; close it.

    Parameters
    ----------
    source : Source
    sample_rate : int
        Hz, of the frames that are read.

    Attributes
    ----------
    end : int
        Frame of the common time at which it ends, for the first time if it wraps.

    Raises
    ------
    AudioFileError
        The file cannot be opened, or does not tell its length.
    """

    def __init__(self, source: Source, sample_rate: int) -> None:
        self.source = source
        try:
            self._file = soundfile.SoundFile(str(source.path))
        except (OSError, RuntimeError):
            raise AudioFileError(_("{name}: cannot be played").format(name=source.path.name)) from None
        if self._file.frames >= NO_LENGTH:
            self._file.close()
            text = _(
                "{name}: its header does not tell its length, so that it cannot be played; it can be rendered"
            )
            raise AudioFileError(text.format(name=source.path.name))
        self._matrix = _mix_matrix(self._file.channels)
        self._rates = (self._file.samplerate, sample_rate)
        self._length = max(1, round(self._file.frames * sample_rate / self._file.samplerate))
        self._start = round(source.start_seconds * sample_rate)
        self.end = self._start + self._length
        self._stream: soxr.ResampleStream | None = None
        self._fed = 0  # frames of the file that the stream has had
        self._made: Frames = np.zeros((0, N_CHANNELS), np.float32)
        self._made_at = 0  # frame of its beginning

    def read(self, start: int, n_frames: int) -> Frames:
        """Read (n_frames, 2) from a frame of the common time on; silence outside of the file.

        Raises
        ------
        AudioFileError
            The file cannot be read there.
        """
        try:
            if not self.source.wraps:
                return self._read(start - self._start, n_frames)
            parts, place = [], (start - self._start) % self._length
            while n_frames > 0:
                n_part = min(n_frames, self._length - place)
                parts.append(self._read(place, n_part))
                place, n_frames = 0, n_frames - n_part
            return np.concatenate(parts)
        except (OSError, RuntimeError):
            name = self.source.path.name
            raise AudioFileError(_("{name}: cannot be read any more").format(name=name)) from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self, start: int, n_frames: int) -> Frames:
        """Read from a frame of the file, counted at the player's rate."""
        from_rate, to_rate = self._rates
        if from_rate == to_rate:
            return self._fetch(start, n_frames)
        if start < self._made_at or start > self._made_at + len(self._made) or self._stream is None:
            self._seek(start)
        while self._made_at + len(self._made) < start + n_frames and self._stream is not None:
            made = self._stream.resample_chunk(self._fetch(self._fed, CHUNK_FRAMES))
            self._fed += CHUNK_FRAMES
            self._made = np.concatenate([self._made, made])
        first = start - self._made_at
        frames = self._made[first : first + n_frames]
        self._made, self._made_at = self._made[first + n_frames :], start + n_frames
        return frames

    def _seek(self, start: int) -> None:
        """Begin to resample ahead of a place, where a frame of the file is just one of the player's."""
        from_rate, to_rate = self._rates
        common = math.gcd(from_rate, to_rate)
        number = (start - LEAD_FRAMES) // (to_rate // common)
        import soxr  # not at the start of the program

        self._fed, self._made_at = number * (from_rate // common), number * (to_rate // common)
        self._stream = soxr.ResampleStream(from_rate, to_rate, N_CHANNELS, dtype="float32", quality="HQ")
        self._made = np.zeros((0, N_CHANNELS), np.float32)

    def _fetch(self, start: int, n_frames: int) -> Frames:
        """Read (n_frames, 2) at the file's own rate; silence outside of it."""
        frames = np.zeros((n_frames, N_CHANNELS), np.float32)
        first, last = max(start, 0), min(start + n_frames, self._file.frames)
        if first < last:
            if self._file.tell() != first:
                self._file.seek(first)
            read = self._file.read(last - first, dtype="float32", always_2d=True)
            frames[first - start : first - start + len(read)] = np.nan_to_num(read @ self._matrix)
        return frames


def _mix_matrix(n_channels: int) -> Frames:
    """Give the gains (channel, 2) from a file's channels to left and right; they never sum to more than 1."""
    if n_channels == 1:
        return np.ones((1, N_CHANNELS), np.float32)
    matrix = np.full((n_channels, N_CHANNELS), CENTER_GAIN, np.float32)
    matrix[:2] = np.eye(N_CHANNELS)
    mixed: Frames = matrix / np.abs(matrix).sum(axis=0)
    return mixed
