"""Encoding through libsndfile: FLAC, AIFF, OGG Vorbis, MP3."""

from __future__ import annotations

import contextlib
from typing import Any, BinaryIO, NoReturn, Protocol

import numpy as np
import numpy.typing as npt
import soundfile

from nast_fx.audio.callback import CallbackFile
from nast_fx.audio.limits import MAX_AIFF_BYTES
from nast_fx.errors import AudioFileError
from nast_fx.models.output import OutputFormat

__all__ = ["Encoder", "LibEncoder"]

Frames = npt.NDArray[np.float32] | npt.NDArray[np.int32]

# libvorbis takes memory for all it is given at once: large blocks overflow the stack.
_WRITE_FRAMES = 8192

_SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "32f": "FLOAT"}
_LOSSY: dict[str, dict[str, Any]] = {
    "ogg": {"subtype": "VORBIS", "compression_level": 0.3},  # quality 7: about 220 kbit/s in stereo
    # About 250 kbit/s in stereo; a variable rate, as LAME recommends for its best quality (V0).
    "mp3": {"subtype": "MPEG_LAYER_III", "compression_level": 0.0, "bitrate_mode": "VARIABLE"},
}


class Encoder(Protocol):
    """Takes frames (frame, channel), float32 or integers within the depth, and fills a file."""

    def write(self, frames: Frames) -> None:
        """Append frames."""

    def close(self) -> None:
        """Complete the file."""

    def abandon(self) -> None:
        """Let go of an incomplete file; raises nothing."""


class LibEncoder:
    """An encoder of libsndfile on an open, empty file; `name` is what messages call it."""

    def __init__(
        self, file: BinaryIO, output: OutputFormat, sample_rate: int, n_channels: int, *, name: str
    ) -> None:
        self._name = name
        self._guard = CallbackFile(file)
        self._file = file
        self._limit = MAX_AIFF_BYTES if output.container == "aiff" else None
        self._shift = 32 - int(output.bits) if output.bits in ("16", "24") else 0
        options = _LOSSY.get(output.container) or {"subtype": _SUBTYPES[output.bits or "16"]}
        try:
            self._sound: Any = soundfile.SoundFile(
                self._guard, "w", sample_rate, n_channels, format=output.container.upper(), **options
            )
        except soundfile.LibsndfileError as error:
            self._fail(error)

    def write(self, frames: Frames) -> None:
        """Append frames; see `Encoder`.

        Raises
        ------
        OSError
            If the disk is full.
        """
        if self._limit is not None and self._file.tell() > self._limit:
            raise AudioFileError(f"{self._name}: not written; aiff holds at most 4 GiB; use wav or flac")
        if self._shift:
            # libsndfile keeps the highest bits of 32, so that it neither scales nor clips.
            frames = np.left_shift(frames.astype(np.int32, copy=False), self._shift)
        for start in range(0, len(frames), _WRITE_FRAMES):
            try:
                self._sound.write(np.ascontiguousarray(frames[start : start + _WRITE_FRAMES]))
            except (soundfile.LibsndfileError, AssertionError) as error:
                self._fail(error)
            self._guard.check()

    def close(self) -> None:
        """Complete the file; see `Encoder`.

        Raises
        ------
        OSError
            If the disk is full.
        """
        try:
            self._sound.close()
        except soundfile.LibsndfileError as error:
            self._fail(error)
        self._guard.check()
        self._file.flush()

    def abandon(self) -> None:
        """Let go of an incomplete file."""
        with contextlib.suppress(Exception):
            self._sound.close()

    def _fail(self, error: Exception) -> NoReturn:
        self._guard.check()
        raise AudioFileError(f"{self._name}: not written; the encoder failed ({error})") from error
