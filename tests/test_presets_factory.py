"""The program's own presets: described, in the docs, and each of them renders."""

from __future__ import annotations

import importlib.resources
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_runner import Cli, Ended
from preset_folders import own_user_folder

from nast_fx.chain.run import check_chain
from nast_fx.cli.preset_page import preset_page
from nast_fx.presets import list_presets, parse_preset, preset_text, read_preset
from nast_fx.studies.sounds import SOUNDS

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "presets").glob("*.toml"))
STYLES = sorted(path.stem for path in (ROOT / "nast_fx/styles/factory").glob("*.naststyle"))
DOCS = ROOT / "docs" / "presets.md"
RATE = 16_000  # Hz
SMALL = {  # what else would take minutes
    "mital": ("n_filters=16",),
    "ulyanov-lebedev": ("n_filters=32", "griffin_lim_iterations=4"),
    "barry-kim": (),
    "verma-smith": ("griffin_lim_iterations=4",),
    "vedak-bhatia": ("griffin_lim_iterations=4",),
    "infinite": (),
}


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    own_user_folder(tmp_path, monkeypatch)
    return Cli(tmp_path, capsys, monkeypatch)


def test_there_are_a_dozen_and_all_are_installed() -> None:
    assert len(FILES) >= 12
    installed = importlib.resources.files("nast_fx_presets")
    names = {item.name for item in installed.iterdir() if item.name.endswith(".toml")}
    assert names == {path.name for path in FILES}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert settings["package-data"]["nast_fx_presets"] == ["*.toml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_says_what_it_does_and_what_was_tried(path: Path) -> None:
    preset = read_preset(path)
    assert re.sub(r"\W+", "-", preset.name.lower()) == path.stem
    assert len(preset.description) > 60
    assert preset.tags
    assert "loop_" in preset.notes or "ambi_" in preset.notes or "guit_" in preset.notes
    assert preset.author == "nast-fx"
    assert parse_preset(preset_text(preset).encode(), path.name) == preset
    check_chain(tuple(slot for slot in preset.chain.slots if slot.kind != "style"), 44_100, 2)


def test_they_differ() -> None:
    sounds = {str(read_preset(path).request_values()) for path in FILES}
    assert len(sounds) == len(FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_renders_a_loop(path: Path, cli: Cli) -> None:
    for name, sound in (("loop.wav", "song"), ("style.wav", "bells")):
        audio = SOUNDS[sound](1.2, RATE, 0)
        soundfile.write(name, audio.samples.T, RATE)
    method = read_preset(path).method
    quick = [part for text in (*SMALL[method], "max_iterations=2") for part in ("--set", text)]
    style = () if read_preset(path).styles else ("-s", "style.wav")
    names = ("loop.wav", "--preset", path.stem, *style, "-o", "out.wav")
    ended = cli.run("render", *names, *quick, "--json")
    assert ended.code == 0, ended
    result = ended.objects[-1]
    assert result["preset"]["layer"] == "factory"
    tail = read_preset(path).tail_seconds
    samples, rate = soundfile.read("out.wav", always_2d=True)
    assert (rate, len(samples)) == (RATE, round((1.2 + tail) * RATE))
    content, _ = soundfile.read("loop.wav", always_2d=True)
    assert abs(samples[: len(content)] - content).max() > 0.001
    assert 0.01 < abs(samples).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_renders_a_real_loop(path: Path, cli: Cli, real_loop: Callable[[str], Path]) -> None:
    preset = read_preset(path)
    quick = [part for text in SMALL[preset.method] for part in ("--set", text)]
    style = () if preset.styles else ("-s", real_loop("loop_safari"))
    names = (real_loop("loop_electric"), "--preset", path.stem, *style, "-o", "out.wav")
    check_real(cli.run("render", *names, *quick, "--set", "max_iterations=10", "--json"))


@pytest.mark.slow
@pytest.mark.parametrize("name", STYLES)
def test_each_style_renders_a_real_loop(name: str, cli: Cli, real_loop: Callable[[str], Path]) -> None:
    check_real(cli.run("render", real_loop("loop_electric"), "-s", name, "-o", "out.wav", "--json"))


def check_real(ended: Ended) -> None:
    """Check that something was made of a recording, as loud as it ought to be."""
    assert ended.code == 0, ended
    result = ended.objects[-1]
    loudness = result["loudness"]
    target = loudness["target_lufs"]
    made, allowed = loudness["result"]["integrated_lufs"], 0.3 + loudness["shortfall_lu"]
    if target is None:  # effects come after the style
        target, allowed = loudness["content"]["integrated_lufs"], 12.0
    assert abs(made - target) < allowed
    samples, rate = soundfile.read("out.wav", always_2d=True)
    assert (rate, samples.shape[1]) == (44_100, 2)
    assert np.isfinite(samples).all()
    assert abs(np.diff(samples, axis=0)).max() < 1  # no clicks


def test_a_texture_by_preset(cli: Cli) -> None:
    soundfile.write("style.wav", SOUNDS["rain"](1.5, RATE, 0).samples.T, RATE)
    quick = ("--set", "max_iterations=2", "-o", "bed.wav", "--json")
    ended = cli.run("texture", "style.wav", "--preset", "texture-bed", "--duration", 2, *quick)
    assert ended.code == 0, ended
    assert ended.objects[-1]["effective"]["plan"]["loop"] is True
    assert soundfile.info("bed.wav").frames == 2 * RATE


def test_no_preset_of_the_program_is_broken() -> None:
    listed, broken = list_presets()
    assert broken == ()
    assert {path.stem for path in FILES} <= {found.name for found in listed}


def test_the_docs_are_those_of_the_schema() -> None:
    """If this fails: nast-fx presets reference prints the part from "## Keys" on."""
    text = DOCS.read_text(encoding="utf-8")
    assert text[text.index("## Keys") :].rstrip("\n") == preset_page().rstrip("\n")


def test_a_preset_takes_ten_lines() -> None:
    block = re.search(r"^```toml\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert block is not None
    assert len(block[1].splitlines()) == 10
    assert parse_preset(block[1].encode(), "docs").chain.slots
