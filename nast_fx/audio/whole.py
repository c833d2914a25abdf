"""Is a file whole? Its header's sizes against the bytes that are there.

libsndfile shortens a truncated file silently, so nobody would notice that the end is missing.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from nast_fx.audio import mp3, ogg, riff
from nast_fx.audio.names import shown
from nast_fx.errors import AudioFileError

__all__ = ["check_whole"]

_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_DATA = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")


def check_whole(path: Path, file: BinaryIO) -> None:
    """Check that an open file of WAV, RF64, W64, AIFF, AU, CAF, OGG or MP3 is not cut short.

    Sizes that a pipe could not know are taken as they are; other formats are not looked at.

    Raises
    ------
    AudioFileError
        If audio is missing that the header promises.
    """
    file_size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(16)
    if head[:4] == b"OggS":
        if ogg.missing_pages(file):
            raise AudioFileError(f"{shown(path)}: is damaged or cut short; pages are torn or missing")
        return
    promised, there = _sizes(file, head, file_size)
    if there < promised:
        raise AudioFileError(
            f"{shown(path)}: is cut short; only {100 * there / promised:.1f} % of its audio is there"
        )


def _sizes(file: BinaryIO, head: bytes, file_size: int) -> tuple[int, int]:
    """Bytes of audio that the header promises, and bytes that are there; (0, 0) if unknown."""
    if table := riff.read_table(file):
        data = table.find(b"SSND" if table.magic == b"FORM" else b"data")
        return (data.size, max(0, file_size - data.offset)) if data else (0, 0)
    if head == _W64_RIFF:
        return _w64_sizes(file, file_size)
    if head[:4] == b".snd" and len(head) >= 12:
        offset, size = struct.unpack(">II", head[4:12])
        return (0, 0) if riff.is_streamed(size) else (size, max(0, file_size - offset))
    if head[:4] == b"caff":
        return _caf_sizes(file, file_size)
    if head[:3] == b"ID3" or head[:1] == b"\xff":
        layout = mp3.read_layout(file)
        # Some encoders count the tags in front too, so it is the whole file; decoding tells exactly.
        return (layout.says_bytes, file_size) if layout else (0, 0)
    return 0, 0


def _w64_sizes(file: BinaryIO, file_size: int) -> tuple[int, int]:
    """Sony Wave64: names of 16 bytes, sizes of 64 bits that count their own header of 24 bytes."""
    position = 40
    while position + 24 <= file_size:
        file.seek(position)
        name, size = struct.unpack("<16sQ", file.read(24))
        if name == _W64_DATA:
            # A pipe leaves zero, or the largest number.
            return (0, 0) if size <= 24 or size >= 2**62 else (size - 24, file_size - position - 24)
        position += max(24, size + 7 & ~7)
    return 0, 0


def _caf_sizes(file: BinaryIO, file_size: int) -> tuple[int, int]:
    """Apple Core Audio: 12 bytes a chunk header, sizes of 64 bits, -1 for a data chunk to the end."""
    position = 8
    while position + 12 <= file_size:
        file.seek(position)
        name, size = struct.unpack(">4sq", file.read(12))
        if name == b"data":
            return (0, 0) if size < 0 else (size, file_size - position - 12)
        position += 12 + max(0, size)
    return 0, 0
