"""The outline of a sound file: its least and greatest sample in each of many short columns of time.

The file of columns grows while the sound file is read, so that a window can draw what is there already.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from nast_fx.audio.block import Samples
from nast_fx.audio.decode import SoundReader
from nast_fx.audio.names import file_error
from nast_fx.audio.probe import FileInfo, probe
from nast_fx.audio.reading import read_side_by_side
from nast_fx.progress import Progress, Steps

__all__ = ["Outline", "write_peaks"]

CHUNK_SECONDS = 15.0

Columns = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Outline:
    """What was written.

    Attributes
    ----------
    sample_rate : int
        Hz.
    channels, frames, columns : int
        The last column may be shorter than the others.
    seconds : float
    """

    sample_rate: int
    channels: int
    frames: int
    columns: int
    seconds: float


def write_peaks(content: Path, target: Path, columns_per_second: float) -> Steps[Outline]:
    """Write the columns of a sound file.

    Parameters
    ----------
    content : Path
    target : Path
        Raw float32 in the order (column, channel, 2: least and greatest); replaced if it is there, removed
        if the work is broken off.
    columns_per_second : float
        Column i begins at frame ``floor(i * sample_rate / columns_per_second)``.

    Yields
    ------
    Progress
        Whose parts have ``columns``: how many are written.

    Raises
    ------
    AudioFileError
        The content cannot be read, or the target cannot be written.
    """
    info = probe(content)
    step = info.sample_rate / columns_per_second
    try:
        with contextlib.closing(_columns(info, step)) as pieces, open(target, "wb") as file:
            n_frames, n_done = yield from _write(pieces, file, info, math.ceil(info.n_frames / step))
    except BaseException as error:
        with contextlib.suppress(OSError):
            target.unlink()
        if isinstance(error, OSError):
            raise file_error(target, "cannot be written", error) from error
        raise
    return Outline(info.sample_rate, info.n_channels, n_frames, n_done, n_frames / info.sample_rate)


def _write(
    pieces: Iterator[tuple[int, Columns]], file: BinaryIO, info: FileInfo, n_columns: int
) -> Steps[tuple[int, int]]:
    n_frames = n_done = 0
    known = {"n_columns": n_columns, "channels": info.n_channels, "sample_rate": info.sample_rate}
    for n_read, columns in pieces:
        file.write(columns.tobytes())
        file.flush()
        n_frames, n_done = n_frames + n_read, n_done + len(columns)
        share = min(1.0, n_frames / info.n_frames)
        yield Progress("read", share=share, part={"columns": n_done} | known)
    return n_frames, n_done


def _columns(info: FileInfo, step: float) -> Generator[tuple[int, Columns]]:
    """Give frames that were read and their columns, from the beginning to the end."""
    per_chunk = math.ceil(CHUNK_SECONDS * info.sample_rate / step)
    with SoundReader(info.path) as reader:
        if not reader.seeks_exactly:
            yield from _in_a_row(reader, step, per_chunk)
            return

    def outlined(reader: SoundReader, column: int) -> tuple[int, Columns]:
        start = math.floor(column * step)
        stop = min(math.floor((column + per_chunk) * step), info.n_frames)
        return stop - start, _outline(reader.read_at(start, stop - start), column, step)

    chunks = range(0, math.ceil(info.n_frames / step), per_chunk)
    yield from read_side_by_side(info.path, chunks, outlined)


def _in_a_row(reader: SoundReader, step: float, per_chunk: int) -> Iterator[tuple[int, Columns]]:
    """Read what has no exact places: each chunk as soon as it is whole."""
    column, waiting, n_waiting = 0, list[Samples](), 0
    for block in reader.blocks():
        waiting.append(block)
        n_waiting += block.shape[1]
        n_chunk = math.floor((column + per_chunk) * step) - math.floor(column * step)
        if n_waiting >= n_chunk:
            samples = np.concatenate(waiting, axis=1)
            yield n_chunk, _outline(samples[:, :n_chunk], column, step)
            column, waiting, n_waiting = column + per_chunk, [samples[:, n_chunk:]], n_waiting - n_chunk
    if n_waiting:
        yield n_waiting, _outline(np.concatenate(waiting, axis=1), column, step)


def _outline(samples: Samples, column: int, step: float) -> Columns:
    """Outline samples (channel, frame) that begin with `column`: (column, channel, 2)."""
    n_frames = samples.shape[1]
    edges = np.floor((column + np.arange(n_frames // step + 2)) * step) - math.floor(column * step)
    edges = edges[edges < n_frames].astype(np.intp)
    samples = np.ascontiguousarray(samples)
    least = np.minimum.reduceat(samples, edges, axis=1)
    greatest = np.maximum.reduceat(samples, edges, axis=1)
    columns = np.stack([least.T, greatest.T], axis=-1)
    return np.asarray(np.nan_to_num(columns, nan=0.0, posinf=1.0, neginf=-1.0))
