"""The log constant-Q spectrogram: a transposition is a shift along its axis (Barry & Kim 2018, 3.2.2).

Theirs is a projection of one magnitude spectrum of n_fft 2048, whose bins are wider apart than the notes
below F sharp 3. Here each octave is projected from a spectrum with a window as long as its notes need; all
have one hop and are centered, so that their frames are those of the STFT. Low octaves hold nothing
above them, so their spectra are taken from the waveform at a fraction of its rate: the same numbers
for a tenth of the work.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.dsp import Stft
from nast_fx.dsp.constant_q import constant_q_filters, needed_window, note_frequencies
from nast_fx.errors import UsageError
from nast_fx.representations.base import Representation
from nast_fx.representations.log_magnitude import smooth_magnitude

__all__ = ["LogConstantQ"]

LONGEST_SECONDS = 16_384 / 22_050  # of a window: beyond it an onset is a haze
HEADROOM = 4  # a slowed waveform's rate over the highest frequency that is read from it


@dataclass(frozen=True)
class _Octave:
    """Notes that share a window, and what they are read from: one sample in `factor`."""

    factor: int
    stft: Stft
    filters: Tensor  # (note, bin), of the lowest bins only


class LogConstantQ(Representation):
    """Waveform (batch, frame) to spec (batch, 1, note, frame): 12 notes an octave, C1 ... D8.

    The filters are applied to the linear magnitude, and log1p is taken afterwards; a tone at a note's
    center is as high as the peak of its log magnitude with `n_fft`. Notes beyond Nyquist are left out.

    Parameters
    ----------
    n_fft : int
        Shortest window, in samples: that of the highest notes.
    """

    def __init__(self, sample_rate: int, n_fft: int, hop_length: int) -> None:
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.frequencies = note_frequencies(sample_rate)
        if not self.frequencies:
            raise UsageError(f"sample_rate={sample_rate} must be above 70 Hz to hold a note")
        self.n_bins = len(self.frequencies)
        self._octaves = tuple(self._make_octaves())
        self.longest_window = max(octave.stft.n_fft * octave.factor for octave in self._octaves)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute log1p of the notes' magnitudes; a waveform may be of any length."""
        n_spectra = waveform.shape[1] // self.hop_length + 1
        n_before = math.ceil(self.longest_window / 2 / self.hop_length)
        extended = _mirrored(waveform, n_before * self.hop_length)
        spectrum = torch.fft.rfft(extended, n=_fast_length(extended.shape[1]))
        notes = []
        for octave in self._octaves:
            slow = extended if octave.factor == 1 else _slowed(spectrum, octave.factor)
            bins = octave.stft.forward(slow)[:, : octave.filters.shape[1], n_before : n_before + n_spectra]
            notes.append(octave.filters.to(bins.real) @ smooth_magnitude(bins))
        return torch.log1p(torch.cat(notes, dim=1))[:, None]

    def _make_octaves(self) -> Iterator[_Octave]:
        for n_fft, group in groupby(self.frequencies, key=self._window):
            frequencies = list(group)
            common = math.gcd(self.hop_length, n_fft)
            factor = common & -common  # the powers of two in both: it is halved, and must go on dividing them
            while factor * HEADROOM * frequencies[-1] > self.sample_rate and factor > 1:
                factor //= 2
            size, rate = n_fft // factor, self.sample_rate / factor
            filters = constant_q_filters(frequencies, n_fft=size, sample_rate=rate)
            n_used = int(filters.sum(dim=0).nonzero()[-1]) + 1
            # The response to a tone of amplitude 1 is the peak of its spectrum with the shortest window.
            scaled = filters[:, :n_used] * self.n_fft / 4
            yield _Octave(factor, Stft(size, self.hop_length // factor), scaled)

    def _window(self, frequency: float) -> int:
        """Samples that the lowest note of a note's octave needs, within the limits."""
        lowest = self.frequencies[0]
        octave = math.floor(math.log2(frequency / lowest) + 1e-9)
        needed = needed_window(lowest * 2**octave, self.sample_rate)
        longest = 1 << round(math.log2(LONGEST_SECONDS * self.sample_rate))
        return max(self.n_fft, min(longest, needed))


def _mirrored(waveform: Tensor, reach: int) -> Tensor:
    """Continue a waveform by `reach` samples on both sides, mirrored as often as that takes."""
    n_frames = waveform.shape[1]
    if n_frames > reach:
        return functional.pad(waveform[:, None], (reach, reach), mode="reflect")[:, 0]
    period = max(1, 2 * (n_frames - 1))
    places = torch.arange(-reach, n_frames + reach, device=waveform.device) % period
    return waveform.index_select(1, torch.minimum(places, period - places).clamp_max(n_frames - 1))


def _slowed(spectrum: Tensor, factor: int) -> Tensor:
    """Keep one sample in `factor` of the waveform that a spectrum is of, below the new Nyquist only."""
    length = 2 * (spectrum.shape[1] - 1) // factor
    slow: Tensor = torch.fft.irfft(spectrum[:, : length // 2 + 1], n=length)
    return slow / factor


def _fast_length(n_frames: int) -> int:
    """Round up to at most 16 times a power of two."""
    step = 1 << max(8, n_frames.bit_length() - 4)
    return -(-n_frames // step) * step
