"""Names of results: what they are made of, and that they stay where they belong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nast_fx.errors import UsageError
from nast_fx.models.pattern import DEFAULT_PATTERN, MAX_BYTES, parse_pattern, preview

VALUES = {"folder": "drums/loud", "stem": "kick 1", "ext": "wav", "preset": "rain", "n": "07", "seed": 3}


def name(pattern: str, **values: object) -> str:
    return parse_pattern(pattern).name(VALUES | values)


def test_tokens_take_their_values() -> None:
    assert name(DEFAULT_PATTERN) == "drums/loud/kick 1.rain.wav"
    assert name(DEFAULT_PATTERN, folder="") == "kick 1.rain.wav"
    assert name("{n}-{stem}.{seed}.{ext}") == "07-kick 1.3.wav"
    assert name("{{{stem}}}.{ext}") == "{kick 1}.wav"


def test_a_suffix_is_named_or_added() -> None:
    assert parse_pattern("{stem}.flac").suffix == ".flac"
    assert name("{stem}.flac") == "kick 1.flac"
    assert parse_pattern("{stem}.{ext}").suffix is None
    assert name("{stem} styled") == "kick 1 styled.wav"


def test_keys_of_a_sweep_are_tokens() -> None:
    pattern = parse_pattern("{stem}.{strength}.{ext}", ["strength"])
    assert pattern.name(VALUES | {"strength": "0.3"}) == "kick 1.0.3.wav"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{stm}.{ext}", "there is no token {stm}; did you mean 'stem'?"),
        ("{stem", "a brace stands alone"),
        ("{stem!r}.wav", "write {stem} alone"),
        ("{stem:>99}.wav", "write {stem} alone"),
        ("../{stem}.{ext}", "below the output folder"),
        ("/music/{stem}.{ext}", "below the output folder"),
        ("C:/{stem}.{ext}", "below the output folder"),
        ("{stem}\\x.{ext}", "write / between folders"),
        ("{stem}/", "the name of the file is missing"),
        ("{stem}?.{ext}", "'?' cannot stand in names"),
        ("  ", "is empty"),
        ("{0}.{ext}", "there is no token {0}"),
        ("{stem.__class__}.{ext}", "there is no token {stem.__class__}"),
    ],
)
def test_wrong_patterns_are_refused(pattern: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_pattern(pattern)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("{seed} 100%s", "{seed} 100%s.wav"),
        (
            "\N{DRUM WITH DRUMSTICKS} \u05e9\u05dc\u05d5\u05dd",
            "\N{DRUM WITH DRUMSTICKS} \u05e9\u05dc\u05d5\u05dd.wav",
        ),
        ("CON", "CON_.wav"),
        ("lpt1", "lpt1_.wav"),
        ("a:b?c", "a_b_c.wav"),
        ("..", "__.wav"),
        ("../../etc/passwd", ".._.._etc_passwd.wav"),
        ("tab\there", "tab_here.wav"),
    ],
)
def test_odd_names_work_everywhere(stem: str, expected: str) -> None:
    if stem == "../../etc/passwd":
        with pytest.raises(UsageError):  # nothing hidden is made
            name("{stem}.{ext}", stem=stem)
        assert name("x{stem}.{ext}", stem=stem) == f"x{expected}"
        return
    assert name("{stem}.{ext}", stem=stem) == expected


def test_long_names_are_shortened_and_stay_apart() -> None:
    long = "\N{DRUM WITH DRUMSTICKS}" * 100
    first, second = name("{stem}.{ext}", stem=long + "a"), name("{stem}.{ext}", stem=long + "b")
    assert first != second
    for made in (first, second):
        assert len(made.encode()) <= MAX_BYTES
        assert made.endswith(".wav")


@given(st.text(min_size=1), st.text(), st.text(min_size=1))
def test_no_value_leaves_the_folder(stem: str, folder: str, preset: str) -> None:
    try:
        made = name("x{stem}/{folder}/{preset}.{ext}", stem=stem, folder=folder, preset=f"p{preset}")
    except UsageError:
        return
    parts = made.split("/")
    assert not made.startswith("/")
    assert not {"", ".", ".."} & set(parts)
    assert all(len(part.encode("utf-8", "surrogatepass")) <= 255 for part in parts)
    assert not set('<>:"\\|?*') & set(made)


def test_a_live_preview() -> None:
    assert preview("{stem}.{ext}", [VALUES, VALUES | {"stem": "snare"}]) == ["kick 1.wav", "snare.wav"]
