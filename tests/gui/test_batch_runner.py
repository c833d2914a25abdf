from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine, FakeJob

from nast_fx.errors import AudioFileError, NoSpaceError, NothingToDoError, UsageError
from nast_fx.models import StyleReference
from nast_fx.progress import Progress
from nast_fx_gui.engine.process import EngineDiedError
from nast_fx_gui.model import batch_planner
from nast_fx_gui.model.batch_planner import BatchPlanner
from nast_fx_gui.model.batch_runner import BatchRunner, Summary
from nast_fx_gui.model.batch_setup import BatchDocument
from nast_fx_gui.model.document import Document
from nast_fx_gui.model.queue import QueueModel

RAIN = StyleReference(path=Path("rain.wav"))
A, B, C, D = (f"/in/{name}.wav" for name in "abcd")


@dataclass
class Bench:
    """A batch between two engines that do nothing."""

    qtbot: Any
    document: Document = field(default_factory=Document)
    engine: FakeEngine = field(default_factory=FakeEngine)
    listener: FakeEngine = field(default_factory=FakeEngine)

    def __post_init__(self) -> None:
        self.document.set_styles([RAIN])
        self.batch = BatchDocument(self.document)
        self.queue = QueueModel()
        engines: Any = (self.engine, self.listener)
        self.planner = BatchPlanner(self.batch, self.queue, *engines)
        self.runner = BatchRunner(self.batch, self.queue, self.planner, self.engine)  # type: ignore[arg-type]
        self.summaries: list[Summary] = []
        self.runner.ended.connect(self.summaries.append)

    @property
    def plans(self) -> list[FakeJob]:
        """What was asked for all files; the latest last."""
        jobs = self.engine.of("plan") + self.listener.of("plan")
        return [job for job in jobs if "first" not in job.request]

    def plan(self, *contents: str, suffix: str = "styled", state: str = "queued", **facts: Any) -> FakeJob:
        """Answer the latest question for names."""
        self.qtbot.waitUntil(lambda: any(not job.is_over and not job.is_cancelled for job in self.plans))
        job = next(job for job in reversed(self.plans) if not job.is_over and not job.is_cancelled)
        files = [
            {
                "number": number,
                "content": one,
                "output": f"/in/styled/{Path(one).stem}.{suffix}.wav",
                "state": state,
                "message": "",
            }
            for number, one in enumerate(contents, 1)
        ]
        engine = self.engine if job in self.engine.jobs else self.listener
        names = next(one for one in reversed(engine.of("plan")) if "first" in one.request)
        names.finish(files=files[:3])
        job.finish(**{"folder": "/in/styled", "files": files, "passed_over": [], **facts})
        return job

    def add(self, *contents: str) -> None:
        self.batch.add(map(Path, contents))
        self.plan(*map(str, self.batch.setup.inputs))

    @property
    def job(self) -> FakeJob:
        return self.engine.last("batch")

    def part(self, content: str, state: str, **fields: Any) -> None:
        self.job.part.emit({"content": content, "state": state, **fields})

    @property
    def states(self) -> Mapping[str, str]:
        return {Path(row.content).stem: row.state for row in self.queue.rows}


@pytest.fixture
def bench(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(batch_planner, "SETTLE_MS", 20)
    return Bench(qtbot)


def test_names_come_from_the_engine(bench: Bench) -> None:
    bench.batch.add([Path("/in")])
    bench.plan(A, B, passed_over=[{"file": "/in/x.txt", "reason": "it is not audio"}])
    assert [row.content for row in bench.queue.rows] == [A, B]
    assert bench.planner.passed_over == {"/in/x.txt": "it is not audio"}
    bench.batch.change("x", folder=Path("/in/styled"))
    bench.plan(A, B)
    assert bench.planner.names == ["a.styled.wav", "b.styled.wav"]
    assert bench.planner.passed_over == {}


def test_a_folder_is_asked_for_once_things_are_still(bench: Bench) -> None:
    for text in ("{", "{s}", "{stem}", "{stem}.{n}"):
        bench.batch.change("x", merge="pattern", pattern=text)
    bench.batch.add([Path("/in")])
    bench.batch.change("x", is_recursive=False)
    job = bench.plan(A)
    assert len(bench.plans) == 1
    assert job.request["pattern"] == "{stem}.{n}"


def test_an_old_answer_is_not_taken(bench: Bench) -> None:
    bench.batch.add([Path(A)])
    bench.qtbot.waitUntil(lambda: bool(bench.plans))
    old = bench.plans[-1]
    bench.batch.add([Path(B)])
    bench.plan(A, B)
    assert old.is_cancelled
    old.finish(files=[], passed_over=[])
    old.fail()
    assert len(bench.queue.rows) == 2


def test_names_follow_preset_and_naming(bench: Bench) -> None:
    bench.add(A)
    bench.document.set_output(format="flac")
    job = bench.plan(A, suffix="x")
    assert job.request["request"]["format"] == "flac"
    assert bench.planner.names == ["a.x.wav"]


def test_a_wrong_naming_leaves_the_rows(bench: Bench) -> None:
    bench.add(A)
    bench.batch.change("x", pattern="{stm}")
    bench.qtbot.waitUntil(lambda: "stm" in bench.planner.fault)
    assert [row.content for row in bench.queue.rows] == [A]
    assert "stm" in bench.runner.fault
    bench.batch.change("x", pattern="{stem}")
    bench.qtbot.waitUntil(lambda: len(bench.plans) == 2)
    bench.plans[-1].fail(UsageError("a and b would both be named x; put {n} into --pattern"))
    assert bench.planner.fault == "a and b would both be named x; put {n} into naming"
    assert bench.planner.is_naming_fault
    assert bench.runner.fault == bench.planner.fault


def test_what_is_not_there_can_be_removed(bench: Bench) -> None:
    bench.batch.add([Path("/in"), Path(A), Path("/gone")])
    assert [row.content for row in bench.queue.rows] == ["/in", A, "/gone"]
    bench.qtbot.waitUntil(lambda: bool(bench.plans))
    bench.plans[-1].fail(AudioFileError("/gone: there is no such file or folder"))
    assert bench.runner.fault == "/gone: there is no such file or folder"
    assert not bench.planner.is_naming_fault
    bench.batch.remove([Path("/gone")])
    bench.plan(A, B)
    assert ([row.content for row in bench.queue.rows], bench.runner.fault) == ([A, B], "")


def test_what_is_added_is_there_at_once(bench: Bench) -> None:
    bench.batch.add([Path("/in")])
    assert [row.content for row in bench.queue.rows] == ["/in"]
    bench.plan(A, B)
    bench.batch.add([Path("/more"), Path(C)])
    assert [row.content for row in bench.queue.rows] == [A, B, "/more", C]
    bench.batch.remove([Path(A), Path("/more")])
    assert [row.content for row in bench.queue.rows] == [B, C]


def test_a_plan_knows_what_is_done_and_what_cannot_be(bench: Bench) -> None:
    bench.batch.add([Path(A)])
    bench.plan(A, state="skipped")
    assert bench.states == {"a": "skipped"}
    bench.document.set_plan(amount=0.5)
    bench.plan(A)
    assert bench.states == {"a": "waiting"}
    bench.document.set_plan(amount=0.6)
    bench.plan(A, state="failed")
    assert bench.states == {"a": "failed"}


def test_a_failure_stays_until_the_next_attempt(bench: Bench) -> None:
    bench.add(A)
    bench.runner.start()
    bench.part(A, "failed", message="no memory", output="/in/styled/a.styled.wav")
    bench.job.finish()
    bench.batch.add([Path(B)])
    bench.plan(A, B)
    assert bench.states == {"a": "failed", "b": "waiting"}
    bench.runner.start()
    assert bench.states == {"a": "waiting", "b": "waiting"}


def test_removing_and_undoing_files(bench: Bench) -> None:
    bench.batch.add([Path("/in")])
    bench.plan(A, B, C)
    bench.batch.remove([Path(B)])
    bench.plan(A, C)
    assert bench.plans[-1].request["exclude"] == ["b.wav"]
    assert list(bench.states) == ["a", "c"]
    bench.document.undo_stack.undo()
    bench.plan(A, B, C)
    assert list(bench.states) == ["a", "b", "c"]
    bench.batch.clear()
    bench.qtbot.waitUntil(lambda: not bench.queue.rows)
    assert bench.runner.fault == "add files or folders first"


def test_a_batch_from_start_to_end(bench: Bench) -> None:
    bench.add(A, B, C)
    reports: list[Progress] = []
    bench.runner.progress.connect(reports.append)
    bench.runner.start()
    assert bench.job.request["inputs"] == [A, B, C]
    assert (bench.runner.state, bench.states) == ("running", {"a": "waiting", "b": "waiting", "c": "waiting"})
    bench.part(A, "running", share=0.25, seconds_left=60.0, output="/in/styled/a.styled.wav")
    bench.job.report(stage="batch", share=0.1)
    row = bench.queue.row_of(A)
    assert row is not None
    assert (row.state, row.share, row.seconds_left) == ("running", 0.25, 60.0)
    bench.part(A, "done")
    bench.part(B, "failed", message="no audio in it")
    bench.part(C, "skipped", message="done already")
    bench.job.finish()
    assert (row.share, row.seconds_left) == (1.0, None)
    assert bench.states == {"a": "done", "b": "failed", "c": "skipped"}
    assert reports[0].share == 0.1
    summary = bench.summaries[0]
    assert {state: n for state, n in summary.counts.items() if n} == {"failed": 1, "skipped": 1, "done": 1}
    assert (summary.folder, summary.note, bench.runner.state) == (Path("/in/styled"), "", "idle")


def test_no_style_no_batch(bench: Bench) -> None:
    bench.document.set_styles([])
    bench.batch.add([Path(A)])
    with pytest.raises(UsageError, match="style"):
        bench.runner.start()
    assert not bench.engine.of("batch")
    assert list(bench.states) == ["a"]


def test_pause_and_going_on(bench: Bench) -> None:
    bench.add(A, B)
    bench.runner.start()
    bench.part(A, "running", share=0.5)
    bench.runner.pause()
    assert (bench.engine.is_paused, bench.runner.state, bench.states["a"]) == (True, "paused", "paused")
    bench.part(A, "running", share=0.6)
    assert bench.states["a"] == "paused"
    bench.runner.resume()
    assert (bench.engine.is_paused, bench.runner.state, bench.states["a"]) == (False, "running", "running")


def test_a_cancelled_batch_leaves_what_is_finished(bench: Bench) -> None:
    bench.add(A, B, C)
    bench.runner.start()
    bench.part(A, "done")
    bench.part(B, "running", share=0.5)
    bench.runner.pause()
    bench.runner.cancel()
    assert (bench.job.is_cancelled, bench.runner.state) == (True, "stopping")
    bench.job.fail()
    assert bench.states == {"a": "done", "b": "cancelled", "c": "cancelled"}
    assert (bench.runner.state, bench.engine.is_paused) == ("idle", False)
    assert bench.summaries[0].note == ""


def test_a_dead_engine_is_said_and_survived(bench: Bench) -> None:
    bench.add(A, B, C)
    bench.runner.start()
    bench.part(A, "done")
    bench.part(B, "running", share=0.5)
    bench.job.fail(EngineDiedError("the engine was killed"))
    assert bench.states == {"a": "done", "b": "broken", "c": "broken"}
    row = bench.queue.row_of(B)
    assert row is not None
    assert row.message == "the engine was killed"
    assert bench.summaries[0].note == "the engine was killed"
    bench.runner.start()
    assert bench.states == {"a": "done", "b": "waiting", "c": "waiting"}
    bench.part(A, "skipped", message="done already")
    bench.part(B, "done")
    bench.part(C, "done")
    bench.job.finish()
    assert set(bench.states.values()) == {"done"}
    assert bench.summaries[1].counts["done"] == 3


def test_nothing_to_do_is_said(bench: Bench) -> None:
    bench.runner.resume_unfinished(Path("/out"))
    bench.job.fail(NothingToDoError("nothing to do: no batch into /out was broken off"))
    assert bench.summaries[0].note == "nothing to do: no batch into /out was broken off"


def test_notes_are_passed_on(bench: Bench) -> None:
    bench.add(A)
    bench.runner.start()
    notes: list[str] = []
    bench.runner.noted.connect(notes.append)
    bench.job.part.emit({"note": "For all of it 3 GB lack."})
    assert notes == ["For all of it 3 GB lack."]


def test_another_fault_is_told_with_its_rows(bench: Bench) -> None:
    bench.add(A)
    bench.runner.start()
    bench.job.fail(NoSpaceError("the disk is full; the batch was stopped: --resume goes on"))
    assert bench.states == {"a": "failed"}
    assert bench.summaries[0].note == "the disk is full; the batch was stopped: Go on goes on"


def test_what_was_made_stays_done_in_a_second_run(bench: Bench) -> None:
    bench.add(A, B)
    bench.runner.start()
    bench.part(A, "done")
    bench.part(B, "done")
    bench.job.finish()
    bench.runner.start()
    bench.part(A, "skipped", message="done already")
    bench.part(B, "running", share=0.1)
    assert bench.states == {"a": "done", "b": "running"}


def test_another_name_is_another_result(bench: Bench) -> None:
    bench.add(A)
    bench.runner.start()
    bench.part(A, "done", output="/in/styled/a.styled.wav")
    bench.job.finish()
    bench.batch.change("x", pattern="{stem}.{n}")
    bench.plan(A, suffix="1")
    assert bench.states == {"a": "waiting"}
    bench.document.undo_stack.undo()
    bench.plan(A, state="skipped")
    assert bench.states == {"a": "done"}


def test_done_rows_come_back_as_done(bench: Bench) -> None:
    bench.add(A, B)
    bench.runner.start()
    bench.part(A, "done", output="/in/styled/a.styled.wav")
    bench.part(B, "done", output="/in/styled/b.styled.wav")
    bench.job.finish()
    bench.batch.remove([Path(A)])
    bench.plan(B, state="skipped")
    bench.document.undo_stack.undo()
    bench.plan(A, B, state="skipped")
    assert bench.states == {"a": "done", "b": "done"}


def test_files_added_meanwhile_make_the_next_batch(bench: Bench) -> None:
    bench.add(A, B)
    bench.runner.start()
    bench.part(A, "running", share=0.5)
    bench.add(C, D)
    assert bench.states == {"a": "running", "b": "waiting", "c": "next", "d": "next"}
    assert bench.listener.of("plan")
    bench.part(A, "done")
    bench.part(B, "failed")
    bench.job.finish()
    assert len(bench.engine.of("batch")) == 2
    assert bench.job.request["inputs"] == [A, B, C, D]
    assert bench.states == {"a": "done", "b": "waiting", "c": "waiting", "d": "waiting"}
    bench.part(A, "skipped")
    bench.part(B, "failed")
    bench.part(C, "done")
    bench.part(D, "done")
    bench.job.finish()
    assert len(bench.engine.of("batch")) == 2
    assert bench.summaries[1].counts["done"] == 3


def test_after_a_cancel_no_batch_follows(bench: Bench) -> None:
    bench.add(A)
    bench.runner.start()
    bench.add(B)
    bench.runner.cancel()
    bench.job.fail()
    assert len(bench.engine.of("batch")) == 1
    assert bench.states == {"a": "cancelled", "b": "waiting"}


def test_undoing_the_files_of_a_running_batch_leaves_its_rows(bench: Bench) -> None:
    bench.add(A, B)
    bench.runner.start()
    bench.part(A, "running", share=0.5)
    bench.document.undo_stack.undo()
    bench.qtbot.waitUntil(lambda: not bench.planner.is_busy)
    assert bench.states == {"a": "running", "b": "waiting"}


def test_going_on_after_a_crash_shows_the_files(bench: Bench) -> None:
    bench.runner.resume_unfinished(Path("/out"))
    assert bench.job.request == {"resume": True, "output": "/out"}
    bench.part(A, "running", output="/out/a.wav", share=0.5)
    bench.part(B, "queued", output="/out/b.wav")
    bench.queue.show_changes()
    assert bench.states == {"a": "running", "b": "waiting"}
    bench.part(A, "done")
    bench.part(B, "done")
    bench.job.finish()
    bench.qtbot.waitUntil(lambda: not bench.planner.is_busy)
    assert bench.states == {"a": "done", "b": "done"}
    assert (bench.summaries[0].folder, bench.summaries[0].counts["done"]) == (Path("/out"), 2)
    bench.batch.remove([Path(A)])
    bench.qtbot.waitUntil(lambda: bench.states == {"b": "done"})
    bench.document.undo_stack.undo()
    bench.qtbot.waitUntil(lambda: bench.states == {"a": "done", "b": "done"})
    bench.document.undo_stack.undo()
    bench.qtbot.waitUntil(lambda: not bench.states)
    bench.document.undo_stack.redo()
    bench.qtbot.waitUntil(lambda: bench.states == {"a": "done", "b": "done"})


def test_stems_that_do_not_fit_are_told(bench: Bench) -> None:
    bench.add(A)
    bench.runner.start()
    bench.part(A, "done")
    bench.job.finish(stems=[{"mix": "/in/mix.wav", "problems": ["a.wav is not heard in the mix."]}])
    assert bench.summaries[0].note == "a.wav is not heard in the mix."
