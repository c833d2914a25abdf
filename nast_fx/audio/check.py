"""One pass over a signal before any work: is every sample a number, how loud, how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nast_fx.audio.source import AudioSource
from nast_fx.errors import AudioFileError

__all__ = ["SampleStats", "check_samples"]

BLOCK_FRAMES = 2**18


@dataclass(frozen=True, eq=False)
class SampleStats:
    """What `check_samples` found.

    Attributes
    ----------
    rms, peak : ndarray, (channel,) float64
        Root mean square and largest magnitude; full scale is 1.
    n_frames : int
        How many frames there really are.
    """

    rms: npt.NDArray[np.float64]
    peak: npt.NDArray[np.float64]
    n_frames: int


def check_samples(source: AudioSource, name: str, *, block_frames: int = BLOCK_FRAMES) -> SampleStats:
    """Read `source` once, in blocks, and measure it.

    Parameters
    ----------
    source : AudioSource
        Any source; a file is decoded to its end, so that a damaged one is found here.
    name : str
        What the messages call it: the file's path.
    block_frames : int
        Frames in memory at a time.

    Raises
    ------
    AudioFileError
        If a sample is not a number or infinite (the message says where, in seconds), if the file
        is damaged, or if there is no frame at all.
    """
    squares = np.zeros(source.n_channels)
    peak = np.zeros(source.n_channels)
    for start in range(0, source.n_frames, block_frames):
        block = source.read(start, min(block_frames, source.n_frames - start))
        finite = np.isfinite(block).all(axis=0)
        if not finite.all():
            seconds = (start + int(np.argmin(finite))) / source.sample_rate
            raise AudioFileError(
                f"{name}: a sample at {seconds:.3f} s is not a finite number (NaN or infinite)"
            )
        squares += np.einsum("ij,ij->i", block, block, dtype=np.float64)
        peak = np.maximum(peak, np.abs(block).max(axis=1))
    if source.n_frames == 0:
        raise AudioFileError(f"{name}: holds no audio")
    return SampleStats(np.sqrt(squares / source.n_frames), peak, source.n_frames)
