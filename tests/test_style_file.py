"""Style files: what was written is read, and a hostile file gives one sentence."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from nast_fx.audio import Audio
from nast_fx.errors import AudioFileError
from nast_fx.progress import drain
from nast_fx.styles import LearntStyle, read_style, recording_of, write_style
from nast_fx.styles.learn import learn
from nast_fx.styles.sound import StyleSource
from nast_fx.styles.style import MAX_PICTURE_BYTES, MAX_STYLE_BYTES
from nast_fx.styles.style_file import KEY, style_bytes

RATE = 8000


@pytest.fixture(scope="module")
def style() -> LearntStyle:
    sound = np.random.default_rng(0).normal(size=(2, 5 * RATE)).astype(np.float32)
    steps = learn([recording_of(Audio(sound, RATE), "ä.wav")], name="noise", seconds=2.6, license="free")
    return drain(steps)


def header_of(style: LearntStyle) -> dict[str, Any]:
    data = style_bytes(style)
    (size,) = struct.unpack("<Q", data[:8])
    header: dict[str, Any] = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][KEY])
    return header


def forged(style: LearntStyle, change: Callable[[dict[str, Any], dict[str, np.ndarray]], None]) -> bytes:
    """A style file whose facts and tensors were changed, with a right sum of the tensors."""
    from nast_fx.styles.style_file import _sum

    header = header_of(style)
    tensors = {
        "magnitudes": style.magnitudes.copy(),
        "picture": np.frombuffer(style.picture, np.uint8).copy(),
    }
    change(header, tensors)
    header["sum"] = _sum(tensors)
    return save(tensors, metadata={KEY: json.dumps(header)})


def test_what_was_written_is_read(style, tmp_path):
    path = tmp_path / "noise.naststyle"
    write_style(path, style)
    read = read_style(path)
    assert read.facts == style.facts
    assert read.picture == style.picture
    np.testing.assert_array_equal(read.magnitudes, style.magnitudes)
    assert path.read_bytes() == style_bytes(read)
    with pytest.raises(AudioFileError, match="exists already"):
        write_style(path, style)
    write_style(path, style, overwrite=True)


def test_nothing_in_a_file_says_where_its_maker_keeps_things(style):
    (one,) = style.facts.recordings
    assert one.file == "ä.wav"
    assert "/" not in json.dumps(header_of(style)["facts"]["recordings"])


def test_the_picture_is_a_small_png(style):
    picture = style.picture
    assert len(picture) <= MAX_PICTURE_BYTES
    width, height = struct.unpack(">II", picture[16:24])
    (size,) = struct.unpack(">I", picture[picture.index(b"IDAT") - 4 : picture.index(b"IDAT")])
    start = picture.index(b"IDAT") + 4
    lines = zlib.decompress(picture[start : start + size])
    assert len(lines) == height * (width + 1)
    assert len(set(lines)) > 10  # noise is not one color


def test_a_style_too_large_is_not_written(style, tmp_path):
    from dataclasses import replace

    many = replace(style, magnitudes=np.tile(style.magnitudes, (1, 1, 40)))
    with pytest.raises(AudioFileError, match=r"at most 4\.0 MB: learn fewer seconds"):
        write_style(tmp_path / "large.naststyle", many)
    assert list(tmp_path.iterdir()) == []


def _facts(**values: Any) -> Callable[..., None]:
    return lambda header, tensors: header["facts"].update(values)


def _tensors(**make: Callable[[np.ndarray], np.ndarray]) -> Callable[..., None]:
    return lambda header, tensors: tensors.update({name: one(tensors[name]) for name, one in make.items()})


def _with(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(magnitudes: np.ndarray) -> np.ndarray:
        magnitudes[0, 3, 5] = value
        return magnitudes

    return change


NO_STYLE, DAMAGED = "is no style made by nast-fx style learn", "is damaged"
HOSTILE: dict[str, tuple[Callable[..., None], str]] = {
    "a newer format": (_facts(format=2), "is a style of format 2; this version reads format 1"),
    "an unknown key": (_facts(code="import os"), NO_STYLE),
    "negative weights": (_facts(weights=[-0.5, 1.5]), NO_STYLE),
    "weights of nothing": (_facts(weights=[0.0, 1.0]), NO_STYLE),
    "weights that are no share": (_facts(weights=[0.9, 0.9]), NO_STYLE),
    "too few weights": (_facts(weights=[1.0]), NO_STYLE),
    "a level of infinity": (_facts(levels=[float("inf"), 1.0]), NO_STYLE),
    "a rate of nothing": (_facts(sample_rate=0), NO_STYLE),
    "a rate out of the world": (_facts(sample_rate=10**12), NO_STYLE),
    "frames that are not there": (_facts(run_frames=[10**6, 10**6]), NO_STYLE),
    "a run of two frames": (_facts(run_frames=[2, 2]), NO_STYLE),
    "another window": (_facts(n_fft=64, hop_length=32), NO_STYLE),
    "a hop of half a window and more": (_facts(hop_length=520), NO_STYLE),
    "another part": (_facts(parts=["mid", "mid"]), NO_STYLE),
    "no recordings": (_facts(recordings=[]), NO_STYLE),
    "a key of its own": (_facts(sound={"key": "H major"}), NO_STYLE),
    "a name that goes on": (_facts(name="x" * 10_000), NO_STYLE),
    "facts that are a list": (lambda header, tensors: header.update(facts=[1, 2]), NO_STYLE),
    "no number": (_tensors(magnitudes=_with(np.nan)), DAMAGED),
    "an infinite one": (_tensors(magnitudes=_with(np.inf)), DAMAGED),
    "a negative one": (_tensors(magnitudes=_with(-1.0)), DAMAGED),
    "silence": (_tensors(magnitudes=np.zeros_like), "is silent"),
    "other bins": (_tensors(magnitudes=lambda m: m[:, :-1]), NO_STYLE),
    "other numbers": (_tensors(magnitudes=lambda m: m.astype(np.float32)), NO_STYLE),
    "one tensor more": (lambda header, tensors: tensors.update(more=np.zeros(3)), NO_STYLE),
    "no picture": (lambda header, tensors: tensors.pop("picture"), NO_STYLE),
    "a picture that is none": (_tensors(picture=lambda p: p[::-1].copy()), NO_STYLE),
    "a picture of a large wall": (_tensors(picture=lambda p: np.r_[p[:16], [255] * 4, p[20:]]), NO_STYLE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gives_one_sentence(name, style, tmp_path):
    change, words = HOSTILE[name]
    path = tmp_path / "hostile.naststyle"
    path.write_bytes(forged(style, change))
    with pytest.raises(AudioFileError, match=words) as caught:
        read_style(path)
    assert "\n" not in str(caught.value)


def test_the_forger_can_forge_nothing(style, tmp_path):
    # What is refused above is refused for what was changed.
    path = tmp_path / "same.naststyle"
    path.write_bytes(forged(style, lambda header, tensors: None))
    assert read_style(path).facts == style.facts


def test_files_that_are_no_styles(style, tmp_path):
    path = tmp_path / "x.naststyle"
    data = style_bytes(style)
    for wrong in (
        b"",
        b"RIFF",
        data[: len(data) // 2],
        data[:-1],
        struct.pack("<Q", 2**62) + data[8:],
        struct.pack("<Q", 3_000_000) + b"{" * 3_000_000,
        save({"magnitudes": np.zeros(3, np.float16)}),
        save({"a": np.zeros(3)}, metadata={KEY: "[" * 100_000}),
        save({"a": np.zeros(3)}, metadata={KEY: "1e999"}),
    ):
        path.write_bytes(wrong)
        with pytest.raises(AudioFileError, match=NO_STYLE):
            read_style(path)
    flipped = bytearray(data)
    flipped[-40] ^= 1
    path.write_bytes(bytes(flipped))
    with pytest.raises(AudioFileError, match=r"do not give their own sum|is no style"):
        read_style(path)


def test_a_large_file_is_not_even_opened(tmp_path):
    path = tmp_path / "large.naststyle"
    with open(path, "wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(AudioFileError, match=r"has 100\.0 MB; a style file has at most 4\.0 MB"):
        read_style(path)
    assert MAX_STYLE_BYTES == 4_000_000


def test_what_is_no_file(tmp_path):
    with pytest.raises(AudioFileError, match="there is no such file"):
        read_style(tmp_path / "none.naststyle")
    with pytest.raises(AudioFileError, match="is no regular file"):
        read_style(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.naststyle")
        with pytest.raises(AudioFileError, match="is no regular file"):
            read_style(tmp_path / "pipe.naststyle")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_facts_are_a_style_or_a_sentence(style, tmp_path, data):
    facts = header_of(style)["facts"]
    name = data.draw(st.sampled_from(sorted(facts)))
    value = data.draw(JSON | st.just(facts[name]))
    path = tmp_path / "fuzz.naststyle"
    path.write_bytes(forged(style, _facts(**{name: value})))
    _style_or_sentence(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_are_a_style_or_a_sentence(style, tmp_path, data):
    raw = bytearray(style_bytes(style))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, 4000))] = data.draw(st.integers(0, 255))
    path = tmp_path / "fuzz.naststyle"
    path.write_bytes(bytes(raw[: data.draw(st.just(len(raw)) | st.integers(0, len(raw)))]))
    _style_or_sentence(path)


def _style_or_sentence(path: Path) -> None:
    said = ""
    try:
        source = StyleSource(read_style(path))
        assert np.isfinite(source.read(0, 4000)).all()
    except AudioFileError as error:
        said = str(error)
    assert said == "" or said.startswith(str(path))
    assert "\n" not in said
