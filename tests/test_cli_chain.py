"""`nast-fx chain`: ten lines by hand are a chain; what comes out is aligned, whole, and says what ran."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_runner import Cli

CHAIN = """schema = 1

[[slots]]
plugin = "Compressor"
parameters = { threshold_db = -20.0, ratio = 4.0 }

[[slots]]
plugin = "Reverb"
mix = 0.3
gain_db = -2.0
"""


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    made = Cli(tmp_path, capsys, monkeypatch)
    (tmp_path / "rack.toml").write_text(CHAIN)
    return made


def test_a_chain_is_shown_and_checked(cli: Cli) -> None:
    table = cli.run("chain", "show", "rack.toml")
    assert table.code == 0
    assert "Compressor" in table.out[1]
    assert "threshold_db=-20" in table.out[1]
    assert cli.run("chain", "validate", "rack.toml").out == ["rack.toml: right, 2 slots"]
    shown = cli.run("chain", "show", "rack.toml", "--json").objects[0]
    assert [slot["plugin"] for slot in shown["slots"]] == ["Compressor", "Reverb"]


def test_a_file_runs_through_a_chain(cli: Cli) -> None:
    ended = cli.run("chain", "run", "song.wav", "--chain", "rack.toml", "--tail", "0.5", "--json")
    assert ended.code == 0
    found = ended.objects[-1]
    assert (found["output"], found["slots"]) == ("song.chained.wav", ["Compressor", "Reverb"])
    info = soundfile.info(cli.folder / "song.chained.wav")
    assert (info.frames, info.samplerate, info.channels) == (12_000, 8000, 2)
    made, _ = soundfile.read(cli.folder / "song.chained.wav")
    assert np.abs(made[8100:]).max() > 1e-4  # the room rings on


def test_a_chain_that_does_nothing_gives_the_file_back(cli: Cli) -> None:
    (cli.folder / "off.toml").write_text('schema = 1\n[[slots]]\nplugin = "Distortion"\nbypass = true\n')
    assert cli.run("chain", "run", "song.wav", "--chain", "off.toml", "-o", "same.wav").code == 0
    own, made = (soundfile.read(cli.folder / name, dtype="int16")[0] for name in ("song.wav", "same.wav"))
    assert np.array_equal(own, made)


def test_what_is_too_loud_for_integers_is_turned_down_and_said(cli: Cli) -> None:
    loud = 'schema = 1\n[[slots]]\nplugin = "Gain"\nparameters = { gain_db = 20.0 }\n'
    (cli.folder / "loud.toml").write_text(loud)
    ended = cli.run("chain", "run", "song.wav", "--chain", "loud.toml", "-o", "loud.wav")
    assert ended.code == 0
    assert any("Turned down by" in line for line in ended.err)
    assert np.abs(soundfile.read(cli.folder / "loud.wav")[0]).max() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('schema = 1\n[[slots]]\nplugin = "Reverbb"\n', "slot 1 (Reverbb)"),
        ('schema = 1\n[[slots]]\nplugin = "Reverb"\nparameters = { room_size = 3.0 }\n', "room_size"),
        ("schema = 2\n", "schema=2 is unknown"),
        (
            'schema = 1\n[[slots]]\nplugin = "LowpassFilter"\n'
            "parameters = { cutoff_frequency_hz = 7000.0 }\n",
            "slot 1 (LowpassFilter)",
        ),
    ],
)
def test_what_is_wrong_is_said_before_any_work(cli: Cli, text: str, message: str) -> None:
    (cli.folder / "bad.toml").write_text(text)
    before = cli.files()
    cli.refuses(cli.run("chain", "run", "song.wav", "--chain", "bad.toml"), 2, message, before=before)


def test_inputs_stay_as_they_are(cli: Cli) -> None:
    before = cli.files()
    for out in ("song.wav", "rack.toml"):
        ended = cli.run(
            "chain", "run", "song.wav", "--chain", "rack.toml", "-o", out, "--overwrite", "overwrite"
        )
        assert ended.code == 2, ended
    assert cli.files() == before
