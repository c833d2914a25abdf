"""Stand in for the worker: the files that its jobs ``peaks`` and ``spectrogram`` write."""

from __future__ import annotations

from pathlib import Path

import numpy as np

RATE = 100.0


def peaks_of(samples: np.ndarray, sample_rate: int, rate: float = RATE) -> np.ndarray:
    """Least and largest sample (column, channel, 2) of samples (channel, frame)."""
    each = round(sample_rate / rate)
    n_columns = samples.shape[1] // each
    parts = samples[:, : n_columns * each].reshape(len(samples), n_columns, each)
    return np.stack([parts.min(axis=2), parts.max(axis=2)], axis=2).transpose(1, 0, 2).astype(np.float32)


def write_peaks(path: Path, columns: np.ndarray) -> None:
    """Append columns to a file."""
    with path.open("ab") as file:
        file.write(np.ascontiguousarray(columns, np.float32).tobytes())


def hour_of_peaks() -> np.ndarray:
    """Peaks (column, channel, 2) of an hour of stereo that swells and fades."""
    rng = np.random.default_rng(0)
    n_columns = round(3600 * RATE)
    swell = 0.5 + 0.45 * np.sin(np.arange(n_columns) / 900)[:, None]
    high = rng.random((n_columns, 2)) * swell
    return np.stack([-high * rng.random((n_columns, 2)), high], axis=2).astype(np.float32)


def write_picture(path: Path, n_rows: int, n_columns: int) -> np.ndarray:
    """Write levels (row, column): they rise to the right and to the last row, the bass."""
    rows, columns = np.linspace(0.3, 1, n_rows)[:, None], np.linspace(0, 1, n_columns)
    levels = np.round(255 * rows * columns).astype(np.uint8)
    np.save(path, levels)
    return levels
