"""Tuning: how far the notes of a recording are from A = 440 Hz, in cents.

Every peak of the spectrum, interpolated between bins, is so many cents above the nearest equal-tempered
note. On the circle of 100 cents the peaks of tuned music crowd around one place; those of noise, speech
and rain are anywhere. The place is the mode of that histogram, refined by the circular mean near it: the
mean of all would be drawn away by fifth and seventh partials, which are 14 and 31 cents flat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from nast_fx.audio import AudioSource
from nast_fx.progress import Progress, Steps

__all__ = ["Tuning", "measure_tuning"]

WINDOW_SECONDS = 0.37  # a Hann window's lobe is then 11 Hz wide: half a tone at 180 Hz
F_MIN, F_MAX = 180.0, 1800.0  # Hz
EXCERPT_SECONDS, N_EXCERPTS = 8.0, 30  # of a longer recording these are enough, spread over all of it
RANGE = 1e-3  # of the excerpt's largest magnitude: weaker peaks are left out
PROMINENCE = 4.0  # of a peak over the median of its frame
NOTHING = 1e-12  # magnitude; logarithms end there
NEAR_CENTS = 12.0  # width of the histogram's kernel, and how far from its mode the mean reaches
FEWEST_PEAKS = 20
LEAST_CONCENTRATION = 0.12  # noise has 0.05, most music more than 0.3

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tuning:
    """Where a recording's notes are.

    Attributes
    ----------
    cents : float or None
        Above A = 440 Hz, -50 ... 50; None where peaks are anywhere.
    concentration : float
        How closely peaks keep to that, 0 (anywhere) ... 1 (exactly).
    """

    cents: float | None
    concentration: float


def measure_tuning(mono: AudioSource) -> Steps[Tuning]:
    """Measure the tuning of a source of one channel, on excerpts of 4 minutes in all."""
    weights, angles = [], []
    for start, n_frames in _excerpts(mono):
        yield Progress("tuning")
        cents, magnitudes = _peaks(mono.read(start, n_frames)[0], mono.sample_rate)
        angles.append(cents * (2 * np.pi / 100))
        weights.append(magnitudes)
    return _crowd(np.concatenate(angles), np.sqrt(np.concatenate(weights)))


def _excerpts(mono: AudioSource) -> Iterator[tuple[int, int]]:
    """First frames and lengths: the whole, or parts that are evenly spread."""
    length = round(EXCERPT_SECONDS * mono.sample_rate)
    n_excerpts = min(N_EXCERPTS, max(1, mono.n_frames // length))
    step = mono.n_frames / n_excerpts
    for index in range(n_excerpts):
        yield round(index * step + max(0.0, step - length) / 2), min(length, mono.n_frames)


def _peaks(samples: npt.NDArray[np.float32], sample_rate: int) -> tuple[Array, Array]:
    """Cents (peak,) above the nearest note, and magnitudes (peak,)."""
    n_fft = 1 << round(np.log2(WINDOW_SECONDS * sample_rate))
    padded = np.pad(samples, (0, max(0, n_fft - len(samples))))
    window = torch.hann_window(n_fft)
    frames = torch.from_numpy(padded).unfold(0, n_fft, n_fft // 2) * window
    low, high = (int(hz * n_fft / sample_rate) for hz in (F_MIN, F_MAX))
    bins = torch.fft.rfft(frames)[:, low : high + 1].abs().double().numpy()
    inner = bins[:, 1:-1]
    floor = np.maximum(PROMINENCE * np.median(inner, axis=1, keepdims=True), RANGE * inner.max(initial=0))
    is_peak = (inner > bins[:, :-2]) & (inner >= bins[:, 2:]) & (inner > np.maximum(floor, NOTHING))
    row, column = np.nonzero(is_peak)
    before, peak, after = (np.log(bins[row, column + shift].clip(NOTHING)) for shift in range(3))
    offset = 0.5 * (before - after) / (before - 2 * peak + after)  # the parabola through the logarithms
    frequency = (column + 1 + low + offset) * sample_rate / n_fft
    return 1200 * np.log2(frequency / 440) % 100, inner[row, column]


def _crowd(angles: Array, weights: Array) -> Tuning:
    """Find the mode of angles (peak,) on the circle, and the mean around it."""
    if len(angles) < FEWEST_PEAKS:
        return Tuning(None, 0.0)
    places = np.linspace(-np.pi, np.pi, 200, endpoint=False)
    histogram, _ = np.histogram(np.angle(np.exp(1j * angles)), 200, (-np.pi, np.pi), weights=weights)
    sharpness = (100 / (2 * np.pi * NEAR_CENTS)) ** 2
    kernel = np.exp(sharpness * (np.cos(places) - 1))
    smooth = np.fft.irfft(np.fft.rfft(histogram) * np.fft.rfft(np.fft.ifftshift(kernel)), 200)
    mode = places[int(smooth.argmax())] + np.pi / 200
    aside = np.angle(np.exp(1j * (angles - mode)))
    near = np.abs(aside) < 2 * np.pi * NEAR_CENTS / 100
    exact = mode + np.sum(weights * near * aside) / np.sum(weights * near)
    concentration = float(np.sum(weights * np.cos(angles - exact)) / weights.sum())
    if concentration < LEAST_CONCENTRATION:
        return Tuning(None, max(0.0, concentration))
    cents = float(np.angle(np.exp(1j * exact)) * 100 / (2 * np.pi))
    return Tuning(cents, concentration)
