"""Transposition at constant length by Rubber Band (through pedalboard), at its high quality.

A tone comes out within a fifth of a cent; onsets wander by at most a few milliseconds. The whole spectrum
moves, formants too: with formants held, a tone would lose up to 14 dB on its way.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from nast_fx.audio.block import Samples
from nast_fx.audio.scratch import ScratchFile
from nast_fx.audio.source import AudioSource

__all__ = ["shift_pitch", "shift_source"]

CONTEXT_SECONDS = (
    0.5  # before and after a piece: the shifter settles there, and short signals get long enough
)
PIECE_SECONDS = 120.0  # held in memory at once
SEARCH_SECONDS = 5.0  # around the end of a piece, for a quiet place to cut
FADE_SECONDS = 0.03
LEVEL_SECONDS = 0.1


def shift_pitch(samples: Samples, sample_rate: int, semitones: float) -> Samples:
    """Transpose a signal.

    Parameters
    ----------
    samples : ndarray, (channel, frame) float32
    semitones : float
        Up or down, fractions too; 0 copies.

    Returns
    -------
    ndarray, (channel, frame) float32
        A new array of the same shape.
    """
    from pedalboard import time_stretch

    samples = np.ascontiguousarray(samples, dtype=np.float32)
    if semitones == 0 or not samples.any():
        return samples.copy()
    margin = round(CONTEXT_SECONDS * sample_rate)
    padded = np.pad(samples, ((0, 0), (margin, margin)))
    shifted = time_stretch(padded, float(sample_rate), 1.0, float(semitones), preserve_formants=False)
    return np.asarray(shifted[:, margin : margin + samples.shape[1]], dtype=np.float32)


def shift_source(source: AudioSource, semitones: float) -> ScratchFile:
    """Transpose a source of any length into a temporary file, which the caller closes.

    A long one is shifted in pieces that meet where it is quiet.
    """
    scratch = ScratchFile(source.sample_rate, source.n_channels, source.n_frames)
    try:
        _shift(source, semitones, scratch)
    except BaseException:
        scratch.close()
        raise
    return scratch


def _shift(source: AudioSource, semitones: float, scratch: ScratchFile) -> None:
    rate, n_frames = source.sample_rate, source.n_frames
    half = round(FADE_SECONDS * rate / 2)
    context = round(CONTEXT_SECONDS * rate)
    seams = [-half, *_seams(source), n_frames + half]
    for begin, end in pairwise(seams):
        first, last = begin - half, end + half
        block = source.read(first - context, last - first + 2 * context)
        shifted = shift_pitch(block, rate, semitones)[:, context : context + last - first]
        fade = np.linspace(0, 1, 2 * half, dtype=np.float32)
        shifted[:, : 2 * half] *= fade
        shifted[:, -2 * half :] *= 1 - fade
        # What lies outside of the signal is context; the rest is added to the fade of the piece before.
        inside = slice(max(0, first), min(n_frames, last))
        there = scratch.read(inside.start, inside.stop - inside.start)
        scratch.write(inside.start, there + shifted[:, inside.start - first : inside.stop - first])


def _seams(source: AudioSource) -> list[int]:
    """Frames at which pieces meet: the quietest near each multiple of the longest piece."""
    rate = source.sample_rate
    step, reach, size = (round(s * rate) for s in (PIECE_SECONDS, SEARCH_SECONDS, LEVEL_SECONDS))
    seams = []
    for place in range(step, source.n_frames - 2 * reach, step):
        block = source.read(place - reach, 2 * reach)
        power = np.square(block, dtype=np.float64).sum(axis=0)
        levels = power[: len(power) // size * size].reshape(-1, size).sum(axis=1)
        seams.append(place - reach + int(levels.argmin()) * size + size // 2)
    return seams
