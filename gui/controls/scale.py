"""How a slider's way is spread over a range: evenly, by ratios, or finer toward 0.

A frequency is heard by ratios; a time from 0 on has no ratios at its lower end, so its slider follows the
cube of the way.
"""

from __future__ import annotations

import math
from typing import Literal

__all__ = ["N_STEPS", "Scale"]

N_STEPS = 1000  # of a slider
DECADES = 2.0  # a range of so many or more is spread by ratios
FROM_ZERO_UNITS = ("Hz", "ms", "s")
WIDE = 20.0  # of a range from 0 on, in those units
N_DIGITS = 3  # of a value that a slider gives


class Scale:
    """Way of a slider, 0 ... `N_STEPS`, and value.

    Parameters
    ----------
    low, high : float
        Both ends of the range.
    unit : str
    """

    def __init__(self, low: float, high: float, unit: str = "") -> None:
        self.low, self.high = low, high
        self.kind: Literal["even", "ratio", "cube"] = "even"
        if low > 0 and high / low >= 10**DECADES:
            self.kind = "ratio"
        elif low == 0 and unit in FROM_ZERO_UNITS and high >= WIDE:
            self.kind = "cube"

    def position(self, value: float) -> int:
        """Give the nearest step of the slider."""
        if self.high <= self.low:
            return 0
        value = min(max(value, self.low), self.high)
        if self.kind == "ratio":
            way = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            way = (value - self.low) / (self.high - self.low)
            way = way ** (1 / 3) if self.kind == "cube" else way
        return round(N_STEPS * way)

    def value(self, position: int) -> float:
        """Give the value of a step, as round as the scale allows."""
        if position <= 0:
            return self.low
        if position >= N_STEPS:
            return self.high
        way = position / N_STEPS
        if self.kind == "ratio":
            exact = self.low * (self.high / self.low) ** way
        else:
            exact = self.low + (self.high - self.low) * (way**3 if self.kind == "cube" else way)
        return min(max(self._rounded(exact), self.low), self.high)

    def _rounded(self, value: float) -> float:
        if self.kind == "even":
            # Finer than a step, so that two neighbors never round to the same.
            return round(value, max(0, math.ceil(-math.log10((self.high - self.low) / N_STEPS))))
        return float(f"{value:.{N_DIGITS}g}")
