"""A value that changes over time, given at points 10 ms apart, straight between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.loudness import POINT_SECONDS

__all__ = ["Curve", "point_times"]


@dataclass(frozen=True, eq=False)
class Curve:
    """Values (point,) in the middle of each 10 ms; the first and the last hold beyond the ends."""

    values: npt.NDArray[np.float64]

    @classmethod
    def constant(cls, value: float) -> Curve:
        """Hold one value."""
        return cls(np.array([value]))

    def at(self, start: int, n_frames: int, sample_rate: int) -> npt.NDArray[np.float32]:
        """Values (frame,) at frames from `start` on."""
        # Frames stand in the middle of their own duration, as points do.
        return self.at_seconds((np.arange(start, start + n_frames) + 0.5) / sample_rate).astype(np.float32)

    def at_seconds(self, times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Values (time,) at times in seconds."""
        return np.interp(times / POINT_SECONDS - 0.5, np.arange(len(self.values)), self.values)


def point_times(count: int) -> npt.NDArray[np.float64]:
    """Middle of each point, in seconds."""
    return np.asarray((np.arange(count) + 0.5) * POINT_SECONDS, dtype=np.float64)
