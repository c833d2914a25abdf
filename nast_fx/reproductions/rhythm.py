"""Is a rhythm that of another recording? The figures of Barry & Kim 2018, section 4.1.

    interval divergence     KL(source || texture) of the distributions of inter-onset intervals
    local autocorrelation   mean over windows of the onset curve's autocorrelation, 1 at lag 0

The paper's bins are not given. Here the distribution is a histogram of 23 ms bins up to 2 s, spread by a
Gaussian of one bin, with a hundredth of its mass everywhere: a few dozen intervals leave most bins empty,
and one of them must not make the divergence infinite.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nast_fx.evaluate.features import Signal
from nast_fx.reproductions.onsets import CURVE_RATE, onset_curve, onset_times

__all__ = [
    "autocorrelation_agreement",
    "interval_distribution",
    "interval_divergence",
    "local_autocorrelation",
]

Array = NDArray[np.float64]

LONGEST_SECONDS = 2.0
BIN_SECONDS = 1 / CURVE_RATE
EVERYWHERE = 0.01
WINDOW_SECONDS = 4.0


def interval_distribution(times: Array) -> Array:
    """Share of each bin (bin,) among the intervals between onset times (onset,); all alike if none."""
    edges = (np.arange(round(LONGEST_SECONDS / BIN_SECONDS) + 1) + 0.5) * BIN_SECONDS
    # What lasts longer than the last bin is counted there: a long rest is information too.
    intervals = np.clip(np.diff(times), edges[0], edges[-1] - 1e-9)
    counts = np.histogram(intervals, edges)[0].astype(np.float64)
    if counts.sum() == 0:
        return np.full(counts.size, 1 / counts.size)
    kernel = np.exp(-0.5 * np.arange(-3, 4) ** 2)
    spread = np.convolve(counts, kernel, mode="same")
    return np.asarray((1 - EVERYWHERE) * spread / spread.sum() + EVERYWHERE / spread.size)


def interval_divergence(source: Signal, texture: Signal) -> float:
    """Kullback-Leibler divergence in nats of a texture's intervals from its source's, at least 0."""
    wanted, given = (interval_distribution(onset_times(signal)) for signal in (source, texture))
    return float((wanted * np.log(wanted / given)).sum())


def local_autocorrelation(signal: Signal) -> Array:
    """Mean autocorrelation (lag,) of the onset curve over windows of 4 s, lags of 23 ms up to 2 s."""
    curve = onset_curve(signal)
    n_window = min(round(WINDOW_SECONDS * CURVE_RATE), curve.size)
    n_lags = min(round(LONGEST_SECONDS * CURVE_RATE), n_window)
    starts = range(0, max(1, curve.size - n_window + 1), max(1, n_window // 8))
    windows: Array = np.stack([curve[start : start + n_window] for start in starts])
    # Without its mean, else every curve that is never 0 would look periodic at any lag.
    windows = (windows - windows.mean(axis=1)[:, None]) * np.hanning(n_window)
    power: Array = np.abs(np.fft.rfft(windows, 2 * n_window, axis=1)) ** 2
    correlation: Array = np.fft.irfft(power, axis=1)[:, :n_lags]
    heard = np.flatnonzero(correlation[:, 0] > 0)
    if not heard.size:
        return np.zeros(n_lags)
    shares: Array = correlation[heard] / correlation[heard, :1]
    return np.asarray(shares.mean(axis=0))


def autocorrelation_agreement(source: Signal, texture: Signal) -> float:
    """Correlation -1 ... 1 of two mean local autocorrelations, beyond lags of 0.1 s."""
    first, second = local_autocorrelation(source), local_autocorrelation(texture)
    near, n_lags = round(0.1 * CURVE_RATE), min(first.size, second.size)
    one, other = (curve[near:n_lags] - curve[near:n_lags].mean() for curve in (first, second))
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / norm if norm > 0 else 0.0
