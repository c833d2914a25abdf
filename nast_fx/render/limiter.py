"""Gains that keep a signal under its limits, point by point (10 ms): a look-ahead limiter as a curve.

Designed on the peaks of each point, so that no sample is ever clipped; what it takes away is given back as
gain, as far as peaks may be lowered.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nast_fx.analysis import Loudness

__all__ = ["limiter_gains", "loudest"]

LIMITER_POINTS = 2  # 20 ms: shorter would distort, longer would cost loudness
CLOSE_ENOUGH_LU = 0.02
ROUNDS = 8

Values = npt.NDArray[np.float64]


def limiter_gains(limits: Values, gain: float, *, circular: bool = False) -> Values:
    """Gains (point,) of at most 1 that keep `gain` under `limits` (point,), the largest that is allowed.

    The least of 30 ms either side, averaged over 20 ms either side: smooth, and never above what is needed.
    """
    needed = np.minimum(1.0, limits / gain)
    mode = "wrap" if circular else "edge"
    reach = LIMITER_POINTS + 1  # one more: between two points the gain runs straight
    lowest = np.lib.stride_tricks.sliding_window_view(np.pad(needed, reach, mode=mode), 2 * reach + 1).min(1)  # type: ignore[call-overload]
    padded = np.pad(lowest, LIMITER_POINTS, mode=mode)  # type: ignore[call-overload]
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * LIMITER_POINTS + 1).mean(1))


def loudest(
    followed: Loudness, limits: Values, missing_db: float, limiting_db: float, circular: bool
) -> tuple[float, Values]:
    """Static gain and limiter gains (point,) that come closest to `missing_db` more."""
    most_db = 20 * math.log10(limits.min()) + limiting_db
    wanted = followed.integrated_lufs
    gain_db = min(missing_db, most_db)
    limiting = limiter_gains(limits, 10 ** (gain_db / 20), circular=circular)
    for _ in range(ROUNDS):  # what the limiter takes away is given back, as far as it may limit
        reached = followed.with_gains(limiting * 10 ** (gain_db / 20)).integrated_lufs
        if wanted is None or reached is None or gain_db == most_db:
            break
        short = wanted + missing_db - reached
        if abs(short) < CLOSE_ENOUGH_LU:
            break
        gain_db = min(gain_db + short, most_db)
        limiting = limiter_gains(limits, 10 ** (gain_db / 20), circular=circular)
    return 10 ** (gain_db / 20), limiting
