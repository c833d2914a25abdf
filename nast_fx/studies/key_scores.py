"""Pieces whose key is known, written as scores: what `key_bench` and the tests of the key are measured on.

A piece has drums, bass, chords and melody, lasts 20 to 30 s, and is in one key, or in one after the other.
Progressions, patterns, instruments, tempo and tuning are drawn with a seed. Minor is harmonic where the
dominant has a leading note, else natural; a few progressions borrow a chord, many do not begin on the tonic.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

import mido

from nast_fx.models.key import Key, Mode
from nast_fx.studies.key_parts import (
    BASSES,
    BEATS,
    CHORDS,
    DRUMS,
    Bar,
    Note,
    bass_bar,
    chord_bar,
    drum_bar,
    melody_bar,
)

__all__ = ["ARRANGEMENTS", "Piece", "compose", "modulate", "twenty_four_keys"]

TICKS = 480  # a beat
SECONDS = 24.0  # about so long is a piece, or each part of one that modulates
DRUM_CHANNEL = 9
CENTS_A_BEND = 200 / 8192  # General MIDI: a bend of 8192 is two semitones
MOST_CENTS = 40.0

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
MAJOR, MINOR, DIMINISHED = (0, 4, 7), (0, 3, 7), (0, 3, 6)
SEVENTH, MAJOR_SEVENTH, MINOR_SEVENTH = (0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10)

# Of the mode's own degrees and of borrowed ones: semitones above the tonic, and the chord.
DEGREES: dict[Mode, dict[str, tuple[int, tuple[int, ...]]]] = {
    "major": {
        "I": (0, MAJOR),
        "Imaj7": (0, MAJOR_SEVENTH),
        "ii": (2, MINOR),
        "ii7": (2, MINOR_SEVENTH),
        "II7": (2, SEVENTH),
        "iii": (4, MINOR),
        "IV": (5, MAJOR),
        "iv": (5, MINOR),
        "V": (7, MAJOR),
        "V7": (7, SEVENTH),
        "vi": (9, MINOR),
        "bVII": (10, MAJOR),
    },
    "minor": {
        "i": (0, MINOR),
        "i7": (0, MINOR_SEVENTH),
        "ii°": (2, DIMINISHED),
        "III": (3, MAJOR),
        "iv": (5, MINOR),
        "v": (7, MINOR),
        "V": (7, MAJOR),
        "V7": (7, SEVENTH),
        "VI": (8, MAJOR),
        "VII": (10, MAJOR),
    },
}
PROGRESSIONS: dict[Mode, tuple[str, ...]] = {
    "major": (
        "I V vi IV",
        "I IV V I",
        "I vi ii V",
        "I vi IV V",
        "IV V I vi",
        "IV I V I",
        "ii7 V7 Imaj7 Imaj7",
        "ii V I IV",
        "V IV I I",
        "vi IV I V",
        "I iii IV V",
        "I bVII IV I",
        "I II7 V I",
        "IV iv I V",
    ),
    "minor": (
        "i VI III VII",
        "i iv V i",
        "i VII VI V",
        "VI VII i i",
        "iv i V7 i",
        "i iv v i",
        "ii° V7 i i7",
        "i v VI VII",
        "iv VII i i",
        "i VI iv V",
        "V i iv i",
        "i III VII iv",
    ),
}
CADENCES: dict[Mode, tuple[str, ...]] = {
    "major": ("IV V I I", "ii V7 I I", "IV I V I"),
    "minor": ("iv V i i", "VI VII i i", "ii° V7 i i"),
}
# Programs of General MIDI, from 0: bass, chords, melody.
ARRANGEMENTS: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = {
    "band": ((32, 33, 34), (0, 4, 16, 25, 27), (24, 26, 65, 66, 73, 21)),
    "electric": ((38, 39, 35, 36), (48, 50, 88, 89, 5, 46), (80, 81, 40, 56, 11, 75)),
}


@dataclass(frozen=True)
class Piece:
    """A score and what is known of it.

    Attributes
    ----------
    name : str
    score : mido.MidiFile
    keys : tuple of Key
        In order of time.
    change_seconds : tuple of float
        When each of `keys` but the first begins.
    cents : float
        Tuning, from A = 440 Hz.
    """

    name: str
    score: mido.MidiFile
    keys: tuple[Key, ...]
    change_seconds: tuple[float, ...]
    cents: float


def twenty_four_keys() -> tuple[Key, ...]:
    """All keys, major ones first."""
    modes: tuple[Mode, ...] = ("major", "minor")
    return tuple(Key(tonic, mode) for mode in modes for tonic in range(12))


def compose(key: Key, arrangement: str, seed: int, *, cents: float | None = None) -> Piece:
    """Write a piece in one key.

    Parameters
    ----------
    arrangement : str
        One of `ARRANGEMENTS`.
    seed : int
        Of all that is drawn; the same gives the same piece.
    cents : float, optional
        Tuning from A = 440 Hz; drawn from -40 ... 40 if not given.
    """
    return modulate((key,), arrangement, seed, cents=cents)


def modulate(keys: tuple[Key, ...], arrangement: str, seed: int, *, cents: float | None = None) -> Piece:
    """Write a piece that goes through `keys`, about 24 s in each; see `compose`."""
    name = " - ".join(key.name for key in keys) + f", {arrangement}"
    draw = random.Random(f"{name} {seed}")
    bpm = draw.uniform(72, 150)
    tuning = draw.uniform(-MOST_CENTS, MOST_CENTS) if cents is None else cents
    n_bars = 4 * max(2, round(SECONDS * bpm / 60 / BEATS / 4))
    bars = [bar for key in keys for bar in _bars(key, n_bars, draw)]
    parts = _play(bars, draw)
    programs = [draw.choice(choices) for choices in ARRANGEMENTS[arrangement]]
    score = _score(parts, programs, bpm=bpm, cents=tuning)
    changes = tuple(index * n_bars * BEATS * 60 / bpm for index in range(1, len(keys)))
    return Piece(f"{name}, seed {seed}", score, keys, changes, tuning)


def _bars(key: Key, n_bars: int, draw: random.Random) -> list[Bar]:
    """Phrases of four bars: a verse, a chorus, and so on; half of the pieces end with a cadence."""
    verse, chorus = draw.sample(PROGRESSIONS[key.mode], 2)
    phrases = [verse if index % 4 < 2 else chorus for index in range(n_bars // 4)]
    if draw.random() < 0.5:
        phrases[-1] = draw.choice(CADENCES[key.mode])
    names = [name for phrase in phrases for name in phrase.split()]
    return [_bar(key, name, ends_phrase=index % 4 == 3) for index, name in enumerate(names)]


def _bar(key: Key, name: str, *, ends_phrase: bool) -> Bar:
    offset, intervals = DEGREES[key.mode][name]
    root = (key.tonic + offset) % 12
    own = [(key.tonic + step) % 12 for step in SCALES[key.mode]]
    strange = {(root + step) % 12 for step in intervals} - set(own)
    # A leading note takes the place of the scale's own seventh.
    scale = tuple(c for c in own if not {(c + 1) % 12, (c - 1) % 12} & strange) + tuple(strange)
    home = tuple((key.tonic + step) % 12 for step in (MAJOR if key.mode == "major" else MINOR))
    return Bar(root, intervals, scale, home, ends_phrase)


def _play(bars: list[Bar], draw: random.Random) -> list[list[Note]]:
    """Parts in the order bass, chords, melody, drums; times from the piece's beginning."""
    drums, bass, chords = (draw.choice(sorted(table)) for table in (DRUMS, BASSES, CHORDS))
    parts: list[list[Note]] = [[], [], [], []]
    last = draw.randint(67, 76)
    for index, bar in enumerate(bars):
        melody = melody_bar(bar, last, draw)
        last = melody[-1].pitch
        played = (bass_bar(bass, bar, draw), chord_bar(chords, bar, draw), melody, drum_bar(drums, bar, draw))
        for part, notes in zip(parts, played, strict=True):
            part += [Note(index * BEATS + n.start, n.length, n.pitch, n.velocity) for n in notes]
    return parts


def _score(parts: list[list[Note]], programs: list[int], *, bpm: float, cents: float) -> mido.MidiFile:
    first = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS, tracks=[first])
    for channel, notes in zip((0, 1, 2, DRUM_CHANNEL), parts, strict=True):
        track = mido.MidiTrack()
        if channel != DRUM_CHANNEL:
            track.append(mido.Message("program_change", channel=channel, program=programs[channel]))
            bend = round(cents / CENTS_A_BEND)
            track.append(mido.Message("pitchwheel", channel=channel, pitch=bend))
        track += _events(notes, channel)
        file.tracks.append(track)
    return file


def _events(notes: list[Note], channel: int) -> list[mido.Message]:
    """Note messages with times relative to each other; of two at once the end comes first."""
    timed: list[tuple[int, int, mido.Message]] = []
    for note in notes:
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch)
        timed += [(round(note.start * TICKS), 1, on), (round((note.start + note.length) * TICKS), 0, off)]
    timed.sort(key=lambda event: event[:2])
    deltas = [timed[0][0], *(after[0] - before[0] for before, after in pairwise(timed))]
    return [message.copy(time=delta) for delta, (_, _, message) in zip(deltas, timed, strict=True)]
