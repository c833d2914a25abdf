"""Reading a sound file through libsndfile: at any place, or decoded from its beginning to its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
import soundfile

from nast_fx.audio.block import Samples
from nast_fx.audio.callback import CallbackFile
from nast_fx.audio.names import file_error, shown
from nast_fx.audio.splice import readable
from nast_fx.errors import AudioFileError

__all__ = ["SoundReader"]

DECODE_FRAMES = 2**16  # always the same, so that a decoder's rounding is the same
GAP_SECONDS = 0.1  # a healthy Ogg of several streams may count a little more than it holds
_EXACT_SEEK = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")
_BAD_SEEK = 39  # libsndfile's code
_NO_LENGTH = 2**62  # frames; libsndfile says 2^63 - 1 of a FLAC that was piped


class SoundReader:
    """An open sound file; close it with ``with`` or `close`.

    Parameters
    ----------
    path : Path
        Its name and suffix do not matter, its content does.

    Attributes
    ----------
    container, subtype : str
        As soundfile names them.
    sample_rate, n_channels : int
    n_frames : int
        As the header says; meaningless unless `knows_length`.
    knows_length : bool
        False for a FLAC that was piped.

    Raises
    ------
    AudioFileError
        If it is not audio that libsndfile can read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(open(path, "rb"))
                self._guard = CallbackFile(stack.enter_context(readable(file)))
            except OSError as error:
                raise file_error(path, "cannot be read", error) from error
            try:
                self._sound: Any = stack.enter_context(soundfile.SoundFile(self._guard))
            except (soundfile.LibsndfileError, TypeError) as error:
                self._fail(error, _unreadable(path, error))
            self._stack = stack.pop_all()
        self.container: str = {"WAVEX": "WAV"}.get(self._sound.format, self._sound.format)
        self.subtype: str = self._sound.subtype
        self.sample_rate: int = self._sound.samplerate
        self.n_channels: int = self._sound.channels
        self.n_frames: int = self._sound.frames
        self.knows_length = self.n_frames < _NO_LENGTH

    @property
    def seeks_exactly(self) -> bool:
        """Whether a seek gives the samples of a reading from the start; of what is lossy it does not."""
        return self.knows_length and self.subtype.startswith(_EXACT_SEEK)

    def read_at(self, start: int, n_frames: int) -> Samples:
        """Read (channel, n_frames) float32 from frame `start` on, all inside of the file.

        Raises
        ------
        AudioFileError
            If it is damaged there.
        """
        try:
            self._sound.seek(start)
            frames: Samples = self._sound.read(n_frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            self._fail(error, self._damaged(start))
        self._check_disk()
        if len(frames) < n_frames:
            raise self._damaged(start + len(frames))
        return frames.T

    def blocks(self) -> Iterator[Samples]:
        """Decode an untouched file in blocks (channel, frame) float32, up to its end.

        Raises
        ------
        AudioFileError
            If it is damaged, or ends before its header says.
        """
        position, at_end = 0, False
        while not at_end:
            # What is not read stays NaN: a decoder that fails does not say how many frames it gave.
            frames = np.full((DECODE_FRAMES, self.n_channels), np.nan, dtype=np.float32)
            try:
                n_read = self._sound.buffer_read_into(frames, dtype="float32")
                at_end = n_read == 0
            except soundfile.LibsndfileError as error:
                # A FLAC without length refuses to seek to its own end, after a good reading.
                if self.knows_length or error.code != _BAD_SEEK:
                    self._fail(error, self._damaged(position))
                n_read, at_end = int(np.count_nonzero(~np.isnan(frames[:, 0]))), True
            self._check_disk()  # a decoder like that of Vorbis takes a fault for the end
            position += n_read
            yield np.ascontiguousarray(frames[:n_read].T)
        gap = round(GAP_SECONDS * self.sample_rate) if self.container == "OGG" else 0
        if self.knows_length and position < self.n_frames - gap:
            raise self._damaged(position)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._stack.close()

    def __enter__(self) -> SoundReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _damaged(self, frame: int) -> AudioFileError:
        seconds = frame / self.sample_rate
        return AudioFileError(
            f"{shown(self.path)}: is damaged or cut short; it cannot be decoded after {seconds:.2f} s"
        )

    def _check_disk(self) -> None:
        try:
            self._guard.check()
        except OSError as error:
            raise file_error(self.path, "cannot be read", error) from error

    def _fail(self, error: Exception, otherwise: AudioFileError) -> NoReturn:
        """Raise the disk's own error if there was one, else `otherwise`."""
        self._check_disk()
        raise otherwise from error


def _unreadable(path: Path, error: Exception) -> AudioFileError:
    reason = getattr(error, "error_string", str(error)).strip().rstrip(".")
    return AudioFileError(f"{shown(path)}: is not an audio file that can be read ({reason})")
