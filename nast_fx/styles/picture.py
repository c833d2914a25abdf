"""The picture of a style: its runs side by side, log frequency, 60 dB, as a small PNG with a palette."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nast_fx.styles.style import MAX_PICTURE_BYTES, Magnitudes

__all__ = ["style_picture"]

N_ROWS, N_COLUMNS = 120, 360  # pixels
GAP_COLUMNS = 2
LOWEST_HZ = 40.0
RANGE_DB = 60.0
N_COLORS = (48, 24, 12)  # fewer where the file would be too large
# Colors from quiet to loud, after matplotlib's magma.
COLORS = ((0, 0, 4), (59, 15, 112), (140, 41, 129), (222, 73, 104), (254, 159, 109), (252, 253, 191))

Levels = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]


def style_picture(runs: Sequence[Magnitudes], sample_rate: int) -> bytes:
    """Draw the first part of `runs`, (part, bin, frame) linear magnitudes, as a PNG of at most 30 kB."""
    n_each = max(1, (N_COLUMNS + GAP_COLUMNS) // len(runs) - GAP_COLUMNS)
    panels = [_panel(run[0].astype(np.float64), sample_rate, n_each) for run in runs]
    loudest = max(panel.max() for panel in panels)
    gap = np.full((N_ROWS, GAP_COLUMNS), -np.inf)
    strip = np.concatenate([piece for panel in panels for piece in (panel, gap)][:-1], axis=1)
    shade = np.clip(1 + (strip[::-1] - loudest) / RANGE_DB, 0, 1)
    for n_colors in N_COLORS:
        picture = _png(np.round(shade * (n_colors - 1)).astype(np.uint8), n_colors)
        if len(picture) <= MAX_PICTURE_BYTES:
            break
    return picture


def _panel(magnitude: Levels, sample_rate: int, n_columns: int) -> Levels:
    """Level in dB (row, column) of magnitudes (bin, frame), from `LOWEST_HZ` up, evenly in log frequency."""
    bins = np.geomspace(LOWEST_HZ, sample_rate / 2, N_ROWS) / (sample_rate / 2) * (len(magnitude) - 1)
    columns = (np.arange(n_columns) + 0.5) / n_columns * magnitude.shape[1] - 0.5
    rows = np.stack([np.interp(bins, np.arange(len(magnitude)), frame) for frame in magnitude.T], axis=1)
    nearest = np.clip(columns.round().astype(int), 0, magnitude.shape[1] - 1)
    return np.asarray(20 * np.log10(np.maximum(rows[:, nearest], 1e-12)))


def _png(pixels: Pixels, n_colors: int) -> bytes:
    """Encode pixels (row, column), each the number of a color, as in ISO/IEC 15948."""
    stops = np.linspace(0, 1, len(COLORS))
    at = np.linspace(0, 1, n_colors)
    palette = np.stack([np.interp(at, stops, [color[i] for color in COLORS]) for i in range(3)], axis=1)
    height, width = pixels.shape
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.round().astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)
