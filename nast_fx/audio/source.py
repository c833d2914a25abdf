"""Where audio comes from: what render, chain and analysis read, block by block.

A source may be an hour long; it is never held whole in memory.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from types import TracebackType
from typing import Protocol

import numpy as np

from nast_fx.audio.block import Audio, Samples, padded_read
from nast_fx.audio.decode import SoundReader
from nast_fx.audio.names import shown
from nast_fx.audio.probe import FileInfo, probe
from nast_fx.audio.scratch import ScratchFile
from nast_fx.errors import AudioFileError, UsageError

__all__ = ["ArraySource", "AudioSource", "FileInfo", "FileSource", "open_source", "probe"]


class AudioSource(Protocol):
    """A signal that can be read at any place."""

    @property
    def sample_rate(self) -> int:
        """Hz."""

    @property
    def n_channels(self) -> int:
        """How many channels."""

    @property
    def n_frames(self) -> int:
        """How many frames."""

    def read(self, start: int, n_frames: int) -> Samples:
        """Read (channel, n_frames) float32 from frame `start` on; zeros outside of the signal."""


class ArraySource:
    """A source of a signal that is in memory."""

    def __init__(self, audio: Audio) -> None:
        self.audio = audio
        self.sample_rate = audio.sample_rate
        self.n_channels = audio.n_channels
        self.n_frames = audio.n_frames

    def read(self, start: int, n_frames: int) -> Samples:
        """Copy (channel, n_frames) float32 from frame `start` on; zeros outside of the signal."""
        shape = (self.n_channels, self.n_frames)
        return padded_read(start, n_frames, shape, lambda first, n: self.audio.samples[:, first : first + n])


class FileSource:
    """A part of a sound file, read by seeking; made by `open_source`, closed by ``with`` or `close`.

    A file whose decoder cannot seek to the sample (OGG, MP3, ADPCM, a FLAC without its length) is
    decoded once, from its beginning, into a temporary file.

    Attributes
    ----------
    info : FileInfo
        Facts of the whole file.
    start : int
        Frame of the file at which the source begins.
    sample_rate, n_channels, n_frames : int
    """

    def __init__(self, info: FileInfo, start: int, n_frames: int) -> None:
        self.info = info
        self.start = start
        self.sample_rate = info.sample_rate
        self.n_channels = info.n_channels
        self.n_frames = n_frames
        self._stack = contextlib.ExitStack()
        self._scratch: ScratchFile | None = None
        self._lock = threading.Lock()
        try:
            self._reader = self._stack.enter_context(SoundReader(info.path))
            if not self._reader.seeks_exactly:
                self._decode()
        except BaseException:
            self._stack.close()
            raise

    def read(self, start: int, n_frames: int) -> Samples:
        """Read (channel, n_frames) float32 from frame `start` of the part on; zeros outside of it.

        Raises
        ------
        AudioFileError
            If the file is damaged there.
        """
        if self._scratch is not None:
            return self._scratch.read(start, n_frames)
        return padded_read(start, n_frames, (self.n_channels, self.n_frames), self._fetch)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._stack.close()

    def __enter__(self) -> FileSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fetch(self, start: int, n_frames: int) -> Samples:
        with self._lock:
            return self._reader.read_at(self.start + start, n_frames)

    def _decode(self) -> None:
        scratch = ScratchFile(self.sample_rate, self.n_channels, self.n_frames)
        self._scratch = self._stack.enter_context(scratch)
        position, stop = 0, self.start + self.n_frames
        for block in self._reader.blocks():
            first = max(self.start - position, 0)
            last = min(stop - position, block.shape[1])
            if first < last:
                scratch.write(position + first - self.start, block[:, first:last])
            position += block.shape[1]
            if position >= stop:
                return


def open_source(
    path: str | Path, start_seconds: float = 0.0, length_seconds: float | None = None
) -> FileSource:
    """Open a sound file, or a part of it.

    Parameters
    ----------
    path : path
    start_seconds : float
        Where the part begins, in seconds, at least 0.
    length_seconds : float or None
        Length of the part in seconds, above 0; a part that would pass the end stops there. None is
        to the end.

    Raises
    ------
    AudioFileError
        If the file cannot be used (see `probe`), or the part begins at or after its end.
    UsageError
        If the start is negative or the length not positive.
    """
    if not start_seconds >= 0 or not np.isfinite(start_seconds):
        raise UsageError(f"start_seconds={start_seconds} must be at least 0")
    if length_seconds is not None and not length_seconds > 0:
        raise UsageError(f"length_seconds={length_seconds} must be above 0")
    info = probe(path)
    start = round(start_seconds * info.sample_rate)
    if start >= info.n_frames:
        raise AudioFileError(
            f"{shown(path)}: is {info.seconds:.2f} s long; a part cannot begin at {start_seconds:g} s"
        )
    left = info.n_frames - start
    if length_seconds is None or length_seconds * info.sample_rate >= left:
        return FileSource(info, start, left)
    return FileSource(info, start, max(1, round(length_seconds * info.sample_rate)))
