"""The installed program as its own process: start, signals, streams."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile
from cli_runner import noise, song

PROGRAM = [sys.executable, "-m", "nast_fx"]
HEAVY = ("torch", "numpy", "scipy", "matplotlib", "soundfile", "soxr")

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "song.wav", song(4.0, 22_050).T, 22_050)
    soundfile.write(tmp_path / "rain.wav", noise(2.0, 22_050).T, 22_050)
    return tmp_path


def run(folder: Path, *args: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *args], cwd=folder, capture_output=True, text=True, timeout=120, check=False, **options
    )  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    "args", [("--help",), ("render", "--help"), ("methods", "show", "infinite"), ("--version",)]
)
def test_words_need_no_engine(tmp_path: Path, args: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "nast_fx", *args],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip()
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "nast_fx" in loaded
    assert not loaded & set(HEAVY)


def test_help_answers_at_once(tmp_path: Path) -> None:
    # The best of a few, in processor time: the machine may be busy with something else.
    seconds = []
    for _ in range(4):
        began = os.times()
        assert run(tmp_path, "--help").returncode == 0
        ended = os.times()
        own = ended.children_user - began.children_user
        seconds.append(own + ended.children_system - began.children_system)
    assert 0 < min(seconds) < 0.4


@contextmanager
def working(folder: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A long render that is in the middle of its optimization."""
    command = [*PROGRAM, "render", "song.wav", "--style", "rain.wav", "--set", "max_iterations=100000", *args]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                progress = json.loads(line)
                if progress["type"] == "progress" and progress["step"] > 0:
                    break
            yield process
        finally:
            process.kill()


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_cancels_and_leaves_nothing(folder: Path, name: str) -> None:
    before = sorted(folder.iterdir())
    with working(folder, "--json") as process:
        process.send_signal(getattr(signal, name))
        process.send_signal(getattr(signal, name))  # an impatient user does not disturb the cleaning up
        out, err = process.communicate(timeout=120)
    *_, last = map(json.loads, out.splitlines())
    assert process.returncode == 130
    assert last == {"type": "error", "message": "cancelled; nothing was written", "exit_code": 130}
    assert err == ""
    assert sorted(folder.iterdir()) == before


@posix
@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.6])
def test_a_signal_while_the_engine_is_loaded(folder: Path, seconds: float) -> None:
    before = sorted(folder.iterdir())
    words = "render song.wav --style rain.wav --set max_iterations=100000"
    code = f"import sys, nast_fx.cli as cli; print(flush=True); sys.exit(cli.main({words.split()!r}))"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 + seconds)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (130, "cancelled; nothing was written\n")
    assert sorted(folder.iterdir()) == before


def test_a_cancelled_series_says_what_is_finished(folder: Path) -> None:
    soundfile.write(folder / "short.wav", song(0.5).T, 8000)
    done = subprocess.run(
        [sys.executable, "-c", CANCELLED_SERIES], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stdout == "short.styled.1.wav\n"
    assert done.stderr.splitlines()[-1] == "cancelled; finished before that: short.styled.1.wav"


CANCELLED_SERIES = """
import sys
from nast_fx.cli import main
from nast_fx.render import job
write, calls = job.write_result, []
def interrupt(*args):
    calls.append(args)
    if len(calls) == 2:
        raise KeyboardInterrupt
    write(*args)
job.write_result = interrupt
words = "render short.wav --style rain.wav --set max_iterations=1 --variations 3"
sys.exit(main(words.split()))
"""


def test_streams_of_a_process(folder: Path) -> None:
    args = ("render", "song.wav", "--style", "rain.wav", "--set", "max_iterations=2", "--snippet", "0:1")
    done = run(folder, *args)
    assert (done.returncode, done.stdout) == (0, "song.styled.wav\n")
    assert "1.00 s of 2 channels at 22050 Hz" in done.stderr
    done = run(folder, *args, "--json", "-o", "b.wav")
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()][-1] == "result"
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_terminal_that_cannot_show_a_name(folder: Path, encoding: str) -> None:
    (folder / "song.wav").rename(folder / "🥁.wav")
    args = ("render", "🥁.wav", "--style", "rain.wav", "--set", "max_iterations=1", "--snippet", "0:1")
    done = run(folder, *args, env={**os.environ, "PYTHONIOENCODING": encoding}, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ("🥁.styled.wav" if encoding == "utf-8" else r"\U0001f941.styled.wav")


@posix
@pytest.mark.parametrize("args", [("methods", "show", "infinite"), ("--help",)])
def test_a_reader_that_goes_away(folder: Path, args: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = subprocess.run([*PROGRAM, *args], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")


@posix
def test_a_reader_that_goes_away_ends_the_work(folder: Path) -> None:
    before = sorted(folder.iterdir())
    with working(folder, "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(timeout=120)
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 1
    assert sorted(folder.iterdir()) == before
