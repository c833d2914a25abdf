"""A file whose beginning reads otherwise, for good files that libsndfile (1.2.2) would misread.

The file itself is never touched: libsndfile is shown other bytes in front of the samples.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
from typing import Any

from nast_fx.audio import mp3, riff

__all__ = ["SplicedFile", "readable"]


class SplicedFile(io.RawIOBase):
    """Reads as `front`, followed by the bytes `start` ... `end` of `file`, which is not closed here."""

    def __init__(self, front: bytes, file: Any, start: int, end: int) -> None:
        self._front = front
        self._file = file
        self._start = start
        self._size = len(front) + end - start
        self._position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a byte; see `io.IOBase.seek`."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Give the place of the next byte."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read into `buffer`; see `io.RawIOBase.readinto`."""
        size = min(len(buffer), max(0, self._size - self._position))
        data = self._front[self._position : self._position + size]
        if len(data) < size:
            self._file.seek(self._start + self._position + len(data) - len(self._front))
            data += self._file.read(size - len(data))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def readable(file: Any) -> Any:
    """Give an open `file` as a context manager, so that libsndfile reads all of it.

    An MP3 without the frame of its counts gets one. The data size of a piped WAV that is 0 becomes
    "unknown". Of an RF64 or BW64 only the format is shown, since libsndfile does not know BW64
    (ITU-R BS.2088), and in an RF64 loses its way after a chunk of odd size.
    """
    head = file.read(4)
    layout = mp3.read_layout(file) if head[:3] == b"ID3" or head[:1] == b"\xff" else None
    if layout is not None and layout.n_frames:
        return SplicedFile(mp3.info_frame(layout), file, layout.start, layout.end)
    if head in (b"RIFF", b"RF64", b"BW64") and (table := riff.read_table(file)):
        data = table.find(b"data")
        front = _wav_front(file, table, data) if data else b""
        if data and front:
            return SplicedFile(front, file, data.offset, table.file_size)
    file.seek(0)
    return contextlib.nullcontext(file)


def _wav_front(file: Any, table: riff.ChunkTable, data: riff.Chunk) -> bytes:
    """Make the bytes to show in front of the samples; empty where the file's own will do."""
    unknown = struct.pack("<I", riff.UNKNOWN_SIZE)
    if table.magic == b"RIFF":
        file.seek(0)
        front: bytes = file.read(data.offset)
        return front[:-4] + unknown if data.size and front.endswith(bytes(4)) else b""
    kept = [chunk for chunk in (table.find(b"ds64"), table.find(b"fmt ")) if chunk]
    shown = [riff.pack_chunk(chunk.name, riff.read_chunk(file, chunk)) for chunk in kept]
    return b"RF64" + unknown + b"WAVE" + b"".join(shown) + b"data" + unknown
