"""Chroma: how strongly each of the twelve pitch classes sounds, from a constant-Q transform.

1. Magnitudes Y (frame, note) of the notes E1 ... E7 by the constant-Q filters of `nast_fx.dsp`, on the
   recording's own tuning; a low note has a longer window.
2. Drums are kept out (Fitzgerald 2010): a note is a line in time, a hit one in frequency. With H the
   median over time and P the median over notes, what is left is ``Y H^2 / (H^2 + P^2) - P``.
3. Loud registers are weighed down: divided by the square root of the level within an octave or so.
4. Harmonics are weighed down (Mauch & Dixon 2010): Y = X E with X >= 0, where row n of E is the partials
   of note n, each 0.7 of the one before; X is found by multiplicative updates (Lee & Seung 2001).
5. Notes of X are summed up by pitch class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.audio import AudioSource
from nast_fx.dsp.constant_q import constant_q_filters, needed_window
from nast_fx.progress import Progress, Steps

__all__ = ["FRAME_SECONDS", "Chroma", "measure_chroma"]

FRAME_SECONDS = 0.1
LOWEST, N_NOTES = 28, 73  # E1 ... E7 as MIDI numbers
SHORTEST_WINDOW, LONGEST_WINDOW = 0.18, 0.75  # seconds
MEDIAN_FRAMES, MEDIAN_NOTES = 7, 9
N_PARTIALS, PARTIAL_DECAY, N_UPDATES = 8, 0.7, 12
REGISTER_NOTES = 6.0  # standard deviation of the window in which a register's level is taken
BASS_BELOW, BASS_FADE = 48, 12  # up to C3 all is bass, from an octave above it on nothing
CHUNK = 256  # frames
TINY = 1e-20

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Chroma:
    """Pitch classes over time; frame k is centered on ``k * FRAME_SECONDS``.

    Attributes
    ----------
    notes, bass : ndarray, (frame, 12) float32
        Of all notes and of low ones, from C on; at least 0, in roots of amplitudes.
    tonal, total : ndarray, (frame,) float32
        Magnitude that keeps to notes and is no hit, and all of it.
    """

    notes: Array
    bass: Array
    tonal: Array
    total: Array


def measure_chroma(mono: AudioSource, cents: float) -> Steps[Chroma]:
    """Measure a source of one channel whose notes are `cents` above A = 440 Hz, in bounded memory."""
    notes = _Notes(mono.sample_rate, cents)
    n_frames = math.ceil(mono.n_frames / notes.hop)
    margin = MEDIAN_FRAMES // 2
    parts = []
    for first in range(0, n_frames, CHUNK):
        yield Progress("key", share=first / n_frames)
        count = min(CHUNK, n_frames - first)
        parts.append(_chroma(notes(mono, first - margin, count + 2 * margin)))
    return Chroma(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))


class _Notes:
    """Constant-Q magnitudes of a source."""

    def __init__(self, sample_rate: int, cents: float) -> None:
        self.hop = round(FRAME_SECONDS * sample_rate)
        centers = [440 * 2 ** ((LOWEST + n - 69 + cents / 100) / 12) for n in range(N_NOTES)]
        shortest, longest = (
            1 << round(math.log2(s * sample_rate)) for s in (SHORTEST_WINDOW, LONGEST_WINDOW)
        )
        windows = [min(max(needed_window(hz, sample_rate), shortest), longest) for hz in centers]
        self._longest = longest
        self._banks: list[tuple[int, int, Tensor, Tensor]] = []
        for n_fft in sorted(set(windows), reverse=True):
            group = [hz for hz, window in zip(centers, windows, strict=True) if window == n_fft]
            filters = constant_q_filters(group, n_fft=n_fft, sample_rate=sample_rate).float()
            used = filters.sum(dim=0).nonzero()
            low, high = int(used[0]), int(used[-1]) + 1
            self._banks.append((n_fft, low, filters[:, low:high].T.contiguous(), torch.hann_window(n_fft)))

    def __call__(self, source: AudioSource, first: int, count: int) -> Tensor:
        """Give magnitudes (frame, note) of `count` frames from frame `first` on."""
        length = (count - 1) * self.hop + self._longest
        samples = torch.from_numpy(source.read(first * self.hop - self._longest // 2, length)[0])
        groups = []
        for n_fft, low, filters, window in self._banks:
            aside = (self._longest - n_fft) // 2
            frames = samples[aside : length - aside].unfold(0, n_fft, self.hop) * window
            spectrum = torch.fft.rfft(frames)[:, low : low + len(filters)].abs()
            groups.append(spectrum @ filters)
        return torch.cat(groups, dim=1)


def _chroma(magnitudes: Tensor) -> tuple[Array, Array, Array, Array]:
    """Steps 2 to 5 for magnitudes (frame, note) with a margin at both ends that is cut off."""
    margin = MEDIAN_FRAMES // 2
    own = magnitudes[margin : len(magnitudes) - margin]
    tonal = _without_hits(own, magnitudes)
    activity = _without_harmonics(_leveled(tonal))
    pitches = LOWEST + torch.arange(N_NOTES)
    bass_share = ((BASS_BELOW + BASS_FADE - pitches) / BASS_FADE).clamp(0, 1)
    classes = functional.one_hot(pitches % 12, 12).float()
    notes, bass = activity @ classes, activity * bass_share @ classes
    return notes.numpy(), bass.numpy(), tonal.sum(dim=1).numpy(), own.sum(dim=1).numpy()


def _without_hits(own: Tensor, with_margin: Tensor) -> Tensor:
    over_time = with_margin.unfold(0, MEDIAN_FRAMES, 1).median(dim=2).values.square()
    half = MEDIAN_NOTES // 2
    padded = functional.pad(own[:, None], (half, half), mode="reflect")[:, 0]
    over_notes = padded.unfold(1, MEDIAN_NOTES, 1).median(dim=2).values
    return (own * over_time / (over_time + over_notes.square() + TINY) - over_notes).clamp_min(0)


def _leveled(magnitudes: Tensor) -> Tensor:
    reach = round(2 * REGISTER_NOTES)
    window = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / REGISTER_NOTES).square())
    padded = functional.pad(magnitudes.square()[:, None], (reach, reach), mode="reflect")
    level = functional.conv1d(padded, (window / window.sum())[None, None])[:, 0].sqrt()
    return magnitudes / (level.sqrt() + TINY)


def _without_harmonics(magnitudes: Tensor) -> Tensor:
    """Explain magnitudes (frame, note) by notes with partials: activity (frame, note)."""
    partials = _partials()
    wanted = magnitudes @ partials.T
    products = partials @ partials.T
    activity = magnitudes.clone()
    for _ in range(N_UPDATES):
        activity = activity * wanted / (activity @ products + TINY)
    return activity


def _partials() -> Tensor:
    """Partials (note, note) of each note, as the constant-Q transform shows them."""
    table = torch.zeros(N_NOTES, N_NOTES)
    for number in range(1, N_PARTIALS + 1):
        place = 12 * math.log2(number)
        for step in {math.floor(place), math.ceil(place)}:
            height = math.cos(math.pi / 2 * (place - step)) ** 2 * PARTIAL_DECAY ** (number - 1)
            if step < N_NOTES:
                table += torch.diag(torch.full((N_NOTES - step,), height), step)
    return functional.normalize(table, dim=1)
