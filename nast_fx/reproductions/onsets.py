"""Where events begin: the onset curve of `nast_fx.evaluate`, and its peaks.

The peaks are picked as librosa's default detector picks them (Boeck et al. 2012, with librosa's times and
threshold), since Barry & Kim 2018 used that one: the curve is brought to 0 ... 1, and a frame is an onset if
it is the largest of its near past, lies 0.07 above the mean around it, and no onset was just before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nast_fx.evaluate.content import frame_view
from nast_fx.evaluate.features import HOP_LENGTH, SAMPLE_RATE, Signal

__all__ = ["CURVE_RATE", "onset_curve", "onset_times"]

Array = NDArray[np.float64]

CURVE_RATE = SAMPLE_RATE / HOP_LENGTH
"""Values of the curve a second."""
PAST_SECONDS = 0.03
AROUND_SECONDS = 0.1
THRESHOLD = 0.07


def onset_curve(signal: Signal) -> Array:
    """Rise of the log-mel bands of waveform (frame,), a value a hop of 23 ms, at least 0."""
    return frame_view(signal).onset


def onset_times(signal: Signal) -> Array:
    """Times in seconds at which events begin in waveform (frame,) at 22 050 Hz and `LEVEL`."""
    curve = onset_curve(signal)
    curve = curve - curve.min(initial=0.0)
    highest = curve.max(initial=0.0)
    if highest <= 0:
        return np.zeros(0)
    # The first difference belongs to the second frame.
    return (np.asarray(_peaks(curve / highest), dtype=np.float64) + 1) / CURVE_RATE


def _peaks(curve: Array) -> list[int]:
    past, around = int(PAST_SECONDS * CURVE_RATE), int(AROUND_SECONDS * CURVE_RATE)
    found: list[int] = []
    for place, value in enumerate(curve):
        is_largest = value >= curve[max(0, place - past) : place + 1].max()
        mean = curve[max(0, place - around) : place + around + 1].mean()
        if is_largest and value >= mean + THRESHOLD and (not found or place - found[-1] > past):
            found.append(place)
    return found
