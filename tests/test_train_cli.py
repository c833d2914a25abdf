"""`nast-fx train`: from a folder of sounds to weights, and what goes wrong on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from cli_runner import Cli

from nast_fx.networks.weights import load_weights

N_FILES = 8


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A folder with the data set ``data``: tones and noise, eight short files each."""
    made = Cli(tmp_path, capsys, monkeypatch)
    generator = np.random.default_rng(0)
    time_s = np.arange(4000) / 8000
    for index in range(N_FILES):
        for label in ("tone", "noise"):
            (tmp_path / "data" / label).mkdir(parents=True, exist_ok=True)
            tone = np.sin(2 * np.pi * 200 * 1.2**index * time_s)
            sound = tone if label == "tone" else generator.normal(size=4000)
            made.write(f"data/{label}/{index}.wav", 0.1 * sound[None])
    return made


QUICK = ("--data", "data", "--batch-size", "4", "--epochs", "2")


def test_help_shows_ranges(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERMINAL_WIDTH", "250")
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 250)
    page = "\n".join(cli.run("train", "--help").out)
    for words in ("auto|folders|urbansound8k|nsynth", "(above 0 and below 1; default 0.25)", "--soundfont"):
        assert words in page


@pytest.mark.parametrize("task", [pytest.param("sounds", marks=pytest.mark.slow), "instruments"])
def test_weights_card_and_figures(cli: Cli, task: str) -> None:
    ended = cli.run("train", task, "-o", "run", *QUICK, "--seed", "3")
    assert ended.code == 0, ended.err
    (line,) = ended.out
    assert line == str(cli.folder / "run" / f"{task}.safetensors")
    loaded = load_weights(line)
    assert loaded.info.classes == ("noise", "tone")
    assert loaded.info.n_held_out == 4
    assert loaded.info.command == (
        f"nast-fx train {task} -o FOLDER --data data --epochs 2 --batch-size 4 --seed 3"
    )
    assert "held-out clips right" in ended.err[-1]
    names = {f"{task}.safetensors", f"{task}.md", "history.csv", "last.safetensors", "best.safetensors"}
    assert {path.name for path in (cli.folder / "run").iterdir()} == names


def test_json_and_the_same_hash_again(cli: Cli) -> None:
    hashes = []
    for folder in ("one", "two"):
        ended = cli.run("train", "instruments", "-o", folder, *QUICK, "--json")
        assert ended.code == 0
        *others, result = ended.objects
        assert {one["type"] for one in others} == {"progress"}
        assert {one["stage"] for one in others} == {"read", "train", "validate"}
        assert result["type"] == "result"
        assert (result["n_training"], result["n_held_out"], result["n_classes"]) == (12, 4, 2)
        assert [epoch["epoch"] for epoch in result["epochs"]] == [1, 2]
        hashes.append(result["hash"])
    assert hashes[0] == hashes[1]
    for name in ("instruments.safetensors", "instruments.md"):
        assert (cli.folder / "one" / name).read_bytes() == (cli.folder / "two" / name).read_bytes()


def test_faults_are_one_line_and_write_nothing(cli: Cli) -> None:
    before = cli.files()
    for code, message, args in (
        (
            2,
            "there is no training 'instrumnts': it is one of instruments, sounds, autoencoder; did",
            ["instrumnts"],
        ),
        (2, "data=nowhere must be a folder", ["sounds", "--data", "nowhere"]),
        (2, "--epochs 0 must be at least 1", ["sounds", "--epochs", "0"]),
        (2, "--layout nsinth must be one of", ["sounds", "--layout", "nsinth"]),
        (1, "examples.json: cannot be read", ["sounds", "--data", "data", "--layout", "nsynth"]),
        (1, "no.sf2: there is no such soundfont", ["instruments", "--soundfont", "no.sf2"]),
        (1, "there is no training to go on with", ["sounds", "--data", "data", "--resume"]),
        (2, "there is no group 'x' to hold out", ["sounds", "--data", "data", "--held-out", "x"]),
    ):
        cli.refuses(cli.run("train", *args, "-o", "run"), code, message, before=before)
        for folder in cli.folder.glob("run"):
            assert not list(folder.iterdir())
    cli.refuses(cli.run("train", "sounds"), 2, "--out is missing", before=before)


def test_a_training_is_not_overwritten(cli: Cli) -> None:
    assert cli.run("train", "instruments", "-o", "run", *QUICK, "-q").code == 0
    before = cli.files()
    cli.refuses(cli.run("train", "instruments", "-o", "run", *QUICK), 2, "go on with --resume", before=before)
    ended = cli.run("train", "instruments", "-o", "run", *QUICK[:-1], "3", "--resume")
    cli.refuses(ended, 2, "was trained with epochs=2, not epochs=3", before=before)
    # A finished training that goes on gives its results again.
    (cli.folder / "run" / "instruments.md").unlink()
    assert cli.run("train", "instruments", "-o", "run", *QUICK, "-q", "--resume").code == 0
    assert cli.files() == before


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_keeps_the_finished_epochs(cli: Cli) -> None:
    args = ["train", "instruments", "--data", "data", "--batch-size", "4", "--epochs", "40"]
    command = [sys.executable, "-m", "nast_fx", *args, "-o", "run"]
    process = subprocess.Popen(command, cwd=cli.folder, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not (cli.folder / "run" / "last.safetensors").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == "cancelled; the finished epochs are kept, go on with --resume"
    assert not list((cli.folder / "run").glob(".*"))
    assert not (cli.folder / "run" / "instruments.safetensors").exists()
    assert (cli.folder / "run" / "last.safetensors").exists()
