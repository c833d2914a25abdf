"""A person's path through the real program on a screen, with mouse and keys; what is made is measured."""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from person import Person, at_work, running_in

sys.path.append(str(Path(__file__).parents[1]))
from x_display import Screen, screen

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="a screen for tests is made on Linux only"
    ),
]

RATE = 22_050  # Hz
SECONDS = 4.0
LOOPS = ("one", "two", "three")
PRESET = "Evening bells"


@pytest.fixture
def display() -> Iterator[Screen]:
    with screen() as made:
        yield made


def write_sound(path: Path, seconds: float, pitch: float) -> None:
    """Write a stereo tone that is struck twice a second."""
    time_line = np.arange(round(seconds * RATE)) / RATE
    tone = 0.4 * np.sin(2 * np.pi * pitch * time_line) * np.exp(-6 * (time_line % 0.5))
    soundfile.write(path, np.stack([tone, 0.8 * tone], axis=1), RATE, subtype="PCM_16")


def facts(path: Path) -> tuple[int, int, int]:
    """Frames, rate, channels."""
    info = soundfile.info(str(path))
    return info.frames, info.samplerate, info.channels


def nothing_left(folder: Path) -> bool:
    """Whether all that was started has ended, soon."""
    limit = time.monotonic() + 10
    while running_in(folder) and time.monotonic() < limit:
        time.sleep(0.1)
    return not running_in(folder)


def is_down(one: dict[str, Any]) -> bool:
    return bool(one["is_down"])


def choose(person: Person, song: Path) -> None:
    """Drop the content, take a style by its name, change a setting, select a part."""
    person.drop(song, "1. Drop a recording here: its notes and its rhythm stay.")
    person.see("song.wav")
    person.click("By name")
    person.click("bells", "QMenu")
    person.click("Amount", "NumberBox")
    person.press("ctrl+a")
    person.type("0.8")
    person.press("Return")
    person.see("Content, waveform")
    time.sleep(1.0)  # its length is known by then
    person.select("Content, waveform", 0.4, 0.8)


def hear(person: Person) -> None:
    """Go from A to B and back."""
    for choice in ("B", "A"):
        person.click(choice, "KeyButton")
        person.see(choice, is_down)


def save_preset(person: Person) -> None:
    """Save under a new name, and see it in the list."""
    person.press("ctrl+shift+s")
    person.see("Save preset")
    person.press("ctrl+a", window="Save preset")
    person.type(PRESET, window="Save preset")
    person.press("Return", window="Save preset")
    person.see(PRESET, lambda one: "row" in one)


def load_preset(person: Person) -> None:
    """Find the preset in the list of a program that was started anew, and load it with Enter."""
    person.see("song.wav")
    person.see(PRESET, lambda one: "row" in one)
    person.click("Search presets")
    person.type("evening")
    person.press("Return")
    person.see("Amount", lambda one: one["text"] == "0.8")


def test_a_persons_path(display: Screen, tmp_path: Path) -> None:
    """Content by drop, a style by name, preview, render, A and B, a preset; quit, and it is there again."""
    song, folder = tmp_path / "song.wav", tmp_path / "own"
    write_sound(song, SECONDS, 220.0)
    with at_work(display.name, folder) as person:
        choose(person, song)
        person.press("F5")
        person.see("Result, waveform")
        frames, rate, channels = facts(next((folder / "tmp").rglob("preview-*.wav")))
        assert (rate, channels) == (RATE, 2)
        assert 0.35 * SECONDS < frames / rate < 0.55 * SECONDS  # the picture has its scale at its left
        person.click("Render", "QPushButton")
        person.see("Cancel")
        person.see("Difference")  # hidden while a render runs
        styled = tmp_path / "song.styled.wav"
        assert facts(styled) == facts(song)
        assert not np.array_equal(soundfile.read(styled)[0], soundfile.read(song)[0])
        hear(person)
        save_preset(person)
        assert person.quit() == 0
    assert nothing_left(folder)
    saved = tomllib.loads((folder / "data/nast-fx/presets/evening-bells.toml").read_text(encoding="utf-8"))
    assert (saved["name"], saved["plan"]["amount"]) == (PRESET, 0.8)
    with at_work(display.name, folder, song) as person:
        load_preset(person)
        assert person.quit() == 0
    assert nothing_left(folder)


def test_a_folder_of_loops(display: Screen, tmp_path: Path) -> None:
    """The folder is dropped on the batch view; each loop gets its result, of its own length."""
    loops, folder = tmp_path / "loops", tmp_path / "own"
    loops.mkdir()
    for number, name in enumerate(LOOPS):
        write_sound(loops / f"{name}.wav", 1.0 + 0.25 * number, 220.0 * (number + 1))
    with at_work(display.name, folder) as person:
        person.click("By name")
        person.click("rain", "QMenu")
        person.click("Batch", "QTabBar")
        person.drop(loops, "Files of the batch")
        person.see("three.wav", lambda one: one["row"][2] == "waiting")
        person.click("Start")
        for name in LOOPS:
            person.see(f"{name}.wav", lambda one: one["row"][2] == "done")
        person.see("Dismiss")  # of the summary: the batch has ended
        assert person.quit() == 0
    assert nothing_left(folder)
    for name in LOOPS:
        assert facts(tmp_path / "styled" / f"{name}.styled.wav") == facts(loops / f"{name}.wav")
