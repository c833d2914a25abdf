"""Least and largest sample of each column of a waveform, from a file that may still grow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from nast_fx.errors import AudioFileError

from ..translation import gettext as _

__all__ = ["COARSE", "Peaks"]

COARSE = 32  # columns that are one where a whole hour is seen

Columns = npt.NDArray[np.float32]


class Peaks:
    """Columns of a file of float32 numbers (column, channel, 2: least and largest).

    Parameters
    ----------
    path : Path
        Written by the worker's job ``peaks``.
    n_channels : int
    columns_per_second : float
    """

    def __init__(self, path: Path, n_channels: int, columns_per_second: float) -> None:
        self.n_channels = n_channels
        self.columns_per_second = columns_per_second
        self._path = path
        self._fine: Columns = np.zeros((0, n_channels, 2), np.float32)
        self._coarse: Columns = np.zeros((0, n_channels, 2), np.float32)
        self._n_coarse = 0

    @property
    def n_columns(self) -> int:
        """Columns that are there."""
        return len(self._fine)

    @property
    def seconds(self) -> float:
        """Length of what is there."""
        return self.n_columns / self.columns_per_second

    def grow(self, n_columns: int) -> None:
        """Take columns that have been written, up to number `n_columns`.

        Raises
        ------
        AudioFileError
            They are not there.
        """
        if n_columns <= self.n_columns:
            return
        shape = (n_columns, self.n_channels, 2)
        try:
            self._fine = np.memmap(self._path, np.float32, mode="r", shape=shape)
        except (OSError, ValueError):
            raise AudioFileError(_("the waveform's temporary file cannot be read")) from None
        self._thin()

    def span(self, edges: npt.NDArray[np.float64]) -> tuple[Columns, Columns]:
        """Give least and largest samples, each (channel, len(edges) - 1), between neighboring times.

        Parameters
        ----------
        edges : ndarray, (edge,) float64
            Seconds, ascending, in equal steps. Where nothing is known yet, both are 0.
        """
        at = edges * self.columns_per_second
        columns = self._fine
        if at[1] - at[0] >= COARSE and self._n_coarse:
            at, columns = at / COARSE, self._coarse[: self._n_coarse]
        n_pixels = len(edges) - 1
        low = np.zeros((self.n_channels, n_pixels), np.float32)
        high = np.zeros_like(low)
        known = int(np.searchsorted(at[:-1], len(columns)))  # pixels that begin inside of what is there
        if known:
            parts = _between(columns, at[: known + 1])
            low[:, :known], high[:, :known] = parts[..., 0].T, parts[..., 1].T
        return low, high

    def close(self) -> None:
        """Let go of the file, which can then be removed on Windows too."""
        self._fine = np.zeros((0, self.n_channels, 2), np.float32)

    def _thin(self) -> None:
        """Join each `COARSE` new columns to one."""
        n_whole = self.n_columns // COARSE
        if n_whole > len(self._coarse):
            room = np.zeros((2 * n_whole, self.n_channels, 2), np.float32)
            room[: self._n_coarse] = self._coarse[: self._n_coarse]
            self._coarse = room
        new = self._fine[self._n_coarse * COARSE : n_whole * COARSE]
        new = new.reshape(-1, COARSE, self.n_channels, 2)
        self._coarse[self._n_coarse : n_whole, :, 0] = new[..., 0].min(axis=1)
        self._coarse[self._n_coarse : n_whole, :, 1] = new[..., 1].max(axis=1)
        self._n_coarse = n_whole


def _between(columns: Columns, at: npt.NDArray[np.float64]) -> Columns:
    """Join the columns from each place to the next: (pixel, channel, 2)."""
    if at[1] - at[0] < 1:  # fewer columns than pixels: a line through their middles
        middles = np.clip((at[:-1] + at[1:]) / 2 - 0.5, 0, len(columns) - 1)
        left = middles.astype(np.intp)
        right = np.minimum(left + 1, len(columns) - 1)
        share = (middles - left)[:, None, None].astype(np.float32)
        return np.asarray(columns[left] * (1 - share) + columns[right] * share)
    first = int(at[0])
    part = np.asarray(columns[first : max(int(np.ceil(at[-1])), first + 1)])
    begins = np.minimum(at[:-1].astype(np.intp) - first, len(part) - 1)
    joined = np.empty((len(begins), *part.shape[1:]), np.float32)
    joined[..., 0] = np.minimum.reduceat(part[..., 0], begins)
    joined[..., 1] = np.maximum.reduceat(part[..., 1], begins)
    return joined
