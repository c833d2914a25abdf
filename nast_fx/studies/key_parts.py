"""The players of the pieces in `key_scores`: drums, bass, chords and melody, one bar at a time.

Each is handed a bar (a chord, the scale that goes with it, and whether a phrase ends there) and gives its
notes. What a player does throughout a piece (its pattern) is drawn once; what it does in a bar is drawn anew.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = [
    "BASSES",
    "BEATS",
    "CHORDS",
    "DRUMS",
    "Bar",
    "Note",
    "bass_bar",
    "chord_bar",
    "drum_bar",
    "melody_bar",
]

BEATS = 4.0  # a bar
KICK, SNARE, HAT, OPEN_HAT, CRASH, TOM, RIDE = 36, 38, 42, 46, 49, 45, 51

# Name: when a drum is hit, in beats.
DRUMS: dict[str, dict[int, tuple[float, ...]]] = {
    "rock": {KICK: (0, 2, 2.5), SNARE: (1, 3), HAT: tuple(n / 2 for n in range(8))},
    "four": {KICK: (0, 1, 2, 3), SNARE: (1, 3), OPEN_HAT: (0.5, 1.5, 2.5, 3.5)},
    "half": {KICK: (0, 1.5), SNARE: (2,), HAT: tuple(n / 4 for n in range(16))},
    "funk": {KICK: (0, 0.75, 2.5), SNARE: (1, 1.75, 3), HAT: tuple(n / 4 for n in range(16))},
    "ride": {KICK: (0, 2), SNARE: (1.66, 3), RIDE: (0, 1, 1.66, 2, 3, 3.66)},
    "train": {KICK: (0, 2), SNARE: tuple(n / 2 for n in range(8)), TOM: (3.5,)},
}

# Name: beginning and length in beats, and what is played: a step of the chord, or an octave above the root.
BASSES: dict[str, tuple[tuple[float, float, str], ...]] = {
    "whole": ((0, 3.8, "root"),),
    "fifths": ((0, 1.8, "root"), (2, 1.8, "fifth")),
    "eighths": tuple((n / 2, 0.4, "root") for n in range(8)),
    "octaves": tuple((n / 2, 0.4, "octave" if n % 2 else "root") for n in range(8)),
    "walking": ((0, 0.9, "root"), (1, 0.9, "third"), (2, 0.9, "fifth"), (3, 0.9, "step")),
    "push": ((0, 1.4, "root"), (1.5, 0.4, "root"), (2, 0.9, "fifth"), (3.5, 0.5, "root")),
}

# Name: beginning and length in beats; an arpeggio has one note of the chord at a time.
CHORDS: dict[str, tuple[tuple[float, float], ...]] = {
    "held": ((0, 3.9),),
    "halves": ((0, 1.9), (2, 1.9)),
    "offbeats": tuple((n + 0.5, 0.4) for n in range(4)),
    "strum": ((0, 0.9), (1, 0.4), (1.5, 0.9), (2.5, 0.4), (3, 0.9)),
    "arpeggio": tuple((n / 2, 0.6) for n in range(8)),
    "rolling": tuple((n / 4, 0.3) for n in range(16)),
}

RHYTHMS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((0, 1), (1, 1), (2, 2)),
    ((0, 1.5), (1.5, 0.5), (2, 1), (3, 1)),
    ((0, 0.5), (0.5, 0.5), (1, 1), (2, 0.5), (2.5, 0.5), (3, 1)),
    ((0.5, 0.5), (1, 0.5), (1.5, 1), (2.5, 1.5)),
    ((0, 2), (2, 0.5), (2.5, 0.5), (3, 1)),
    ((1, 1), (2, 1), (3, 1)),
    ((0, 3),),
)


@dataclass(frozen=True)
class Note:
    """A note of a part; `start` and `length` in beats, from the bar's or the piece's beginning."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Bar:
    """What everybody knows of a bar.

    Attributes
    ----------
    root : int
        Pitch class of the chord.
    intervals : tuple of int
        The chord's notes above its root, in semitones.
    scale : tuple of int
        Pitch classes that go with the chord.
    home : tuple of int
        Pitch classes of the tonic chord.
    ends_phrase : bool
    """

    root: int
    intervals: tuple[int, ...]
    scale: tuple[int, ...]
    home: tuple[int, ...]
    ends_phrase: bool

    @property
    def chord(self) -> tuple[int, ...]:
        """Pitch classes of the chord."""
        return tuple((self.root + interval) % 12 for interval in self.intervals)


def drum_bar(pattern: str, bar: Bar, draw: random.Random) -> list[Note]:
    """Play a bar of drums; a phrase ends with a fill."""
    fill_from = 3.0 if bar.ends_phrase else BEATS
    hits = [
        Note(start, 0.2, drum, draw.randint(70, 115))
        for drum, starts in DRUMS[pattern].items()
        for start in starts
        if start < fill_from or drum == KICK
    ]
    if bar.ends_phrase:
        hits += [Note(3 + n / 4, 0.2, draw.choice((SNARE, TOM, TOM + 2)), 80 + 10 * n) for n in range(4)]
        hits.append(Note(0, 1, CRASH, draw.randint(80, 110)))
    return hits


def bass_bar(pattern: str, bar: Bar, draw: random.Random) -> list[Note]:
    """Play a bar of bass between E1 and E3."""
    root = 28 + (bar.root - 4) % 12
    steps = {
        "root": root,
        "octave": root + 12,
        "third": root + bar.intervals[1],
        "fifth": root + bar.intervals[2],
    }
    near = [pitch for pitch in range(root - 2, root + 10) if pitch % 12 in bar.scale and pitch != root]
    return [
        Note(start, length, steps.get(step) or draw.choice(near), draw.randint(80, 105))
        for start, length, step in BASSES[pattern]
    ]


def chord_bar(pattern: str, bar: Bar, draw: random.Random) -> list[Note]:
    """Play a bar of chords from F3 on, in close position."""
    pitches = sorted(53 + (pitch_class - 5) % 12 for pitch_class in bar.chord)
    velocity = draw.randint(60, 85)
    if pattern in {"arpeggio", "rolling"}:
        turn = [*pitches, pitches[1] + 12, *pitches[:0:-1]]
        return [
            Note(start, length, turn[index % len(turn)], velocity)
            for index, (start, length) in enumerate(CHORDS[pattern])
        ]
    return [Note(start, length, pitch, velocity) for start, length in CHORDS[pattern] for pitch in pitches]


def melody_bar(bar: Bar, last: int, draw: random.Random) -> list[Note]:
    """Play a bar of melody from the pitch `last` on.

    On beats mostly notes of the chord, in between the next ones of the scale; a phrase ends on a note
    of the tonic chord if the chord allows it.
    """
    notes: list[Note] = []
    for start, length in draw.choice(RHYTHMS):
        on_beat = start == int(start) and draw.random() < 0.8
        allowed: tuple[int, ...] = bar.chord if on_beat else bar.scale
        if bar.ends_phrase and start >= 2:
            allowed = tuple(set(bar.chord) & set(bar.home)) or bar.chord
        near = [p for p in range(last - 12, last + 13) if p % 12 in allowed and 60 <= p <= 86]
        nearest = sorted(near, key=lambda pitch: abs(pitch - last) + draw.uniform(0, 4))
        last = nearest[0]
        notes.append(Note(start, 0.95 * length, last, draw.randint(80, 110)))
    return notes
