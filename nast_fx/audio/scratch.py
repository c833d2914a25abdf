"""A signal on disk instead of in memory: an anonymous temporary file of float32 frames.

Plain reads and writes, not a memory map, so that resident memory stays flat however long the
signal is. The file is sparse (zeros until written) where the file system can do that, and it has
no name on POSIX, so that nothing is left even if the process is killed.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from types import TracebackType

import numpy as np

from nast_fx.audio.block import Samples, padded_read
from nast_fx.audio.names import file_error
from nast_fx.errors import AudioFileError

__all__ = ["ScratchFile"]

_ITEM = 4  # bytes of a float32


class ScratchFile:
    """A float32 signal (channel, frame) in a temporary file; an `AudioSource` that can be written.

    Parameters
    ----------
    sample_rate : int
        Hz; only kept.
    n_channels, n_frames : int
        Shape; it is fixed, and the content is zero until written.
    folder : path, optional
        Where the file lives; the system's temporary folder by default.

    Raises
    ------
    AudioFileError
        If there is no space left, here or in `write`.
    """

    def __init__(
        self, sample_rate: int, n_channels: int, n_frames: int, *, folder: str | Path | None = None
    ) -> None:
        if n_channels < 1 or n_frames < 0:
            raise ValueError(f"n_channels={n_channels}, n_frames={n_frames} is no shape of a signal")
        self.sample_rate = sample_rate
        self.n_channels = n_channels
        self.n_frames = n_frames
        self._folder = Path(folder) if folder is not None else None
        self._lock = threading.Lock()
        try:
            # The object outlives this function: `close` is its end.
            self._file = tempfile.TemporaryFile(buffering=0, dir=folder, prefix=".nast-fx-")  # noqa: SIM115
        except OSError as error:
            raise self._error(error) from error
        try:
            self._file.truncate(n_frames * n_channels * _ITEM)
        except OSError as error:
            self._file.close()
            raise self._error(error) from error

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames from `start` on; zeros outside of the signal.

        Returns
        -------
        ndarray, (channel, n_frames) float32
        """
        return padded_read(start, n_frames, (self.n_channels, self.n_frames), self._fetch)

    def write(self, start: int, block: Samples) -> None:
        """Write a block (channel, frame) at frame `start`; it must lie inside of the signal."""
        n_channels, n_frames = block.shape
        if n_channels != self.n_channels or start < 0 or start + n_frames > self.n_frames:
            raise ValueError(
                f"block {block.shape} at {start} does not fit into ({self.n_channels}, {self.n_frames})"
            )
        data = np.ascontiguousarray(block.T, dtype=np.float32).data.cast("B") if n_frames else b""
        try:
            with self._lock:
                self._file.seek(start * self.n_channels * _ITEM)
                while len(data):
                    data = data[self._file.write(data) or 0 :]
        except OSError as error:
            raise self._error(error) from error

    def close(self) -> None:
        """Remove the file; a second call does nothing."""
        self._file.close()

    def __enter__(self) -> ScratchFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fetch(self, start: int, n_frames: int) -> Samples:
        frames = np.zeros((n_frames, self.n_channels), dtype=np.float32)
        view = frames.data.cast("B")
        try:
            with self._lock:
                self._file.seek(start * self.n_channels * _ITEM)
                while len(view):
                    n_bytes = self._file.readinto(view)
                    if not n_bytes:
                        break  # past what was ever written: zeros
                    view = view[n_bytes:]
        except OSError as error:
            raise self._error(error) from error
        return frames.T

    def _error(self, error: OSError) -> AudioFileError:
        folder = self._folder or Path(tempfile.gettempdir())
        return file_error(folder, "the temporary file cannot be used", error)
