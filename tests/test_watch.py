"""A hot folder: what is complete is taken, and put away under a name that is free."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from batch_folder import start, write_inputs
from cli_runner import Cli
from test_cli_batch import COPY, HereExecutor, cli

from nast_fx.jobs.find import Content
from nast_fx.jobs.task import ELSEWHERE, Outcome
from nast_fx.jobs.watch import HotFolder, watch_folder
from nast_fx.progress import Progress, Steps

__all__ = ["cli"]  # a fixture


def tone(path: Path, value: float = 0.1) -> Path:
    soundfile.write(path, np.full(800, value), 8000, subtype="PCM_16")
    return path


def complete(hot: HotFolder, seconds: float) -> list[str]:
    """What is complete at the end of so many seconds of looking."""
    end = time.monotonic() + seconds
    while True:
        found = hot.look()
        if time.monotonic() > end:
            return [content.path.name for content in found]
        time.sleep(0.05)


def test_a_file_that_grows_is_not_complete(tmp_path: Path) -> None:
    hot = HotFolder(tmp_path, settle_seconds=0.4)
    tone(tmp_path / "there.wav")
    growing = tmp_path / "growing.wav"
    for number in range(8):
        with growing.open("ab") as file:
            file.write(b"x" * number)
        time.sleep(0.1)
        hot.look()
    (tmp_path / "empty.wav").touch()
    (tmp_path / "notes.txt").write_text("hello")
    assert complete(hot, 0.1) == ["there.wav"]
    assert complete(hot, 0.6) == ["growing.wav", "there.wav"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
def test_a_file_that_is_open_for_writing_is_not_complete(tmp_path: Path) -> None:
    hot = HotFolder(tmp_path, settle_seconds=0.1)
    path = tone(tmp_path / "open.wav")
    code = f"import time; file = open({str(path)!r}, 'ab'); print(flush=True); time.sleep(60)"
    import subprocess

    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert complete(hot, 0.4) == []
        other.kill()
    assert complete(hot, 0.3) == ["open.wav"]


def test_sources_are_put_away_and_never_over_another(tmp_path: Path) -> None:
    hot = HotFolder(tmp_path, settle_seconds=0.1)

    def work(contents: Sequence[Content]) -> Steps[list[Outcome]]:
        yield Progress("batch")
        return [
            Outcome(one.path, tmp_path / "x.wav", "failed" if "bad" in one.path.name else "done", "no sound")
            for one in contents
        ]

    for value in (0.1, 0.2, 0.3):
        tone(tmp_path / "a.wav", value)
        tone(tmp_path / "bad.wav", value)
        outcomes = drain_all(watch_folder(hot, work, once=True))
        assert len(outcomes) == 2
    assert names(tmp_path / "done") == ["a-2.wav", "a-3.wav", "a.wav"]
    assert names(tmp_path / "failed") == sorted(
        f"bad{number}.wav{more}" for number in ("", "-2", "-3") for more in ("", ".txt")
    )
    assert (tmp_path / "failed" / "bad.wav.txt").read_text() == "no sound\n"
    assert soundfile.read(tmp_path / "done" / "a-2.wav")[0][0] == pytest.approx(0.2, abs=1e-4)


def drain_all(steps: Steps[list[Outcome]]) -> list[Outcome]:
    from nast_fx.progress import drain

    return drain(steps)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_source_that_changes_meanwhile_stays(tmp_path: Path) -> None:
    hot = HotFolder(tmp_path, settle_seconds=0.1)
    path = tone(tmp_path / "a.wav")
    assert complete(hot, 0.3) == ["a.wav"]
    time.sleep(0.01)
    tone(path, 0.2)
    assert hot.put_away(Content(path), [Outcome(path, path, "done")]) is None
    assert path.is_file()


def test_what_another_batch_is_making_is_left_alone(tmp_path: Path) -> None:
    hot = HotFolder(tmp_path, settle_seconds=0.1)
    path = tone(tmp_path / "a.wav")

    def work(contents: Sequence[Content]) -> Steps[list[Outcome]]:
        yield Progress("batch")
        return [Outcome(one.path, path, "skipped", ELSEWHERE) for one in contents]

    drain_all(watch_folder(hot, work, once=True))
    assert names(tmp_path) == ["a.wav"]


def test_a_source_that_fails_in_the_work_is_put_aside(cli: Cli) -> None:
    (cli.folder / "rain.wav").write_bytes(b"no sound")
    ended = cli.run("watch", "IN", "-o", "OUT", "--once", "--settle", "0.2", *COPY)
    assert ended.code == 1, ended.err
    assert len(names(cli.folder / "IN" / "failed")) == 14  # each with its reason
    assert names(cli.folder / "IN") == ["failed"]


def test_once(cli: Cli) -> None:
    (cli.folder / "IN" / "bad.wav").write_bytes(b"no sound")
    options = ("--once", "--settle", "0.2", *COPY)
    ended = cli.run("watch", "IN", "-o", "OUT", *options)
    assert ended.code == 3, ended.err
    assert len(ended.out) == 7
    assert len(names(cli.folder / "IN" / "done")) == 7
    assert names(cli.folder / "IN" / "failed") == ["bad.wav", "bad.wav.txt"]
    assert names(cli.folder / "IN") == ["done", "failed"]
    assert cli.run("watch", "IN", "-o", "OUT", *options).code == 4
    # The same file again is done already; another of that name gets a name of its own.
    done = cli.folder / "IN" / "done" / "0-16.wav"
    (cli.folder / "IN" / "0-16.wav").write_bytes(done.read_bytes())
    calls = len(HereExecutor.calls)
    assert cli.run("watch", "IN", "-o", "OUT", *options).code == 4
    assert len(HereExecutor.calls) == calls
    tone(cli.folder / "IN" / "0-16.wav")
    assert cli.run("watch", "IN", "-o", "OUT", *options).out == ["OUT/0-16.styled-2.wav"]
    assert {"0-16.wav", "0-16-2.wav", "0-16-3.wav"} <= set(names(cli.folder / "IN" / "done"))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("IN", "-o", "IN"), "are one folder"),
        (("NO", "-o", "OUT"), "there is no such folder"),
        (("IN", "-o", "OUT", "--pattern", "{n}.{ext}"), "{n} has no meaning"),
        (("IN", "-o", "OUT", "--settle", "0"), "--settle 0 must be at least 0.1"),
        (("IN",), "--out is missing"),
    ],
)
def test_what_cannot_be_watched(cli: Cli, args: tuple[str, ...], words: str) -> None:
    ended = cli.run("watch", *args, *COPY)
    assert ended.code in (1, 2)
    assert words in ended.err[-1]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signal")
def test_it_goes_on_until_it_is_interrupted(tmp_path: Path) -> None:
    inputs = write_inputs(tmp_path, seconds=0.3)
    kept = inputs.rename(tmp_path / "KEPT")
    inputs.mkdir()
    with start(tmp_path, "watch", "IN", "-o", "OUT", "--settle", "0.2", *COPY) as process:
        assert process.stdout is not None
        for name in ("0-16.wav", "0-a.flac"):
            (inputs / name).write_bytes((kept / name).read_bytes())
            assert process.stdout.readline().startswith("OUT/0-")
        deadline = time.monotonic() + 10
        while len(list((inputs / "done").glob("*"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "stopped; 2 results were made"
    assert names(inputs / "done") == ["0-16.wav", "0-a.flac"]
