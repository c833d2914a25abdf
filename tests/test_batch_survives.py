"""A batch that is killed at any moment goes on where it was, and makes the same files."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest
import soundfile
from batch_folder import RATE, kill, run, sounds_in, start, workers_of, write_inputs
from cli_runner import song

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")

PLAIN = ("-s", "rain.wav", "--set", "max_iterations=4", "-j", "1", "--threads", "1", "--quiet")
OPTIONS = (*PLAIN, "--fresh")
IN_SEGMENTS = (*PLAIN, "--segment", "0.6")


def segments_in(folder: Path) -> dict[str, int]:
    """Finished segments that are kept, by name; each time one is written it gets another number."""
    return {path.name: path.stat().st_ino for path in (folder / "cache").rglob("*.segment")}


def check_segments(folder: Path, known: dict[str, int]) -> dict[str, int]:
    """Check that no segment that was finished has been made again."""
    found = segments_in(folder)
    assert known.items() <= found.items(), "a segment was made twice"
    return found


def check_kills(folder: Path, n_kills: int, n_each: int, seed: int) -> None:
    write_inputs(folder, n_each=n_each, seconds=1.4)
    began = time.monotonic()
    whole = run(folder, "batch", "IN", "-o", "WHOLE", *IN_SEGMENTS, "--fresh")
    assert whole.returncode == 0, whole.stderr
    seconds = time.monotonic() - began
    expected = sounds_in(folder / "WHOLE")
    assert len(expected) == 7 * n_each
    assert not segments_in(folder)

    draw = random.Random(seed)
    times: dict[str, int] = {}
    segments: dict[str, int] = {}
    for _ in range(n_kills):
        process = start(folder, "batch", "IN", "-o", "OUT", *IN_SEGMENTS)
        # What is begun needs a while of its own; then it is cut anywhere.
        time.sleep(draw.uniform(0.1, 1.0) * max(seconds / (n_kills / 2), 0.4 * seconds))
        kill(process)
        for path in (folder / "OUT").glob("*.styled.*"):
            known = times.setdefault(path.name, path.stat().st_mtime_ns)
            assert known == path.stat().st_mtime_ns, f"{path.name} was made twice"
            assert path.read_bytes() == expected[path.name]
        segments = check_segments(folder, segments)
    rest = run(folder, "batch", "IN", "-o", "OUT", *IN_SEGMENTS, "--resume")
    assert rest.returncode in (0, 4), rest.stderr
    assert len(check_segments(folder, segments)) > len(expected) / n_each
    assert sounds_in(folder / "OUT") == expected  # hidden files too: no temporary one is left
    for name, known in times.items():
        assert (folder / "OUT" / name).stat().st_mtime_ns == known
    with sqlite3.connect(folder / "state" / "nast-fx" / "journal.sqlite3") as journal:
        query = "SELECT wanted, COUNT(*) FROM jobs WHERE state = 'done' AND root LIKE '%OUT' GROUP BY wanted"
        counts = dict(journal.execute(query).fetchall())
    journal.close()
    assert sorted(counts.values()) == [1] * len(expected)
    deadline = time.monotonic() + 10
    while workers_of(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert workers_of(folder) == []


@pytest.mark.slow
def test_two_kills(tmp_path: Path) -> None:
    check_kills(tmp_path, 2, 1, seed=1)


@pytest.mark.slow
def test_ten_kills(tmp_path: Path) -> None:
    check_kills(tmp_path, 10, 3, seed=2)


def test_a_long_file_goes_on_with_the_segment_that_was_next(tmp_path: Path) -> None:
    soundfile.write(write_inputs(tmp_path) / "long.wav", song(8, RATE).T, RATE)
    options = ("IN/long.wav", *PLAIN, "--set", "max_iterations=30", "--segment", "0.7")
    assert run(tmp_path, "batch", *options, "-o", "WHOLE", "--fresh").returncode == 0
    process = start(tmp_path, "batch", *options, "-o", "OUT")
    while len(segments_in(tmp_path)) < 3:
        assert process.poll() is None
        time.sleep(0.01)
    kill(process)
    while workers_of(tmp_path):
        time.sleep(0.05)
    known = segments_in(tmp_path)
    assert not (tmp_path / "OUT" / "long.styled.wav").exists()
    assert run(tmp_path, "batch", "--resume").returncode == 0
    assert len(check_segments(tmp_path, known)) > len(known)
    assert sounds_in(tmp_path / "OUT") == sounds_in(tmp_path / "WHOLE")


def test_two_batches_at_once(tmp_path: Path) -> None:
    write_inputs(tmp_path, n_each=2, seconds=0.4)
    both = [start(tmp_path, "batch", "IN", "-o", "OUT", *OPTIONS) for _ in range(2)]
    ended = [process.communicate(timeout=200) for process in both]
    assert {process.returncode for process in both} <= {0, 4}, ended
    made = [line for out, _ in ended for line in out.splitlines()]
    assert len(made) == len(set(made)) == 14  # each by one of them
    assert len(sounds_in(tmp_path / "OUT")) == 14
    third = run(tmp_path, "batch", "IN", "-o", "OUT", *OPTIONS)
    assert third.returncode == 4


def test_an_interrupted_batch_cleans_up(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    options = ("-s", "rain.wav", "--set", "max_iterations=100000", "-j", "2", "--fresh", "--json")
    with start(tmp_path, "batch", "IN", "-o", "OUT", *options) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"batch"' in line and "now" in line and json.loads(line)["share"] > 0.001:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    last = json.loads(out.splitlines()[-1])
    assert last["message"] == "cancelled; 0 of 7 are finished; nast-fx batch --resume goes on"
    assert not (tmp_path / "OUT").exists()
    assert workers_of(tmp_path) == []
