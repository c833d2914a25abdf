"""Gains that make a comparison fair: both as loud as the softer one, and never louder than they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Level", "difference_gain_db", "matched_gains_db"]

FULL_SCALE = 1.0  # assumed as the peak of what has not been measured


@dataclass(frozen=True)
class Level:
    """What was measured of a file.

    Attributes
    ----------
    lufs : float or None
        Integrated loudness; None of what is too short or too soft to have one.
    true_peak_dbtp : float or None
    """

    lufs: float | None
    true_peak_dbtp: float | None = None

    @property
    def peak(self) -> float:
        """Largest magnitude; full scale is 1."""
        return FULL_SCALE if self.true_peak_dbtp is None else 10 ** (self.true_peak_dbtp / 20)


def matched_gains_db(
    a: Level, b: Level, others: Mapping[str, Level]
) -> tuple[float, float, dict[str, float]]:
    """Give gains of A, B and of others, in dB, at most 0.

    A and B are as loud as the softer of both; where one peaks above full scale, both are softer by that. The
    others are brought down to that loudness, but not up.
    """
    if a.lufs is None or b.lufs is None:
        return 0.0, 0.0, dict.fromkeys(others, 0.0)
    target = min(a.lufs, b.lufs)
    gains = [target - a.lufs, target - b.lufs]
    peaks = [(level.true_peak_dbtp or 0.0) + gain for level, gain in zip((a, b), gains, strict=True)]
    excess = max(0.0, *peaks)
    down = {
        name: 0.0 if level.lufs is None else min(0.0, target - excess - level.lufs)
        for name, level in others.items()
    }
    return gains[0] - excess, gains[1] - excess, down


def difference_gain_db(a: Level, b: Level, gains_db: tuple[float, float]) -> float:
    """Give the gain, at most 0 dB, with which A minus B cannot clip, whatever both are."""
    most = sum(level.peak * 10 ** (gain / 20) for level, gain in zip((a, b), gains_db, strict=True))
    return min(0.0, -20 * math.log10(max(most, 1e-10)))
