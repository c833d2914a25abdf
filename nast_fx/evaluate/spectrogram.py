"""The spectrogram that a reader sees: log frequency, decibels, a size that fits a page.

A row averages the power in its band, or in one bin's width around it where that is wider, so that the
lowest notes are interpolated and no partial between two rows is lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nast_fx.audio import Audio
from nast_fx.evaluate.features import magnitude_chunks

__all__ = ["F_MIN", "log_spectrogram"]

Array = NDArray[np.float64]

F_MIN = 40.0
"""Lowest frequency shown, in Hz."""
N_ROWS = 320
N_COLUMNS = 1000
WINDOW_SECONDS = 0.093


def log_spectrogram(audio: Audio, f_max: float) -> Array:
    """Level in dB (320 rows, at most 1000 columns), log-spaced from 40 Hz to `f_max`.

    The recording is mixed to mono and brought to one RMS; 0 dB is arbitrary. A column holds the mean
    power of its stretch of time, so that a long file keeps its short sounds and costs no memory.
    """
    mono = audio.samples.mean(axis=0, dtype=np.float32)
    mono = np.nan_to_num(mono, posinf=0.0, neginf=0.0)
    mono = mono / max(float(np.sqrt(np.mean(mono**2))) if mono.size else 0.0, 1e-9)
    n_fft = 2 ** round(np.log2(WINDOW_SECONDS * audio.sample_rate))
    hop_length = max(1, min(n_fft // 8, max(mono.size // N_COLUMNS, n_fft // 32)))
    mono = np.pad(mono, (0, max(0, n_fft - mono.size)))
    n_frames = mono.size // hop_length + 1
    n_columns = min(N_COLUMNS, n_frames)
    power = np.zeros((n_fft // 2 + 1, n_columns))
    start = 0
    for magnitude in magnitude_chunks(mono, n_fft=n_fft, hop_length=hop_length):
        columns = (start + np.arange(magnitude.shape[1])) * n_columns // n_frames
        first = np.flatnonzero(np.diff(columns, prepend=-1))
        power[:, columns[first]] += np.add.reduceat(magnitude.square().double().numpy(), first, axis=1)
        start += magnitude.shape[1]
    counts = np.bincount(np.arange(n_frames) * n_columns // n_frames)
    rows = _log_rows(n_fft, audio.sample_rate, f_max) @ (power / counts)
    return np.asarray(10 * np.log10(np.maximum(rows / n_fft**2, 1e-20)))


def _log_rows(n_fft: int, sample_rate: int, f_max: float) -> Array:
    """Averages (row, bin): each row's band, or one bin's width around it where that is wider."""
    width = sample_rate / n_fft
    edges = np.geomspace(F_MIN, f_max, N_ROWS + 1)
    center = np.sqrt(edges[1:] * edges[:-1])[:, None]
    half = np.maximum(np.diff(edges), width)[:, None] / 2
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)[None]
    overlap = np.minimum(center + half, bins + width / 2) - np.maximum(center - half, bins - width / 2)
    return np.asarray(np.clip(overlap, 0, None) / (2 * half))
