"""Pages of OGG files (RFC 3533): are they all there, and a fixed serial number.

libsndfile draws the serial number of a stream at random, so that two identical renders differ.
It is replaced here by a constant, and the check sum of every page is corrected. The OGG check sum
starts from zero and is not inverted, hence linear: crc(page ^ change) = crc(page) ^ crc(change),
and that of a change of four bytes followed by k zero bytes is a product of polynomials over GF(2).
So no page has to be read through.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

__all__ = ["Page", "fix_serial", "missing_pages", "pages"]

SERIAL = 0x6E61_7374  # "nast"
_POLYNOMIAL = 0x04C1_1DB7
_LAST_PAGE = 4  # flag


@dataclass(frozen=True)
class Page:
    """One page: where it begins, its length in bytes, its flags, serial number and check sum."""

    offset: int
    size: int
    flags: int
    serial: int
    crc: int


def pages(file: BinaryIO) -> Iterator[Page]:
    """Walk over the pages of an open file; ends at the first place where there is none."""
    position = 0
    while True:
        file.seek(position)
        head = file.read(27 + 255)
        if len(head) < 27 or head[:4] != b"OggS" or len(head) < 27 + head[26]:
            return
        flags, serial, crc, n_segments = struct.unpack("<5xB8xI4xIB", head[:27])
        size = 27 + n_segments + sum(head[27 : 27 + n_segments])
        yield Page(position, size, flags, serial, crc)
        position += size


def missing_pages(file: BinaryIO) -> bool:
    """Say whether an OGG file is cut short or torn: its last page is not whole, or a gap is inside.

    A stream without the mark of its end (a recording of a broadcast) is taken as it is, and so is
    anything that follows after that mark (tags of other formats).
    """
    file_size = file.seek(0, os.SEEK_END)
    end, finished = 0, False
    for page in pages(file):
        end, finished = page.offset + page.size, bool(page.flags & _LAST_PAGE)
        if end > file_size:
            return True
    return end < file_size and not finished


def fix_serial(file: BinaryIO) -> None:
    """Give all pages of an open file, one stream, the same serial number at every writing."""
    for page in list(pages(file)):
        file.seek(page.offset + 14)
        file.write(struct.pack("<I", SERIAL))
        file.seek(page.offset + 22)
        file.write(struct.pack("<I", page.crc ^ _change_of_crc(page.serial ^ SERIAL, page.size - 18)))


def _change_of_crc(change: int, n_after: int) -> int:
    """Check sum of four bytes (`change`, lowest first) followed by `n_after` zero bytes."""
    bits = int.from_bytes(change.to_bytes(4, "little"), "big")
    # Times x^32, as the check sum is the remainder of the message shifted by its own width.
    return _multiply(bits, _power_of_x(8 * n_after + 32))


@cache
def _power_of_x(exponent: int) -> int:
    """x^exponent modulo the polynomial."""
    result, square = 1, 2
    while exponent:
        if exponent & 1:
            result = _multiply(result, square)
        square = _multiply(square, square)
        exponent >>= 1
    return result


def _multiply(a: int, b: int) -> int:
    """Multiply polynomials over GF(2), modulo the polynomial of the check sum."""
    result = 0
    while b:
        if b & 1:
            result ^= a
        b >>= 1
        a <<= 1
        if a >> 32:
            a ^= 1 << 32 | _POLYNOMIAL
    return result
