"""Change of sample rate by soxr at its high quality, without a time shift.

Frame `i` of the result is the signal at time ``i / to_rate``; its length is the signal's duration
in frames of the new rate, rounded, and at least one frame.
"""

from __future__ import annotations

import numpy as np
import soxr

from nast_fx.audio.block import Samples
from nast_fx.audio.scratch import ScratchFile
from nast_fx.audio.source import AudioSource
from nast_fx.errors import UsageError

__all__ = ["resample", "resample_source", "resampled_length"]

QUALITY = "HQ"
BLOCK_FRAMES = 2**16


def resampled_length(n_frames: int, from_rate: int, to_rate: int) -> int:
    """Frames that `n_frames` at `from_rate` Hz become at `to_rate` Hz: rounded, halves up, at least 1."""
    return max((2 * n_frames * to_rate + from_rate) // (2 * from_rate), min(n_frames, 1))


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Resample a signal in memory.

    Parameters
    ----------
    samples : ndarray, (channel, frame) float32
    from_rate, to_rate : int
        Hz, above 0.

    Returns
    -------
    ndarray, (channel, resampled_length(frame, from_rate, to_rate)) float32
        A new array.
    """
    _check_rates(from_rate, to_rate)
    if from_rate == to_rate:
        return samples.astype(np.float32, copy=True)
    n_frames = resampled_length(samples.shape[1], from_rate, to_rate)
    result = np.zeros((samples.shape[0], n_frames), dtype=np.float32)
    if n_frames:
        frames = np.ascontiguousarray(samples.T, dtype=np.float32)
        made = soxr.resample(frames, from_rate, to_rate, quality=QUALITY)[:n_frames]
        result[:, : len(made)] = made.T
    return result


def resample_source(source: AudioSource, sample_rate: int, *, n_frames: int | None = None) -> ScratchFile:
    """Resample a source into a temporary file, in bounded memory; the caller closes it.

    Parameters
    ----------
    source : AudioSource
    sample_rate : int
        Hz, above 0.
    n_frames : int, optional
        Length of the result, which is trimmed or filled with zeros; by default that of `resample`.

    Returns
    -------
    ScratchFile
        The same samples as `resample` gives, up to rounding.
    """
    _check_rates(source.sample_rate, sample_rate)
    if n_frames is None:
        n_frames = resampled_length(source.n_frames, source.sample_rate, sample_rate)
    scratch = ScratchFile(sample_rate, source.n_channels, n_frames)
    try:
        _stream(source, scratch)
    except BaseException:
        scratch.close()
        raise
    return scratch


def _stream(source: AudioSource, scratch: ScratchFile) -> None:
    stream = None
    if source.sample_rate != scratch.sample_rate:
        stream = soxr.ResampleStream(
            source.sample_rate, scratch.sample_rate, source.n_channels, dtype="float32", quality=QUALITY
        )
    written = 0
    for start in range(0, source.n_frames, BLOCK_FRAMES):
        block = source.read(start, min(BLOCK_FRAMES, source.n_frames - start))
        if stream is not None:
            frames = np.ascontiguousarray(block.T)
            block = stream.resample_chunk(frames, last=start + BLOCK_FRAMES >= source.n_frames).T
        block = block[:, : scratch.n_frames - written]
        scratch.write(written, block)
        written += block.shape[1]


def _check_rates(*rates: int) -> None:
    for rate in rates:
        if rate <= 0:
            raise UsageError(f"sample_rate={rate} must be above 0")
