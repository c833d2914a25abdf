"""What a project for a DAW holds: tracks with a clip each, tempo, meters and markers on one timeline.

Times of clips are fractions, frames over sample rate: nothing is rounded before it is written.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from nast_fx.audio import FileInfo
from nast_fx.audio.score import FIRST_BPM

__all__ = ["BEAT_DIGITS", "Clip", "Song", "TempoMap", "Track"]

BEAT_DIGITS = 9  # a billionth of a beat is 17 ns at 3.58 bpm, a three-hundredth of a sample at 192 kHz


@dataclass(frozen=True)
class Clip:
    """A whole file on the timeline.

    Attributes
    ----------
    file : FileInfo
    start : Fraction
        Seconds at which it begins, at least 0.
    """

    file: FileInfo
    start: Fraction

    @property
    def length(self) -> Fraction:
        """Length in seconds."""
        return Fraction(self.file.n_frames, self.file.sample_rate)


@dataclass(frozen=True)
class Track:
    """A track with one clip.

    Attributes
    ----------
    name : str
    clip : Clip
    gain : float
        Of its fader, linear; 1 leaves the level as it is.
    is_muted : bool
    is_dry : bool
        Whether it holds what was styled, not a result.
    """

    name: str
    clip: Clip
    gain: float = 1.0
    is_muted: bool = False
    is_dry: bool = False


@dataclass(frozen=True)
class Song:
    """A project.

    Attributes
    ----------
    title : str
    tracks : sequence of Track
    tempos : sequence of (seconds, bpm)
        Quarter notes a minute, in order of time; the first holds from the beginning. Empty is 120.
    meters : sequence of (seconds, numerator, denominator)
        In order of time; empty is 4/4.
    markers : sequence of (seconds, text)
    tags : Mapping[str, str]
        Artist, album and the like, by the names of `nast_fx.audio.tags.COMMON`.
    """

    title: str
    tracks: Sequence[Track]
    tempos: Sequence[tuple[float, float]] = ()
    meters: Sequence[tuple[float, int, int]] = ()
    markers: Sequence[tuple[float, str]] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class TempoMap:
    """Beats of times under a tempo map as it is written, with `BEAT_DIGITS` digits.

    The seconds of each tempo follow from the beats that are written, so no rounding adds up.

    Parameters
    ----------
    tempos : sequence of (seconds, bpm)
        As in `Song`.
    """

    def __init__(self, tempos: Sequence[tuple[float, float]]) -> None:
        first = tempos[0][1] if tempos else FIRST_BPM
        self._starts, self._beats, self._bpm = [0.0], [0.0], [first]
        for seconds, bpm in tempos:
            beats = self.beats(seconds)
            start = self._starts[-1] + (beats - self._beats[-1]) * 60 / self._bpm[-1]
            if beats <= self._beats[-1]:  # of several at one time the last counts
                self._bpm[-1] = bpm
                continue
            self._starts.append(start)
            self._beats.append(beats)
            self._bpm.append(bpm)

    @property
    def events(self) -> list[tuple[float, float]]:
        """Beat and quarter notes a minute of each tempo; the first is at 0."""
        return list(zip(self._beats, self._bpm, strict=True))

    def beats(self, seconds: float) -> float:
        """Beats, quarter notes, from 0 to a time."""
        place = max(0, bisect_right(self._starts, seconds) - 1)
        beats = self._beats[place] + (seconds - self._starts[place]) * self._bpm[place] / 60
        return round(beats, BEAT_DIGITS)
