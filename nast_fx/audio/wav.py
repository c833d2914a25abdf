"""A writer of WAV files: 16 and 24 bit integers and 32 bit float, RF64 above 4 GiB.

libsndfile would stamp the time into float files, cannot turn a WAV into an RF64 when it grows,
and drops chunks; this is little code and gives the same bytes for the same samples.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from nast_fx.audio.riff import DS64_BYTES, UNKNOWN_SIZE, finish_sizes, pack_chunk
from nast_fx.models.output import Bits

__all__ = ["WavWriter"]

_BYTES: dict[Bits, int] = {"16": 2, "24": 3, "32f": 4}
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")  # of KSDATAFORMAT_SUBTYPE_PCM and _IEEE_FLOAT


class WavWriter:
    """Writes frames to an open, empty, seekable file; `close` completes the header.

    Parameters
    ----------
    file : binary file
        Open for reading and writing; it is not closed here.
    sample_rate : int
        Hz.
    n_channels : int
    bits : str
        ``16``, ``24`` or ``32f``.
    head : sequence of (bytes, bytes)
        Chunks that go before the samples, as `bext` should (EBU Tech 3285).
    channel_mask : int
        Speakers of the channels; only written for more than two channels.
    """

    def __init__(
        self,
        file: BinaryIO,
        sample_rate: int,
        n_channels: int,
        bits: Bits,
        *,
        head: Sequence[tuple[bytes, bytes]] = (),
        channel_mask: int = 0,
    ) -> None:
        self._file = file
        self._bits = bits
        self._frame_bytes = n_channels * _BYTES[bits]
        self._n_frames = 0
        chunks = [(b"JUNK", bytes(DS64_BYTES)), *head]
        chunks.append((b"fmt ", _format(sample_rate, n_channels, bits, channel_mask)))
        if bits == "32f" or n_channels > 2:
            chunks.append((b"fact", bytes(4)))
        header = b"".join(pack_chunk(name, data) for name, data in chunks)
        self._fact_offset = 12 + len(header) - 4 if chunks[-1][0] == b"fact" else 0
        file.write(b"RIFF" + struct.pack("<I", UNKNOWN_SIZE) + b"WAVE" + header)
        file.write(b"data" + struct.pack("<I", UNKNOWN_SIZE))
        self._data_offset = 12 + len(header) + 8

    def write(self, frames: npt.NDArray[np.float32] | npt.NDArray[np.int32]) -> None:
        """Append `frames` (frame, channel): float32, or int32 that fit into the depth."""
        if self._bits == "16":
            data = frames.astype("<i2").tobytes()
        elif self._bits == "24":
            data = np.ascontiguousarray(frames, "<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
        else:
            data = frames.astype("<f4").tobytes()
        self._file.write(data)
        self._n_frames += len(frames)

    def close(self) -> None:
        """Complete the header: sizes, and RF64 if the file has become too large for RIFF."""
        n_bytes = self._n_frames * self._frame_bytes
        self._file.write(b"\0" * (n_bytes & 1))
        # All ones in the 32-bit fields mean: see the ds64 chunk.
        self._file.seek(self._data_offset - 4)
        self._file.write(struct.pack("<I", min(n_bytes, UNKNOWN_SIZE)))
        if self._fact_offset:
            self._file.seek(self._fact_offset)
            self._file.write(struct.pack("<I", min(self._n_frames, UNKNOWN_SIZE)))
        finish_sizes(self._file)

        self._file.flush()

    def abandon(self) -> None:
        """Let go of an incomplete file."""


def _format(sample_rate: int, n_channels: int, bits: Bits, channel_mask: int) -> bytes:
    """Make a ``fmt `` chunk: plain for one and two channels, WAVE_FORMAT_EXTENSIBLE for more."""
    n_bytes = _BYTES[bits]
    tag = _FLOAT if bits == "32f" else _PCM
    align = n_channels * n_bytes
    common = struct.pack("<HIIHH", n_channels, sample_rate, sample_rate * align, align, 8 * n_bytes)
    if n_channels > 2:
        tail = struct.pack("<HHIH", 22, 8 * n_bytes, channel_mask, tag) + _GUID_TAIL
        return struct.pack("<H", _EXTENSIBLE) + common + tail
    return struct.pack("<H", tag) + common + (b"\0\0" if tag == _FLOAT else b"")
