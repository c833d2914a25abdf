"""How well each tempo fits each part of an onset curve, and the path of tempo through a recording.

A part's autocorrelation, over the curve's own power, is 1 where the curve repeats exactly. The fit of a
tempo is the mean over `MULTIPLES` of its period: of the beat's own all are high, of half of it only the even
ones. Twice and three times the beat's fit as well, which is held against them: they repeat between the
multiples too. Which octave is meant is a matter of what people tap to, which a log-normal weight around
120 bpm says (Parncutt 1994; Ellis 2007, equation 5). The path is the best one through all parts where a
change of tempo costs the square of its size (Viterbi).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nast_fx.analysis.onsets import FRAME_SECONDS

__all__ = ["TempoPath", "tempo_path"]

Array = NDArray[np.float64]

PART_FRAMES, STEP_FRAMES = 1024, 256  # 11.9 s and 3 s
SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
N_TEMPOS = 260  # 0.7 % apart
TEMPOS = np.geomspace(SLOWEST_BPM, FASTEST_BPM, N_TEMPOS)
MULTIPLES = np.array([1, 2, 3, 4, 5, 8])  # 8: two bars, which tell a beat from three quarters of one
BETWEEN_COST = 0.15  # of what repeats at halves or thirds between the multiples
USUAL_BPM, SPREAD_OCTAVES = 120.0, 1.0
CHANGE_COST = 100.0  # for a change by an octave from part to part; 3 % cost 0.2
SHARPNESS = 6.0  # of the fits against the cost
# An onset is spread, since tempos are not so fine, and players not so exact.
SPREAD = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
LEAST_OVERLAP = 0.25  # of a part; at longer lags too little is left to compare
LEAST_POWER = 5.0  # of a part in which something is heard; a steady beat has a hundred times that
BLOCK_PARTS = 64


@dataclass(frozen=True, eq=False)
class TempoPath:
    """Tempo over time.

    Attributes
    ----------
    bpm : ndarray, (part,) float64
    fit : ndarray, (part,) float64
        How well the part repeats at that tempo, up to 1.
    heard : ndarray, (part,) bool
        Whether anything begins in the part.
    """

    bpm: Array
    fit: Array
    heard: NDArray[np.bool_]

    def periods(self, n_frames: int) -> Array:
        """Beat period (frame,) in frames."""
        centers = np.arange(len(self.bpm)) * STEP_FRAMES
        return np.asarray(60 / FRAME_SECONDS / np.interp(np.arange(n_frames), centers, self.bpm))


def tempo_path(strength: Array) -> TempoPath:
    """Find the path of tempo through onset strength (frame,), whose RMS is about 1."""
    parts, inside = _cut(np.convolve(strength, SPREAD, mode="same")), _cut(np.ones(len(strength)))
    blocks = [
        _fits(parts[first : first + BLOCK_PARTS], inside[first : first + BLOCK_PARTS])
        for first in range(0, len(parts), BLOCK_PARTS)
    ]
    fits, between, power = (np.concatenate(column) for column in zip(*blocks, strict=True))
    usual = np.exp(-0.5 * (np.log2(TEMPOS / USUAL_BPM) / SPREAD_OCTAVES) ** 2)
    merits = np.maximum(fits - BETWEEN_COST * np.maximum(between, 0), 0) * usual
    path = _best_path(SHARPNESS * merits)
    return TempoPath(TEMPOS[path], fits[np.arange(len(path)), path], power > LEAST_POWER)


def _cut(curve: Array) -> Array:
    """Parts (part, frame) around every `STEP_FRAMES`-th frame, zero beyond the ends; views."""
    half = PART_FRAMES // 2
    views = np.lib.stride_tricks.sliding_window_view(np.pad(curve, half), PART_FRAMES)
    return np.asarray(views[::STEP_FRAMES])


def _fits(parts: Array, inside: Array) -> tuple[Array, Array, Array]:
    """What repeats at each tempo, and between (part, tempo); and the power (part,)."""
    means = parts.sum(axis=1) / inside.sum(axis=1)
    correlation = _autocorrelation((parts - means[:, None]) * inside)
    # Where the recording ends in a part, less of it overlaps.
    overlap = _autocorrelation(inside)
    overlap = np.maximum(overlap / overlap[:, :1], LEAST_OVERLAP)
    shares = correlation / np.maximum(correlation[:, :1], LEAST_POWER) / overlap
    periods = (60 / FRAME_SECONDS / TEMPOS)[:, None]
    thirds = np.sort(np.concatenate([MULTIPLES - 1 / 3, MULTIPLES - 2 / 3]))
    fits, halves, triplets = (
        _mean_at(shares, periods * multiples) for multiples in (MULTIPLES, MULTIPLES - 0.5, thirds)
    )
    return fits, np.maximum(halves, triplets), correlation[:, 0]


def _mean_at(shares: Array, lags: Array) -> Array:
    """Mean (part, tempo) over the multiples of `shares` (part, lag) at `lags` (tempo, multiple)."""
    whole = np.minimum(lags.astype(int), PART_FRAMES - 2)
    rest = np.minimum(lags - whole, 1)
    return np.asarray(((1 - rest) * shares[:, whole] + rest * shares[:, whole + 1]).mean(axis=2))


def _autocorrelation(parts: Array) -> Array:
    spectrum = np.fft.rfft(parts, 2 * PART_FRAMES, axis=1)
    return np.asarray(np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :PART_FRAMES])


def _best_path(gains: Array) -> NDArray[np.int64]:
    """State (part,) of the path with the largest sum of `gains` (part, state) less what changes cost."""
    octaves = np.log2(TEMPOS)
    costs = CHANGE_COST * (octaves[:, None] - octaves) ** 2
    totals = gains[0]
    origins = np.zeros(gains.shape, dtype=np.int64)
    for part in range(1, len(gains)):
        sums = totals - costs  # (to, from)
        origins[part] = sums.argmax(axis=1)
        totals = gains[part] + sums.max(axis=1)
    path = np.zeros(len(gains), dtype=np.int64)
    path[-1] = totals.argmax()
    for part in range(len(gains) - 1, 0, -1):
        path[part - 1] = origins[part, path[part]]
    return path
