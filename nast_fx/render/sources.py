"""Sources that are computed where they are read: level following, difference, mix.

A transfer fills silences and flattens dynamics. The ratio of the content's short-term RMS to the
result's (6 ms apart, linear between) restores both at almost no cost in style: it brings back the energy
envelope that Verma & Smith (2018) put into the loss. Where the content sounds, windows are 0.2 s long:
shorter ones play the small movements of the two against each other, and blur what is sudden. But windows of
46 ms bound them, so that a sudden quiet is quiet at once, and decide alone where the content is silent. And
windows of 12 ms say how loud a result may be at most: what sounds before a hit is an echo of the transform.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nast_fx.audio import AudioSource, Samples
from nast_fx.audio.block import padded_read
from nast_fx.render.curves import Curve
from nast_fx.render.stereo import StereoLayout

__all__ = ["Difference", "Follower", "Mixed", "Part", "Rows", "Scaled"]

WINDOW_SECONDS = 0.2
SHORT_SECONDS = 0.046
ECHO_SECONDS = 0.012
NEAR = 1.4  # 3 dB, between the gains of long and of short windows
HEADROOM = 2.8  # 9 dB, of the result over the content in windows of 12 ms
HOP_SECONDS = 0.006
MAX_GAIN = 4.0  # +12 dB; a result that is nearly silent is not blown up
NOTHING = 1e-9  # RMS, -180 dBFS: keeps 0/0 at 1


class Rows:
    """A source: the rows (row, frame) of `source`, such as mid and side, computed where they are read."""

    def __init__(self, source: AudioSource, layout: StereoLayout) -> None:
        self.sample_rate = source.sample_rate
        self.n_channels = len(layout.rows)
        self.n_frames = source.n_frames
        self._source, self._layout = source, layout

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (row, frame)."""
        return self._layout.encode(self._source.read(start, n_frames))


class Follower:
    """A source: `result` at the level of `content`, row by row, computed where it is read.

    Rows follow, not channels, so that the width of the mix and its mono sum follow too, and what is
    not styled passes as it is.

    Parameters
    ----------
    content, result : AudioSource
        Of one rate, shape and length.
    layout : StereoLayout
        Which rows were styled.
    share : float
        How far the level follows, 0 ... 1.
    silence : Curve
        Where the content is silent, 1, over time: there the result follows in any case.
    levels : ndarray, (row,)
        Gains that the rows get first: bring their overall level to the content's.
    ceiling : float
        What no sample shall exceed. Where a louder one would come out, the gain is lowered around it,
        of all channels alike. Without following nothing is lowered here.
    """

    def __init__(
        self,
        content: AudioSource,
        result: AudioSource,
        layout: StereoLayout,
        *,
        share: float,
        silence: Curve,
        levels: npt.NDArray[np.float64],
        ceiling: float,
    ) -> None:
        self.sample_rate = content.sample_rate
        self.n_channels = content.n_channels
        self.n_frames = content.n_frames
        self._content, self._result, self._layout = content, result, layout
        self._share, self._silence, self._ceiling = share, silence, ceiling
        self._gains = np.asarray(levels, dtype=np.float32)[:, None]
        self._hop = max(1, round(HOP_SECONDS * content.sample_rate))
        self._half = max(1, round(WINDOW_SECONDS * content.sample_rate / 2))
        self._short = max(1, round(SHORT_SECONDS * content.sample_rate / 2))
        self._shortest = max(1, round(ECHO_SECONDS * content.sample_rate / 2))

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (channel, frame); the same wherever a block begins."""
        # Gains live on a grid that is fixed to the track; two points more, to know the peaks around.
        first, last = start // self._hop - 1, -(-(start + n_frames) // self._hop) + 1
        followed = self._followed(first, last)
        times = np.arange(first, last + 1) * self._hop / self.sample_rate
        follows = self._share + self._silence.at_seconds(times[1:-1]) > 0
        limits = np.where(follows, np.minimum(1.0, self._ceiling / self._peaks(followed)), 1.0)
        offset = start - first * self._hop
        places = np.arange(offset, offset + n_frames) / self._hop
        block = followed[:, offset : offset + n_frames]
        return np.asarray(block * np.interp(places, np.arange(1, last - first), limits), dtype=np.float32)

    def _followed(self, first: int, last: int) -> Samples:
        """Channels from grid point `first` to `last`, not yet under the ceiling."""
        n_frames = (last - first) * self._hop
        before, n_context = first * self._hop - self._half, n_frames + 2 * self._half
        content = self._content.read(before, n_context)
        own, made = (self._layout.encode(b) for b in (content, self._result.read(before, n_context)))
        made = made * self._gains
        silence = self._silence.at_seconds(np.arange(first, last + 1) * self._hop / self.sample_rate)
        halves = self._half, self._short, self._shortest
        slow, fast, most = (self._ratio(own, made, half, len(silence)) for half in halves)
        near = np.minimum(np.clip(slow, fast / NEAR, fast * NEAR), HEADROOM * most)
        ratio = near ** (self._share * (1 - silence)) * fast**silence
        places, grid = np.arange(n_frames) / self._hop, np.arange(last - first + 1)
        gains = np.stack([np.interp(places, grid, row) for row in ratio])
        inner = slice(self._half, self._half + n_frames)
        return self._layout.decode((made[:, inner] * gains).astype(np.float32), content[:, inner])

    def _ratio(self, own: Samples, made: Samples, half: int, n_points: int) -> npt.NDArray[np.float64]:
        """Level of the content's rows over that of the result's (row, point); 0 in digital silence."""
        target, level = (self._levels(rows, half, n_points) for rows in (own, made))
        return np.asarray(
            np.where(target > 0, np.minimum((target + NOTHING) / (level + NOTHING), MAX_GAIN), 0.0)
        )

    def _levels(self, block: Samples, half: int, n_points: int) -> npt.NDArray[np.float64]:
        """Root mean square (row, point) in windows of twice `half` around each point of the grid."""
        power = np.cumsum(np.square(block, dtype=np.float64), axis=1)
        power = np.concatenate([np.zeros((len(block), 1)), power], axis=1)
        starts = np.arange(n_points) * self._hop + self._half - half
        mean = (power[:, starts + 2 * half] - power[:, starts]) / (2 * half)
        return np.asarray(np.sqrt(np.maximum(mean, 0.0)))

    def _peaks(self, block: Samples) -> npt.NDArray[np.float64]:
        """Largest magnitude (point,) within a hop of each inner point of the grid."""
        by_hop = np.abs(block).reshape(len(block), -1, self._hop).max(axis=(0, 2)).astype(np.float64)
        return np.asarray(np.maximum(np.maximum(by_hop[:-1], by_hop[1:]), NOTHING))


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
    """A source: `content` plus `amount` of `change`; the amount may change over time."""

    def __init__(self, content: AudioSource, change: AudioSource, *, amount: float | Curve) -> None:
        self.sample_rate = content.sample_rate
        self.n_channels = content.n_channels
        self.n_frames = content.n_frames
        self._content, self._change = content, change
        self._amount = amount

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (channel, frame)."""
        amount: Samples | np.float32
        if isinstance(self._amount, Curve):
            amount = self._amount.at(start, n_frames, self.sample_rate)
        else:
            amount = np.float32(self._amount)
        return np.asarray(self._content.read(start, n_frames) + amount * self._change.read(start, n_frames))


class Scaled:
    """A source: `source` times a gain that may change over time."""

    def __init__(self, source: AudioSource, gain: Curve) -> None:
        self.sample_rate = source.sample_rate
        self.n_channels = source.n_channels
        self.n_frames = source.n_frames
        self._source, self._gain = source, gain

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (channel, frame)."""
        gain = self._gain.at(start, n_frames, self.sample_rate)
        return np.asarray(self._source.read(start, n_frames) * gain)


class Part:
    """A source: `n_frames` of `source` from frame `start` on."""

    def __init__(self, source: AudioSource, start: int, n_frames: int) -> None:
        self.sample_rate = source.sample_rate
        self.n_channels = source.n_channels
        self.n_frames = n_frames
        self._source, self._start = source, start

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (channel, frame); zeros outside of the part."""
        shape = (self.n_channels, self.n_frames)
        return padded_read(start, n_frames, shape, lambda first, n: self._source.read(self._start + first, n))
