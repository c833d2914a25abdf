"""Tempo map, key signatures, markers and a loudness curve as a Standard MIDI File (format 1).

The first track conducts: tempos, meters, key signatures, markers. The second, ``Loudness``, moves the
expression controller. At `TICKS_PER_BEAT` = 960 a tick is at most 2 ms from 32 bpm on, so that every event
lies within 1 ms of its time: ticks follow the tempo map as it is written, whose tempos are whole
microseconds a quarter note, and no rounding adds up.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.names import clean_text, file_error
from nast_fx.audio.score import FIRST_BPM
from nast_fx.audio.score_file import MOST_BPM
from nast_fx.errors import UsageError
from nast_fx.models.key import Key

__all__ = ["CONTROLLER", "TICKS_PER_BEAT", "key_name", "write_midi"]

Array = NDArray[np.float64]
Events = list[tuple[int, mido.Message | mido.MetaMessage]]

TICKS_PER_BEAT = 960
CONTROLLER = 11  # expression: what a DAW shows as a level over time
LEAST_BPM = 60e6 / (2**24 - 1)  # 3.58: a tempo has 24 bits of microseconds
STEP_SECONDS = 0.05  # between two values of the controller, at least
_LARGEST = 127
_SECOND = 1_000_000  # microseconds
# A MIDI file knows keys of up to seven accidentals; of two spellings the one with fewer is taken.
_MAJOR = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR = ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")


def key_name(key: Key) -> str:
    """Name of a key as a MIDI file can hold it: ``G#m``, ``Db``."""
    return (_MAJOR if key.mode == "major" else _MINOR)[key.tonic]


def write_midi(
    path: str | Path,
    *,
    tempo_events: Sequence[tuple[float, float]] = (),
    meter_events: Sequence[tuple[float, int, int]] = (),
    key_events: Sequence[tuple[float, Key]] = (),
    markers: Sequence[tuple[float, str]] = (),
    loudness: tuple[Array, Array] | None = None,
    replace: bool = False,
) -> None:
    """Write a MIDI file, whole or not at all.

    Parameters
    ----------
    path : path
    tempo_events : sequence of (seconds, bpm)
        Quarter notes a minute, 3.58 ... 10 000, in order of time. The first one holds from the beginning;
        without any the tempo is 120.
    meter_events : sequence of (seconds, numerator, denominator)
        Empty where the meter is not known.
    key_events : sequence of (seconds, Key)
    markers : sequence of (seconds, text)
    loudness : (ndarray (point,), ndarray (point,)), optional
        Seconds in order, and values 0 ... 1; thinned to at most 20 a second, and to changes.
    replace : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    UsageError
        A time is negative or no number, or a tempo out of its range.
    AudioFileError
        The place cannot be written.
    """
    clock = _Clock(tempo_events)
    conductor = list(clock.events)
    conductor += [
        (clock.tick(at), mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator))
        for at, numerator, denominator in meter_events
    ]
    conductor += [
        (clock.tick(at), mido.MetaMessage("key_signature", key=key_name(key))) for at, key in key_events
    ]
    conductor += [(clock.tick(at), mido.MetaMessage("marker", text=_encoded(text))) for at, text in markers]
    tracks = [_track("Tempo", conductor)]
    if loudness is not None:
        tracks.append(_track("Loudness", _controller_events(clock, *loudness)))
    buffer = io.BytesIO()
    mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, tracks=tracks).save(file=buffer)
    with AtomicFile(path, overwrite=replace) as partial:
        try:
            partial.file.write(buffer.getvalue())
        except OSError as error:
            raise file_error(path, "cannot be written", error) from error


class _Clock:
    """Ticks of times under a tempo map, which is laid on whole ticks itself."""

    def __init__(self, tempo_events: Sequence[tuple[float, float]]) -> None:
        self._ticks, self._starts = [0], [0.0]  # of each tempo, as it is written
        self._tempos = [_tempo(tempo_events[0][1] if tempo_events else FIRST_BPM)]
        for at, bpm in tempo_events:
            tick, tempo = self.tick(at), _tempo(bpm)
            if tick < self._ticks[-1]:
                raise UsageError(f"tempo_events: {at:g} s is not in order of time")
            start = self._starts[-1] + (tick - self._ticks[-1]) * self._tempos[-1] / (
                TICKS_PER_BEAT * _SECOND
            )
            self._ticks.append(tick)
            self._starts.append(start)
            self._tempos.append(tempo)

    @property
    def events(self) -> Events:
        """The tempos; of several on one tick the last."""
        last = dict(zip(self._ticks, self._tempos, strict=True))
        return [(tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in last.items()]

    def tick(self, seconds: float) -> int:
        """Nearest tick of a time."""
        if not (np.isfinite(seconds) and seconds >= 0):
            raise UsageError(f"seconds={seconds:g} must be at least 0")
        place = max(0, int(np.searchsorted(self._starts, seconds, side="right")) - 1)
        beats = (seconds - self._starts[place]) * _SECOND / self._tempos[place]
        return self._ticks[place] + round(beats * TICKS_PER_BEAT)


def _tempo(bpm: float) -> int:
    if not LEAST_BPM <= bpm <= MOST_BPM:
        raise UsageError(f"bpm={bpm:g} must be at least {LEAST_BPM:.3g} and at most {MOST_BPM:g}")
    return round(60 * _SECOND / bpm)


def _track(name: str, events: Events) -> mido.MidiTrack:
    """Events at their ticks, in order; those of one tick stay as they were given."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    now = 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def _controller_events(clock: _Clock, seconds: Array, values: Array) -> Events:
    """Changes of the 7-bit value on a grid of `STEP_SECONDS`."""
    if len(seconds) == 0:
        return []
    if not (np.isfinite(values).all() and np.isfinite(seconds).all()):
        raise UsageError("loudness must be finite numbers")
    cells = np.floor(np.asarray(seconds) / STEP_SECONDS)
    kept = np.flatnonzero(np.diff(cells, prepend=cells[0] - 1) > 0)
    levels = np.round(np.clip(np.asarray(values)[kept], 0, 1) * _LARGEST).astype(int)
    changed = np.flatnonzero(np.diff(levels, prepend=-1))
    return [
        (
            clock.tick(float(seconds[kept[place]])),
            mido.Message("control_change", control=CONTROLLER, value=int(levels[place])),
        )
        for place in changed
    ]


def _encoded(text: str) -> str:
    """Text whose Latin-1 bytes, which mido writes, are the UTF-8 that programs read."""
    return clean_text(text).encode("utf-8").decode("latin-1")
