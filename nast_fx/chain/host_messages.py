"""What a plugin's process and its parent say to each other: a line of JSON, then samples if there are any.

A message is one line ``{...}``; where it has the key ``shape`` (channel, frame), that many float32 follow,
channel after channel, in the machine's own byte order: both ends are one machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:  # the package of audio files takes three times as long to load as the rest of a host
    from nast_fx.audio import Samples

__all__ = ["GarbageError", "Message", "receive", "send"]

Message = tuple[dict[str, Any], "Samples | None"]

_ITEM = 4  # bytes of a float32
_MOST_FRAMES = 2**31
_MOST_CHANNELS = 1024


class GarbageError(ValueError):
    """What came is no message."""


def send(stream: BinaryIO, header: Mapping[str, Any], block: Samples | None = None) -> None:
    """Write one message; `block` is (channel, frame).

    Raises
    ------
    OSError
        Nobody reads any more.
    """
    message = dict(header)
    if block is not None:
        message["shape"] = block.shape
    stream.write(json.dumps(message).encode() + b"\n")
    if block is not None and block.size:
        stream.write(np.ascontiguousarray(block, dtype=np.float32).data.cast("B"))
    stream.flush()


def receive(stream: BinaryIO) -> Message | None:
    """Read one message; None at the end of the stream, also in the middle of a message.

    Raises
    ------
    GarbageError
        What comes is no message.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    try:
        header = json.loads(line)
    except ValueError:
        raise GarbageError("no JSON") from None
    if not isinstance(header, dict):
        raise GarbageError("no object")
    shape = header.pop("shape", None)
    if shape is None:
        return header, None
    n_channels, n_frames = _checked_shape(shape)
    data = stream.read(n_channels * n_frames * _ITEM)
    if len(data) < n_channels * n_frames * _ITEM:
        return None
    return header, np.frombuffer(data, dtype=np.float32).reshape(n_channels, n_frames)


def _checked_shape(shape: object) -> tuple[int, int]:
    match shape:
        case [int(n_channels), int(n_frames)] if (
            0 <= n_channels <= _MOST_CHANNELS and 0 <= n_frames <= _MOST_FRAMES
        ):
            return n_channels, n_frames
    raise GarbageError("no shape")
