"""What a file is, before any work: is it there, is it audio, is it whole, how long is it."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from nast_fx.audio.decode import SoundReader
from nast_fx.audio.names import file_error, shown
from nast_fx.audio.whole import check_whole
from nast_fx.errors import AudioFileError

__all__ = ["FileInfo", "probe"]


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
    """Look at a file without decoding it; only a FLAC or MP3 without its length is read through.

    Parameters
    ----------
    path : path

    Returns
    -------
    FileInfo

    Raises
    ------
    AudioFileError
        If it is missing, a folder, empty, unreadable, not audio, cut short, or without a frame.
        Damage inside a FLAC, OGG or MP3 is found by decoding (`check_samples`).
    """
    path = Path(path)
    _check_file(path)
    with SoundReader(path) as reader:
        n_frames = _length(reader)
        info = FileInfo(
            path, reader.container, reader.subtype, reader.sample_rate, reader.n_channels, n_frames
        )
    if info.n_frames < 1:
        raise AudioFileError(f"{shown(path)}: holds no audio")
    return info


def _check_file(path: Path) -> None:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise AudioFileError(f"{shown(path)}: is a folder, not an audio file")
        if not stat.S_ISREG(found.st_mode):
            raise AudioFileError(f"{shown(path)}: is not a regular file")
        if found.st_size == 0:
            raise AudioFileError(f"{shown(path)}: is empty")
        with open(path, "rb") as file:
            check_whole(path, file)
    except FileNotFoundError as error:
        raise AudioFileError(f"{shown(path)}: there is no such file") from error
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error


def _length(reader: SoundReader) -> int:
    """How many frames there are; the last one of a FLAC is read, since that shows if it is cut."""
    if not reader.knows_length:
        return sum(block.shape[1] for block in reader.blocks())
    if reader.container == "FLAC" and reader.n_frames:
        reader.read_at(reader.n_frames - 1, 1)
    return reader.n_frames
