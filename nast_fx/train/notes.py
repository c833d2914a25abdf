"""Clips that are notes of a soundfont; and the instruments that the network of Verma & Smith learns.

The paper tells 80 instruments apart; its recordings are not named. Ours are the melodic programs of
General MIDI, less those that are another one's sound under a second name (the same recordings through
another filter): that is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nast_fx.audio import Samples
from nast_fx.progress import Progress, Steps
from nast_fx.train.clips import SILENT, Clip, ClipSet, leveled, rms_of
from nast_fx.train.general_midi import PROGRAM_NAMES
from nast_fx.train.soundfont import Note, render_notes

__all__ = ["NoteClips", "distinct_programs", "instrument_notes"]

MELODIC = (*range(96), *range(104, 112))  # not the synth effects, the percussion and the sound effects
PITCHES = tuple(range(36, 85, 3))
HELD_OUT = PITCHES[2::4]
STROKES = ((64, 0.8), (112, 2.2), (90, 1.4))  # velocity, seconds held

# For comparing programs.
COMPARED_PITCHES = (48, 60, 72)
COMPARED_RATE = 16_000  # Hz
FRAME = 512  # samples
ALIKE = 0.95  # cosine; the same note rendered again gives 1, violin and fiddle 0.98

NOTES_A_REPORT = 184  # rendered between two reports of progress

SOUNDFONT_TERMS = {"TimGM6mb": "GPL-2.0 (TimGM6mb by Tim Brechbill)"}


class NoteClips(ClipSet):
    """Notes of a soundfont, each with a label and a group.

    Parameters
    ----------
    soundfont : path
    notes : sequence of Note
    clips : sequence of Clip
        Of each note.
    """

    def __init__(self, soundfont: Path, notes: Sequence[Note], clips: Sequence[Clip]) -> None:
        self.soundfont = soundfont
        self.notes = tuple(notes)
        self.clips = tuple(clips)
        self.data = f"{len(self.notes)} notes of the soundfont {soundfont.name}, rendered dry by fluidsynth"
        self.licence = SOUNDFONT_TERMS.get(soundfont.stem, f"that of the soundfont {soundfont.name}")

    def waveforms(self, sample_rate: int, seconds: float) -> Steps[Samples]:
        """Render all notes (clip, frame)."""
        n_notes = len(self.notes)
        result = np.empty((n_notes, round(sample_rate * seconds)), dtype=np.float32)
        for first in range(0, n_notes, NOTES_A_REPORT):
            yield Progress("read", step=first, n_steps=n_notes, note="rendering notes")
            part = slice(first, first + NOTES_A_REPORT)
            result[part] = render_notes(
                self.notes[part], soundfont=self.soundfont, sample_rate=sample_rate, slot_seconds=seconds
            )
        return result


def instrument_notes(soundfont: Path, *, programs: Sequence[int] | None = None) -> NoteClips:
    """Give each program's notes: 17 pitches, three strokes; every fourth pitch is held out.

    Parameters
    ----------
    soundfont : path
    programs : sequence of int, optional
        By default `distinct_programs`.
    """
    if programs is None:
        programs = distinct_programs(soundfont)
    notes = [
        Note(program, pitch, velocity, seconds)
        for program in programs
        for pitch in PITCHES
        for velocity, seconds in STROKES
    ]
    clips = [Clip(PROGRAM_NAMES[note.program], f"pitch {note.pitch}") for note in notes]
    found = NoteClips(soundfont, notes, clips)
    found.held_out = frozenset(f"pitch {pitch}" for pitch in HELD_OUT)
    found.split = f"by pitch: MIDI notes {', '.join(map(str, HELD_OUT))} are never trained on"
    return found


def distinct_programs(soundfont: Path, candidates: Sequence[int] = MELODIC) -> tuple[int, ...]:
    """Give those programs that sound like none before them.

    Two programs are one if at every compared pitch the cosine of their leveled log spectrograms is above
    0.95; a program that is silent at such a pitch is left out too.
    """
    notes = [Note(program, pitch, 100, 1.5) for program in candidates for pitch in COMPARED_PITCHES]
    sound = render_notes(notes, soundfont=soundfont, sample_rate=COMPARED_RATE, slot_seconds=2.048)
    views = _views(sound).reshape(len(candidates), len(COMPARED_PITCHES), -1)
    kept: list[int] = []
    for index in range(len(candidates)):
        is_silent = not np.all(np.any(views[index], axis=1))
        if not is_silent and all(np.min(np.sum(views[index] * views[k], axis=1)) <= ALIKE for k in kept):
            kept.append(index)
    return tuple(candidates[index] for index in kept)


def _views(sound: Samples) -> npt.NDArray[np.float32]:
    """Unit vectors (note, bin and frame) of log spectrograms; zero for silence."""
    rms = rms_of(sound)
    frames = leveled(sound).reshape(len(sound), -1, FRAME) * np.hanning(FRAME)
    spectra = np.log1p(np.abs(np.fft.rfft(frames, axis=2))).reshape(len(sound), -1)
    norms = np.linalg.norm(spectra, axis=1)
    return np.asarray(spectra / np.where(rms > SILENT, norms, np.inf)[:, None], dtype=np.float32)
