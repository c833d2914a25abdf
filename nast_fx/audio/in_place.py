"""The samples of a WAV or AIFF file exchanged for others, while every other byte stays as it was.

Chunks, their order, their padding and what nobody knows are kept because they are never written. Only
``PEAK``, which says how loud the samples are, is measured anew (libsndfile and others write it into float
files: version, time, then value and frame a channel).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

import numpy as np

from nast_fx.audio import riff
from nast_fx.audio.decode import SoundReader
from nast_fx.audio.names import file_error, shown
from nast_fx.audio.probe import probe
from nast_fx.errors import AudioFileError

__all__ = ["SamplePlace", "check_samples_written", "find_samples", "replace_samples"]

_WIDTHS = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}  # bytes a sample, of what a render writes bit for bit
_CONTAINERS = ("WAV", "RF64", "AIFF")
_AIFC_BIG = (b"NONE", b"twos", b"in24", b"fl32", b"FL32")
_AIFC_LITTLE = (b"sowt", b"42n1")
_EXTENSIBLE = 0xFFFE
_BLOCK_FRAMES = 2**16


@dataclass(frozen=True)
class SamplePlace:
    """Where the samples of a file are, and how they are written.

    Attributes
    ----------
    offset : int
        Byte of the file at which they begin.
    n_frames, n_channels : int
    width : int
        Bytes of a sample: 2 or 3 of an integer, 4 of a float.
    order : str
        Byte order as in `struct`: ``<`` or ``>``.
    peak : int
        Byte of the first channel's peak in a ``PEAK`` chunk; 0 without one.
    """

    offset: int
    n_frames: int
    n_channels: int
    width: int
    order: str
    peak: int


def find_samples(path: str | Path) -> SamplePlace:
    """Find the samples of a file that can be exchanged.

    Raises
    ------
    AudioFileError
        It cannot be read, or is of a format that could not be written back exactly.
    """
    info = probe(path)
    if info.container not in _CONTAINERS:
        raise AudioFileError(
            f"{shown(path)}: is {info.container}, which cannot be written back exactly; edit takes WAV and "
            "AIFF, nast-fx render any file"
        )
    if info.subtype not in _WIDTHS:
        raise AudioFileError(
            f"{shown(path)}: holds {info.subtype} samples, which cannot be written back exactly; edit takes "
            "integers of 16 and 24 bits and floats of 32"
        )
    try:
        with open(path, "rb") as file:
            place = _place(file, info.n_frames, info.n_channels, _WIDTHS[info.subtype])
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    if place is None:
        raise AudioFileError(
            f"{shown(path)}: has an unusual layout, which cannot be written back exactly; convert it first"
        )
    return place


def replace_samples(file: BinaryIO, place: SamplePlace, made: str | Path) -> None:
    """Write the samples of a WAV over those of an open file.

    Parameters
    ----------
    file : binary file
        Open for writing; a copy of the file in which `place` was found.
    place : SamplePlace
    made : path
        WAV as `nast_fx.audio.open_sink` writes it, of the same shape and depth.

    Raises
    ------
    AudioFileError
        It is of another shape or depth.
    """
    largest, where = np.zeros(place.n_channels), np.zeros(place.n_channels, dtype=np.int64)
    with open(made, "rb") as source:
        table = riff.read_table(source)
        data = table.find(b"data") if table else None
        frame_bytes = place.n_channels * place.width
        if data is None or data.size != place.n_frames * frame_bytes:
            raise AudioFileError(f"{shown(made)}: is not of the shape of the file that is edited")
        source.seek(data.offset)
        file.seek(place.offset)
        for start in range(0, place.n_frames, _BLOCK_FRAMES):
            block = source.read(min(_BLOCK_FRAMES, place.n_frames - start) * frame_bytes)
            if place.peak:
                levels = np.abs(np.frombuffer(block, "<f4").reshape(-1, place.n_channels))
                above = levels.max(axis=0) > largest
                where[above] = start + levels.argmax(axis=0)[above]
                largest = np.maximum(largest, levels.max(axis=0))
            file.write(block if place.order == "<" else _swapped(block, place.width))
    if place.peak:
        rows = zip(largest, where, strict=True)
        file.seek(place.peak)
        file.write(b"".join(struct.pack(f"{place.order}fI", peak, frame) for peak, frame in rows))


def check_samples_written(path: str | Path, made: str | Path, *, name: str) -> None:
    """Read a finished file back: every sample must be the one that was made.

    Parameters
    ----------
    name : str
        What messages call it.

    Raises
    ------
    AudioFileError
        A sample differs, or the file cannot be read.
    """
    with SoundReader(Path(path)) as written, SoundReader(Path(made)) as wanted:
        for ours, theirs in zip_longest(written.blocks(), wanted.blocks()):
            if ours is None or theirs is None or not np.array_equal(ours, theirs):
                raise AudioFileError(f"{name}: not written; other samples were read back")


def _place(file: BinaryIO, n_frames: int, n_channels: int, width: int) -> SamplePlace | None:
    """Find the samples in the chunks of an open file; None where they are not as they should be."""
    table = riff.read_table(file)
    if table is None:
        return None
    is_wav = table.kind == b"WAVE"
    data, form = table.find(b"data" if is_wav else b"SSND"), table.find(b"fmt " if is_wav else b"COMM")
    facts = riff.read_chunk(file, form) if form else b""
    if data is None or len(facts) < (16 if is_wav else 18):
        return None
    order = _wav_order(facts, table.order, width) if is_wav else _aiff_order(facts, table.kind, width)
    offset = data.offset
    if not is_wav:
        file.seek(offset)
        offset += 8 + struct.unpack(">I4x", file.read(8))[0]
    room = min(data.offset + data.size, table.file_size) - offset
    if order is None or room < n_frames * n_channels * width:
        return None
    peak = table.find(b"PEAK")
    has_peak = peak is not None and width == 4 and peak.size >= 8 + 8 * n_channels
    return SamplePlace(
        offset, n_frames, n_channels, width, order, peak.offset + 8 if peak and has_peak else 0
    )


def _wav_order(facts: bytes, order: str, width: int) -> str | None:
    """Byte order of a WAV by its ``fmt `` chunk; None where a sample does not fill its bytes."""
    tag, bits = struct.unpack_from(f"{order}H12xH", facts)
    used = struct.unpack_from(f"{order}H", facts, 18)[0] if tag == _EXTENSIBLE and len(facts) >= 20 else bits
    return order if bits == used == 8 * width else None


def _aiff_order(facts: bytes, kind: bytes, width: int) -> str | None:
    """Byte order of an AIFF by its ``COMM`` chunk; None for what is packed, or fills not its bytes."""
    packing = facts[18:22] if kind == b"AIFC" else b"NONE"
    if struct.unpack_from(">6xH", facts)[0] != 8 * width or packing not in (*_AIFC_BIG, *_AIFC_LITTLE):
        return None
    return "<" if packing in _AIFC_LITTLE else ">"


def _swapped(block: bytes, width: int) -> bytes:
    return np.frombuffer(block, np.uint8).reshape(-1, width)[:, ::-1].tobytes()
