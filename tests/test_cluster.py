"""Batches on a dask cluster of two workers on loopback, which are killed, stopped and cheated."""

from __future__ import annotations

import contextlib
import html
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from batch_folder import kill, run, sounds_in, start
from cli_runner import Cli, noise, song
from dask_farm import Farm, is_alive, until

pytest.importorskip("distributed")
from nast_fx import errors
from nast_fx.errors import AudioFileError, CancelledError, NothingToDoError
from nast_fx.jobs import bench, cluster_link, cluster_session
from nast_fx.jobs.carrier import MessageCarrier
from nast_fx.jobs.cluster import ClusterExecutor
from nast_fx.jobs.cluster_link import shared_out
from nast_fx.jobs.job_executor import ExecutorLostError, JobFuture
from nast_fx.jobs.receipt import read_receipt
from nast_fx.jobs.run import job_values, run_request
from nast_fx.jobs.storage import DEAD_SECONDS, Storage
from nast_fx.models import RenderRequest, StyleReference
from nast_fx.models.request import AnalyzeRequest, WaitRequest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")

OPTIONS = ("-s", "rain.wav", "--set", "max_iterations=4", "--threads", "1", "--fresh")


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("farm")) as made:
        made.add("a")
        made.add("b", "--resources", "GPU=1 SPACE=5")
        yield made


@pytest.fixture(scope="module")
def executor(farm: Farm) -> Iterator[ClusterExecutor]:
    with ClusterExecutor(farm.address, threads=1) as made:
        assert until(lambda: made.n_workers == 2)
        yield made


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    folder = tmp_path / "here"
    folder.mkdir()
    made = Cli(folder, capsys, monkeypatch)
    (folder / "IN").mkdir()
    for number in range(2):
        made.write(f"IN/{number}.wav", song(0.4 + 0.1 * number))
    return made


def pause_of(seconds: float) -> dict[str, Any]:
    return job_values("wait", WaitRequest(seconds=seconds))


def until_running(futures: list[JobFuture]) -> None:
    assert until(lambda: all(future.progress for future in futures))


def write_loops(folder: Path, count: int) -> None:
    (folder / "IN").mkdir(parents=True)
    for number in range(count):
        samples = song(1.0, 16_000) * (1 - 0.02 * number)
        soundfile.write(folder / "IN" / f"{number}.wav", samples.T, 16_000, subtype="PCM_16")
    soundfile.write(folder / "rain.wav", noise(1.0, 16_000).T, 16_000)


@pytest.mark.slow
def test_twenty_loops_and_a_worker_that_is_killed(tmp_path: Path) -> None:
    write_loops(tmp_path, 20)
    with Farm(tmp_path / "farm") as own:
        own.add("a")
        own.add("b")
        batch = start(tmp_path, "batch", "IN", "-o", "OUT", *OPTIONS, "--cluster", own.address, "-q")
        assert until(lambda: len(sounds_in(tmp_path / "OUT")) >= 4, 60)
        children = own.children("b")
        assert children
        own.kill("b")
        local = run(tmp_path, "batch", "IN", "-o", "HERE", *OPTIONS, "-j", "1")
        said, err = batch.communicate(timeout=120)
        assert batch.returncode == 0, err
        assert err == ""
        assert len(said.splitlines()) == 20
        assert until(lambda: not any(map(is_alive, children)), 10)
        assert own.children("a") == []  # the batch has taken its leave
        assert not list((own.folder / "a").rglob("nast-fx-*"))
    assert local.returncode == 0, local.stderr
    assert sounds_in(tmp_path / "OUT") == sounds_in(tmp_path / "HERE")
    assert len(sounds_in(tmp_path / "OUT")) == 20


def test_results_errors_and_progress(executor: ClusterExecutor) -> None:
    slow = executor.submit(run_request, pause_of(1.2))
    shares = []
    while not slow.done():
        shares.append(slow.progress.share if slow.progress else 0.0)
        time.sleep(0.05)
    result = slow.result()
    assert (result["seconds"], result["threads"]) == (1.2, 1)
    assert result["worker"] in ("a", "b")
    assert len({share for share in shares if share}) >= 2
    missing = job_values("analyze", AnalyzeRequest(content=Path("nothing.wav")))
    with pytest.raises(AudioFileError, match=r"^nothing\.wav: there is no such file"):
        executor.submit(run_request, missing).result()
    with pytest.raises(TypeError):
        executor.submit(print, {})
    both = [executor.submit(run_request, pause_of(0.7)) for _ in range(2)]
    assert {future.result()["worker"] for future in both} == {"a", "b"}


def test_cancel_of_a_running_and_of_a_hanging_job(executor: ClusterExecutor, farm: Farm) -> None:
    running = [executor.submit(run_request, pause_of(60)) for _ in range(2)]
    until_running(running)
    hanging = farm.children("a")
    for child in hanging:
        os.kill(child, signal.SIGSTOP)
    began = time.monotonic()
    for future in running:
        executor.cancel(future)
    for future in running:
        with pytest.raises(CancelledError):
            future.result()
    assert time.monotonic() - began < 1
    next_ones = [executor.submit(run_request, pause_of(0)) for _ in range(2)]
    for future in next_ones:  # both workers are free again, or one does both
        assert future.result(timeout=15)["seconds"] == 0
    assert until(lambda: not any(map(is_alive, hanging)), 10)


def test_pause(executor: ClusterExecutor) -> None:
    running = executor.submit(run_request, pause_of(1.0))
    until_running([running])
    executor.pause()
    waiting = executor.submit(run_request, pause_of(0))
    assert until(lambda: running.progress is not None and running.progress.stage == "paused", 5)
    time.sleep(1.2)
    assert not running.done()
    assert not waiting.running()
    executor.resume()
    assert running.result(timeout=10)["seconds"] == 1.0
    assert waiting.result(timeout=10)["seconds"] == 0


def test_tags_choose_workers(farm: Farm) -> None:
    with ClusterExecutor(farm.address, threads=1, resources={"GPU": 1}) as tagged:
        assert until(lambda: tagged.n_workers == 1)
        futures = [tagged.submit(run_request, pause_of(0.05)) for _ in range(6)]
        assert {future.result()["worker"] for future in futures} == {"b"}
    with ClusterExecutor(farm.address, threads=3, resources={"SPACE": 2.5}) as tagged:
        assert (tagged.n_workers, tagged.threads) == (1, 3)  # b has room for two, and one thread


def test_a_batch_is_as_one_at_home(cli: Cli, farm: Farm) -> None:
    """With odd names, a style of the user's own, files beside the results, and one that fails."""
    source = (cli.folder / "IN" / "0.wav").read_bytes()
    for number, name in enumerate(["{seed} 100%s", "\u05e9\u05dc\u05d5\u05dd"]):
        (cli.folder / "IN" / f"{name}.wav").write_bytes(source[:-2] + bytes([number, 0]))
    cli.write("IN/silent.wav", np.full((1, 8000), np.nan), subtype="FLOAT")
    cli.write("mine.wav", noise())
    assert cli.run("style", "learn", "mine.wav").code == 0
    (cli.folder / "mine.wav").unlink()
    settings = ("--set", "max_iterations=2", "--threads", "1", "--fresh", "--json")
    sides = ("--history", "{stem}.csv", "--export-midi", "{stem}.mid")
    options = ("-s", "mine", *settings, *sides)
    here = cli.run("batch", "IN", "-o", "HERE", *options, "-j", "1")
    (cli.folder / "IN" / os.fsdecode(b"caf\xe9.wav")).write_bytes(source)  # no text in any encoding
    there = cli.run("batch", "IN", "-o", "THERE", *options, "--cluster", farm.address)
    assert here.code == there.code == 3, there.out
    made = sounds_in(cli.folder / "THERE")
    assert len(made) == 3 * 5
    assert sounds_in(cli.folder / "HERE") == {name: made[name] for name in made if "caf" not in name}
    facts = [by_content(ended.objects) for ended in (here, there)]
    own = {"seconds", "host", "worker", "output", "history", "export_midi"}
    for content, result in facts[1].items():
        if "caf" in content:
            continue
        for name in ("output", "history", "export_midi"):
            assert result.get(name, "THERE") == facts[0][content].get(name, "HERE").replace("HERE", "THERE")
        same = {key: value for key, value in result.items() if key not in own}
        assert same == {key: value for key, value in facts[0][content].items() if key not in own}
    assert str(farm.folder) not in "".join(there.out)
    silent = facts[1][str(cli.folder / "IN" / "silent.wav")]
    assert silent["type"] == "failed"
    assert silent["message"].startswith(str(cli.folder / "IN" / "silent.wav"))
    assert cli.run("batch", "IN/0.wav", "-o", "THERE", *options, "--cluster", farm.address).code == 4
    assert farm.jobs() == []


def by_content(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["content"]: one for one in objects if one["type"] in ("result", "failed")}


def test_files_of_a_job(
    cli: Cli, farm: Farm, executor: ClusterExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What names files of this machine is made here; what is taken meanwhile is not replaced."""
    folder = cli.folder
    request = RenderRequest(
        content=folder / "IN" / "0.wav",
        styles=(StyleReference(path=folder / "rain.wav"),),
        output=folder / "other.wav",
        settings={"max_iterations": "30"},
    )
    sides = {"save-preset": folder / "used.toml", "report": folder / "page.html"}
    said = cli.folder.parent / "receipt"
    whole = job_values("render", request, side_files=sides, fresh=True, receipt=said)
    made = executor.submit(run_request, whole)
    job = job_values("render", request.model_copy(update={"output": folder / "mine.wav"}), fresh=True)
    taken = executor.submit(run_request, job)
    until_running([taken])
    (folder / "mine.wav").write_bytes(b"mine")
    with pytest.raises(AudioFileError, match=r"mine\.wav.* is there already"):
        taken.result()
    assert (folder / "mine.wav").read_bytes() == b"mine"
    skipping = job | {"request": job["request"] | {"overwrite": "skip"}}
    with pytest.raises(NothingToDoError):
        executor.submit(run_request, skipping).result()
    facts = made.result()

    def slowly(self: MessageCarrier, part: dict[str, Any]) -> Iterator[bytes]:
        (folder / "late.wav").write_bytes(b"mine")  # while the result comes in
        yield part["data"]

    monkeypatch.setattr(MessageCarrier, "_blocks", slowly)
    late = job | {"request": job["request"] | {"output": str(folder / "late.wav")}}
    with pytest.raises(AudioFileError, match=r"late\.wav: exists already; it is not overwritten"):
        executor.submit(run_request, late).result()
    assert (folder / "late.wav").read_bytes() == b"mine"
    assert facts["save_preset"] == str(sides["save-preset"])
    receipt = read_receipt(said)
    assert receipt is not None
    assert receipt.is_of(folder / "other.wav")
    assert set(receipt.stamps) == {folder / "other.wav", *sides.values()}
    assert receipt.facts == facts
    assert 'path = "rain.wav"' in sides["save-preset"].read_text()  # beside it
    page = sides["report"].read_text()
    assert html.escape(str(request.content)) in page
    assert str(farm.folder) not in page
    assert not list(folder.glob(".nast-fx-*"))


def test_storage(
    cli: Cli, farm: Farm, executor: ClusterExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "share"
    shared.mkdir()
    dead, alive = Storage(str(shared), "dead"), Storage(str(shared), "alive")
    long_ago = time.time() - DEAD_SECONDS - 60
    monkeypatch.setattr(time, "time", lambda: long_ago)
    dead.begin()
    monkeypatch.undo()
    monkeypatch.chdir(cli.folder)
    alive.begin()
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            with contextlib.suppress(OSError):  # it goes while it is looked at
                seen.update(path.relative_to(shared).parts[1] for path in shared.rglob("nast-fx-*/*"))

    looking = threading.Thread(target=look)
    looking.start()
    more = ("--history", "{stem}.csv", "--cluster", farm.address, "--storage", f"file://{shared}")
    there = cli.run("batch", "IN", "-o", "THERE", *OPTIONS, *more)
    over.set()
    looking.join()
    assert there.code == 0, there.err
    assert [path.name for path in shared.iterdir()] == ["nast-fx-alive"]
    assert len(seen) >= 4  # the sign of life, the inputs, at least one result
    assert len(sounds_in(cli.folder / "THERE")) == 4
    request = RenderRequest(
        content=cli.folder / "IN" / "0.wav",
        styles=(StyleReference(path=cli.folder / "rain.wav"),),
        output=cli.folder / "0.wav",
        settings={"max_iterations": "4"},
    )
    executor.submit(run_request, job_values("render", request, fresh=True)).result()
    assert request.output is not None
    assert request.output.read_bytes() == (cli.folder / "THERE" / "0.styled.wav").read_bytes()


@pytest.mark.slow
def test_a_client_that_is_killed(farm: Farm, tmp_path: Path) -> None:
    write_loops(tmp_path, 2)
    long = ("-s", "rain.wav", "--set", "max_iterations=100000", "--threads", "1", "--cluster", farm.address)
    batch = start(tmp_path, "batch", "IN", "-o", "OUT", *long)
    assert until(lambda: len(farm.jobs()) == 2)
    kill(batch)
    assert until(lambda: not farm.jobs(), 10)
    stopped = start(tmp_path, "batch", "IN", "-o", "TOO", *long)
    assert until(lambda: len(farm.jobs()) == 2)
    stopped.send_signal(signal.SIGINT)
    _, err = stopped.communicate(timeout=20)
    assert stopped.returncode == 130
    assert err.splitlines()[-1].startswith("cancelled; 0 of 2 are finished")
    assert "Traceback" not in err
    assert until(lambda: not farm.jobs(), 10)
    assert not (tmp_path / "TOO").exists()


@pytest.mark.slow
def test_a_batch_goes_on_with_another_scheduler(tmp_path: Path) -> None:
    write_loops(tmp_path, 4)
    with Farm(tmp_path / "farm") as own, Farm(tmp_path / "other") as other:
        own.add("a")
        other.add("z")
        slow = ("-s", "rain.wav", "--set", "max_iterations=150", "--threads", "1", "--fresh")
        batch = start(tmp_path, "batch", "IN", "-o", "OUT", *slow, "--cluster", own.address)
        assert until(lambda: len(sounds_in(tmp_path / "OUT")) == 1, 60)
        own.kill("scheduler")
        _, err = batch.communicate(timeout=40)
        assert batch.returncode == 5, err
        assert "the scheduler is gone; what is finished stands, and nast-fx batch --resume goes on" in err
        assert "Traceback" not in err
        rest = run(tmp_path, "batch", "--resume", "--cluster", other.address)
        assert rest.returncode == 0, rest.stderr
        assert "Going on with 3 files" in rest.stderr
        assert len(sounds_in(tmp_path / "OUT")) == 4


def test_a_scheduler_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_link, "CONNECT_SECONDS", 2.0)
    monkeypatch.setattr(cluster_session, "CONNECT_SECONDS", 2.0)
    with Farm(tmp_path / "farm") as own:
        own.add("a")
        with ClusterExecutor(own.address, threads=1) as executor:
            running = executor.submit(run_request, pause_of(60))
            until_running([running])
            children = own.children("a")
            own.kill("scheduler")
            with pytest.raises(ExecutorLostError, match="the scheduler is gone"):
                running.result(timeout=20)
            with pytest.raises(ExecutorLostError):
                executor.submit(run_request, pause_of(0))
        assert until(lambda: not any(map(is_alive, children)), 15)


def test_a_job_that_kills_its_workers_fails_alone(tmp_path: Path) -> None:
    with Farm(tmp_path / "farm", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as own:
        own.add("a")
        with ClusterExecutor(own.address, threads=1) as executor:
            doomed = executor.submit(run_request, pause_of(60))
            until_running([doomed])
            own.kill("a")
            with pytest.raises(errors.NastFxError, match="each worker that was given it died"):
                doomed.result(timeout=20)
            assert until(lambda: bool(executor.lack))
            assert "waiting for a worker" in executor.lack
            later = executor.submit(run_request, pause_of(0))
            own.add("b")
            assert later.result(timeout=30)["worker"] == "b"
            assert until(lambda: executor.lack == "")


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--cluster", "nowhere"), 2, "--cluster nowhere must be like tcp://HOST:8786"),
        (("--cluster", "tcp://127.0.0.1:1"), 5, "no scheduler can be reached there (connection refused)"),
        (("--cluster", "tls://127.0.0.1:1"), 2, "certificates are needed"),
        (("--cluster-resources", "GPU=1"), 2, "belong to --cluster"),
        (("--cluster", "FARM", "--cluster-resources", "GPU"), 2, "must be like GPU=1"),
        (("--cluster", "FARM", "--cluster-resources", "TPU=2"), 5, "none of 2 workers offers TPU=2"),
        (("--cluster", "FARM", "--storage", "memory://x"), 5, "does not reach the storage"),
        (("--cluster", "FARM", "--storage", "file:///proc/x"), 1, "file:///proc/x: cannot be written"),
        (("--cluster", "FARM", "--storage", "nothing://x"), 2, "Protocol not known: nothing"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    cli: Cli, farm: Farm, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int, words: str
) -> None:
    monkeypatch.setattr(cluster_link, "WAIT_SECONDS", 1.0)
    monkeypatch.setattr(cluster_link, "CONNECT_SECONDS", 1.0)
    given = [farm.address if option == "FARM" else option for option in options]
    before = cli.files()
    ended = cli.run("batch", "IN", "-o", "OUT", *OPTIONS, *given)
    assert ended.code == code
    assert words in ended.err[-1]
    assert not any("distributed." in line for line in ended.err[:-1])  # no logs of dask's
    assert cli.files() == before


def test_versions_and_a_missing_extra(cli: Cli, farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ("batch", "IN", "-o", "OUT", *OPTIONS, "--cluster", farm.address)
    with monkeypatch.context() as patch:
        patch.setattr(cluster_link, "__version__", "9.9")
        ended = cli.run(*here)
        assert ended.code == 2
        assert "this program is nast-fx 9.9, the worker tcp://" in ended.err[-1]
    with monkeypatch.context() as patch:
        patch.setattr(cluster_session, "__version__", "9.9")  # a worker that joined later
        ended = cli.run(*here)
        assert ended.code == 1
        assert "this program is nast-fx 9.9, a worker on" in ended.err[-1]
    monkeypatch.setitem(sys.modules, "distributed", None)
    ended = cli.run(*here)
    assert ended.code == 2
    assert "pip install 'nast-fx[cluster]'" in ended.err[-1]


def test_threads_are_shared_out() -> None:
    def place(name: str, cores: range | int) -> dict[str, Any]:
        affinity = [] if isinstance(cores, int) else list(cores)
        return {"place": name, "n_cores": len(affinity) or cores, "affinity": affinity}

    assert shared_out({"a": 1}, {"a": place("x", range(8))}) == 8
    two = {"a": place("x", range(8)), "b": place("x", range(8))}
    assert shared_out({"a": 1, "b": 2}, two) == 2  # 8 processors, 3 jobs
    apart = {"a": place("x", range(8)), "b": place("x", range(8, 16))}
    assert shared_out({"a": 1, "b": 1}, apart) == 8
    assert shared_out({"a": 1, "b": 1}, two | {"b": place("y", 2)}) == 2  # the smallest decides
    assert shared_out({"a": 64}, two) == 1


def test_a_bench_that_is_not_used_goes_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Worker:
        address, local_directory = "tcp://x", str(tmp_path)

        class state:
            nthreads = 1

    monkeypatch.setattr(bench, "IDLE_SECONDS", 0.3)
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of abc
    with bench.bench_of(Worker, "s") as own:
        own.keep(digest, [b"a", b"bc"])
        with pytest.raises(AudioFileError, match="damaged"):
            own.keep(digest, [b"ab"])
        future = own.executor(1).submit(run_request, pause_of(0))
        assert future.result()["seconds"] == 0
        time.sleep(0.5)
        assert own.kept(digest)
    assert until(lambda: not list(tmp_path.iterdir()), 5)
    assert own.is_closed


def test_any_executor_does(cli: Cli, farm: Farm) -> None:
    """dask's own executor, for who has one: jobs run in its workers, on a disk that all see."""
    from distributed import Client

    request = AnalyzeRequest(content=cli.folder / "song.wav")
    with Client(farm.address, set_as_default=False, timeout=10) as client:
        future = client.get_executor(pure=False).submit(run_request, job_values("analyze", request))
        wait([future], 60)
        assert future.result()["file"] == str(cli.folder / "song.wav")


def test_dask_is_imported_for_a_cluster_only() -> None:
    code = "import sys, nast_fx.cli.queue_run, nast_fx.jobs.batch; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"dask", "distributed", "fsspec"} & set(done.stdout.split())
