"""``nast-fx worker`` as another program sees it: what it answers, and that nothing brings it down."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_folder import write_inputs
from worker_talk import Talk, talking

from nast_fx.models import RenderRequest
from nast_fx.models.messages import MAX_LINE, PROTOCOL, REQUESTS


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """A worker of the test's own."""
    yield from talking(tmp_path)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """A worker for all tests that leave it as it is."""
    yield from talking(tmp_path_factory.mktemp("steady"))


def long_render(folder: Path) -> dict[str, Any]:
    inputs = write_inputs(folder)
    return {
        "content": str(inputs / "0-a.flac"),
        "styles": [{"path": str(folder / "rain.wav")}],
        "settings": {"max_iterations": 100_000},
        "output": str(folder / "out.wav"),
    }


def begun(talk: Talk) -> None:
    """Wait until the optimization runs."""
    while talk.hear().get("step", 0) < 1:
        pass


def test_it_says_what_it_is(steady: Talk) -> None:
    hello = steady.ask({"type": "hello", "protocol": PROTOCOL})
    assert (hello["type"], hello["protocol"]) == ("hello", PROTOCOL)
    assert hello["process_id"] == steady.process.pid
    description = steady.ask({"type": "describe"})
    assert description["requests"].keys() == REQUESTS.keys()
    assert description["requests"]["render"]["properties"]["plan"]
    assert description["methods"]["infinite"]["properties"]["max_iterations"]["maximum"] == 100_000


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"garbage", "the line is no JSON"),
        (b"\xff\xfe\x00", "the line is no JSON"),
        (b"[" * 100_000, "the line is no JSON"),
        (b"[1]", "a message is an object"),
        (b"{}", "there is no message of type 'None'"),
        (b'{"type": "rum"}', "did you mean 'run'?"),
        (b'{"type": "run", "id": "1", "kind": "rendr", "request": {}}', "did you mean 'render'?"),
        (b'{"type": "run", "kind": "wait", "request": {}}', "id"),
        (b'{"type": "cancel", "id": "9"}', "no job 9 is running"),
        (b'{"type": "hello", "protocol": 99}', "this worker speaks 1"),
        (
            b'{"type": "run", "id": "1", "kind": "wait", "request": {}, "side_files": {"histry": "x"}}',
            "did you mean 'history'?",
        ),
        (b'{"type": "pause", "now": true}', "there is no setting 'now'"),
        (b"x" * (MAX_LINE + 10), "at most 64 MiB"),
    ],
)
def test_what_is_no_message_is_answered(steady: Talk, line: bytes, words: str) -> None:
    answer = steady.ask(line)
    assert (answer["type"], answer["id"], answer["exit_code"]) == ("error", None, 2)
    assert words in answer["message"]
    assert steady.ask({"type": "hello"})["type"] == "hello"


def test_one_job_at_a_time(steady: Talk) -> None:
    steady.run("first", "wait", seconds=0.5)
    steady.run("second", "wait", seconds=0)
    refused = steady.hear_end("second")
    assert refused["message"] == "job first is running; a worker does one at a time"
    assert steady.hear_end("first")["result"]["seconds"] == 0.5
    steady.run("third", "wait", seconds=0)
    assert steady.hear_end("third")["type"] == "result"


def test_a_job_that_cannot_be_is_its_own_error(steady: Talk) -> None:
    steady.run("1", "wait", seconds=-1)
    error = steady.hear_end("1")
    assert (error["kind"], error["message"]) == (
        "UsageError",
        "seconds=-1 must be at least 0 and at most 3,600",
    )
    steady.run("2", "analyze", content="nothing.wav")
    assert steady.hear_end("2")["kind"] == "AudioFileError"
    steady.run("3", "render", content="nothing.wav", styles=[{"path": "rain.wav", "wait": 1}])
    assert steady.hear_end("3")["kind"] == "UsageError"


def test_a_pause_holds_the_job(steady: Talk) -> None:
    began = time.monotonic()
    steady.run("1", "wait", seconds=0.4)
    steady.say({"type": "pause"})
    while steady.hear()["stage"] != "paused":
        pass
    time.sleep(1.0)
    steady.say({"type": "resume"})
    assert steady.hear_end("1")["type"] == "result"
    assert time.monotonic() - began > 1.0
    steady.say({"type": "pause"})
    steady.run("2", "wait", seconds=60)
    assert steady.hear()["stage"] == "paused"
    steady.say({"type": "cancel", "id": "2"})
    assert steady.hear_end("2")["kind"] == "CancelledError"
    steady.say({"type": "resume"})


def test_renders_and_what_libraries_print(talk: Talk) -> None:
    request = long_render(talk.folder) | {"settings": {"max_iterations": 2}}
    report = str(talk.folder / "r.csv")
    values = {
        "id": "1",
        "kind": "render",
        "request": request,
        "side_files": {"history": report},
        "threads": 1,
    }
    talk.say({"type": "run", **values})
    result = talk.hear_end("1")["result"]
    assert (result["output"], result["threads"], result["sample_rate"]) == (request["output"], 1, 32_000)
    assert Path(report).is_file()
    RenderRequest.model_validate(request)
    talk.run("2", "analyze", content=request["output"])
    assert talk.hear_end("2")["result"]["loudness"]["integrated_lufs"] is not None
    talk.run("3", "chain", content=request["output"], chain={"slots": [{"plugin": "Gain"}]})
    assert talk.hear_end("3")["result"]["slots"] == ["Gain"]


def test_a_cancelled_render_leaves_nothing(talk: Talk) -> None:
    request = long_render(talk.folder)
    before = sorted(talk.folder.iterdir())
    talk.run("1", "render", **request)
    begun(talk)
    talk.say({"type": "cancel", "id": "1"})
    error = talk.hear_end("1")
    assert (error["kind"], error["exit_code"]) == ("CancelledError", 130)
    assert [path for path in sorted(talk.folder.iterdir()) if path.name != "cache"] == before


def test_it_ends_when_nobody_is_there_any_more(talk: Talk) -> None:
    request = long_render(talk.folder)
    before = sorted(talk.folder.iterdir())
    talk.run("1", "render", **request)
    begun(talk)
    assert talk.process.stdin is not None
    talk.process.stdin.close()
    assert talk.process.stdout is not None
    talk.process.stdout.read()
    assert talk.process.wait(15) == 0
    assert [path for path in sorted(talk.folder.iterdir()) if path.name != "cache"] == before


def test_it_ends_while_idle(talk: Talk) -> None:
    talk.ask({"type": "hello"})
    assert talk.process.stdin is not None
    talk.process.stdin.close()
    assert talk.process.wait(15) == 0


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
def test_a_signal_ends_it_cleanly(talk: Talk) -> None:
    request = long_render(talk.folder)
    before = sorted(talk.folder.iterdir())
    talk.run("1", "render", **request)
    begun(talk)
    talk.process.send_signal(signal.SIGTERM)
    assert talk.process.stdout is not None
    talk.process.stdout.read()
    assert talk.process.wait(20) == 130
    assert [path for path in sorted(talk.folder.iterdir()) if path.name != "cache"] == before


def test_its_page_is_made_from_its_messages() -> None:
    from nast_fx.studies.worker_page import worker_page

    page = Path(__file__).parents[1] / "docs" / "worker.md"
    assert page.read_text(encoding="utf-8") == worker_page(), (
        "python -m nast_fx.studies.worker_page docs/worker.md"
    )
