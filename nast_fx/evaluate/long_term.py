"""Long-term spectra: the mean power of a sound at each frequency, smoothed over a sixth of an octave.

    D(f) = mean over f' of P(f') from f 2^(-1/12) to f 2^(1/12),  P(f) = mean over t of |X(f, t)|^2

A bin of the transform counts as a stretch of even density as wide as bins are apart, so that a band may begin
and end anywhere, and be narrower than a bin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nast_fx.audio import AudioSource
from nast_fx.progress import Progress, Steps
from nast_fx.render.sources import Part
from nast_fx.styles.sound import StyleSource

__all__ = ["BAND_POINTS", "GRID", "LongTerm", "learnt_spectrum", "long_term", "pink"]

Array = NDArray[np.float64]

LOWEST_HZ = 20.0
GRID: Array = LOWEST_HZ * 2 ** (np.arange(24 * 13 + 1) / 24)  # to 164 kHz
HALF_BAND = 2 ** (1 / 12)  # half of a sixth of an octave
BAND_POINTS = 5  # of the grid in a band
WINDOW_SECONDS = 16_384 / 44_100  # bins of 2.7 Hz
USED_BAND = 0.95  # of half the rate: above it there is a filter's slope and no sound
LARGEST_GAP_DB = 100.0
"""Below its own peak by more than this a spectrum counts as this much: no endless gain."""
BLOCK_WINDOWS = 16


@dataclass(frozen=True, eq=False)
class LongTerm:
    """A long-term spectrum.

    Attributes
    ----------
    power : ndarray, (bin,)
        Mean power, to any scale, of bins from 0 Hz on.
    spacing_hz : float
        Between two bins.
    highest_hz : float
        Up to which the sound says anything.
    """

    power: Array
    spacing_hz: float
    highest_hz: float

    @property
    def hertz(self) -> Array:
        """Frequencies of the bins."""
        return np.asarray(np.arange(self.power.size) * self.spacing_hz)

    @cached_property
    def density(self) -> Array:
        """Smoothed power (point,) at the frequencies of `GRID`, above 0; meaningless above `highest_hz`."""
        density = self.smoothed(self.power)
        return np.asarray(np.maximum(density, density.max() * 10 ** (-LARGEST_GAP_DB / 10)))

    def smoothed(self, power: Array) -> Array:
        """Smooth any power (bin,) at the bins of this spectrum onto `GRID`, (point,)."""
        edges = (np.arange(power.size + 1) - 0.5) * self.spacing_hz
        below = np.concatenate([[0.0], np.cumsum(power * self.spacing_hz)])
        high = np.minimum(GRID * HALF_BAND, edges[-1])
        low = np.minimum(GRID / HALF_BAND, high - self.spacing_hz / 2)  # above the last bin: as there
        return np.asarray((np.interp(high, edges, below) - np.interp(low, edges, below)) / (high - low))


def pink() -> LongTerm:
    """Give the neutral spectrum: -3 dB an octave, equal power in each third of an octave."""
    spacing = 1 / WINDOW_SECONDS
    hertz = np.arange(round(2 * GRID[-1] / spacing)) * spacing
    return LongTerm(1 / np.maximum(hertz, spacing / 2), spacing, np.inf)


def long_term(source: AudioSource) -> Steps[LongTerm]:
    """Measure a recording, all channels together; it is read in blocks.

    Windows lie inside of it: a sound that is cut off has a click at the cut, which is none of its own.
    """
    n_fft = 2 ** round(np.log2(WINDOW_SECONDS * source.sample_rate))
    n_fft = max(2, min(n_fft, 2 ** int(np.log2(source.n_frames))))
    hop, window = max(1, n_fft // 4), np.hanning(n_fft + 1)[:-1]
    power, n_windows = np.zeros(n_fft // 2 + 1), max(1, 1 + (source.n_frames - n_fft) // hop)
    for first in range(0, n_windows, BLOCK_WINDOWS):
        yield Progress("evaluate", share=first / n_windows)
        n_here = min(BLOCK_WINDOWS, n_windows - first)
        block = source.read(first * hop, (n_here - 1) * hop + n_fft).astype(np.float64)
        frames = np.lib.stride_tricks.sliding_window_view(block, n_fft, axis=1)[:, ::hop]
        power += np.square(np.abs(np.fft.rfft(frames * window))).sum(axis=(0, 1))
    return _spectrum(power / n_windows, source.sample_rate)


def learnt_spectrum(sound: StyleSource) -> Steps[LongTerm]:
    """Measure a learnt style, run by run, by their weights.

    With phases found a tone is as narrow as it was: the magnitudes alone have it as wide as their window,
    which in the bass is wider than a band.
    """
    runs = []
    for span in sound.spans:
        runs.append((yield from long_term(Part(sound, span.start, span.n_frames))))
    power = sum((run.power * span.weight for run, span in zip(runs, sound.spans, strict=True)), np.zeros(1))
    return _spectrum(power, sound.sample_rate)


def _spectrum(power: Array, sample_rate: int) -> LongTerm:
    return LongTerm(power, sample_rate / 2 / (power.size - 1), USED_BAND * sample_rate / 2)
