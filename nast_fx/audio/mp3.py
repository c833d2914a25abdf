"""How long an MP3 is: its frames are counted, since only some files say it.

Encoders since about 2000 put the number into a first, silent frame (``Xing``, ``Info`` or
``VBRI``). Without it libsndfile guesses from the first frame's bit rate, and stops reading at the
guess: a file of variable rate would lose its end. For such a file a frame of that kind is made
here, to be shown to libsndfile in front of the file.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["Mp3Layout", "info_frame", "read_layout"]

_RATES = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}  # Hz, by version
_BIT_RATES = {  # kbit/s of layer III, by "is MPEG 1"
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SEARCH = 65_536  # bytes in which the first frame must begin


@dataclass(frozen=True)
class Mp3Layout:
    """Where the frames of a file are.

    Attributes
    ----------
    start, end : int
        First byte of the first frame, first byte after the last.
    n_frames : int
        MPEG frames counted; 0 where they were not, since the file says it itself.
    says_bytes : int
        Bytes of frames that the file says it has; 0 if it does not say.
    header : bytes
        The first frame's four bytes.
    """

    start: int
    end: int
    n_frames: int
    says_bytes: int
    header: bytes


def read_layout(file: BinaryIO) -> Mp3Layout | None:
    """Look at an open MP3 (layer III) file; None if it has no regular row of frames."""
    start = _first_frame(file)
    if start is None:
        return None
    file.seek(start)
    head = file.read(200)
    tag = head[4:].find(b"Xing") if b"Xing" in head[4:44] else head[4:44].find(b"Info")
    end = file.seek(0, os.SEEK_END)
    if tag >= 0:
        flags = int.from_bytes(head[tag + 8 : tag + 12], "big")
        place = tag + 12 + 4 * (flags & 1)
        says = int.from_bytes(head[place : place + 4], "big") if flags & 2 else 0
        return Mp3Layout(start, end, 0, says, head[:4])
    if head[36:40] == b"VBRI":
        return Mp3Layout(start, end, 0, int.from_bytes(head[46:50], "big"), head[:4])
    return _count_frames(file, start, head[:4])


def frame_size(header: bytes) -> int:
    """Bytes of a layer III frame by its header; 0 if it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate_index = header[1] >> 3 & 3, header[2] >> 2 & 3
    bit_rate_index = header[2] >> 4
    if version == 1 or rate_index == 3 or bit_rate_index in (0, 15):
        return 0
    bit_rate = _BIT_RATES[version == 3][bit_rate_index] * 1000
    samples = 1152 if version == 3 else 576
    return samples // 8 * bit_rate // _RATES[version][rate_index] + (header[2] >> 1 & 1)


def _first_frame(file: BinaryIO) -> int | None:
    """Find the first of two frames in a row, after ID3v2 tags."""
    position = 0
    file.seek(0)
    while (head := file.read(10))[:3] == b"ID3" and len(head) == 10:
        position += 10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        file.seek(position)
    file.seek(position)
    data = file.read(_SEARCH)
    for offset in range(len(data) - 4):
        size = frame_size(data[offset : offset + 4])
        after = data[offset + size : offset + size + 4]
        if size and (frame_size(after) or offset + size >= len(data)):
            return position + offset
    return None


def _count_frames(file: BinaryIO, start: int, header: bytes) -> Mp3Layout | None:
    """Walk from frame to frame; what follows the last one must be a tag or a rest of a frame."""
    file.seek(start)
    position, n_frames = 0, 0
    data = file.read()  # compressed: an hour is about 100 MB at the very most
    while size := frame_size(data[position : position + 4]):
        if position + size > len(data):
            break
        position += size
        n_frames += 1
    rest = data[position : position + 4]
    if len(data) - position > 4096 and rest[:3] not in (b"TAG", b"APE", b"ID3", b"LYR"):
        return None
    return Mp3Layout(start, start + position, n_frames, 0, header)


def info_frame(layout: Mp3Layout) -> bytes:
    """Make a silent frame with the counts, of the smallest bit rate that has room for them."""
    one = layout.header[1] >> 3 & 3 == 3
    mono = layout.header[3] >> 6 == 3
    side = (17 if mono else 32) if one else (9 if mono else 17)
    for index in range(1, 15):
        header = bytes([0xFF, layout.header[1] | 1, index << 4 | layout.header[2] & 0x0C, layout.header[3]])
        size = frame_size(header)
        if size >= 4 + side + 16:
            break
    body = b"Info" + struct.pack(">III", 3, layout.n_frames, layout.end - layout.start + size)
    return (header + bytes(side) + body).ljust(size, b"\0")
