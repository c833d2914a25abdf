"""What batches know of each other: dead ones are superseded, and only what is proven counts as a result."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from cli_runner import noise, song

from nast_fx.audio.atomic import AtomicFile
from nast_fx.errors import AudioFileError, NoSpaceError
from nast_fx.jobs.journal import Journal
from nast_fx.jobs.manifest import MANIFEST_NAME, Manifest
from nast_fx.jobs.receipt import read_receipt, write_receipt
from nast_fx.jobs.run import job_values, steps_of
from nast_fx.jobs.task import Outcome, Task
from nast_fx.models import RenderPlan, RenderRequest, StyleReference
from nast_fx.render.store import SegmentFiles

PARTIAL = ".nast-fx-0123456789ab.part"


@pytest.fixture
def task(tmp_path: Path) -> Task:
    content, output = tmp_path / "song.wav", tmp_path / "OUT" / "song.styled.wav"
    content.write_bytes(b"song")
    output.parent.mkdir()
    style = StyleReference(path=tmp_path / "rain.wav")
    request = RenderRequest(content=content, styles=(style,), output=output)
    return Task(1, output, output, request, {}, "0f", 0)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def killed(state: Path, task: Task, *, is_begun: bool = True) -> str:
    """A batch that died in the middle of a task, or before it."""
    with Journal(state) as journal:
        batch = journal.begin(task.output.parent, {}, [task])
        assert not is_begun or journal.claim(batch, task)
    return batch


def finish(state: Path, task: Task) -> None:
    """A batch that does a task."""
    with Journal(state) as journal:
        batch = journal.begin(task.output.parent, {}, [task])
        assert journal.claim(batch, task)
        task.output.write_bytes(b"done")
        result = {"output": str(task.output), "content": str(task.content)}
        journal.end(batch, task, "done", result=result)


@pytest.fixture
def journal(state: Path) -> Iterator[Journal]:
    with Journal(state) as made:
        yield made


@pytest.mark.parametrize("is_begun", [True, False])
def test_what_a_later_batch_has_done_is_not_open_any_more(
    state: Path, task: Task, journal: Journal, is_begun: bool
) -> None:
    killed(state, task, is_begun=is_begun)
    found = journal.unfinished()
    assert found is not None
    assert found[1] == [task]
    finish(state, task)
    assert journal.unfinished() is None
    task.output.unlink()  # not even when its result is gone
    assert journal.unfinished() is None


def test_the_same_result_under_another_name_is_superseded_too(
    state: Path, task: Task, journal: Journal
) -> None:
    killed(state, task)
    finish(state, replace(task, number=3, output=task.output.with_name("song.styled-2.wav")))
    assert journal.unfinished() is None


def test_a_batch_that_dies_twice_leaves_its_work_once(state: Path, task: Task, journal: Journal) -> None:
    for _ in range(3):
        last = killed(state, task)
    rows = journal._file.rows("SELECT batch FROM jobs")
    assert [row["batch"] for row in rows] == [last]
    assert [row["id"] for row in journal._file.rows("SELECT id FROM batches")] == [last]


def test_a_task_that_a_living_batch_makes_is_left_to_it(state: Path, task: Task, journal: Journal) -> None:
    living = journal.begin(task.output.parent, {}, [task])
    assert journal.claim(living, task)
    with Journal(state) as other:
        batch = other.begin(task.output.parent, {}, [task])
        assert not other.claim(batch, task)
        other.end(batch, task, "skipped")
        assert other.unfinished() is None
    assert journal._file.rows("SELECT * FROM jobs WHERE batch = ? AND state = 'running'", (living,))
    journal.close()
    with Journal(state) as after:  # of the one that was killed it is left to do
        found = after.unfinished()
        assert found is not None
        assert found[1] == [task]
        finish(state, task)
        assert after.unfinished() is None


def test_what_another_batch_has_done_of_ours_is_not_open(state: Path, task: Task, journal: Journal) -> None:
    with Journal(state) as late:
        finish(state, task)  # while this one has not begun
        late.begin(task.output.parent, {}, [task])
    assert journal.unfinished() is None


def test_a_task_knows_its_inputs(state: Path, task: Task, journal: Journal) -> None:
    task = replace(task, inputs={task.content: journal.digest(task.content)})
    assert Task.from_dict(json.loads(json.dumps(task.as_dict()))) == task
    old = task.as_dict()
    del old["inputs"]
    assert Task.from_dict(old).inputs == {}
    journal.check_inputs(task)
    task.content.write_bytes(b"another")
    with pytest.raises(AudioFileError, match=r"song\.wav: has changed since the batch was planned"):
        journal.check_inputs(task)


def test_only_what_a_job_says_that_it_made_is_taken_over(state: Path, task: Task, journal: Journal) -> None:
    batch = killed(state, task)
    task.output.write_bytes(b"somebody's, and young")
    assert journal.finished_unseen(task) is None
    receipt = journal.receipt_of(batch, task)
    write_receipt(receipt, {"output": str(task.output), "seconds": 3.5})
    with Journal(state) as other:  # what clears away leaves it while it may be needed
        other.begin(task.output.parent, {}, [])
    assert journal.finished_unseen(task) == (
        task.output,
        {"output": str(task.output), "seconds": 3.5, "content": str(task.content)},
    )
    task.output.write_bytes(b"changed since then")
    assert journal.finished_unseen(task) is None
    write_receipt(receipt, {"output": str(task.output), "seconds": 3.5})
    changed = replace(task, inputs={task.content: "another's digest"})
    assert journal.finished_unseen(changed) is None
    found = journal.finished_unseen(task)
    assert found is not None
    journal.adopt(task, found[1])
    assert not receipt.exists()
    assert journal.done(task.wanted, task.fingerprint) == found
    assert journal.unfinished() is None


def test_receipts_of_superseded_jobs_go(state: Path, task: Task, journal: Journal) -> None:
    receipt = journal.receipt_of(killed(state, task), task)
    task.output.write_bytes(b"x")
    write_receipt(receipt, {"output": str(task.output)})
    (receipt.parent / PARTIAL).touch()
    assert receipt.exists()
    finish(state, task)
    assert list(receipt.parent.iterdir()) == []


def test_a_receipt_is_there_before_the_files_beside_the_result(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", song().T, 8000)
    soundfile.write(tmp_path / "rain.wav", noise().T, 8000)
    style = StyleReference(path=tmp_path / "rain.wav")
    output, report, path = (tmp_path / name for name in ("out.wav", "report.html", "receipt"))
    request = RenderRequest(
        content=tmp_path / "song.wav", styles=(style,), plan=RenderPlan(amount=0), output=output
    )
    job = job_values("render", request, side_files={"report": report}, fresh=True, receipt=path)
    steps = steps_of(job)
    for progress in steps:
        if progress.stage == "evaluate":
            break
    receipt = read_receipt(path)
    assert receipt is not None
    assert receipt.is_of(output)
    assert set(receipt.stamps) == {output}
    for _ in steps:
        pass
    whole = read_receipt(path)
    assert whole is not None
    assert set(whole.stamps) == {output, report}
    assert whole.facts["threads"] > 0
    output.write_bytes(b"another's")
    whole.remove_files()
    assert (output.exists(), report.exists()) == (True, False)


def full(path: Path) -> None:
    with AtomicFile(path) as atomic:
        atomic.file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_said_so_wherever_it_shows(
    tmp_path: Path, state: Path, task: Task, journal: Journal
) -> None:
    with pytest.raises(NoSpaceError, match=r"x: cannot be written: no space left on the disk"):
        full(tmp_path / "x")
    assert not (tmp_path / "x").exists()
    journal._file._base.execute("PRAGMA max_page_count = 1")  # sqlite makes it as few as there are
    tasks = [replace(task, number=number) for number in range(2000)]
    with pytest.raises(NoSpaceError, match="the journal cannot be written"):
        journal.begin(task.output.parent, {}, tasks)
    assert journal._file.rows("SELECT * FROM jobs") == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no limit of file sizes")
def test_a_manifest_larger_than_what_is_left(task: Task, journal: Journal) -> None:
    import resource

    root = task.output.parent
    tasks = [replace(task, number=n, output=root / f"{n}.wav") for n in range(3000)]
    manifest = Manifest(root / MANIFEST_NAME, root, tasks, (), {}, journal)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**17, hard))
        with pytest.raises(AudioFileError, match="no space left"):
            manifest.write("running")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(root.iterdir()) == []


def test_a_manifest_lists_what_is_there(state: Path, task: Task, journal: Journal) -> None:
    finish(state, task)
    root = task.output.parent

    def listed() -> list[str]:
        Manifest(root / MANIFEST_NAME, root, (), (), {}, journal).write("finished")
        return [one["output"] for one in json.loads((root / MANIFEST_NAME).read_text())["files"]]

    assert listed() == [str(task.output)]
    task.output.unlink()
    assert listed() == []
    finish(state, task)
    task.output.write_bytes(b"another's file")
    assert listed() == []


def test_two_manifests_at_once_are_one(state: Path, task: Task, journal: Journal) -> None:
    root = task.output.parent
    path = root / MANIFEST_NAME

    def manifest(name: str, state: str) -> Manifest:
        outcome = Outcome(task.content, root / name, "failed", "broken")
        made = Manifest(path, root, (), [outcome], {}, journal)
        made.write(state)
        return made

    manifest("earlier.wav", "finished")  # before the others began: nobody's any more
    long = manifest("long.wav", "running")
    short = manifest("short.wav", "running")
    short.add(Outcome(task.content, root / "late.wav", "failed", "broken"))
    short.write("finished")
    long.write("finished")
    names = [Path(one["output"]).name for one in json.loads(path.read_text())["files"]]
    assert sorted(names) == ["late.wav", "long.wav", "short.wav"]


def test_what_a_killed_job_leaves_in_the_cache_goes(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / PARTIAL).write_bytes(b"half")
    SegmentFiles(tmp_path)._make_room(1)
    assert list((tmp_path / "ab").iterdir()) == []
