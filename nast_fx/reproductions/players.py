"""Who plays the notes: a General-MIDI soundfont where there is one, else instruments of the project's own.

A soundfont is rendered note by note (`nast_fx.train.soundfont`) and the notes are laid into place. The
tuning fork is in no soundfont: it is a sine that rings for seconds, on every machine.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nast_fx.audio import Audio
from nast_fx.errors import AudioFileError
from nast_fx.reproductions.scores import ScoreNote
from nast_fx.studies.instruments import bowed, electric_piano, plucked
from nast_fx.studies.synthesis import Signal, at_peak, faded, fall, filtered, hz_of, resonances, times

__all__ = ["INSTRUMENTS", "Instrument", "play", "players"]

RELEASE_SECONDS = 1.5
PEAK_DB = -3.0
VOWEL_HZ = (730.0, 1090.0, 2440.0, 3400.0)  # "ah", Peterson & Barney 1952; the fourth is the singer's
VOWEL_GAINS = (1.0, 0.5, 0.18, 0.12)

# (MIDI note, seconds, sample rate, generator) -> (frame,)
OwnNote = Callable[[float, float, int, np.random.Generator], Signal]


@dataclass(frozen=True)
class Instrument:
    """A General-MIDI program (None: no soundfont has it) and the project's own synthesis."""

    program: int | None
    own: OwnNote


def players() -> str:
    """Say who plays, as a sentence for the page."""
    if _soundfont() is None:
        return (
            "Notes are played by the project's own synthesis, since fluidsynth or a soundfont is not "
            "installed."
        )
    return f"Notes are played by fluidsynth with the soundfont {_soundfont_name()}."


def play(
    notes: Sequence[ScoreNote], instrument: str, *, seconds: float, sample_rate: int, seed: int
) -> Audio:
    """Play a score in mono, cut or padded to `seconds`.

    Parameters
    ----------
    notes : sequence of ScoreNote
    instrument : str
        A name of `INSTRUMENTS`.
    seed : int
        Draws what the project's own instruments vary.
    """
    player = INSTRUMENTS[instrument]
    soundfont = _soundfont()
    if player.program is None or soundfont is None:
        tones = [_own(note, player.own, sample_rate, (seed, index)) for index, note in enumerate(notes)]
    else:
        tones = _rendered(notes, player.program, soundfont, sample_rate)
    mix = np.zeros(round(seconds * sample_rate))
    for note, tone in zip(notes, tones, strict=True):
        start = round(note.start * sample_rate)
        part = mix[start : start + tone.size]
        part += tone[: part.size]
    mix = faded(mix, 0, round(0.01 * sample_rate))
    return Audio(at_peak(mix, PEAK_DB).astype(np.float32)[None], sample_rate)


def tuning_fork(pitch: float, seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    """Tuning fork (frame,): one sine, struck softly, 60 dB down after twelve seconds."""
    time = times(seconds, sample_rate)
    return faded(np.sin(2 * np.pi * hz_of(pitch) * time) * fall(time, 12.0), round(0.004 * sample_rate), 64)


def _harp(pitch: float, seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    return plucked(pitch, seconds + RELEASE_SECONDS, sample_rate, generator)


def _piano(pitch: float, seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    return electric_piano(pitch, seconds + 0.2, sample_rate)


def _violin(pitch: float, seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    tone = bowed(pitch, seconds + 0.1, sample_rate, generator)
    return faded(0.3 * tone, round(0.06 * sample_rate), round(0.09 * sample_rate))


def _voice(pitch: float, seconds: float, sample_rate: int, generator: np.random.Generator) -> Signal:
    """A sung "ah": a glottal buzz that wavers, through four formants."""
    source = bowed(pitch, seconds + 0.1, sample_rate, generator)
    ring = tuple(1.1 / (0.5 * width) for width in (60.0, 80.0, 110.0, 150.0))
    sung = filtered(source, sample_rate, resonances(VOWEL_HZ, ring, VOWEL_GAINS))
    return faded(sung / np.abs(sung).max(), round(0.05 * sample_rate), round(0.1 * sample_rate))


INSTRUMENTS: dict[str, Instrument] = {
    "piano": Instrument(0, _piano),
    "violin": Instrument(40, _violin),
    "harp": Instrument(46, _harp),
    "voice": Instrument(52, _voice),
    "tuning fork": Instrument(None, tuning_fork),
}


def _own(note: ScoreNote, tone: OwnNote, sample_rate: int, key: tuple[int, int]) -> Signal:
    generator = np.random.default_rng(key)
    return note.velocity / 127 * tone(note.pitch, note.seconds, sample_rate, generator)


def _rendered(notes: Sequence[ScoreNote], program: int, soundfont: str, sample_rate: int) -> list[Signal]:
    from nast_fx.train.soundfont import Note, render_notes

    slots = render_notes(
        [Note(program, note.pitch, note.velocity, note.seconds) for note in notes],
        soundfont=soundfont,
        sample_rate=sample_rate,
        slot_seconds=max(note.seconds for note in notes) + RELEASE_SECONDS,
    )
    return [faded(slot.astype(np.float64), 0, round(0.01 * sample_rate)) for slot in slots]


@lru_cache(maxsize=1)
def _soundfont() -> str | None:
    """Path of the soundfont, or None where something of what plays it is missing."""
    if shutil.which("fluidsynth") is None or importlib.util.find_spec("mido") is None:
        return None
    from nast_fx.train.soundfont import find_soundfont

    try:
        return str(find_soundfont())
    except AudioFileError:
        return None


def _soundfont_name() -> str:
    return (_soundfont() or "").replace("\\", "/").rpartition("/")[2]
