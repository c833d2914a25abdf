"""A block of audio in memory, and how a block is cut from a longer signal.

Shapes: samples are always (channel, frame) float32; full scale is -1 ... 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nast_fx.errors import UsageError

__all__ = ["Audio", "Samples", "padded_read"]

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Audio:
    """A block of audio; operations return new ones.

    Attributes
    ----------
    samples : ndarray, (channel, frame) float32
        Full scale is -1 ... 1. Other real floating types are converted.
    sample_rate : int
        Hz, above 0.

    Raises
    ------
    UsageError
        If the shape, the type or the rate is none of that.
    """

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples)
        if samples.ndim != 2 or samples.shape[0] < 1:
            raise UsageError(f"samples.shape={samples.shape} must be (channel, frame)")
        if samples.dtype.kind != "f":
            raise UsageError(f"samples.dtype={samples.dtype} must be a floating type, full scale -1 ... 1")
        if self.sample_rate != int(self.sample_rate) or self.sample_rate <= 0:
            raise UsageError(f"sample_rate={self.sample_rate} must be a whole number above 0")
        object.__setattr__(self, "samples", np.ascontiguousarray(samples, dtype=np.float32))
        object.__setattr__(self, "sample_rate", int(self.sample_rate))

    @property
    def n_channels(self) -> int:
        """How many channels."""
        return int(self.samples.shape[0])

    @property
    def n_frames(self) -> int:
        """How many frames (samples a channel)."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.n_frames / self.sample_rate


def padded_read(
    start: int, n_frames: int, shape: tuple[int, int], fetch: Callable[[int, int], Samples]
) -> Samples:
    """Cut frames `start` ... `start` + `n_frames` from a signal of `shape`; zeros outside of it.

    Parameters
    ----------
    start, n_frames : int
        What is wanted; `start` may be negative or past the end.
    shape : (int, int)
        Channels and frames of the signal.
    fetch : function of (start, n_frames)
        Reads a part that lies wholly inside.

    Returns
    -------
    ndarray, (channel, n_frames) float32
        A new array.
    """
    if n_frames < 0:
        raise ValueError(f"n_frames={n_frames} must be at least 0")
    block = np.zeros((shape[0], n_frames), dtype=np.float32)
    first, last = max(start, 0), min(start + n_frames, shape[1])
    if first < last:
        block[:, first - start : last - start] = fetch(first, last - first)
    return block
