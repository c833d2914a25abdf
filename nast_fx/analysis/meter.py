"""Power and peaks of a signal, hundredth of a second by hundredth, in one reading.

Blocks are filtered by multiplying their spectra (overlap-save): one transform forth, and one back for the
K weighting and for each of the three signals between the samples. What a block needs of its neighbors is
read again, so blocks know nothing of one another and memory does not grow with the signal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nast_fx.analysis.k_weighting import channel_weights, k_weighting
from nast_fx.analysis.true_peak import between_samples
from nast_fx.audio import AudioSource, check_samples
from nast_fx.errors import AudioFileError
from nast_fx.models.plan import MIN_RATE
from nast_fx.progress import Progress, Steps

__all__ = ["POINTS_A_SECOND", "Points", "measure_points"]

POINTS_A_SECOND = 100
SIDE_SECONDS = 0.08  # the response of the weighting has by then died by 160 dB, and is read on both sides
SIDES, LEAST_SIDES = 64, 8  # a block of one channel has so many, of many channels: more are faster
ROUNDING = 1e-12  # of a block's largest point: what is quieter is float32's error, not signal

Curve = npt.NDArray[np.float64]
Edges = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Points:
    """What is measured.

    Attributes
    ----------
    power : ndarray, (point,) float64
        Weighted sum over the channels of the mean square after K weighting.
    true_peaks, sample_peaks : ndarray, (point,) float64
        Largest magnitudes of any channel.
    """

    power: Curve
    true_peaks: Curve
    sample_peaks: Curve


def measure_points(source: AudioSource, name: str) -> Steps[Points]:
    """Measure a source point by point; point `k` is from ``k`` to ``k + 1`` hundredths of a second.

    Edges between points are rounded to frames, halves up. The last point is filled with silence.

    Raises
    ------
    AudioFileError
        There is no frame, a sample is not a number, or the sample rate is below 8 kHz.
    """
    if source.n_frames == 0:
        raise AudioFileError(f"{name}: holds no audio")
    if source.sample_rate < MIN_RATE:
        raise AudioFileError(
            f"{name}: has a sample rate of {source.sample_rate} Hz; loudness needs at least {MIN_RATE} Hz"
        )
    n_points = math.ceil(source.n_frames * POINTS_A_SECOND / source.sample_rate)
    meter = _Meter(source)
    blocks = []
    for first in range(0, n_points, meter.n_points):
        yield Progress("loudness", share=first / n_points)
        edges = _edges(first, min(first + meter.n_points, n_points), source.sample_rate)
        blocks.append(meter.measure(source, edges, name))
    return Points(*np.concatenate(blocks, axis=1))


class _Meter:
    """The filters for one rate and number of channels, and how many points a block has."""

    def __init__(self, source: AudioSource) -> None:
        rate, n_channels = source.sample_rate, source.n_channels
        self.n_side = math.ceil(SIDE_SECONDS * rate)
        whole = source.n_frames + 2 * self.n_side + math.ceil(rate / POINTS_A_SECOND)
        n_sides = max(SIDES // n_channels, LEAST_SIDES)
        self.n_fft = 1 << min(whole, n_sides * self.n_side).bit_length()
        self.n_points = (self.n_fft - 2 * self.n_side - 1) * POINTS_A_SECOND // rate
        weighting = torch.from_numpy(k_weighting(rate, self.n_fft))
        between = torch.from_numpy(between_samples(self.n_fft))
        self._responses = torch.cat([weighting[None], between]).to(torch.complex64)[:, None]
        self._weights = torch.from_numpy(channel_weights(n_channels)).float()
        # One set for all blocks: to get so much from the system anew takes longer than to fill it.
        shape = (len(self._responses), n_channels)
        self._spectra = torch.empty(*shape, self.n_fft // 2 + 1, dtype=torch.complex64)
        self._signals = torch.empty(*shape, self.n_fft)

    def measure(self, source: AudioSource, edges: Edges, name: str) -> Curve:
        """Measure the points between `edges` (point + 1,): power, true and sample peaks (3, point)."""
        block = torch.from_numpy(source.read(int(edges[0]) - self.n_side, self.n_fft))
        largest = max(float(block.max()), -float(block.min()))
        if not math.isfinite(largest):
            check_samples(source, name)  # says where
        if largest == 0:
            return np.zeros((3, len(edges) - 1))
        # By a power of two, so that nothing is rounded; squares then stay in float32's range.
        scale = 2.0 ** (math.frexp(largest)[1] - 1)
        block /= scale
        self._filter(block)
        own = slice(self.n_side, self.n_side + int(edges[-1] - edges[0]))
        starts = edges[:-1] - edges[0]
        square = self._weights @ self._signals[0, :, own].square_()
        power = np.add.reduceat(square.numpy(), starts, dtype=np.float64) / np.diff(edges)
        power[power < ROUNDING * power.max()] = 0
        samples = block[:, own].abs_().amax(dim=0)
        between = self._signals[1:, :, own].abs_().amax(dim=(0, 1))
        peaks = [_peaks(curve, starts) for curve in (torch.maximum(between, samples), samples)]
        return np.stack([power * scale**2, *(curve * scale for curve in peaks)])

    def _filter(self, block: Tensor) -> None:
        """Fill `_signals` (response, channel, frame) from a block (channel, frame)."""
        torch.mul(torch.fft.rfft(block), self._responses, out=self._spectra)
        torch.fft.irfft(self._spectra, out=self._signals)


def _peaks(magnitudes: Tensor, starts: Edges) -> Curve:
    return np.maximum.reduceat(magnitudes.numpy(), starts).astype(np.float64)


def _edges(first: int, last: int, sample_rate: int) -> Edges:
    points = np.arange(first, last + 1, dtype=np.int64)
    return (2 * points * sample_rate + POINTS_A_SECOND) // (2 * POINTS_A_SECOND)
