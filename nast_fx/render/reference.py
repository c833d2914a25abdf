"""One reference recording: its stereo pair, and the excerpts of it that are used.

A long reference is used through evenly spaced excerpts, read one by one, so that an hour of it
costs what half a minute does. Excerpts of silence teach nothing: the places are spread over those
parts that hold something. A learnt style comes with its excerpts, their weights and its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nast_fx.analysis import KeyEstimate
from nast_fx.audio import AudioSource, Samples, check_samples
from nast_fx.audio.pair import QUIET, SILENT, stereo_pair
from nast_fx.audio.shift import shift_pitch
from nast_fx.errors import AudioFileError

__all__ = ["Reference", "Span", "checked_reference", "rms"]

EXCERPT_SECONDS = 3.0
SHIFT_CONTEXT_SECONDS = 0.25
WINDOWS_AN_EXCERPT = 4  # of what the method must see at least


@dataclass(frozen=True)
class Span:
    """An excerpt: its place in samples, and its share of the reference."""

    start: int
    n_frames: int
    weight: float


@dataclass(frozen=True)
class Reference:
    """One opened recording, or a learnt style, with its name and weight.

    Attributes
    ----------
    source : AudioSource
    name : str
    weight : float
    learnt : tuple of Span
        Excerpts of a learnt style; they sum to 1. Of a recording they are chosen when they are needed.
    levels : mapping of float
        RMS of what a style was learnt from: ``mid``, ``side``, ``left``, ``right``.
    key : KeyEstimate or None
        Key of what a style was learnt from; None of a recording, which is listened to.
    """

    source: AudioSource
    name: str
    weight: float
    learnt: tuple[Span, ...] = ()
    levels: Mapping[str, float] | None = None
    key: KeyEstimate | None = None

    def read(self, start: int, n_frames: int) -> Samples:
        """Read left and right (2, frame): the first pair, or what channel there is twice."""
        return self.source.read(start, n_frames)[list(self._pair)]

    def read_shifted(self, start: int, n_frames: int, semitones: float) -> Samples:
        """Read as `read` does, transposed; the sound around it leads in and out."""
        if semitones == 0:
            return self.read(start, n_frames)
        n_context = round(SHIFT_CONTEXT_SECONDS * self.source.sample_rate)
        block = self.read(start - n_context, n_frames + 2 * n_context)
        return shift_pitch(block, self.source.sample_rate, semitones)[:, n_context : n_context + n_frames]

    def spans(self, seconds: float, least_seconds: float) -> list[Span]:
        """Places of the excerpts; the whole where it is short enough.

        Parameters
        ----------
        seconds : float
            How much is used in all; of a learnt style it is what was learnt.
        least_seconds : float
            What the method must see at once; an excerpt holds that several times.
        """
        if self.learnt:
            return list(self.learnt)
        rate, n_frames = self.source.sample_rate, self.source.n_frames
        if n_frames <= seconds * rate:
            return [Span(0, n_frames, 1.0)]
        length = min(max(EXCERPT_SECONDS, WINDOWS_AN_EXCERPT * least_seconds), seconds)
        count = max(1, round(seconds / length))
        starts = self._loud_starts(length)
        chosen = starts[np.unique(np.linspace(0, len(starts) - 1, count).round().astype(int))]
        whole = round(length * rate)
        share = 1 / len(chosen)
        return [Span(min(round(start * rate), n_frames - whole), whole, share) for start in chosen]

    @cached_property
    def _pair(self) -> tuple[int, int]:
        return stereo_pair(check_samples(self.source, self.name).rms)

    @cached_property
    def _power(self) -> Samples:
        """Mean power of each second of the recording (second,)."""
        rate = self.source.sample_rate
        blocks = (self.read(start, rate) for start in range(0, self.source.n_frames, rate))
        return np.array([np.mean(np.square(block)) for block in blocks], dtype=np.float32)

    def _loud_starts(self, length: float) -> npt.NDArray[np.intp]:
        """Seconds at which an excerpt may begin: it fits, and holds something."""
        last = int(self.source.n_frames / self.source.sample_rate - length)
        size = max(1, int(length))
        power = np.array([self._power[start : start + size].max() for start in range(last + 1)])
        return np.flatnonzero(power > QUIET**2 * power.max())


def checked_reference(source: AudioSource, name: str, weight: float = 1.0) -> Reference:
    """Take a recording as a reference if it holds anything; `name` is for messages.

    Raises
    ------
    AudioFileError
        It is silent, or a sample is not a number.
    """
    if check_samples(source, name).rms.max() < SILENT:
        raise AudioFileError(f"{name}: the style is silent; there is nothing to take from it")
    return Reference(source, name, weight)


def rms(signal: Samples) -> float:
    """Root mean square of a signal (frame,)."""
    return float(np.sqrt(np.mean(np.square(signal, dtype=np.float64))))
