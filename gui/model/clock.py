"""Times as people read them, and the marks of a time ruler."""

from __future__ import annotations

import math

__all__ = ["clock_text", "ticks"]

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)  # seconds


def clock_text(seconds: float, digits: int = 0) -> str:
    """Write ``m:ss``, or ``h:mm:ss`` from an hour on, with some digits of the second."""
    whole, part = divmod(round(max(seconds, 0.0) * 10**digits), 10**digits)
    rest, tail = whole % 60, f".{part:0{digits}d}" if digits else ""
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes}:{rest:02d}{tail}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}{tail}"


def ticks(start: float, end: float, n_most: int) -> list[tuple[float, str]]:
    """Give round seconds of a stretch of time with their texts, at most `n_most`.

    Parameters
    ----------
    start, end : float
        Seconds.
    n_most : int
        At least 1.
    """
    if end <= start:
        return []
    step = _step((end - start) / max(n_most, 1))
    digits = max(0, math.ceil(-math.log10(step) - 1e-9))
    first, last = math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9)
    return [(number * step, clock_text(number * step, digits)) for number in range(first, last + 1)][:n_most]


def _step(least: float) -> float:
    """Give the least round step, in seconds, that is not below `least`."""
    if least <= 1:
        decade = 10.0 ** math.floor(math.log10(least))
        return next(decade * f for f in (1, 2, 5, 10) if decade * f >= least * (1 - 1e-9))
    return next((float(step) for step in STEPS if step >= least), math.ceil(least / 3600) * 3600.0)
