"""Musical keys and their three notations: traditional, Camelot and Open Key.

Keys are spelled C C# D Eb E F F# G Ab A Bb B. The wheels number the fifths: Camelot 8B and Open Key
1d are C major; 8A and 1m are A minor, its relative.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from nast_fx.errors import UsageError

__all__ = ["PITCH_CLASSES", "Key", "Mode", "parse_key"]

Mode = Literal["major", "minor"]

PITCH_CLASSES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_TRADITIONAL = re.compile(
    r"(?P<note>[A-Ga-g])(?P<accidental>[#♯b♭]?)\s*(?P<mode>major|maj|minor|min|M|m|)", re.ASCII
)
_WHEEL = re.compile(r"(?P<number>1[0-2]|[1-9])(?P<letter>[ABabdmDM])")
_FIFTHS_OF_CAMELOT, _FIFTHS_OF_OPEN_KEY = 8, 1  # numbers of C major and A minor


@dataclass(frozen=True, order=True)
class Key:
    """A tonic and a mode.

    Attributes
    ----------
    tonic : int
        Pitch class, 0 (C) ... 11 (B).
    mode : str
        ``major`` or ``minor``.
    """

    tonic: int
    mode: Mode = "major"

    def __post_init__(self) -> None:
        if not 0 <= self.tonic < 12 or self.mode not in get_args(Mode):
            raise UsageError(f"tonic={self.tonic}, mode={self.mode} is no key")

    @property
    def name(self) -> str:
        """Traditional notation: ``F# minor``."""
        return f"{PITCH_CLASSES[self.tonic]} {self.mode}"

    @property
    def camelot(self) -> str:
        """Camelot notation: ``11A`` is F# minor."""
        return f"{self._place(_FIFTHS_OF_CAMELOT)}{'B' if self.mode == 'major' else 'A'}"

    @property
    def open_key(self) -> str:
        """Open Key notation: ``4m`` is F# minor."""
        return f"{self._place(_FIFTHS_OF_OPEN_KEY)}{'d' if self.mode == 'major' else 'm'}"

    @property
    def relative_major(self) -> int:
        """Tonic of the major key with the same notes."""
        return self.tonic if self.mode == "major" else (self.tonic + 3) % 12

    def transposed(self, semitones: int) -> Key:
        """Move the tonic."""
        return Key((self.tonic + semitones) % 12, self.mode)

    def semitones_to(self, other: Key) -> int:
        """Shift of -5 ... 6 semitones that brings this key's notes to those of `other`.

        Between a major and a minor key the notes count, not the tonic: C major is 0 away from A minor.
        """
        up = (other.relative_major - self.relative_major) % 12
        return up if up <= 6 else up - 12

    def _place(self, first: int) -> int:
        return (7 * self.relative_major + first - 1) % 12 + 1

    def __str__(self) -> str:
        return self.name


def parse_key(text: str) -> Key:
    """Read a key in any of the notations: ``F# minor``, ``F#m``, ``Gb min``, ``11A``, ``4m``.

    Raises
    ------
    UsageError
        It is none of them.
    """
    words = text.strip()
    if wheel := _WHEEL.fullmatch(words):
        return _of_wheel(int(wheel["number"]), wheel["letter"])
    if match := _TRADITIONAL.fullmatch(words):
        tonic = (_NATURALS[match["note"].upper()] + _ACCIDENTALS[match["accidental"]]) % 12
        return Key(tonic, "minor" if match["mode"] in {"minor", "min", "m"} else "major")
    raise UsageError(f"'{text}' must be a key such as F# minor, Eb major, 11A or 4m")


def _of_wheel(number: int, letter: str) -> Key:
    first = _FIFTHS_OF_CAMELOT if letter in "ABab" else _FIFTHS_OF_OPEN_KEY
    major = 7 * (number - first) % 12
    return Key(major) if letter in "BbdD" else Key((major - 3) % 12, "minor")
