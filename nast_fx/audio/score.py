"""What a MIDI file says about time, key and movement: tempo map, meters, keys, markers, controllers.

A beat is a quarter note, whatever the meter; beat ``b`` of a map of tempos ``(t_i, bpm_i)`` is at

    t(b) = t_i + (b - b_i) * 60 / bpm_i,    b_(i+1) = b_i + (t_(i+1) - t_i) * bpm_i / 60
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nast_fx.audio.names import shown
from nast_fx.audio.score_file import open_midi, text_of, timed_messages
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models.key import Key, parse_key

__all__ = ["Score", "read_score"]

Array = NDArray[np.float64]

FIRST_BPM = 120.0
"""What a MIDI file means that names no tempo."""
N_CONTROLLERS = 120  # the numbers above are commands, such as "all notes off"
LARGEST_DENOMINATOR = 64
_LARGEST = 127
_SLACK = 1e-9  # beats; a beat at the end is not lost to rounding


@dataclass(frozen=True, eq=False)
class Score:
    """Facts of a MIDI file, in seconds from its beginning; every list is in order of time.

    Attributes
    ----------
    tempos : tuple of (seconds, bpm)
        Quarter notes a minute; the first is at 0, and of several at one time the last counts.
    meters : tuple of (seconds, numerator, denominator)
        Empty where the file has none.
    keys : tuple of (seconds, Key)
        Key signatures; empty where the file has none.
    markers : tuple of (seconds, text)
        Markers and cue points.
    controllers : Mapping[int, tuple of (seconds, value)]
        Movements of the controllers 0 ... 119, all channels together; 7 bits become 0 ... 1.
    seconds : float
        Length: the end of the longest track.
    n_notes : int
    """

    tempos: tuple[tuple[float, float], ...] = ((0.0, FIRST_BPM),)
    meters: tuple[tuple[float, int, int], ...] = ()
    keys: tuple[tuple[float, Key], ...] = ()
    markers: tuple[tuple[float, str], ...] = ()
    controllers: Mapping[int, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    seconds: float = 0.0
    n_notes: int = 0

    def beats(self, seconds: float) -> Array:
        """Times (beat,) in seconds of the beats up to `seconds`; the last tempo goes on after the score.

        Beat 0 is at 0; a beat at `seconds` itself is not among them.
        """
        times, bpm = (np.array(column, dtype=np.float64) for column in zip(*self.tempos, strict=True))
        first_beats = np.concatenate([[0.0], np.cumsum(np.diff(times) * bpm[:-1] / 60)])
        last = int(np.searchsorted(times, seconds, side="right")) - 1
        if last < 0:
            return np.zeros(0)
        n_beats = np.ceil(first_beats[last] + (seconds - times[last]) * bpm[last] / 60 - _SLACK)
        beats = np.arange(n_beats)
        tempo = np.searchsorted(first_beats, beats, side="right") - 1
        return np.asarray(times[tempo] + (beats - first_beats[tempo]) * 60 / bpm[tempo])

    def controller_curve(self, number: int, times: ArrayLike) -> Array:
        """Values 0 ... 1 (time,) of a controller at `times` (time,) in seconds.

        A value holds until the next one; before the first movement its own value holds, since where
        the control stood until then is not in the file.

        Raises
        ------
        UsageError
            The score does not move that controller.
        """
        events = self.controllers.get(number)
        if not events:
            known = ", ".join(str(one) for one in sorted(self.controllers))
            has = f"only {known}" if known else "none at all"
            raise UsageError(f"controller={number} is not moved by the MIDI file; it moves {has}")
        moved, values = (np.array(column, dtype=np.float64) for column in zip(*events, strict=True))
        place = np.searchsorted(moved, np.asarray(times, dtype=np.float64), side="right") - 1
        return np.asarray(values[np.maximum(place, 0)])


def read_score(path: str | Path) -> Score:
    """Read a Standard MIDI File of format 0 or 1.

    Raises
    ------
    AudioFileError
        It is missing, empty, broken or no MIDI file, of format 2, or counts film frames.
    """
    reader = _Reader()
    try:
        for seconds, message in timed_messages(open_midi(path), shown(path)):
            reader.take(seconds, message)
    except OverflowError as error:
        raise AudioFileError(f"{shown(path)}: the MIDI file is damaged (it never ends)") from error
    return reader.score()


class _Reader:
    """Sorts messages into the lists of a score."""

    def __init__(self) -> None:
        self._tempos = {0.0: FIRST_BPM}  # by time: the last of one time counts
        self._meters: dict[float, tuple[int, int]] = {}
        self._keys: dict[float, Key] = {}
        self._markers: list[tuple[float, str]] = []
        self._controllers: dict[int, list[tuple[float, float]]] = {}
        self._n_notes = 0
        self._seconds = 0.0
        self._takers: dict[str, Callable[[float, Any], None]] = {
            "set_tempo": self._tempo,
            "time_signature": self._meter,
            "key_signature": self._key,
            "marker": self._marker,
            "cue_marker": self._marker,
            "control_change": self._control,
            "note_on": self._note,
        }

    def take(self, seconds: float, message: Any) -> None:
        self._seconds = seconds
        if taker := self._takers.get(message.type):
            taker(seconds, message)

    def score(self) -> Score:
        return Score(
            tempos=tuple(self._tempos.items()),
            meters=tuple((seconds, *meter) for seconds, meter in self._meters.items()),
            keys=tuple(self._keys.items()),
            markers=tuple(self._markers),
            controllers={number: tuple(events) for number, events in sorted(self._controllers.items())},
            seconds=self._seconds,
            n_notes=self._n_notes,
        )

    def _tempo(self, seconds: float, message: Any) -> None:
        self._tempos[seconds] = 60e6 / message.tempo

    def _meter(self, seconds: float, message: Any) -> None:
        if message.numerator > 0 and message.denominator <= LARGEST_DENOMINATOR:
            self._meters[seconds] = (message.numerator, message.denominator)

    def _key(self, seconds: float, message: Any) -> None:
        self._keys[seconds] = parse_key(message.key)

    def _marker(self, seconds: float, message: Any) -> None:
        if text := text_of(message):
            self._markers.append((seconds, text))

    def _control(self, seconds: float, message: Any) -> None:
        if message.control < N_CONTROLLERS:
            events = self._controllers.setdefault(message.control, [])
            events.append((seconds, message.value / _LARGEST))

    def _note(self, seconds: float, message: Any) -> None:
        self._n_notes += message.velocity > 0
