"""Loudness after ITU-R BS.1770-5 and EBU R 128: its curves, and the figures that follow from them.

A point is 10 ms. Its power P is the K-weighted mean square of the channels, summed with their weights;
the loudness of a stretch of time is

    L = -0.691 + 10 log10(mean of P)   in LUFS

- momentary and short-term (EBU Tech 3341): over the last 0.4 s and 3 s.
- integrated (BS.1770-5, annex 1): over blocks of 0.4 s, one every 0.1 s; first only those above -70 LUFS,
  then only those above 10 LU below the loudness of the first.
- range (EBU Tech 3342): from the 10th to the 95th percentile of short-term loudness, one every 0.1 s, above
  -70 LUFS and above 20 LU below the loudness of all those.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.meter import POINTS_A_SECOND, measure_points
from nast_fx.audio import AudioSource
from nast_fx.progress import Steps

__all__ = ["POINT_SECONDS", "Loudness", "lufs", "measure_loudness"]

POINT_SECONDS = 1 / POINTS_A_SECOND
FIGURES = (
    "integrated_lufs",
    "range_lu",
    "momentary_max_lufs",
    "short_term_max_lufs",
    "true_peak_dbtp",
    "sample_peak_dbfs",
)
MOMENTARY, SHORT_TERM, HOP = 40, 300, 10  # points
OFFSET_DB = -0.691  # a sine of 997 Hz at full scale in one channel reads -3.01 LUFS
ABSOLUTE_GATE = -70.0  # LUFS
RELATIVE_GATE, RANGE_GATE = -10.0, -20.0  # LU
RANGE_PERCENTILES = (10, 95)

Curve = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Loudness:
    """How loud a signal is, over time and as a whole; made by `measure_loudness`.

    Every figure is None where the standards define none; `notes` then says why.

    Attributes
    ----------
    power : ndarray, (point,) float64
        K-weighted mean square of all channels. Point `k` is from ``k`` to ``k + 1`` hundredths of a second;
        behind the signal's end there is silence.
    true_peaks, sample_peaks : ndarray, (point,) float64
        Largest magnitude of any channel, at four times the rate and of the samples; full scale is 1.
    seconds : float
        Length of the signal.
    """

    power: Curve
    true_peaks: Curve
    sample_peaks: Curve
    seconds: float

    @cached_property
    def momentary(self) -> Curve:
        """Loudness (point,) in LUFS of the 0.4 s that end with the point.

        -inf where there is silence, and where the signal has not been going on for 0.4 s.
        """
        return _ending_at(self.power, MOMENTARY)

    @cached_property
    def short_term(self) -> Curve:
        """Loudness (point,) in LUFS of the 3 s that end with the point; -inf as in `momentary`."""
        return _ending_at(self.power, SHORT_TERM)

    @cached_property
    def integrated_lufs(self) -> float | None:
        """Gated loudness of the whole; None if it is shorter than 0.4 s or nowhere above -70 LUFS."""
        blocks = _windows(self.power, MOMENTARY)[::HOP]
        blocks = _above(blocks, _power(ABSOLUTE_GATE))
        if not len(blocks):
            return None
        return float(lufs(_above(blocks, blocks.mean() * 10 ** (RELATIVE_GATE / 10)).mean()))

    @cached_property
    def range_lu(self) -> float | None:
        """Loudness range; None if it is shorter than 3 s or nowhere above -70 LUFS."""
        blocks = _windows(self.power, SHORT_TERM)[::HOP]
        blocks = _above(blocks, _power(ABSOLUTE_GATE))
        if not len(blocks):
            return None
        levels = lufs(_above(blocks, blocks.mean() * 10 ** (RANGE_GATE / 10)))
        low, high = np.percentile(levels, RANGE_PERCENTILES, method="nearest")
        return float(high - low)

    @property
    def momentary_max_lufs(self) -> float | None:
        """Largest momentary loudness; None if it is shorter than 0.4 s or silent."""
        return _largest(self.momentary)

    @property
    def short_term_max_lufs(self) -> float | None:
        """Largest short-term loudness; None if it is shorter than 3 s or silent."""
        return _largest(self.short_term)

    @property
    def true_peak_dbtp(self) -> float | None:
        """Largest true peak in dB of full scale; None if it is silent."""
        return _largest(_db(self.true_peaks))

    @property
    def sample_peak_dbfs(self) -> float | None:
        """Largest sample in dB of full scale; None if it is silent."""
        return _largest(_db(self.sample_peaks))

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for what is missing, and why."""
        if self.sample_peak_dbfs is None:
            return ("It is silent: it has no loudness and no peak.",)
        if len(self.power) < MOMENTARY:
            return (f"It lasts {self.seconds:.2f} s; loudness is only defined from 0.4 s on.",)
        if self.momentary_max_lufs is None:
            return ("Nothing of it can be heard: it has peaks, but no loudness.",)
        if self.integrated_lufs is None:
            return ("It is nowhere louder than -70 LUFS, so it has no integrated loudness and no range.",)
        if len(self.power) < SHORT_TERM:
            return (
                f"It lasts {self.seconds:.2f} s; short-term loudness and range are only defined from 3 s on.",
            )
        if self.range_lu is None:
            return ("Its short-term loudness is nowhere above -70 LUFS, so it has no range.",)
        return ()

    @property
    def figures(self) -> dict[str, float | None]:
        """All figures by their names."""
        return {name: getattr(self, name) for name in FIGURES}

    def with_gains(self, gains: Curve) -> Loudness:
        """Predict the loudness after a gain (point,) that varies slowly; full scale stays where it is."""
        return replace(
            self,
            power=self.power * gains**2,
            true_peaks=self.true_peaks * np.abs(gains),
            sample_peaks=self.sample_peaks * np.abs(gains),
        )


def measure_loudness(source: AudioSource, name: str = "the signal") -> Steps[Loudness]:
    """Measure a source in one reading, in bounded memory.

    Parameters
    ----------
    source : AudioSource
        At least 8 kHz; channels in the order of a WAV file (see `k_weighting`).
    name : str
        What messages call it.

    Raises
    ------
    AudioFileError
        There is no frame, a sample is not a number, or the sample rate is below 8 kHz.
    """
    points = yield from measure_points(source, name)
    return Loudness(
        points.power, points.true_peaks, points.sample_peaks, source.n_frames / source.sample_rate
    )


def lufs(power: npt.ArrayLike) -> Curve:
    """Turn power into LUFS; none is -inf."""
    with np.errstate(divide="ignore"):
        return np.asarray(OFFSET_DB + 10 * np.log10(power))


def _power(level: float) -> float:
    return float(10 ** ((level - OFFSET_DB) / 10))


def _windows(power: Curve, n_points: int) -> Curve:
    """Give the mean of every `n_points` points in a row; nothing if there are not so many.

    Sums, not differences of a running sum: after an hour of music those would be no silence.
    """
    if len(power) < n_points:
        return np.zeros(0)
    means: Curve = np.lib.stride_tricks.sliding_window_view(power, n_points).mean(axis=1)
    return means


def _ending_at(power: Curve, n_points: int) -> Curve:
    curve = np.full(len(power), -np.inf)
    curve[n_points - 1 :] = lufs(_windows(power, n_points))
    return curve


def _above(blocks: Curve, threshold: float) -> Curve:
    return blocks[blocks > threshold]


def _db(magnitudes: Curve) -> Curve:
    with np.errstate(divide="ignore"):
        return np.asarray(20 * np.log10(magnitudes))


def _largest(curve: Curve) -> float | None:
    largest = float(curve.max(initial=-np.inf))
    return largest if np.isfinite(largest) else None
