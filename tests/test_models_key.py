"""Keys: three notations, and how far it is from one to the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nast_fx.errors import UsageError
from nast_fx.models.key import Key, parse_key

KEYS = [Key(tonic, mode) for mode in ("major", "minor") for tonic in range(12)]
# The wheel as DJs know it: Camelot number, its minor key (A) and its major key (B).
WHEEL = (
    (1, "Ab minor", "B major"),
    (2, "Eb minor", "F# major"),
    (3, "Bb minor", "C# major"),
    (4, "F minor", "Ab major"),
    (5, "C minor", "Eb major"),
    (6, "G minor", "Bb major"),
    (7, "D minor", "F major"),
    (8, "A minor", "C major"),
    (9, "E minor", "G major"),
    (10, "B minor", "D major"),
    (11, "F# minor", "A major"),
    (12, "C# minor", "E major"),
)
keys = st.sampled_from(KEYS)


@pytest.mark.parametrize(("number", "minor", "major"), WHEEL)
def test_camelot_and_open_key_of_every_key(number: int, minor: str, major: str) -> None:
    open_number = (number - 8) % 12 + 1
    for name, letter, open_letter in ((minor, "A", "m"), (major, "B", "d")):
        key = parse_key(name)
        assert key.name == str(key) == name
        assert (key.camelot, key.open_key) == (f"{number}{letter}", f"{open_number}{open_letter}")


@given(keys)
def test_every_notation_leads_back_to_the_key(key: Key) -> None:
    assert parse_key(key.name) == parse_key(key.camelot) == parse_key(key.open_key) == key


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("F#m", "F# minor"),
        ("Gb min", "F# minor"),
        ("g♭ minor", "F# minor"),
        ("C", "C major"),
        ("CM", "C major"),
        ("  a minor ", "A minor"),
        ("B#", "C major"),
        ("Cb maj", "B major"),
        ("11a", "F# minor"),
        ("4M", "F# minor"),
        ("1D", "C major"),
    ],
)
def test_a_key_is_read_as_people_write_it(text: str, name: str) -> None:
    assert parse_key(text).name == name


@pytest.mark.parametrize("text", ["", "H minor", "13A", "0B", "C dorian", "major", "8C", "C##", "F# minor 2"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="must be a key such as F# minor, Eb major, 11A or 4m"):
        parse_key(text)


@pytest.mark.parametrize(("tonic", "mode"), [(12, "major"), (-1, "minor"), (0, "dorian")])
def test_a_key_that_does_not_exist_is_not_made(tonic: int, mode: str) -> None:
    with pytest.raises(UsageError, match="is no key"):
        Key(tonic, mode)  # type: ignore[arg-type]


@given(keys, keys)
def test_a_shift_brings_the_notes_of_one_key_to_those_of_the_other(one: Key, other: Key) -> None:
    shift = one.semitones_to(other)
    assert -5 <= shift <= 6
    assert one.transposed(shift).relative_major == other.relative_major


def test_relative_keys_are_no_shift_apart_and_parallel_ones_three_semitones() -> None:
    assert Key(0).semitones_to(Key(9, "minor")) == 0
    assert Key(0).semitones_to(Key(0, "minor")) == 3
    assert Key(0).semitones_to(Key(11)) == -1


@given(keys, st.integers(-30, 30))
def test_transposing_keeps_the_mode_and_comes_round_after_an_octave(key: Key, semitones: int) -> None:
    moved = key.transposed(semitones)
    assert moved.mode == key.mode
    assert moved.transposed(-semitones) == key.transposed(12) == key
