"""Waveforms as pixels: how much of each pixel lies between the least and the largest sample of its column."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

__all__ = ["CHANNEL_SHARE", "coverage"]

CHANNEL_SHARE = 0.92  # of a channel's height, so that two full ones do not touch


def coverage(
    low: npt.NDArray[np.float32], high: npt.NDArray[np.float32], height: int
) -> npt.NDArray[np.uint8]:
    """Draw least and largest samples (channel, column) as (row, column): how much of a pixel is filled.

    Every column fills at least one pixel, so that silence is a line.
    """
    n_channels, n_columns = low.shape
    levels = np.zeros((height, n_columns), np.uint8)
    columns = np.arange(n_columns)
    edges = np.linspace(0, height, n_channels + 1).astype(int)
    for channel, (top, bottom) in enumerate(itertools.pairwise(edges.tolist())):
        if bottom == top:  # more channels than pixels
            continue
        half = np.float32((bottom - top) / 2)
        scale = np.float32(half * CHANNEL_SHARE)
        above = half - np.clip(high[channel], -1, 1) * scale
        below = half - np.clip(low[channel], -1, 1) * scale
        short = np.maximum(1 - (below - above), 0) / 2
        above, below = above - short, below + short
        first, behind = np.ceil(above).astype(np.int16), np.floor(below).astype(np.int16)  # whole pixels
        rows = np.arange(bottom - top, dtype=np.int16)[:, None]
        part = levels[top:bottom]
        np.multiply((rows >= first) & (rows < behind), np.uint8(255), out=part)
        for row, share in ((np.maximum(first - 1, 0), first - above), (behind, below - behind)):
            part[np.minimum(row, len(part) - 1), columns] |= (255 * share).astype(np.uint8)
    return levels
