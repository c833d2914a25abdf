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
MAX_TILES = 256  # at once: their transforms take 0.6 GB with 256 channels


def filter_spectrum(weight: Tensor) -> Tensor:
    """Transform filters (filter, channel, tap, tap) once: (frequency, filter, channel), complex."""
    spectrum: Tensor = torch.fft.rfft2(weight, s=(TILE, TILE)).conj()
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
    n_rows = values.shape[2] - size[0] + 1
    n_columns = values.shape[3] - (size[1] - 1) * step
    in_phases, n_each = _phases(values, n_columns, size[1], step)
    stride = TILE - size[0] + 1, TILE - size[1] + 1
    n_at_once = max(1, MAX_TILES // (-(-n_rows // stride[0]) * -(-n_each // stride[1])))
    parts = in_phases.split(n_at_once)  # type: ignore[no-untyped-call]
    made = torch.cat([_plain(part, spectrum, size, n_rows, n_each) for part in parts])
    made = made.reshape(len(values), step, *made.shape[1:]).permute(0, 2, 3, 4, 1)
    return made.flatten(3)[..., :n_columns]


def _phases(values: Tensor, n_columns: int, width: int, step: int) -> tuple[Tensor, int]:
    """Put every `step`-th column together (batch x phase, channel, row, column).

    Also gives how many columns come out of a phase.
    """
    n_each = -(-n_columns // step)
    needed = (n_each + width - 1) * step
    padded = functional.pad(values, (0, needed - values.shape[3]))
    split = padded.reshape(*values.shape[:3], -1, step)
    return split.permute(0, 4, 1, 2, 3).flatten(0, 1), n_each


def _plain(values: Tensor, spectrum: Tensor, size: tuple[int, int], n_rows: int, n_columns: int) -> Tensor:
    """Correlate with taps that are neighbors."""
    stride = TILE - size[0] + 1, TILE - size[1] + 1
    n_down, n_across = -(-n_rows // stride[0]), -(-n_columns // stride[1])
    needed = n_down * stride[0] + size[0] - 1, n_across * stride[1] + size[1] - 1
    padded = functional.pad(values, (0, needed[1] - values.shape[3], 0, needed[0] - values.shape[2]))
    tiles = padded.unfold(2, TILE, stride[0]).unfold(3, TILE, stride[1])
    bins = torch.fft.rfft2(tiles)  # (batch, channel, down, across, row, bin)
    columns = bins.permute(4, 5, 1, 0, 2, 3).flatten(3).flatten(0, 1)  # (frequency, channel, tile)
    products = torch.bmm(spectrum, columns)
    products = products.reshape(TILE, -1, products.shape[1], len(values), n_down, n_across)
    made: Tensor = torch.fft.irfft2(products.permute(3, 2, 4, 5, 0, 1), s=(TILE, TILE))
    made = made[..., : stride[0], : stride[1]].permute(0, 1, 2, 4, 3, 5)
    return made.flatten(4).flatten(2, 3)[:, :, :n_rows, :n_columns]
