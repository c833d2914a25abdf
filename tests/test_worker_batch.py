"""Batches inside of a worker: what it says of each file, and that they are held, stopped and gone on with."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import soundfile
from batch_folder import run
from cli_runner import noise, song
from worker_talk import Talk, talking

from nast_fx.jobs.kind import Switch
from nast_fx.models import Settings, validated
from nast_fx.models.queue import BatchRequest

RATE = 8_000
N_FILES = 3


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    yield from talking(tmp_path)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "IN" / "drums"
    folder.mkdir(parents=True)
    for number in range(N_FILES):
        soundfile.write(folder / f"{number}.wav", song(1.0, RATE).T, RATE)
    (folder / "notes.txt").write_text("no sound")
    soundfile.write(tmp_path / "rain.wav", noise(1.0, RATE).T, RATE)
    return folder.parent


def request_of(inputs: Path, *, steps: int = 2, **more: Any) -> dict[str, Any]:
    render = {
        "styles": [{"path": str(inputs.parent / "rain.wav")}],
        "settings": {"max_iterations": steps},
    }
    own = {"inputs": [str(inputs)], "output": str(inputs.parent / "OUT"), "recursive": True, "threads": 1}
    return {**own, "request": render, **more}


def parts_until_end(talk: Talk, name: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    while (message := talk.hear())["type"] not in ("result", "error") or message["id"] != name:
        parts += [message["part"]] if message["type"] == "part" else []
    return parts, message


def hear_running(talk: Talk, count: int) -> list[str]:
    """Wait until so many files are optimized; gives their outputs."""
    running: dict[str, float] = {}
    while len(running) < count:
        message = talk.hear()
        part = message.get("part") or {}
        if part.get("state") == "running" and part["message"] == "transfer":
            running[part["output"]] = part["share"]
    return list(running)


def children_of(process: int) -> set[int]:
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process and fields[0] != "Z":
            found.add(int(entry.parent.name))
    return found


def wait_for_end(numbers: set[int]) -> None:
    end = time.monotonic() + 20
    while any(Path(f"/proc/{number}").exists() for number in numbers):
        assert time.monotonic() < end
        time.sleep(0.1)


def made(inputs: Path) -> list[str]:
    folder = inputs.parent / "OUT"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


RESULTS = [f"drums/{number}.styled.wav" for number in range(N_FILES)]


def test_a_plan_names_results_and_writes_nothing(talk: Talk, inputs: Path) -> None:
    talk.run("1", "plan", **request_of(inputs, pattern="{n}-{stem}.{preset}.{ext}", preset="Wet"))
    plan = talk.hear_end("1")["result"]
    assert plan["folder"] == str(inputs.parent / "OUT")
    names = [Path(one["output"]).name for one in plan["files"]]
    assert names == ["1-0.Wet.wav", "2-1.Wet.wav", "3-2.Wet.wav"]
    assert [one["number"] for one in plan["files"]] == [1, 2, 3]
    assert {one["state"] for one in plan["files"]} == {"queued"}
    assert [Path(one["file"]).name for one in plan["passed_over"]] == ["notes.txt"]
    assert not (inputs.parent / "OUT").exists()
    talk.run("2", "plan", **request_of(inputs, first=2, sweep=["strength=0.3,1"]))
    some = talk.hear_end("2")["result"]
    assert some["n_contents"] == N_FILES
    assert [Path(one["output"]).name for one in some["files"]] == [
        f"{stem}.styled.strength-{strength}.wav" for stem in (0, 1) for strength in ("0.3", "1")
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"pattern": "{stm}"}, "there is no token {stm}"),
        ({"inputs": []}, "inputs are missing"),
        ({"inputs": ["nowhere"]}, "there is no such file or folder"),
        ({"include": ["*.mid"]}, "nothing to do: there is no audio"),
        ({"output": None}, "output is missing"),
        ({"request": {}}, "styles"),
        ({"request": {"content": "a.wav"}}, "the request of a batch has no content"),
        ({"n_jobs": 0}, "n_jobs=0 must be at least 1"),
        ({"inputs": [], "resume": True}, "no batch into"),
        ({"sweep": ["moon=1,2"]}, "there is no such setting"),
    ],
)
def test_what_cannot_be_planned(tmp_path: Path, inputs: Path, changed: dict[str, Any], words: str) -> None:
    from nast_fx.errors import NastFxError
    from nast_fx.jobs.run import run_request

    with pytest.raises(NastFxError) as error:
        run_request({"kind": "plan", "request": request_of(inputs) | changed})
    assert words in str(error.value)


def test_each_file_is_told_of(talk: Talk, inputs: Path) -> None:
    (inputs / "drums" / "1.wav").write_bytes(b"RIFF and no more")
    talk.run("1", "batch", **request_of(inputs, n_jobs=2))
    parts, message = parts_until_end(talk, "1")
    result = message["result"]
    assert (result["done"], result["failed"], result["skipped"]) == (2, 1, 0)
    states: dict[int, list[str]] = {}
    for part in parts:
        history = states.setdefault(part["number"], [])
        history += [part["state"]] if history[-1:] != [part["state"]] else []
    assert states[1] == ["queued", "running", "done"]
    assert states[2] == ["failed"]
    assert states[3] == ["queued", "running", "done"]
    failed = next(part for part in parts if part["state"] == "failed")
    assert "1.wav" in failed["message"]
    done = next(part for part in parts if part["state"] == "done")
    assert done["share"] == 1
    assert soundfile.info(done["result"]["output"]).frames == RATE
    manifest = json.loads(Path(result["manifest"]).read_text())
    assert manifest["counts"] == {"done": 2, "failed": 1}
    talk.run("2", "batch", **request_of(inputs))
    again = talk.hear_end("2")["result"]
    assert (again["done"], again["skipped"], again["failed"]) == (0, 2, 1)


def test_it_is_held_and_goes_on(talk: Talk, inputs: Path) -> None:
    talk.run("1", "batch", **request_of(inputs, steps=200, n_jobs=2))
    hear_running(talk, 2)
    workers = children_of(talk.process.pid)
    talk.say({"type": "pause"})
    while talk.hear().get("stage") != "paused":
        pass
    time.sleep(0.5)  # for the files' own next reports
    before = [cpu_seconds(number) for number in workers]
    time.sleep(1.0)
    assert [cpu_seconds(number) for number in workers] == pytest.approx(before, abs=0.15)
    talk.say({"type": "resume"})
    _, message = parts_until_end(talk, "1")
    assert message["result"]["done"] == N_FILES
    assert made(inputs) == [*RESULTS, "nast-fx-manifest.json"]


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("is_held", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_cancelled_batch_is_gone_on_with_by_the_command_line(
    talk: Talk, inputs: Path, is_held: bool
) -> None:
    talk.run("1", "batch", **request_of(inputs, steps=200, n_jobs=2))
    hear_running(talk, 2)
    workers = children_of(talk.process.pid)
    if is_held:
        talk.say({"type": "pause"})
        while talk.hear().get("stage") != "paused":
            pass
    began = time.monotonic()
    talk.say({"type": "cancel", "id": "1"})
    assert talk.hear_end("1")["kind"] == "CancelledError"
    assert time.monotonic() - began < 10
    wait_for_end(workers)
    talk.say({"type": "resume"})
    assert [name for name in made(inputs) if name not in RESULTS] in ([], ["nast-fx-manifest.json"])
    if is_held:
        talk.run("2", "plan", resume=True)
        assert len(talk.hear_end("2")["result"]["files"]) == N_FILES
        return
    ended = run(inputs.parent, "batch", "--resume", "--json")
    assert ended.returncode == 0, ended.stderr
    assert made(inputs) == [*RESULTS, "nast-fx-manifest.json"]


def test_a_killed_batch_leaves_no_process_and_is_gone_on_with(
    talk: Talk, inputs: Path, tmp_path: Path
) -> None:
    talk.run("1", "batch", **request_of(inputs, steps=200, n_jobs=2))
    hear_running(talk, 2)
    workers = children_of(talk.process.pid)
    assert len(workers) == 2
    os.kill(talk.process.pid, signal.SIGKILL)
    talk.process.wait()
    wait_for_end(workers)
    with contextmanager(talking)(tmp_path) as other:
        other.run("1", "plan", resume=True, output=str(inputs.parent / "OUT"))
        rest = other.hear_end("1")["result"]["files"]
        assert [one["state"] for one in rest] == ["queued"] * N_FILES
        other.run("2", "batch", resume=True)
        parts, message = parts_until_end(other, "2")
    assert message["result"]["done"] == N_FILES
    assert {part["number"] for part in parts} == {1, 2, 3}
    assert made(inputs) == [*RESULTS, "nast-fx-manifest.json"]


def test_its_request_is_data(inputs: Path) -> None:
    made_of = validated(BatchRequest, request_of(inputs))
    assert isinstance(made_of, Settings)
    assert validated(BatchRequest, made_of.model_dump(mode="json", exclude_defaults=True)) == made_of


def test_a_switch_tells_who_comes_late() -> None:
    switch, heard = Switch(), list[bool]()
    switch.turn(True)
    switch.listen(heard.append)
    switch.turn(False)
    switch.listen(None)
    switch.turn(True)
    assert heard == [True, False]
