"""The engine child seen from the app: what it answers, and what happens when it does not."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PyQt6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from nast_fx.errors import AudioFileError, CancelledError, UsageError
from nast_fx.models import RenderRequest
from nast_fx.progress import Progress
from nast_fx_gui.engine import Engine, EngineDiedError, Job, worker_command

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are counted in /proc")
MakeEngine = Callable[..., Engine]


def children() -> set[int]:
    """Numbers of our own children, also of those that are dead and not yet taken leave of."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == os.getpid():
            found.add(int(entry.parent.name))
    return found


@pytest.fixture
def make_engine(qtbot: QtBot) -> Iterator[MakeEngine]:
    """Engines that are closed after the test, which must leave no child."""
    before, made = children(), []

    def make(script: str | None = None, **limits: Any) -> Engine:
        engine = Engine(None if script is None else [sys.executable, "-c", script], **limits)
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.close()
    assert children() <= before


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    return make_engine()


def result_of(qtbot: QtBot, job: Job) -> dict[str, Any]:
    with qtbot.waitSignal(job.finished, timeout=30_000) as blocker:
        pass
    return dict(blocker.args[0])


def error_of(qtbot: QtBot, job: Job) -> Exception:
    with qtbot.waitSignal(job.failed, timeout=30_000) as blocker:
        pass
    error = blocker.args[0]
    assert isinstance(error, Exception)
    return error


def until_first_report(qtbot: QtBot, job: Job) -> None:
    with qtbot.waitSignal(job.progress, timeout=30_000):
        pass


def states_of(engine: Engine) -> list[str]:
    states: list[str] = []
    engine.state_changed.connect(states.append)
    return states


def test_jobs_wait_their_turn(engine: Engine, qtbot: QtBot) -> None:
    states = states_of(engine)
    ended: list[str] = []
    reports: list[Progress] = []
    first, second = engine.run("wait", {"seconds": 0.3}), engine.run("wait", {"seconds": 0})
    first.progress.connect(reports.append)
    first.finished.connect(lambda facts: ended.append(f"first {facts['seconds']}"))
    second.finished.connect(lambda facts: ended.append(f"second {facts['seconds']}"))
    result_of(qtbot, second)
    assert ended == ["first 0.3", "second 0.0"]
    assert first.is_over
    assert second.is_over
    assert states == ["starting", "idle", "busy", "idle", "busy", "idle"]
    shares = [report.share for report in reports]
    assert shares == sorted(shares)
    assert reports[0].stage == "wait"
    assert engine.process_id in children()


def test_a_request_may_be_a_model_and_its_error_is_its_own(
    engine: Engine, qtbot: QtBot, tmp_path: Path
) -> None:
    request = RenderRequest.model_validate({"content": tmp_path / "a.wav", "styles": [{"path": "b.wav"}]})
    error = error_of(qtbot, engine.run("render", request))
    assert isinstance(error, AudioFileError)
    assert str(error) == f"{tmp_path}/a.wav: there is no such file"
    assert isinstance(error_of(qtbot, engine.run("wait", {"seconds": -1})), UsageError)
    unknown = error_of(qtbot, engine.run("rendr", {}))
    assert "did you mean 'render'?" in str(unknown)
    assert result_of(qtbot, engine.run("wait", {}))["seconds"] == 0


def test_a_render(engine: Engine, qtbot: QtBot, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (2, 16_000)).astype(np.float32)
    for name, samples in zip(("content", "style"), noise, strict=True):
        soundfile.write(tmp_path / f"{name}.wav", samples, 16_000)
    request = {
        "content": tmp_path / "content.wav",
        "styles": [{"path": tmp_path / "style.wav"}],
        "output": tmp_path / "out.wav",
        "settings": {"max_iterations": 2},
    }
    job = engine.run("render", request, side_files={"history": tmp_path / "h.csv"}, fresh=True)
    losses: list[float] = []
    job.progress.connect(lambda report: losses.extend(report.losses.values()))
    facts = result_of(qtbot, job)
    assert soundfile.info(facts["output"]).frames == 16_000
    assert Path(facts["history"]).is_file()
    assert losses


def test_a_waiting_job_is_cancelled_at_once(engine: Engine, qtbot: QtBot) -> None:
    first, second = engine.run("wait", {"seconds": 0.2}), engine.run("wait", {"seconds": 60})
    errors: list[Exception] = []
    second.failed.connect(errors.append)
    second.cancel()
    assert [type(error) for error in errors] == [CancelledError]
    second.cancel()
    result_of(qtbot, first)
    assert len(errors) == 1


def test_a_cancelled_job_lets_the_next_one_begin(engine: Engine, qtbot: QtBot) -> None:
    first, second = engine.run("wait", {"seconds": 60}), engine.run("wait", {})
    until_first_report(qtbot, first)
    child = engine.process_id
    first.cancel()
    assert isinstance(error_of(qtbot, first), CancelledError)
    result_of(qtbot, second)
    assert engine.process_id == child


def test_a_job_is_cancelled_while_the_engine_starts(engine: Engine, qtbot: QtBot) -> None:
    first, second = engine.run("wait", {"seconds": 60}), engine.run("wait", {})
    with qtbot.waitSignal(engine.state_changed, check_params_cb=lambda state: state == "starting"):
        pass
    first.cancel()
    assert first.is_over
    assert engine.state == "starting"
    result_of(qtbot, second)


def test_pause_holds_this_job_and_the_next(engine: Engine, qtbot: QtBot) -> None:
    job = engine.run("wait", {"seconds": 0.4})
    until_first_report(qtbot, job)
    engine.pause()
    assert engine.state == "paused"
    with qtbot.waitSignal(job.progress, check_params_cb=lambda report: report.stage == "paused"):
        pass
    qtbot.wait(600)
    assert not job.is_over
    engine.resume()
    assert engine.state == "busy"
    result_of(qtbot, job)
    engine.pause()
    held = engine.run("wait", {"seconds": 0})
    qtbot.wait(300)
    assert not held.is_over
    engine.resume()
    result_of(qtbot, held)


def test_pause_holds_what_begins_later(engine: Engine, qtbot: QtBot) -> None:
    engine.pause()
    job = engine.run("wait", {"seconds": 0})
    qtbot.waitUntil(lambda: engine.state == "paused")
    qtbot.wait(300)
    assert not job.is_over
    os.kill(engine.process_id, signal.SIGKILL)
    assert isinstance(error_of(qtbot, job), EngineDiedError)
    held = engine.run("wait", {"seconds": 0})
    qtbot.waitUntil(lambda: engine.state == "paused")
    qtbot.wait(300)
    assert not held.is_over
    engine.resume()
    result_of(qtbot, held)


def test_a_crash_takes_one_job_and_says_how(engine: Engine, qtbot: QtBot) -> None:
    first, second = engine.run("wait", {"seconds": 60}), engine.run("wait", {"seconds": 0})
    until_first_report(qtbot, first)
    states = states_of(engine)
    deaths: list[str] = []
    engine.died.connect(deaths.append)
    child = engine.process_id
    os.kill(child, signal.SIGKILL)
    error = error_of(qtbot, first)
    assert isinstance(error, EngineDiedError)
    assert "SIGKILL" in str(error)
    assert deaths == [str(error)]
    result_of(qtbot, second)
    assert states == ["dead", "starting", "idle", "busy", "idle"]
    assert engine.process_id not in (0, child)
    os.kill(engine.process_id, signal.SIGSEGV)
    qtbot.waitUntil(lambda: engine.state == "dead")
    assert "SIGSEGV" in deaths[1]
    result_of(qtbot, engine.run("wait", {}))


def test_a_job_that_hangs_is_told_and_ended_on_cancel(make_engine: MakeEngine, qtbot: QtBot) -> None:
    engine = make_engine(hang_seconds=0.5, cancel_seconds=0.5)
    job = engine.run("wait", {"seconds": 60})
    until_first_report(qtbot, job)
    os.kill(engine.process_id, signal.SIGSTOP)
    qtbot.waitUntil(lambda: engine.state == "hanging")
    assert not job.is_over
    os.kill(engine.process_id, signal.SIGCONT)
    qtbot.waitUntil(lambda: engine.state == "busy")
    os.kill(engine.process_id, signal.SIGSTOP)
    began = time.monotonic()
    job.cancel()
    assert isinstance(error_of(qtbot, job), CancelledError)
    assert 0.4 < time.monotonic() - began < 5
    assert engine.state == "dead"


def test_the_user_ends_an_engine_that_hangs(make_engine: MakeEngine, qtbot: QtBot) -> None:
    engine = make_engine(hang_seconds=0.3)
    job = engine.run("wait", {"seconds": 60})
    until_first_report(qtbot, job)
    os.kill(engine.process_id, signal.SIGSTOP)
    qtbot.waitUntil(lambda: engine.state == "hanging")
    engine.kill()
    error = error_of(qtbot, job)
    assert isinstance(error, EngineDiedError)
    assert str(error) == "the engine did not answer and was ended"


GREETING = '{"type": "hello", "protocol": 1, "version": "x", "process_id": 1, "kinds": []}'


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("print('garbage')", "nonsense"),
        ('print(\'{"type": "progress"}\')', "nonsense"),
        (f"print('{GREETING}')\nprint('[1]')", "nonsense"),
        (f'print(\'{GREETING}\')\nprint(\'{{"type": "result", "id": "1"}}\')', "nonsense"),
        (f"print('{GREETING.replace('1', '2')}')", "another version's"),
        ('print(\'{"type": "error", "kind": "UsageError", "message": "m", "exit_code": 2}\')', "version"),
        ("import sys; sys.exit(3)", "exit code 3"),
    ],
)
def test_what_is_no_engine_is_ended(make_engine: MakeEngine, qtbot: QtBot, script: str, words: str) -> None:
    is_ending = "sys.exit" in script
    engine = make_engine(
        script if is_ending else f"{script}\nimport sys; sys.stdout.flush(); sys.stdin.read()"
    )
    error = error_of(qtbot, engine.run("wait", {}))
    assert isinstance(error, EngineDiedError)
    assert words in str(error)
    assert engine.state == "dead"


def test_a_line_without_an_end_is_nonsense(make_engine: MakeEngine, qtbot: QtBot) -> None:
    engine = make_engine("import sys\nwhile True: sys.stdout.write('x' * 2**22)")
    assert "nonsense" in str(error_of(qtbot, engine.run("wait", {})))


def test_an_engine_that_never_answers_is_ended(make_engine: MakeEngine, qtbot: QtBot) -> None:
    engine = make_engine("import time; time.sleep(100)", start_seconds=0.5)
    assert "did not answer" in str(error_of(qtbot, engine.run("wait", {})))


def test_a_program_that_is_not_there(qtbot: QtBot) -> None:
    engine = Engine(["/nowhere/at-all"])
    error = error_of(qtbot, engine.run("wait", {}))
    assert isinstance(error, EngineDiedError)
    assert "cannot be started" in str(error)
    assert "cannot be started" in str(error_of(qtbot, engine.run("wait", {})))


def test_what_a_newer_engine_says_besides_is_passed_over(make_engine: MakeEngine, qtbot: QtBot) -> None:
    script = f"""
import json, sys
print('{GREETING[:-1]}, "moon": "full"}}', flush=True)
sys.stdin.readline()
name = json.loads(sys.stdin.readline())["id"]
for message in (
    {{"type": "weather", "id": name}},
    {{"type": "part", "id": name, "part": {{"columns": 3}}, "more": 1}},
    {{"type": "progress", "id": name, "stage": "read", "moon": "full"}},
    {{"type": "result", "id": name, "kind": "wait", "result": {{"seconds": 7}}}},
):
    print(json.dumps(message), flush=True)
print("a warning of some library", file=sys.stderr, flush=True)
sys.stdin.read()
"""
    engine = make_engine(script)
    job = engine.run("wait", {})
    parts: list[dict[str, Any]] = []
    job.part.connect(parts.append)
    assert result_of(qtbot, job) == {"seconds": 7}
    assert parts == [{"columns": 3}]
    qtbot.waitUntil(lambda: "some library" in engine.stderr_tail)
    engine.close()
    assert "some library" in engine.stderr_tail


@pytest.mark.slow
def test_megabytes_in_a_line_hold_up_no_window(make_engine: MakeEngine, qtbot: QtBot) -> None:
    script = f"""
import json, sys
print('{GREETING}', flush=True)
sys.stdin.readline()
run = json.loads(sys.stdin.readline())
print(json.dumps({{"type": "result", "id": run["id"], "kind": "x", "result": run["request"]}}), flush=True)
sys.stdin.read()
"""
    engine = make_engine(script)
    request = {"text": "A" * 4_000_000, "numbers": list(range(100_000))}
    gaps, last = [0.0], [time.monotonic()]

    def tick() -> None:
        gaps.append(time.monotonic() - last[0])
        last[0] = time.monotonic()

    timer = QTimer(interval=0)
    timer.timeout.connect(tick)
    job = engine.run("wait", request)
    timer.start()
    assert result_of(qtbot, job) == request
    timer.stop()
    assert max(gaps) < 0.2  # seconds; a tenth of it on an idle machine


def test_close_ends_all_jobs_and_the_child(make_engine: MakeEngine, qtbot: QtBot) -> None:
    engine = make_engine()
    jobs = [engine.run("wait", {"seconds": 60}) for _ in range(2)]
    until_first_report(qtbot, jobs[0])
    errors: list[Exception] = []
    for job in jobs:
        job.failed.connect(errors.append)
    child = engine.process_id
    engine.close()
    assert [type(error) for error in errors] == [CancelledError, CancelledError]
    assert child not in children()
    assert engine.state == "off"
    result_of(qtbot, engine.run("wait", {}))


def test_close_ends_a_child_that_hangs(make_engine: MakeEngine, qtbot: QtBot) -> None:
    engine = make_engine()
    job = engine.run("wait", {"seconds": 60})
    until_first_report(qtbot, job)
    child = engine.process_id
    os.kill(child, signal.SIGSTOP)
    engine.close()
    assert child not in children()


def test_engines_that_hang_are_closed_side_by_side(make_engine: MakeEngine, qtbot: QtBot) -> None:
    engines = [make_engine() for _number in range(3)]
    for engine in engines:
        until_first_report(qtbot, engine.run("wait", {"seconds": 60}))
        os.kill(engine.process_id, signal.SIGSTOP)
    pids = {engine.process_id for engine in engines}
    begin = time.monotonic()
    for engine in engines:
        engine.leave()
    for engine in engines:
        engine.close()
    assert time.monotonic() - begin < 2
    assert not pids & children()


def test_an_engine_in_the_background_comes_after_others(make_engine: MakeEngine, qtbot: QtBot) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    for is_background in (False, True):
        engine = make_engine()
        engine._command = worker_command(is_background=is_background)
        until_first_report(qtbot, engine.run("wait", {"seconds": 60}))
        threads = [int(one.name) for one in Path(f"/proc/{engine.process_id}/task").iterdir()]
        priorities = {os.getpriority(os.PRIO_PROCESS, number) for number in threads}
        assert priorities == {min(own + 5, 19) if is_background else own}


def test_a_plugin_window_that_is_open_is_no_hang(make_engine: MakeEngine, qtbot: QtBot) -> None:
    script = """
import time
from nast_fx import worker
from nast_fx.chain.slot_edit import _until_closed
from nast_fx.jobs import run

class Plugin:
    name = "Knobs"

    def edit(self):
        time.sleep(2.5)

def steps(_job, _switch):
    yield from _until_closed(Plugin())
    return {"changed": False}

run.steps_of = steps
worker.main()
"""
    engine = make_engine(script, hang_seconds=1.5)
    states: list[str] = []
    engine.state_changed.connect(states.append)
    assert result_of(qtbot, engine.run("wait", {})) == {"changed": False}
    assert "hanging" not in states
