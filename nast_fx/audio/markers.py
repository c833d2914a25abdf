"""What the metadata chunks of a WAV say about time, moved to a part of the recording.

``bext``: EBU Tech 3285; ``cue ``, ``smpl``, ``LIST`` of type ``adtl``: RIFF specification, 1991 and
1994; ``acid``: as Sony Acid writes it; ``iXML``: iXML 3.0. All are little endian.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence

__all__ = ["list_items", "made_bext", "move_chunks", "move_head_chunk", "set_time", "time_reference"]

Chunks = Sequence[tuple[bytes, bytes]]

_BEXT_TIME = 338  # byte of TimeReference, 64 bits: frames since midnight
_BEXT_VERSION = 346
_BEXT_ORIGINATOR = 256
_BEXT_BYTES = 602  # without a coding history
_BEXT_LOUDNESS = 412  # five 16-bit values since version 2
_LOUDNESS_UNKNOWN = struct.pack("<5h", *[0x7FFF] * 5)
_IXML_TIMES = (
    (b"BWF_TIME_REFERENCE_HIGH", b"BWF_TIME_REFERENCE_LOW"),
    (b"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", b"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO"),
)


def move_head_chunk(name: bytes, data: bytes, offset: int) -> bytes:
    """Give a ``bext`` or ``iXML`` chunk for a part that begins at frame `offset`; others as they are.

    The time reference moves by `offset`; the loudness of a ``bext`` of version 2 becomes "unknown",
    since the result's is another.
    """
    if name == b"bext" and len(data) >= _BEXT_LOUDNESS + 10:
        time = (struct.unpack_from("<Q", data, _BEXT_TIME)[0] + offset) % 2**64
        data = data[:_BEXT_TIME] + struct.pack("<Q", time) + data[_BEXT_VERSION:]
        if struct.unpack_from("<H", data, _BEXT_VERSION)[0] >= 2:
            data = data[:_BEXT_LOUDNESS] + _LOUDNESS_UNKNOWN + data[_BEXT_LOUDNESS + 10 :]
    elif name == b"iXML" and offset:
        for high, low in _IXML_TIMES:
            data = _move_ixml(data, high, low, offset)
    return data


def made_bext(time: int) -> bytes:
    """Make a ``bext`` chunk (version 1) that says nothing but that frame `time` since midnight is the first.

    It has no date, so that the same result is the same file.
    """
    data = bytearray(_BEXT_BYTES)
    data[_BEXT_ORIGINATOR : _BEXT_ORIGINATOR + 7] = b"nast-fx"
    struct.pack_into("<QH", data, _BEXT_TIME, time, 1)
    return bytes(data)


def set_time(name: bytes, data: bytes, time: int) -> bytes:
    """Give a ``bext`` or ``iXML`` chunk whose time reference is `time`; others as they are."""
    if name == b"bext" and len(data) >= _BEXT_VERSION:
        return data[:_BEXT_TIME] + struct.pack("<Q", time) + data[_BEXT_VERSION:]
    if name == b"iXML":
        for high, low in _IXML_TIMES:
            data = _set_ixml(data, high, low, time)
    return data


def move_chunks(chunks: Chunks, *, offset: int, n_frames: int, n_source: int) -> list[tuple[bytes, bytes]]:
    """Move all `chunks` to the part of `n_frames` frames that begins at frame `offset`.

    Cue points and loops that lie outside are dropped, with the labels of those points; a mark at
    the very end stays. The beats of ``acid`` shrink with the length, `n_source` frames before.
    """
    edits: dict[bytes, Callable[[bytes], bytes]] = {
        b"cue ": lambda data: _move_cues(data, offset, n_frames),
        b"smpl": lambda data: _move_loops(data, offset, n_frames),
        b"acid": lambda data: _scale_beats(data, n_frames, n_source),
    }
    moved = []
    for name, data in chunks:
        data = edits[name](data) if name in edits else move_head_chunk(name, data, offset)
        moved.append((name, data))
    cues = next((_cue_points(data) for name, data in chunks if name == b"cue "), [])
    lost = {cue[0] for cue in cues if not 0 <= cue[5] - offset <= n_frames}
    return [(n, _drop_labels(d, lost) if n == b"LIST" else d) for n, d in moved if d]


def _cue_points(data: bytes) -> list[tuple[int, int, bytes, int, int, int]]:
    """Points: id, position, chunk, chunk start, block start, frame in the data chunk."""
    count = min(struct.unpack_from("<I", data)[0], (len(data) - 4) // 24) if len(data) >= 4 else 0
    return list(struct.iter_unpack("<II4sIII", data[4 : 4 + 24 * count]))


def _move_cues(data: bytes, offset: int, n_frames: int) -> bytes:
    kept = []
    for name, position, chunk, chunk_start, block_start, frame in _cue_points(data):
        if 0 <= frame - offset <= n_frames:
            # Some programs leave the position at zero; it is the frame's place in a play list.
            place = min(max(position - offset, 0), n_frames)
            kept.append(struct.pack("<II4sIII", name, place, chunk, chunk_start, block_start, frame - offset))
    return struct.pack("<I", len(kept)) + b"".join(kept) if kept else b""


def _move_loops(data: bytes, offset: int, n_frames: int) -> bytes:
    """Loops: id, type, first frame, last frame, fraction, count; 36 bytes of header, extras at the end."""
    if len(data) < 36:
        return data
    count = min(struct.unpack_from("<I", data, 28)[0], (len(data) - 36) // 24)
    kept = []
    for name, kind, first, last, fraction, times in struct.iter_unpack("<6I", data[36 : 36 + 24 * count]):
        if first >= offset and last - offset <= n_frames:
            kept.append(struct.pack("<6I", name, kind, first - offset, last - offset, fraction, times))
    return data[:28] + struct.pack("<I", len(kept)) + data[32:36] + b"".join(kept) + data[36 + 24 * count :]


def _scale_beats(data: bytes, n_frames: int, n_source: int) -> bytes:
    if len(data) < 24 or not n_source or n_frames == n_source:
        return data
    beats = max(1, round(struct.unpack_from("<I", data, 12)[0] * n_frames / n_source))
    return data[:12] + struct.pack("<I", beats) + data[16:]


def _drop_labels(data: bytes, lost: set[int]) -> bytes:
    """Leave out what belongs to the cue points `lost` from a LIST; empty if nothing is left."""
    if data[:4] != b"adtl" or not lost:
        return data
    kept = b""
    for name, label in list_items(data):
        if name not in (b"labl", b"note", b"ltxt") or int.from_bytes(label[:4], "little") not in lost:
            kept += name + struct.pack("<I", len(label)) + label + b"\0" * (len(label) & 1)
    return b"adtl" + kept if kept else b""


def list_items(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Walk over the (name, data) items of a LIST chunk's data, which begin after its type."""
    position = 4
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        yield name, data[position + 8 : position + 8 + size]
        position += 8 + size + (size & 1)


def time_reference(data: bytes) -> int | None:
    """Frames since midnight that a ``bext`` chunk names; None where it is cut short."""
    return int(struct.unpack_from("<Q", data, _BEXT_TIME)[0]) if len(data) >= _BEXT_VERSION else None


def _move_ixml(data: bytes, high: bytes, low: bytes, offset: int) -> bytes:
    """Add `offset` to a time in two halves of 32 bits, each in an element of its own."""
    found = [re.search(b"<%b>\\s*(\\d+)\\s*</%b>" % (tag, tag), data) for tag in (high, low)]
    if found[0] is None or found[1] is None:
        return data
    return _set_ixml(data, high, low, ((int(found[0][1]) << 32) + int(found[1][1]) + offset) % 2**64)


def _set_ixml(data: bytes, high: bytes, low: bytes, time: int) -> bytes:
    """Write a time into both of its elements, where they are."""
    for tag, half in ((high, time >> 32), (low, time & 0xFFFF_FFFF)):
        pattern = b"(<%b>\\s*)\\d+(\\s*</%b>)" % (tag, tag)
        data = re.sub(pattern, b"\\g<1>%d\\g<2>" % half, data, count=1)
    return data
