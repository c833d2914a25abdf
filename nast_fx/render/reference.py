"""One reference recording: its stereo pair, and the excerpts of it that are used.

A long reference is used through evenly spaced excerpts, read one by one, so that an hour of it
costs what half a minute does. Excerpts of silence teach nothing: the places are spread over those
parts that hold something.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nast_fx.audio import AudioSource, Samples, check_samples
from nast_fx.audio.shift import shift_pitch
from nast_fx.errors import AudioFileError

__all__ = ["QUIET", "Reference", "checked_reference", "rms"]

EXCERPT_SECONDS = 3.0
SILENT = 1e-4  # RMS, -80 dBFS: below it there is nothing to learn
QUIET = 1e-3  # a part, a channel or a side this far below the whole has no say
SHIFT_CONTEXT_SECONDS = 0.25
WINDOWS_AN_EXCERPT = 4  # of what the method must see at least


@dataclass(frozen=True)
class Reference:
    """One opened recording, with its name and weight.

    Attributes
    ----------
    source : AudioSource
    name : str
    weight : float
    """

    source: AudioSource
    name: str
    weight: float

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

    def spans(self, seconds: float, least_seconds: float) -> list[tuple[int, int]]:
        """Places (start, n_frames) of the excerpts; the whole where it is short enough.

        Parameters
        ----------
        seconds : float
            How much is used in all.
        least_seconds : float
            What the method must see at once; an excerpt holds that several times.
        """
        rate, n_frames = self.source.sample_rate, self.source.n_frames
        if n_frames <= seconds * rate:
            return [(0, n_frames)]
        length = min(max(EXCERPT_SECONDS, WINDOWS_AN_EXCERPT * least_seconds), seconds)
        count = max(1, round(seconds / length))
        starts = self._loud_starts(length)
        chosen = starts[np.unique(np.linspace(0, len(starts) - 1, count).round().astype(int))]
        whole = round(length * rate)
        return [(min(round(start * rate), n_frames - whole), whole) for start in chosen]

    @cached_property
    def _rms(self) -> Samples:
        return check_samples(self.source, self.name).rms.astype(np.float32)

    @cached_property
    def _pair(self) -> tuple[int, int]:
        found = self._rms
        if found[:2].max() > QUIET * found.max():
            return 0, min(1, len(found) - 1)
        return int(found.argmax()), int(found.argmax())

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
