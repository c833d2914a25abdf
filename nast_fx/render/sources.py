"""Sources that are computed where they are read: level following, difference, mix.

A transfer fills silences and flattens dynamics. The ratio of the content's short-term RMS to the
result's (46 ms windows, 12 ms apart, linear between) restores both at almost no cost in style: it
brings back the energy envelope that Verma & Smith (2018) put into the loss.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nast_fx.audio import AudioSource, Samples

__all__ = ["Difference", "Follower", "Mixed"]

WINDOW_SECONDS = 0.046
HOP_SECONDS = 0.012
MAX_GAIN = 4.0  # +12 dB; a result that is nearly silent is not blown up
NOTHING = 1e-9  # RMS, -180 dBFS: keeps 0/0 at 1


class Follower:
    """A source: `result` at the level of `content`, computed where it is read.

    Parameters
    ----------
    content, result : AudioSource
        Of one rate, shape and length.
    share : float
        How far the level follows, 0 ... 1.
    level : float
        Gain that the result gets first: brings its overall level to the content's.
    ceiling : float
        What no sample shall exceed. Where a louder one would come out, the gain is lowered around it.
    """

    def __init__(
        self, content: AudioSource, result: AudioSource, *, share: float, level: float, ceiling: float
    ) -> None:
        self.sample_rate = content.sample_rate
        self.n_channels = content.n_channels
        self.n_frames = content.n_frames
        self._content, self._result = content, result
        self._share, self._level, self._ceiling = share, level, ceiling
        self._hop = max(1, round(HOP_SECONDS * content.sample_rate))
        self._half = max(1, round(WINDOW_SECONDS * content.sample_rate / 2))

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (channel, frame); the same wherever a block begins."""
        # Gains live on a grid that is fixed to the track: one before the block to one after it.
        first, last = start // self._hop, -(-(start + n_frames) // self._hop)
        before, n_context = first * self._hop - self._half, (last - first) * self._hop + 2 * self._half
        content = self._content.read(before, n_context)
        result = self._result.read(before, n_context) * np.float32(self._level)
        offset = start - before
        block = result[:, offset : offset + n_frames]
        if self._share == 0:
            return block
        target, rms = (self._levels(block, last - first + 1) for block in (content, result))
        ratio = np.minimum((target + NOTHING) / (rms + NOTHING), MAX_GAIN) ** self._share
        ratio[target == 0] = 0.0  # digital silence stays so
        ratio = np.minimum(ratio, self._ceiling / self._peaks(result, last - first + 1))
        places = np.arange(start, start + n_frames) / self._hop - first
        grid = np.arange(last - first + 1)
        gains = np.stack([np.interp(places, grid, channel) for channel in ratio])
        return np.asarray(block * gains, dtype=np.float32)

    def _levels(self, block: Samples, n_points: int) -> npt.NDArray[np.float64]:
        """Root mean square (channel, point) in windows around each point of the grid."""
        power = np.cumsum(np.square(block, dtype=np.float64), axis=1)
        power = np.concatenate([np.zeros((len(block), 1)), power], axis=1)
        starts = np.arange(n_points) * self._hop
        mean = (power[:, starts + 2 * self._half] - power[:, starts]) / (2 * self._half)
        return np.asarray(np.sqrt(np.maximum(mean, 0.0)))

    def _peaks(self, block: Samples, n_points: int) -> npt.NDArray[np.float64]:
        """Largest magnitude (channel, point) within a hop of each point of the grid."""
        start = self._half - self._hop
        around = np.abs(block[:, start : start + (n_points + 1) * self._hop], dtype=np.float64)
        by_hop = around.reshape(len(block), n_points + 1, self._hop).max(axis=2)
        return np.asarray(np.maximum(np.maximum(by_hop[:, :-1], by_hop[:, 1:]), NOTHING))


class Difference:
    """A source: `left` minus `right`."""

    def __init__(self, left: AudioSource, right: AudioSource) -> None:
        self.sample_rate = left.sample_rate
        self.n_channels = left.n_channels
        self.n_frames = left.n_frames
        self._left, self._right = left, right

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (channel, frame)."""
        return np.asarray(self._left.read(start, n_frames) - self._right.read(start, n_frames))


class Mixed:
    """A source: `content` plus `amount` of `change`, times `gain`."""

    def __init__(self, content: AudioSource, change: AudioSource, *, amount: float, gain: float) -> None:
        self.sample_rate = content.sample_rate
        self.n_channels = content.n_channels
        self.n_frames = content.n_frames
        self._content, self._change = content, change
        self._amount, self._gain = np.float32(amount), np.float32(gain)

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (channel, frame)."""
        change = self._amount * self._change.read(start, n_frames)
        return np.asarray((self._content.read(start, n_frames) + change) * self._gain)
