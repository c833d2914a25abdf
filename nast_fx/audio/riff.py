"""Chunk tables of RIFF, RF64, BW64 and AIFF files: find, replace and append chunks.

RIFF: Multimedia Programming Interface and Data Specifications 1.0 (1991). RF64: EBU Tech 3306
(the 64-bit sizes are in a ``ds64`` chunk, for which a ``JUNK`` chunk is reserved at the start).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

__all__ = [
    "Chunk",
    "ChunkTable",
    "clear_peak_time",
    "finish_sizes",
    "is_streamed",
    "pack_chunk",
    "read_chunk",
    "read_table",
    "replace_chunks",
]

UNKNOWN_SIZE = 0xFFFF_FFFF
DS64_BYTES = 28  # reserved as JUNK: riff, data and sample counts of 64 bits, an empty table
MAX_RIFF_BYTES = 0xFFFF_FFFF  # of the size field; above it the file becomes an RF64
MAX_CHUNK_BYTES = 64 * 2**20  # a larger metadata chunk is not kept

_MAGIC = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">", b"FORM": ">"}


@dataclass(frozen=True)
class Chunk:
    """One chunk: `offset` is where its data begin in the file, `size` what its header says, in bytes."""

    name: bytes
    offset: int
    size: int


@dataclass(frozen=True)
class ChunkTable:
    """Chunks of a file in their order.

    Attributes
    ----------
    magic, kind : bytes
        ``RIFF`` and ``WAVE``, ``FORM`` and ``AIFC`` ...
    order : str
        Byte order as in `struct`: ``<`` or ``>``.
    chunks : tuple of Chunk
    file_size : int
        Bytes that are really there.
    """

    magic: bytes
    kind: bytes
    order: str
    chunks: tuple[Chunk, ...]
    file_size: int

    def find(self, name: bytes) -> Chunk | None:
        """First chunk called `name`."""
        return next((chunk for chunk in self.chunks if chunk.name == name), None)


def read_table(file: BinaryIO) -> ChunkTable | None:
    """Read the chunk table of an open file; None if it is no RIFF or AIFF file.

    A data chunk whose size a pipe could not know (0 or all ones) reaches to the end of the file.
    """
    file_size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] not in _MAGIC or head[8:] not in (b"WAVE", b"AIFF", b"AIFC"):
        return None
    order = _MAGIC[head[:4]]
    whole_size = struct.unpack_from(f"{order}I", head, 4)[0]
    long_sizes: dict[bytes, int] = {}
    chunks: list[Chunk] = []
    position = 12
    while position + 8 <= file_size:
        file.seek(position)
        name, size = struct.unpack(f"{order}4sI", file.read(8))
        offset = position + 8
        if name == b"ds64" and min(size, file_size - offset) >= 16:
            long_sizes[b"data"] = struct.unpack("<8xQ", file.read(16))[0]
        elif name in (b"data", b"SSND"):
            size = _data_size(size, file_size - offset, long_sizes.get(name), whole_size)
        chunks.append(Chunk(name, offset, size))
        position = offset + size + (size & 1)
    return ChunkTable(head[:4], head[8:], order, tuple(chunks), file_size)


def _data_size(size: int, left: int, long_size: int | None, whole_size: int) -> int:
    if size == UNKNOWN_SIZE and long_size:
        return long_size
    if size == 0 and not is_streamed(whole_size):
        return 0  # a finished file without samples
    return left if is_streamed(size) and size != left else size


def is_streamed(size: int) -> bool:
    """Say whether `size` is what programs write that pipe a WAV and cannot know its length.

    ffmpeg: all ones; sox: 2^31 less a page; arecord: 2^31; others: 0.
    """
    return size == 0 or size >= UNKNOWN_SIZE - 128 or 0x7FFF_EF00 <= size <= 0x8000_0000


def read_chunk(file: BinaryIO, chunk: Chunk) -> bytes:
    """Read the data of `chunk`; empty if it is cut short or unreasonably large."""
    if chunk.size > MAX_CHUNK_BYTES:
        return b""
    file.seek(chunk.offset)
    data = file.read(chunk.size)
    return data if len(data) == chunk.size else b""


def pack_chunk(name: bytes, data: bytes) -> bytes:
    """Give a chunk as it stands in a WAV file: name, size, data, and a zero after an odd size."""
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def replace_chunks(file: BinaryIO, chunks: Sequence[tuple[bytes, bytes]]) -> None:
    """Put (name, data) `chunks` into an open WAV file, in place of those of the same name.

    One of the same size is overwritten where it is; another is renamed to ``JUNK`` and the new one
    goes to the end. LIST chunks are told apart by their type (``INFO``, ``adtl``).
    """
    table = read_table(file)
    if table is None or table.kind != b"WAVE" or table.order != "<":
        raise ValueError("not a WAV file")
    end = max((chunk.offset + chunk.size for chunk in table.chunks), default=12)
    for name, data in chunks:
        old = next((c for c in table.chunks if c.name == name and _same_list(file, c, data)), None)
        if old is not None and old.size == len(data):
            file.seek(old.offset)
            file.write(data)
            continue
        if old is not None:
            file.seek(old.offset - 8)
            file.write(b"JUNK")
        file.seek(end)
        packed = b"\0" * (end & 1) + pack_chunk(name, data)
        file.write(packed)
        end += len(packed)
    file.seek(end)
    file.write(b"\0" * (end & 1))
    finish_sizes(file)


def _same_list(file: BinaryIO, chunk: Chunk, data: bytes) -> bool:
    if chunk.name != b"LIST":
        return True
    file.seek(chunk.offset)
    return file.read(4) == data[:4]


def finish_sizes(file: BinaryIO) -> None:
    """Write the RIFF size of a WAV file that is complete; above 4 GiB make it an RF64.

    For that the file must start with a ``JUNK`` chunk of 28 bytes, or have a ``ds64`` already.
    """
    table = read_table(file)
    assert table is not None  # only called on files of our own
    first, data = table.chunks[0], table.find(b"data")
    total = table.file_size - 8
    if table.magic == b"RIFF" and total <= MAX_RIFF_BYTES:
        file.seek(4)
        file.write(struct.pack("<I", total))
        return
    if first.name not in (b"JUNK", b"ds64") or first.size < DS64_BYTES or data is None:
        raise ValueError("there is no room for a ds64 chunk")
    rate_data = table.find(b"fmt ")
    assert rate_data is not None
    file.seek(rate_data.offset)
    block_align = struct.unpack("<12xH", file.read(14))[0]
    file.seek(0)
    file.write(struct.pack("<4sI4s4sI", b"RF64", UNKNOWN_SIZE, b"WAVE", b"ds64", first.size))
    file.write(struct.pack("<QQQI", total, data.size, data.size // block_align, 0))
    file.seek(data.offset - 4)
    file.write(struct.pack("<I", UNKNOWN_SIZE))


def clear_peak_time(file: BinaryIO) -> None:
    """Set the time stamp in the ``PEAK`` chunk of an open AIFF or WAV file to zero, if it has one."""
    table = read_table(file)
    peak = table.find(b"PEAK") if table else None
    if peak is not None and peak.size >= 8:
        file.seek(peak.offset + 4)
        file.write(bytes(4))
