"""``nast-fx batch`` as a user sees it: names, what is skipped, what fails, and what is said of it."""

from __future__ import annotations

import gc
import json
import os
import sqlite3
import time
import tracemalloc
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from batch_folder import FORMATS, start, workers_of, write_inputs
from cli_runner import Cli, Ended

from nast_fx.errors import NoSpaceError
from nast_fx.jobs import batch as batch_module
from nast_fx.jobs import journal as journal_module
from nast_fx.jobs import session, space
from nast_fx.jobs.fingerprint import file_digest, fingerprint_of
from nast_fx.jobs.journal import Journal
from nast_fx.jobs.manifest import MANIFEST_NAME
from nast_fx.jobs.owner import Owner
from nast_fx.jobs.run import run_request
from nast_fx.models import RenderRequest, StyleReference
from nast_fx.models.output import OutputFormat
from nast_fx.styles.find import made_user_folder

QUICK = ("-s", "rain.wav", "--set", "max_iterations=1", "--fresh")
COPY = ("-s", "rain.wav", "--amount", "0", "--fresh")


class HereExecutor(Executor):
    """Any executor will do: this one runs jobs at once, in this process."""

    n_workers = 1
    threads = 1
    calls: tuple[dict[str, Any], ...] = ()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        assert fn is run_request
        json.dumps(args)  # what is submitted passes any process and any computer
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        HereExecutor.calls += args
        try:
            future.set_result(fn(*args))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(journal_module, "state_folder", lambda: tmp_path / "state")
    monkeypatch.setattr(session, "make_executor", lambda limits: HereExecutor())
    HereExecutor.calls = ()
    folder = tmp_path / "here"
    folder.mkdir()
    made = Cli(folder, capsys, monkeypatch)
    write_inputs(folder, seconds=0.3)
    return made


def manifest(cli: Cli, folder: str = "OUT") -> dict[str, Any]:
    return dict(json.loads((cli.folder / folder / MANIFEST_NAME).read_text()))


def results(cli: Cli, folder: str = "OUT") -> dict[str, bytes]:
    names = cli.files()
    return {name: data for name, data in names.items() if name.startswith(folder) and "manifest" not in name}


def batch(cli: Cli, *args: object, options: tuple[str, ...] = COPY) -> Ended:
    return cli.run("batch", *args, "-o", "OUT", *options)


def test_a_folder_in_every_format(cli: Cli) -> None:
    ended = batch(cli, "IN")
    assert ended.code == 0, ended.err
    names = {f"OUT/0-{name.rpartition('.')[0]}.styled.{name.rpartition('.')[2]}" for name in FORMATS}
    assert set(ended.out) == set(results(cli)) == names
    assert soundfile.info(cli.folder / "OUT" / "0-float.styled.wav").subtype == "FLOAT"
    table = next(n for n, line in enumerate(ended.err) if line.startswith("state"))
    assert ended.err.index("IN/0-16.wav -> OUT/0-16.styled.wav") < table  # names first, a table last
    assert ended.err[-1].startswith("7 done in ")
    whole = manifest(cli)
    assert (whole["state"], whole["counts"]) == ("finished", {"done": 7})
    assert all(one["result"]["threads"] for one in whole["files"])


def test_what_is_done_is_skipped_and_changed_settings_are_not(cli: Cli) -> None:
    assert batch(cli, "IN").code == 0
    before = cli.files()
    again = batch(cli, "IN")
    assert (again.code, again.out) == (4, [])
    assert "all 7 results are there already" in again.err[-1]
    assert results(cli) == {name: data for name, data in before.items() if name.startswith("OUT/0")}
    louder = (*COPY, "--loudness", "-20")
    kept = batch(cli, "IN/0-16.wav", options=louder)
    assert kept.code == 1
    assert "made with other settings, or of another content" in kept.err[-1]
    assert batch(cli, "IN/0-16.wav", options=(*louder, "--overwrite", "overwrite")).code == 0
    assert results(cli)["OUT/0-16.styled.wav"] != before["OUT/0-16.styled.wav"]
    assert batch(cli, "IN/0-16.wav", options=(*louder, "--overwrite", "overwrite")).code == 4
    # A content that changes is another one, and a result that is gone is made again.
    samples, rate = soundfile.read(cli.folder / "IN" / "0-24.wav")
    soundfile.write(cli.folder / "IN" / "0-24.wav", samples * 0.5, rate, subtype="PCM_24")
    (cli.folder / "OUT" / "0-float.styled.wav").unlink()
    (cli.folder / "OUT" / "0-a.styled.flac").write_bytes(b"mine")
    renamed = batch(cli, "IN", options=(*COPY, "--overwrite", "rename"))
    assert renamed.code == 0
    new = ["0-16.styled-2.wav", "0-24.styled-2.wav", "0-a.styled-2.flac", "0-float.styled.wav"]
    assert sorted(Path(line).name for line in renamed.out) == new
    assert batch(cli, "IN", options=(*COPY, "--overwrite", "rename")).code == 4


def test_one_bad_file_does_not_stop_the_rest(cli: Cli) -> None:
    (cli.folder / "IN" / "bad.wav").write_bytes(b"no sound")
    (cli.folder / "IN" / "empty.flac").touch()
    silent = cli.folder / "IN" / "nan.wav"
    soundfile.write(silent, np.full((4000, 1), np.nan), 8000, subtype="FLOAT")
    (cli.folder / "IN" / "notes.txt").write_text("hello")
    (cli.folder / "IN" / ".hidden.wav").touch()
    ended = batch(cli, "IN")
    assert ended.code == 3
    assert len(ended.out) == 7
    assert "note: IN/notes.txt is passed over: it is not audio." in ended.err
    assert ended.err[-1].startswith("error: 3 of 10 failed; the first: IN/bad.wav")
    whole = manifest(cli)
    assert whole["counts"] == {"done": 7, "failed": 3}
    assert all(one["note"] for one in whole["files"] if one["state"] == "failed")
    assert [one["reason"] for one in whole["passed_over"]] == ["it is not audio"]
    grid = batch(cli, "IN/bad.wav", "IN/0-16.wav", "--sweep", "amount=0,0.5", "--overwrite", "rename")
    assert "error: 1 of 3 failed" in grid.err[-1]  # once, not for each point
    only = batch(cli, "IN/bad.wav")
    assert only.code == 1
    nothing = cli.run("batch", "IN/notes.txt", "-o", "OUT", *COPY)
    assert nothing.code == 4
    assert "there is no audio in IN/notes.txt" in nothing.err[-1]


def test_folders_in_folders(cli: Cli) -> None:
    inside = cli.folder / "IN" / "drums" / "loud"
    inside.mkdir(parents=True)
    for name in ("0-16.wav", "0-a.flac"):
        (cli.folder / "IN" / name).rename(inside / name)
    assert len(batch(cli, "IN").out) == 5
    deep = batch(
        cli, "IN", "--recursive", "--include", "*.wav", "--include", "*.flac", "--exclude", "drums/*/*-a.*"
    )
    assert deep.out == ["OUT/drums/loud/0-16.styled.wav"]
    # Results inside of the named folder are no contents.
    inner = cli.run("batch", "IN", "-r", "-o", "IN/OUT", *COPY)
    assert len(inner.out) == 7
    assert cli.run("batch", "IN", "-r", "-o", "IN/OUT", *COPY).code == 4
    same = cli.run("batch", "IN/drums/loud", "-o", "IN/drums/loud", *COPY)
    assert len(same.out) == 2
    assert cli.run("batch", "IN/drums/loud", "-o", "IN/drums/loud", *COPY).code == 4


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_named(cli: Cli) -> None:
    (cli.folder / "IN" / "mine").mkdir(mode=0)
    ended = batch(cli, "IN", "--recursive")
    assert ended.code == 0
    assert any("IN/mine is passed over: the folder cannot be read" in line for line in ended.err)


def test_a_file_that_a_setting_names_counts_with_its_bytes(cli: Cli) -> None:
    request = RenderRequest(
        content=cli.folder / "rain.wav",
        styles=(StyleReference(path=cli.folder / "rain.wav"),),
        method="mital",
        settings={"features": str(cli.folder / "mine.pt")},
    )
    wav = OutputFormat(container="wav", bits="24")
    seen = set()
    for data in (b"one", b"other"):
        (cli.folder / "mine.pt").write_bytes(data)
        seen.add(fingerprint_of(request, wav, file_digest))
    assert len(seen) == 2


def test_a_grid_goes_into_named_files(cli: Cli) -> None:
    sweep = ("--sweep", "strength=0,0.5", "--sweep", "content_weight=1,2")
    ended = batch(cli, "IN/0-16.wav", *sweep, "--dry-run", options=QUICK)
    assert ended.code == 0
    assert [Path(line).name for line in ended.out] == [
        f"0-16.styled.strength-{strength}.content_weight-{weight}.wav"
        for strength in ("0", "0.5")
        for weight in ("1", "2")
    ]
    ended = batch(cli, "IN/0-16.wav", "--sweep", "strength=0,1", "--json", options=QUICK)
    done = [one for one in ended.objects if one["type"] == "result"]
    assert len(done) == 2
    assert len({one["losses"]["loss"] for one in done}) == 2
    assert ended.objects[-1]["type"] == "summary"
    assert ended.objects[-1]["done"] == 2
    many = batch(cli, "IN/0-16.wav", "--variations", "2", "--dry-run", options=QUICK)
    assert [Path(line).name for line in many.out] == ["0-16.styled.1.wav", "0-16.styled.2.wav"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--sweep", "strenght=1,2"), "did you mean 'strength'?"),
        (("--sweep", "strength=1,2"), "strength=2 must be at least 0 and at most 1"),
        (("--sweep", "strength=0.1,0.2", "--pattern", "{stem}.{ext}"), "put {strength} into --pattern"),
        (("--pattern", "{stm}.{ext}"), "did you mean 'stem'?"),
        (("--pattern", "one.wav"), "would both be named"),
        (("--pattern", "{stem}.txt"), "suffix .txt"),
        (("--overwrite", "never"), "--overwrite never must be one of"),
        (("--jobs", "0"), "--jobs 0 must be at least 1"),
        (("--method", "mitl"), "did you mean 'mital'?"),
    ],
)
def test_what_cannot_be_is_said_before_the_work(cli: Cli, args: tuple[str, ...], words: str) -> None:
    before = cli.files()
    ended = batch(cli, "IN", *args)
    assert ended.code == 2
    assert words in ended.err[-1], ended.err
    assert cli.files() == before
    assert not HereExecutor.calls


def test_two_inputs_of_one_name(cli: Cli) -> None:
    before = cli.files()
    ended = batch(cli, "IN", "--pattern", "{preset}.{ext}")
    assert ended.code == 2
    assert "IN/0-16.wav and IN/0-24.wav would both be named" in ended.err[-1]
    assert cli.files() == before
    numbered = batch(cli, "IN", "--pattern", "{preset}.{ext}", "--overwrite", "rename")
    waves = sorted(line for line in numbered.out if line.endswith(".wav"))
    assert waves == ["OUT/styled-2.wav", "OUT/styled-3.wav", "OUT/styled.wav"]
    assert batch(cli, "IN", "--pattern", "{preset}.{ext}", "--overwrite", "rename").code == 4
    assert "is an input" in cli.run("batch", "IN", "-o", "IN", "--pattern", "{stem}.{ext}", *COPY).err[-1]


def test_odd_names(cli: Cli) -> None:
    names = ["{seed} 100%s", "\N{DRUM WITH DRUMSTICKS}", "\u05e9\u05dc\u05d5\u05dd", "x" * 240, "CON"]
    if os.name == "posix":
        names.append(os.fsdecode(b"caf\xe9"))  # no UTF-8
    source = (cli.folder / "IN" / "0-16.wav").read_bytes()
    inputs = cli.folder / "ODD"
    inputs.mkdir()
    for number, name in enumerate(names):
        (inputs / f"{name}.wav").write_bytes(source[:-2] + bytes([number, 0]))
    ended = batch(cli, "ODD", "--json", "--quiet")  # its lines are ASCII
    assert ended.code == 0, ended.objects
    assert len(results(cli)) == len(names)
    assert (cli.folder / "OUT" / "{seed} 100%s.styled.wav").is_file()
    assert batch(cli, "ODD", "--json").code == 4


def test_files_beside_the_results(cli: Cli) -> None:
    options = (*QUICK, "--history", "{stem}.csv", "--export-midi", "midi/{stem}.mid")
    ended = batch(cli, "IN/0-16.wav", options=options)
    assert ended.code == 0, ended.err
    assert {"OUT/0-16.csv", "OUT/midi/0-16.mid"} <= set(cli.files())
    assert batch(cli, "IN/0-16.wav", options=options).code == 4
    (cli.folder / "OUT" / "0-16.csv").unlink()
    assert batch(cli, "IN/0-16.wav", options=(*options, "--overwrite", "overwrite")).code == 0


def test_a_dry_run_makes_nothing(cli: Cli) -> None:
    before = cli.files()
    ended = batch(cli, "IN", "--dry-run")
    assert (ended.code, len(ended.out)) == (0, 7)
    *_, plan = batch(cli, "IN", "--dry-run", "--json").objects
    assert [one["state"] for one in plan["files"]] == ["queued"] * 7
    assert cli.files() == before
    assert not (cli.folder / "OUT").exists()


def test_a_batch_that_was_broken_off_goes_on_by_itself(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HereExecutor, "submit", interrupted_after(3))
    ended = batch(cli, "IN")
    assert ended.code == 130
    assert ended.err[-1] == "cancelled; 3 of 7 are finished; nast-fx batch --resume goes on"
    first = results(cli)
    assert len(first) == 3
    assert manifest(cli)["state"] == "broken off"
    monkeypatch.undo()
    monkeypatch.setattr(journal_module, "state_folder", lambda: cli.folder.parent / "state")
    monkeypatch.setattr(session, "make_executor", lambda limits: HereExecutor())
    monkeypatch.chdir(cli.folder.parent)  # from anywhere
    rest = cli.run("batch", "--resume")
    assert rest.code == 0, rest.err
    assert len(rest.out) == 4
    assert results(cli).items() > first.items()
    assert manifest(cli)["counts"] == {"done": 7}
    assert cli.run("batch", "--resume").code == 4


def interrupted_after(count: int) -> Any:
    submit = HereExecutor.submit

    def interrupted(self: HereExecutor, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if len(HereExecutor.calls) == count:
            raise KeyboardInterrupt
        return submit(self, fn, *args, **kwargs)

    return interrupted


def test_a_file_that_was_finished_unseen_is_not_made_again(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the batch was killed after a file had appeared, and before the journal knew."""

    def killed(*args: object, **facts: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "end", killed)
        assert batch(cli, "IN").code == 130
    made = results(cli)
    assert len(made) == len(HereExecutor.calls) == 1
    rest = batch(cli, "IN")
    assert rest.code == 0
    assert len(rest.out) == 6
    assert len(HereExecutor.calls) == 7
    assert results(cli).items() > made.items()
    assert manifest(cli)["counts"] == {"done": 6, "skipped": 1}
    (seen,) = (one for one in manifest(cli)["files"] if one["state"] == "skipped")
    assert seen["result"].keys() >= {"seconds", "threads", "content"}  # its figures are known
    assert list((cli.folder.parent / "state" / "receipts").iterdir()) == []
    # A file of someone else's is not taken for one of ours.
    (cli.folder / "OUT" / "0-16.styled.wav").write_bytes(b"mine")
    assert "is there already" in batch(cli, "IN").err[-1]


def test_a_foreign_file_is_not_taken_for_one_that_was_finished(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the batch was killed in its first job, and something of that name came to be there."""
    with monkeypatch.context() as patch:
        patch.setattr(HereExecutor, "submit", interrupted_after(0))
        patch.setattr(Journal, "end", lambda *args, **facts: None)
        assert batch(cli, "IN/0-16.wav").code == 130
    output = cli.folder / "OUT" / "0-16.styled.wav"
    output.parent.mkdir()
    output.write_bytes((cli.folder / "rain.wav").read_bytes())
    kept = output.read_bytes()
    ended = batch(cli, "IN/0-16.wav")
    assert ended.code == 1
    assert "is there already" in ended.err[-1]
    assert output.read_bytes() == kept


def louder(path: Path) -> None:
    samples, rate = soundfile.read(path)
    soundfile.write(path, samples * 0.5, rate, subtype="PCM_16")


@pytest.mark.parametrize("changed", ["IN/0-24.wav", "IN/0-16.wav", "rain.wav"])
def test_an_input_that_changes_while_the_batch_runs(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    """The next content, the one that is rendered just now, or what both need."""
    submit = HereExecutor.submit

    def meanwhile(self: HereExecutor, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = submit(self, fn, *args, **kwargs)
        if len(HereExecutor.calls) == 1:
            louder(cli.folder / changed)
        return future

    monkeypatch.setattr(HereExecutor, "submit", meanwhile)
    ended = batch(cli, "IN/0-16.wav", "IN/0-24.wav")
    words = "has changed since the batch was planned; give the command again"
    wrong = {"IN/0-16.wav": ["0-16"], "IN/0-24.wav": ["0-24"]}.get(changed, ["0-16", "0-24"])
    assert ended.code == (3 if len(wrong) == 1 else 1)
    assert changed in ended.err[-1]
    assert words in ended.err[-1]
    if len(wrong) == 1:
        failed = [one for one in manifest(cli)["files"] if one["state"] == "failed"]
        assert [Path(one["content"]).stem for one in failed] == wrong
    assert not any((cli.folder / "OUT" / f"{name}.styled.wav").exists() for name in wrong)
    assert len(HereExecutor.calls) == (2 if changed == "IN/0-16.wav" else 1)
    assert len(batch(cli, "IN/0-16.wav", "IN/0-24.wav").out) == len(wrong)
    assert cli.run("batch", "--resume").code == 4


def test_an_input_that_has_changed_when_the_batch_goes_on(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(HereExecutor, "submit", interrupted_after(1))
        assert batch(cli, "IN/0-16.wav", "IN/0-24.wav", "IN/0-float.wav").code == 130
    louder(cli.folder / "IN" / "0-24.wav")
    rest = cli.run("batch", "--resume")
    assert rest.code == 3
    assert rest.out == ["OUT/0-float.styled.wav"]
    assert "0-24.wav: has changed since the batch was planned" in rest.err[-1]
    assert cli.run("batch", "--resume").code == 4
    assert batch(cli, "IN").code == 0


def test_what_was_begun_beside_a_result_is_made_when_it_goes_on(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the batch was killed when the result was there, and its report was not."""
    options = (*COPY, "--report", "reports/{stem}.html", "--pattern", "sounds/{stem}.{ext}")
    with monkeypatch.context() as patch:

        def killed(*args: object, **facts: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Journal, "end", killed)
        assert batch(cli, "IN/0-16.wav", options=options).code == 130
    (cli.folder / "OUT" / "reports" / "0-16.html").unlink()
    places = [cli.folder / "OUT" / folder for folder in ("", "reports", "sounds")]
    partials = [place / ".nast-fx-0123456789ab.part" for place in places]
    for partial in partials:
        partial.touch()
    rest = cli.run("batch", "--resume")
    assert rest.code == 0, rest.err
    assert (cli.folder / "OUT" / "reports" / "0-16.html").is_file()
    assert not any(partial.exists() for partial in partials)
    again = cli.run("batch", "--resume")
    assert again.code == 4
    assert "no batch was broken off" in again.err[-1]


def test_another_batch_is_making_it(cli: Cli) -> None:
    """Two batches on one folder: what one has begun the other leaves alone."""
    assert batch(cli, "IN/0-16.wav").code == 0
    other = Owner(cli.folder.parent / "state" / "owners")
    (cli.folder / "OUT" / "0-16.styled.wav").unlink()
    with sqlite3.connect(cli.folder.parent / "state" / "journal.sqlite3") as base:
        base.execute("UPDATE jobs SET state = 'running', owner = ?", (other.name,))
    base.close()
    ended = batch(cli, "IN/0-16.wav", "IN/0-24.wav")
    assert ended.code == 0
    assert ended.out == ["OUT/0-24.styled.wav"]
    assert any("another batch is making it" in line for line in ended.err)
    assert cli.run("batch", "--resume").code == 4  # what was left to another is not open here
    other.close()
    assert batch(cli, "IN/0-16.wav", "IN/0-24.wav").out == ["OUT/0-16.styled.wav"]


def test_a_full_disk_pauses_and_goes_on(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module, "SPACE_SECONDS", 0.2)
    looks: list[int] = []

    def shortfall(path: Path, n_bytes: int) -> int:
        looks.append(n_bytes)
        return 5 * 2**20 if 3 < len(looks) < 8 else 0

    monkeypatch.setattr(space, "free_space_shortfall", shortfall)
    ended = batch(cli, "IN", "--json")
    assert ended.code == 0
    said = [one["note"] for one in ended.objects if one["type"] == "progress" and one["stage"] == "full"]
    assert said
    assert "is full: 5 MiB are missing; it goes on when there is room" in said[0]
    assert len(results(cli)) == 7


def test_a_disk_that_is_full_after_the_result_is_there(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a report has no room: the result is made again, in its place."""
    monkeypatch.setattr(batch_module, "SPACE_SECONDS", 0.1)
    submit = HereExecutor.submit

    def full(self: HereExecutor, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = submit(self, fn, *args, **kwargs)
        if len(HereExecutor.calls) > 1:
            return future
        failed: Future[Any] = Future()
        failed.set_exception(NoSpaceError("no space left on the disk"))
        return failed

    monkeypatch.setattr(HereExecutor, "submit", full)
    ended = batch(cli, "IN/0-16.wav")
    assert ended.code == 0, ended.err
    assert len(HereExecutor.calls) == 2
    assert manifest(cli)["counts"] == {"done": 1}


def test_a_full_disk_ends_it_when_asked(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "free_space_shortfall", lambda path, n_bytes: 2**30)
    ended = batch(cli, "IN", "--when-full", "stop")
    assert ended.code == 1
    assert "1,024 MiB are missing; the batch was stopped: --resume goes on" in ended.err[-1]
    assert results(cli) == {}
    monkeypatch.setattr(space, "free_space_shortfall", lambda path, n_bytes: 0)
    assert len(cli.run("batch", "--resume").out) == 7


def pretend(self: HereExecutor, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
    """A job that does nothing: only its file appears."""
    future: Future[Any] = Future()
    output = Path(args[0]["request"]["output"])
    output.write_bytes(b"x")
    future.set_result({"output": str(output), "threads": 1})
    return future


def many_files(folder: Path) -> Path:
    inputs = folder / "MANY"
    inputs.mkdir()
    for number in range(500):
        tone = 0.1 * np.sin(np.arange(1600) * (0.05 + number * 1e-4))
        soundfile.write(inputs / f"{number}.wav", tone, 8000, subtype="PCM_16")
    return inputs


def test_500_small_files(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = many_files(cli.folder)
    monkeypatch.setattr(HereExecutor, "submit", pretend)
    assert batch(cli, "IN").code == 0  # all is loaded
    for turn in range(2):
        began = time.perf_counter()
        ended = batch(cli, "MANY", "--quiet", "--pattern", f"{turn}-{{stem}}.{{ext}}")
        seconds = time.perf_counter() - began
        assert (ended.code, len(ended.out)) == (0, 500)
        assert seconds / 500 < 0.02, "seconds of the queue's own for each file"
    counted = manifest(cli)
    assert counted["counts"] == {"done": 1007}
    assert sum(one["content"].startswith(str(inputs)) for one in counted["files"]) == 1000
    began = time.perf_counter()
    assert batch(cli, "MANY", "--quiet", "--pattern", "0-{stem}.{ext}").code == 4
    assert (time.perf_counter() - began) / 500 < 0.02


def test_a_file_leaves_nothing_in_memory(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    many_files(cli.folder)
    monkeypatch.setattr(HereExecutor, "submit", pretend)
    assert batch(cli, "IN").code == 0  # all is loaded
    held = []
    tracemalloc.start()
    for files in ("[1-9].wav", "1??.wav"):
        assert batch(cli, "MANY", "--quiet", "--include", files).code == 0
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[1] < held[0] + 100 * 500, "bytes"


@pytest.mark.slow
def test_500_copies_by_workers(tmp_path: Path) -> None:
    folder = tmp_path
    write_inputs(folder)
    many_files(folder)
    with start(folder, "batch", "MANY", "-o", "OUT", *COPY, "-j", "1", "--json") as process:
        sizes, done = [], 0
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["type"] == "result":
                done += 1
                if done % 100 == 0:
                    sizes.append(resident_bytes(folder, process.pid))
        assert process.wait() == 0
    assert done == 500
    assert max(sizes) < 1.05 * sizes[0] + 10e6
    whole = json.loads((folder / "OUT" / MANIFEST_NAME).read_text())
    assert whole["counts"] == {"done": 500}


def resident_bytes(folder: Path, parent: int) -> int:
    """Of the batch and its workers."""
    pages = [
        int((Path("/proc") / str(process) / "statm").read_text().split()[1])
        for process in (parent, *workers_of(folder))
    ]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def test_a_style_by_name_is_known_by_what_it_holds(cli: Cli) -> None:
    named = ("-s", "mine", "--amount", "0", "--fresh")
    where = made_user_folder() / "mine.naststyle"
    for sound in ("rain.wav", "IN/0-16.wav"):
        assert cli.run("style", "learn", sound, "-o", where, "--overwrite", "overwrite").code == 0
        again = ("--overwrite", "overwrite")
        assert batch(cli, "IN/0-a.flac", options=(*named, *again)).code == 0  # another sound under the name
        assert batch(cli, "IN/0-a.flac", options=(*named, *again)).code == 4


def test_what_would_fail_for_every_file_is_said_once_and_first(cli: Cli) -> None:
    for style, words in (("missing.wav", "there is no such file"), ("IN", "there is no style")):
        ended = cli.run("batch", "IN", "-o", "OUT", "-s", style, "--dry-run")
        assert ended.code in (1, 2)
        assert words in ended.err[-1]
    (cli.folder / "IN" / "bad.wav").write_bytes(b"no sound")
    ended = batch(cli, "IN", "--dry-run")
    assert (ended.code, len(ended.out)) == (3, 7)
    assert "1 of 8 failed; the first: IN/bad.wav" in ended.err[-1]
    ended = batch(cli, "IN", "--sweep", f"strength={','.join(str(n / 2000) for n in range(1001))}")
    assert (ended.code, "asks for 1001 results" in ended.err[-1]) == (2, True)


def test_a_folder_does_not_hide_a_style_of_its_name(cli: Cli) -> None:
    (cli.folder / "bells").mkdir()
    assert cli.run("batch", "IN/0-16.wav", "-o", "OUT", "-s", "bells", "--amount", "0").code == 0
