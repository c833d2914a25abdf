"""Beats by dynamic programming (Ellis 2007, "Beat tracking by dynamic programming", equation 4).

    D[t] = o[t] + max(0, max over s of D[s] - tightness * log(d / p[t])^2),    d = t - s

with onset strength o and period p, over d of half to twice a period. Since nothing nearer than half a
period is looked at, frames are worked out in blocks that long.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["beat_frames"]

Array = NDArray[np.float64]

TIGHTNESS = 100.0


def beat_frames(strength: Array, period: Array) -> NDArray[np.int64]:
    """Frames (beat,) of the beats.

    Parameters
    ----------
    strength : ndarray, (frame,) float64
        At least 0; on the beats a few times 1.
    period : ndarray, (frame,) float64
        In frames, at least 4.
    """
    nearest = max(1, int(period.min() / 2))
    farthest = int(np.ceil(2 * period.max()))
    reach = np.arange(farthest, nearest - 1, -1)  # of the window of the past, from its beginning on
    logs = np.log(reach)
    totals = np.full(farthest + len(strength), -np.inf)  # nothing is before the first frame
    origins = np.full(len(strength), -1, dtype=np.int64)
    for first in range(0, len(strength), nearest):
        frames = np.arange(first, min(first + nearest, len(strength)))
        past = totals[farthest + frames[:, None] - reach]
        sums = past - TIGHTNESS * (logs - np.log(period[frames, None])) ** 2
        best = sums.argmax(axis=1)
        gain = sums[np.arange(len(frames)), best]
        goes_on = gain > 0
        origins[frames[goes_on]] = frames[goes_on] - reach[best[goes_on]]
        totals[farthest + frames] = strength[frames] + np.where(goes_on, gain, 0)
    return _backwards(totals[farthest:], origins)


def _backwards(totals: Array, origins: NDArray[np.int64]) -> NDArray[np.int64]:
    # The total only grows along a path: where it is largest is the last beat that is heard.
    place = int(totals.argmax())
    found = []
    while place >= 0:
        found.append(place)
        place = int(origins[place])
    return np.array(found[::-1], dtype=np.int64)
