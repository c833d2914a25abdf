"""Convolution with many channels and large filters, by transforms of tiles.

256 filters of 11 x 11 over 256 channels cost 8 million products a position; a row of ten seconds has
30 000 positions. In the frequency domain a filter of k x k taps is one product a frequency:

    tiles of T x T, T - k + 1 apart -> FFT -> a (filter x channel) matrix a frequency -> inverse FFT

of which the first (T - k + 1) x (T - k + 1) places are the correlation (overlap-save). With T = 32 and
k = 11 that is a twentieth of the products. Taps d frames apart see every d-th frame only, so a dilated
convolution is d plain ones, each on a phase of its own.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["filter_spectrum", "tiled_convolution"]

TILE = 32


def filter_spectrum(weight: Tensor) -> Tensor:
    """Transform filters (filter, channel, tap, tap) once: (frequency, filter, channel), complex."""
    spectrum = torch.fft.rfft2(weight, s=(TILE, TILE)).conj()
    return spectrum.flatten(2).permute(2, 0, 1).resolve_conj().contiguous()


def tiled_convolution(values: Tensor, spectrum: Tensor, size: tuple[int, int], step: int = 1) -> Tensor:
    """Correlate maps with filters, as ``conv2d`` without padding does.

    Parameters
    ----------
    values : Tensor (batch, channel, row, column)
    spectrum : Tensor (frequency, filter, channel)
        From `filter_spectrum`.
    size : (int, int)
        Taps of a filter, at most 16 in each direction.
    step : int
        Distance of the taps along columns.

    Returns
    -------
    Tensor (batch, filter, row - size + 1, column - (size - 1) step)
    """
    n_batch, n_channels, n_rows, n_columns = values.shape
    n_rows -= size[0] - 1
    n_columns -= (size[1] - 1) * step
    in_phases, n_each = _phases(values, n_columns, size[1], step)
    made = _plain(in_phases, spectrum, size, n_rows, n_each)
    made = made.unflatten(0, (n_batch, step)).permute(0, 2, 3, 4, 1)
    return made.flatten(3)[..., :n_columns]


def _phases(values: Tensor, n_columns: int, width: int, step: int) -> tuple[Tensor, int]:
    """Put every `step`-th column together (batch x phase, channel, row, column), and count a phase's outputs."""
    n_each = -(-n_columns // step)
    needed = (n_each + width - 1) * step
    padded = functional.pad(values, (0, needed - values.shape[3]))
    return padded.unflatten(3, (-1, step)).permute(0, 4, 1, 2, 3).flatten(0, 1), n_each


def _plain(values: Tensor, spectrum: Tensor, size: tuple[int, int], n_rows: int, n_columns: int) -> Tensor:
    """Correlate with taps that are neighbors."""
    stride = TILE - size[0] + 1, TILE - size[1] + 1
    n_down, n_across = -(-n_rows // stride[0]), -(-n_columns // stride[1])
    needed = n_down * stride[0] + size[0] - 1, n_across * stride[1] + size[1] - 1
    padded = functional.pad(values, (0, needed[1] - values.shape[3], 0, needed[0] - values.shape[2]))
    tiles = padded.unfold(2, TILE, stride[0]).unfold(3, TILE, stride[1])
    bins = torch.fft.rfft2(tiles)  # (batch, channel, down, across, row, bin)
    shape = len(values), n_down, n_across
    columns = bins.permute(4, 5, 1, 0, 2, 3).flatten(3).flatten(0, 1)  # (frequency, channel, tile)
    products = torch.bmm(spectrum, columns).unflatten(2, shape).unflatten(0, (TILE, -1))
    made = torch.fft.irfft2(products.permute(3, 2, 4, 5, 0, 1), s=(TILE, TILE))
    made = made[..., : stride[0], : stride[1]].permute(0, 1, 2, 4, 3, 5)
    return made.flatten(4).flatten(2, 3)[:, :, :n_rows, :n_columns]
