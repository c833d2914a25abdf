"""What a file is, before any work: is it there, is it audio, is it whole, how long.

libsndfile shortens a truncated WAV or AIFF silently, so the sizes in its header are compared with
the file's here. FLAC, OGG and MP3 that are damaged inside are found when they are decoded.
"""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import soundfile

from nast_fx.audio import mp3, ogg, riff
from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError

__all__ = ["FileInfo", "damaged", "open_sound", "probe"]

_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_DATA = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")
NO_LENGTH = 2**62  # libsndfile gives 2^63 - 1 frames for a FLAC that was piped


@dataclass(frozen=True)
class FileInfo:
    """Facts of an audio file.

    Attributes
    ----------
    path : Path
    container, subtype : str
        As soundfile names them: ``WAV``, ``RF64``, ``FLAC``, ``AIFF``, ``OGG``, ``MP3`` ...;
        ``PCM_16``, ``FLOAT``, ``VORBIS`` ...
    sample_rate : int
        Hz.
    n_channels, n_frames : int
    """

    path: Path
    container: str
    subtype: str
    sample_rate: int
    n_channels: int
    n_frames: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.n_frames / self.sample_rate


def probe(path: str | Path) -> FileInfo:
    """Look at a file without decoding it (a few headers; a piped FLAC is decoded).

    Raises
    ------
    AudioFileError
        If it is missing, a folder, empty, unreadable, not audio, cut short, or without a frame.
    """
    path = Path(path)
    check_whole(path)
    with open_sound(path) as sound:
        n_frames = sound.frames
        if n_frames >= NO_LENGTH:
            n_frames = sum(len(block) for block in decoded(sound, path))
        elif sound.format == "FLAC":
            read_last_frame(sound, path)
        container = {"WAVEX": "WAV"}.get(sound.format, sound.format)
        info = FileInfo(path, container, sound.subtype, sound.samplerate, sound.channels, n_frames)
    if info.n_frames < 1:
        raise AudioFileError(f"{shown(path)}: holds no audio")
    return info
