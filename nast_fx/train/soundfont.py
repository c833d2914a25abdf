"""Notes of a General-MIDI soundfont, rendered by the program fluidsynth.

Many notes share a MIDI file: each has a slot of its own, begins on the slot's first frame and is
silenced at its end, so that a note sounds the same wherever it stands. Fluidsynth works in blocks of 64
frames and counts whole milliseconds; at 64 kHz both are one, and what its interpolation folds back lies
mostly above the band that is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from nast_fx.audio import Samples, resample, shown
from nast_fx.audio.fluidsynth import SOUNDFONT_FOLDER, find_fluidsynth, find_soundfont, play
from nast_fx.errors import AudioFileError, UsageError

__all__ = ["Note", "find_soundfont", "render_notes"]

FOLDER = SOUNDFONT_FOLDER
RENDER_RATE = 64_000  # Hz
FRAMES_A_MS = RENDER_RATE // 1000
GAP_MS = 20  # before a slot: the note before it is silenced there, and the synthesizer comes to rest
LEAD_MS = 100  # of a chord that takes up voices, cut away
WARM_UP = range(30, 94)
FILE_SECONDS = 120.0  # of notes in one MIDI file; it bounds the memory
DRUM_CHANNEL = 9  # the tenth, by General MIDI


@dataclass(frozen=True)
class Note:
    """One note.

    Attributes
    ----------
    program : int
        General-MIDI program, 0 ... 127; of drums the kit.
    pitch : int
        MIDI note, 0 ... 127; of drums the instrument.
    velocity : int
        1 ... 127.
    seconds : float
        How long the key is held; the sound may last longer.
    is_drum : bool
        Whether it is played on the drum channel.
    """

    program: int
    pitch: int
    velocity: int
    seconds: float
    is_drum: bool = False

    def __post_init__(self) -> None:
        for name, least in {"program": 0, "pitch": 0, "velocity": 1}.items():
            if not least <= (value := getattr(self, name)) <= 127:
                raise UsageError(f"{name}={value} must be at least {least} and at most 127")
        if not self.seconds > 0:
            raise UsageError(f"seconds={self.seconds:g} must be above 0")


def render_notes(
    notes: Sequence[Note], *, soundfont: str | Path, sample_rate: int, slot_seconds: float
) -> Samples:
    """Render each note by itself, dry, in mono.

    Parameters
    ----------
    notes : sequence of Note
    soundfont : path
        See `find_soundfont`.
    sample_rate : int
        Hz, up to 64 000.
    slot_seconds : float
        Length of each result; what sounds longer is cut.

    Returns
    -------
    ndarray, (note, round(slot_seconds * sample_rate)) float32
        Not normalized: loudness follows velocity and instrument.

    Raises
    ------
    UsageError
        A setting is out of its range.
    AudioFileError
        The soundfont cannot be rendered.
    NastFxError
        The program fluidsynth is missing.
    """
    if not 0 < slot_seconds <= FILE_SECONDS:
        raise UsageError(f"slot_seconds={slot_seconds:g} must be above 0 and at most {FILE_SECONDS:g}")
    if not 0 < sample_rate <= RENDER_RATE:
        raise UsageError(f"sample_rate={sample_rate} must be above 0 and at most {RENDER_RATE}")
    program = find_fluidsynth("the notes of a soundfont")
    n_a_file = max(1, int(FILE_SECONDS / slot_seconds))
    result = np.zeros((len(notes), round(slot_seconds * sample_rate)), dtype=np.float32)
    for first in range(0, len(notes), n_a_file):
        slots = _render(program, notes[first : first + n_a_file], find_soundfont(soundfont), slot_seconds)
        for row, slot in enumerate(slots, start=first):
            kept = resample(slot[None], RENDER_RATE, sample_rate)[0, : result.shape[1]]
            result[row, : len(kept)] = kept
    return result


def _render(program: str, notes: Sequence[Note], soundfont: Path, slot_seconds: float) -> Samples:
    """Slots (note, frame) at `RENDER_RATE`."""
    slot_ms = int(np.ceil(slot_seconds * 1000))
    with tempfile.TemporaryDirectory(prefix="nast-fx-") as folder:
        score, sound = (Path(folder) / name for name in ("notes.mid", "notes.raw"))
        _score(notes, slot_ms).save(score)
        play(program, score, sound, soundfont=soundfont, sample_rate=RENDER_RATE, has_effects=False)
        stereo = np.fromfile(sound, dtype="<f4").reshape(-1, 2)
    mono = stereo.mean(axis=1, dtype=np.float32)
    step = (slot_ms + GAP_MS) * FRAMES_A_MS
    mono = mono[LEAD_MS * FRAMES_A_MS :]
    if len(mono) < len(notes) * step:
        raise AudioFileError(f"{shown(soundfont)}: fluidsynth cannot render it: the output is cut short")
    return np.asarray(mono[: len(notes) * step].reshape(len(notes), step)[:, GAP_MS * FRAMES_A_MS :])


def _score(notes: Sequence[Note], slot_ms: int) -> mido.MidiFile:
    """One slot after the other, a tick a millisecond."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    # A synthesizer's voice differs a little in its first note: each sounds once before it counts.
    track += [mido.Message("note_on", note=pitch, velocity=64) for pitch in WARM_UP]
    track.append(mido.Message("control_change", control=120, time=LEAD_MS))
    for note in notes:
        channel = DRUM_CHANNEL if note.is_drum else 0
        held = min(max(1, round(note.seconds * 1000)), slot_ms)
        key = {"channel": channel, "note": note.pitch}
        track += [
            mido.Message("program_change", channel=channel, program=note.program, time=GAP_MS),
            mido.Message("note_on", velocity=note.velocity, **key),
            mido.Message("note_off", velocity=64, time=held, **key),
            mido.Message("control_change", channel=channel, control=120, time=slot_ms - held),
        ]
    track.append(mido.MetaMessage("end_of_track", time=GAP_MS))
    return mido.MidiFile(ticks_per_beat=500, tracks=[track])
