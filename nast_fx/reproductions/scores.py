"""The score of the key experiment: the beginning of "The Star-Spangled Banner" in any key.

The tune is John Stafford Smith's of about 1773, the words are of 1814: both are in the public domain.
Seven beats at 105 a minute are the four seconds of Barry & Kim 2018. The harmony is the plainest: C under
the first bar, A minor and G under the second.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANTHEM_SECONDS", "ScoreNote", "anthem"]

BEAT_SECONDS = 60 / 105
ANTHEM_SECONDS = 7 * BEAT_SECONDS
# (beat, beats, MIDI note in C): oh | say can you | see, by the
TUNE = (
    (0.0, 0.75, 67),
    (0.75, 0.25, 64),
    (1.0, 1.0, 60),
    (2.0, 1.0, 64),
    (3.0, 1.0, 67),
    (4.0, 2.0, 72),
    (6.0, 0.75, 76),
    (6.75, 0.25, 74),
)
HARMONY = (
    (1.0, 1.0, (48,)),
    (2.0, 1.0, (52, 55)),
    (3.0, 1.0, (52, 55)),
    (4.0, 1.0, (45,)),
    (5.0, 1.0, (52, 60)),
    (6.0, 1.0, (43, 55, 59)),
)
TUNE_VELOCITY, HARMONY_VELOCITY = 100, 64


@dataclass(frozen=True)
class ScoreNote:
    """One note: its start and length in seconds, its MIDI note and its velocity 1 ... 127."""

    start: float
    seconds: float
    pitch: int
    velocity: int


def anthem(semitones: int = 0) -> tuple[ScoreNote, ...]:
    """Give the first four seconds in C, moved by `semitones`."""
    tune = [_note(beat, beats, pitch + semitones, TUNE_VELOCITY) for beat, beats, pitch in TUNE]
    chords = [
        _note(beat, beats, pitch + semitones, HARMONY_VELOCITY)
        for beat, beats, pitches in HARMONY
        for pitch in pitches
    ]
    return tuple(sorted([*tune, *chords], key=lambda note: (note.start, note.pitch)))


def _note(beat: float, beats: float, pitch: int, velocity: int) -> ScoreNote:
    return ScoreNote(beat * BEAT_SECONDS, beats * BEAT_SECONDS, pitch, velocity)
