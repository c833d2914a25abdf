"""A Standard MIDI File, opened and laid out in seconds (MIDI 1.0, RP-001: Standard MIDI Files 1.0).

Formats 0 and 1, in ticks a quarter note. A tick lasts ``tempo / ticks_per_beat`` microseconds, where the
tempo is that of the last change before it, 500 000 (120 bpm) at first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido

from nast_fx.audio.names import clean_text, file_error, shown
from nast_fx.errors import AudioFileError

__all__ = ["MOST_BPM", "SCORE_SUFFIXES", "is_score", "open_midi", "text_of", "timed_messages"]

SCORE_SUFFIXES = (".mid", ".midi", ".smf", ".kar")
MOST_BPM = 10_000.0
"""A faster tempo is no tempo, and its beats would fill the memory."""
FIRST_TEMPO = 500_000  # microseconds a quarter note
_MICROSECONDS = 1e6

# What mido raises on broken bytes; nothing else of it is documented.
_BROKEN = (
    EOFError,
    OSError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    struct.error,
)


def is_score(path: str | Path) -> bool:
    """Whether the name is that of a MIDI file."""
    return Path(path).suffix.lower() in SCORE_SUFFIXES


def open_midi(path: str | Path) -> mido.MidiFile:
    """Open a MIDI file.

    Raises
    ------
    AudioFileError
        It is missing, empty, broken or no MIDI file, of format 2, or counts film frames.
    """
    name = shown(path)
    try:
        with open(path, "rb") as stream:
            head = stream.read(4)
            if head != b"MThd":
                what = "is empty" if not head else "is not a MIDI file"
                raise AudioFileError(f"{name}: {what}")
            stream.seek(0)
            file = _parsed(stream, name)
    except FileNotFoundError as error:
        raise AudioFileError(f"{name}: there is no such file") from error
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
    if file.type not in (0, 1):
        raise AudioFileError(
            f"{name}: is a MIDI file of format {file.type}, whose tracks do not run together; "
            "export it as format 0 or 1"
        )
    if file.ticks_per_beat <= 0:
        raise AudioFileError(
            f"{name}: counts time in film frames (SMPTE), not in beats; export it with ticks a beat"
        )
    if not file.tracks:
        raise AudioFileError(f"{name}: is a MIDI file without a track")
    return file


def timed_messages(file: mido.MidiFile, name: str) -> Iterator[tuple[float, Any]]:
    """Walk over the messages of all tracks together, each with its time in seconds.

    Raises
    ------
    AudioFileError
        A tempo is above `MOST_BPM`; `name` is for that message.
    """
    seconds, tempo = 0.0, FIRST_TEMPO
    for message in file.merged_track:
        seconds += message.time * tempo / (_MICROSECONDS * file.ticks_per_beat)
        if message.type == "set_tempo":
            tempo = message.tempo
            if tempo * MOST_BPM < 60 * _MICROSECONDS:
                raise AudioFileError(
                    f"{name}: the tempo at {seconds:.3f} s is above {MOST_BPM:g} bpm; the file is damaged"
                )
        yield seconds, message


def text_of(message: Any) -> str:
    """Text of a marker or name: UTF-8 where it is that, else Latin-1, which every byte is."""
    raw = message.text.encode("latin-1")  # as mido decoded it
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return clean_text(text).strip()


def _parsed(stream: Any, name: str) -> mido.MidiFile:
    try:
        return mido.MidiFile(file=stream)
    except mido.KeySignatureError as error:
        raise AudioFileError(
            f"{name}: holds a key signature that there is not; the file is damaged"
        ) from error
    except EOFError as error:
        raise AudioFileError(f"{name}: the MIDI file is cut short") from error
    except _BROKEN as error:
        raise AudioFileError(f"{name}: the MIDI file is damaged ({error})") from error
