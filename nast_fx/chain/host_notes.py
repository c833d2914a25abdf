"""Notes for an instrument: in order, at frames, in pieces of a bounded length."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable
from typing import Any

from nast_fx.chain.hosted_sound import BLOCK_FRAMES
from nast_fx.errors import UsageError

__all__ = ["Piece", "note_pieces"]

PIECE_SECONDS = 10.0

Piece = tuple[int, int, list[tuple[str, int]]]


def note_pieces(messages: Iterable[Any], sample_rate: int, n_frames: int) -> list[Piece]:
    """Cut notes into pieces.

    Parameters
    ----------
    messages : iterable
        mido messages whose `time` counts in seconds from the beginning, or (bytes, seconds).
    sample_rate : int
        Hz.
    n_frames : int
        Length of all.

    Returns
    -------
    list of (start, n_frames, list of (hexadecimal bytes, frame))
        Frames of messages count from the start of their piece; each is the nearest to its time.

    Raises
    ------
    UsageError
        A time is negative or no number.
    """
    events = _events(messages, sample_rate)
    frames = [frame for frame, _ in events]
    # Whole blocks of the plugin's process, so that a piece's end is no end of a block of its own.
    n_piece = max(1, round(PIECE_SECONDS * sample_rate / BLOCK_FRAMES)) * BLOCK_FRAMES
    pieces = []
    for start in range(0, n_frames, n_piece):
        end = min(start + n_piece, n_frames)
        inside = slice(bisect.bisect_left(frames, start), bisect.bisect_left(frames, end))
        pieces.append((start, end - start, [(data.hex(), frame - start) for frame, data in events[inside]]))
    return pieces


def _events(messages: Iterable[Any], sample_rate: int) -> list[tuple[int, bytes]]:
    """Messages as (frame, bytes) in order; what is written in files only is left out."""
    events = []
    for message in messages:
        if getattr(message, "is_meta", False):
            continue
        data, seconds = message if isinstance(message, tuple) else (message.bytes(), message.time)
        if not (math.isfinite(seconds) and seconds >= 0):
            raise UsageError(f"the time of a note, {seconds:g} s, must be at least 0")
        events.append((round(seconds * sample_rate), bytes(data)))
    return sorted(events, key=lambda event: event[0])
