"""``nast-fx serve``: several clients at one service, each with its own jobs and nobody else's."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_folder import run, write_inputs
from service_talk import Served, serving

if not hasattr(socket, "AF_UNIX"):
    pytest.skip("needs Unix sockets", allow_module_level=True)

OTHER_USER = 65_534  # nobody


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service for all tests that leave it as it is."""
    with serving(tmp_path_factory.mktemp("s")) as served:
        yield served


def gone(process: int) -> bool:
    """Wait until a process has ended."""
    for _ in range(200):
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def test_each_client_hears_of_its_own_jobs(steady: Served) -> None:
    one, two = steady.call(), steady.call()
    assert one.ask({"type": "hello"})["process_id"] == steady.process.pid
    one.run("same", "wait", seconds=0.2)
    two.run("same", "wait", seconds=0.1)
    assert one.hear_end("same")["result"]["seconds"] == 0.2
    assert two.hear_end("same")["result"]["seconds"] == 0.1
    assert one.ask({"type": "describe"})["requests"]["render"]
    assert two.ask({"type": "hello"})["type"] == "hello"  # and nothing else was said to it


def test_nobody_stops_the_job_of_another(steady: Served) -> None:
    one, two = steady.call(), steady.call()
    one.run("mine", "wait", seconds=1.5)
    one.begun("mine")
    assert two.ask({"type": "cancel", "id": "mine"})["message"] == "no job mine is running"
    assert two.ask({"type": "cancel", "id": "1"})["message"] == "no job 1 is running"
    two.say({"type": "pause"})
    two.close()
    assert one.hear_end("mine")["type"] == "result"


def test_clients_take_turns(steady: Served) -> None:
    many, one = steady.call(), steady.call()
    for number in range(6):
        many.run(str(number), "wait", seconds=0.3)
    many.begun("0")
    began = time.monotonic()
    one.run("a", "wait", seconds=0.1)
    assert one.hear_end("a")["type"] == "result"
    assert time.monotonic() - began < 1.0  # after one of the others, not after all six
    assert [many.hear_end(str(number))["type"] for number in range(6)] == ["result"] * 6


def test_a_question_waits_for_no_render(steady: Served) -> None:
    caller = steady.call()
    caller.run("long", "wait", seconds=60)
    caller.begun("long")
    caller.run("list", "presets", action="list")
    assert caller.hear_end("list")["result"]["presets"]
    caller.say({"type": "cancel", "id": "long"})
    assert caller.hear_end("long")["kind"] == "CancelledError"


def test_a_job_that_waits_is_cancelled_at_once(steady: Served) -> None:
    caller = steady.call()
    caller.run("first", "wait", seconds=60)
    caller.begun("first")
    caller.run("second", "wait", seconds=60)
    caller.say({"type": "cancel", "id": "second"})
    assert caller.hear_end("second")["exit_code"] == 130
    caller.say({"type": "cancel", "id": "first"})
    assert caller.hear_end("first")["exit_code"] == 130
    caller.run("first", "wait", seconds=0)  # its name is free again
    assert caller.hear_end("first")["type"] == "result"


def test_a_pause_holds_what_is_the_clients_own(steady: Served) -> None:
    held, free = steady.call(), steady.call()
    held.say({"type": "pause"})
    held.run("a", "wait", seconds=0)
    assert held.hear()["stage"] == "waiting"
    free.run("a", "wait", seconds=0)
    assert free.hear_end("a")["type"] == "result"
    held.say({"type": "resume"})
    assert held.hear_end("a")["type"] == "result"


def test_two_jobs_of_one_name_are_not_mixed_up(steady: Served) -> None:
    caller = steady.call()
    caller.run("a", "wait", seconds=0.5)
    caller.begun("a")
    caller.run("a", "wait", seconds=0)
    while (refused := caller.hear())["type"] == "progress":
        pass
    assert (refused["id"], refused["message"]) == (
        None,
        "there is a job a already; give each a name of its own",
    )
    assert caller.hear_end("a")["result"]["seconds"] == 0.5


def test_a_crash_ends_one_job_and_nothing_else(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        one, two = served.call(), served.call()
        one.run("a", "wait", seconds=60)
        one.begun("a")
        two.run("b", "wait", seconds=0)
        (worker,) = served.workers()
        os.kill(worker, signal.SIGSEGV)
        assert one.hear_end("a")["message"] == "the worker of this job was ended (signal 11)"
        assert two.hear_end("b")["type"] == "result"
        assert gone(worker)


def test_the_jobs_of_a_client_that_leaves_are_stopped(tmp_path: Path) -> None:
    inputs = write_inputs(tmp_path)
    with serving(tmp_path) as served:
        caller = served.call()
        caller.run(
            "a",
            "render",
            content=str(inputs / "0-a.flac"),
            styles=[{"path": str(tmp_path / "rain.wav")}],
            settings={"max_iterations": 100_000},
            output=str(tmp_path / "out.wav"),
        )
        while caller.hear().get("step", 0) < 1:
            pass
        caller.socket.shutdown(socket.SHUT_WR)  # it says no more: as a worker whose stdin closes
        assert caller.is_hung_up()
        other = served.call()
        other.run("b", "wait", seconds=0)
        assert other.hear_end("b")["type"] == "result"
        assert not list(tmp_path.glob("*out*"))


def test_every_limit_has_a_sentence(tmp_path: Path) -> None:
    limits = ["--max-clients", "2", "--max-jobs", "2", "--max-line", "0.01", "--max-minutes", "0.02"]
    with serving(tmp_path, *limits) as served:
        one, _two = served.call(), served.call()
        assert one.ask({"type": "hello"})["type"] == "hello"
        assert _two.ask({"type": "hello"})["type"] == "hello"
        third = served.call()
        assert third.hear()["message"] == "the service has 2 clients and takes no more (--max-clients)"
        assert third.is_hung_up()
        assert one.ask(b"x" * 20_000)["message"] == "a message is at most 10486 bytes long here (--max-line)"
        long = {"type": "run", "id": "l", "kind": "wait", "request": {"x": "y" * 9000}}
        one.run("a", "wait", seconds=60)
        one.run("b", "wait", seconds=60)
        one.run("c", "wait", seconds=60)
        refused = one.hear_end("c")
        assert refused["kind"] == "UsageError"
        assert "2 jobs of this client run or wait, and no more may (--max-jobs)" in refused["message"]
        stopped = one.hear_end("a")
        assert stopped["message"] == "stopped: a job may run for 0.02 min here (--max-minutes)"
        assert one.hear_end("b")["message"] == stopped["message"]
        one.run("a", "wait", seconds=60)
        one.begun("a")
        _two.say({**long, "id": "1"})
        _two.say({**long, "id": "2"})
        assert _two.hear_end("2")["message"] == (
            "the jobs of this client that wait are too long together (--max-line)"
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_clean(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as served:
        caller = served.call()
        caller.run("a", "wait", seconds=60)
        caller.begun("a")
        (worker,) = served.workers()
        served.process.send_signal(number)
        assert caller.hear_end("a")["message"] == "the service was ended; nothing was written"
        assert caller.is_hung_up()
        assert served.process.communicate(timeout=30) == ("", "")
        assert served.process.returncode == 0
        assert not (tmp_path / "serve.sock").exists()
        assert gone(worker)


def test_what_a_killed_service_left_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        caller = served.call()
        caller.run("a", "wait", seconds=60)
        caller.begun("a")
        (worker,) = served.workers()
        served.process.kill()
        served.process.wait()
        assert gone(worker)
        assert (tmp_path / "serve.sock").exists()
    with serving(tmp_path) as again:
        assert again.call().ask({"type": "hello"})["type"] == "hello"
        second = run(tmp_path, "serve", "--socket", "serve.sock")
        assert second.returncode == 2
        assert "a service is running at" in second.stderr
        assert again.call().ask({"type": "hello"})["type"] == "hello"


def test_a_place_that_is_not_its_own_is_refused(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    taken = run(tmp_path, "serve", "--socket", "song.wav")
    assert (taken.returncode, "is no socket; name another" in taken.stderr) == (2, True)
    assert (tmp_path / "song.wav").read_bytes() == b"RIFF"
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    unsafe = run(tmp_path, "serve", "--socket", "open/s.sock")
    assert (unsafe.returncode, "others may write to the folder" in unsafe.stderr) == (1, True)
    long = run(tmp_path, "serve", "--socket", "x" * 120)
    assert (long.returncode, "bytes long" in long.stderr) == (2, True)
    both = run(tmp_path, "serve", "--socket", "a", "--port", "0")
    assert (both.returncode, "exclude each other" in both.stderr) == (2, True)


def test_its_socket_is_its_owners(tmp_path: Path) -> None:
    with serving(tmp_path, at="new/serve.sock"):
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "new" / "serve.sock").stat().st_mode) == 0o600


CONNECT = """
import os, socket, sys
os.setgroups([]); os.setgid({user}); os.setuid({user})
call = socket.socket(socket.AF_UNIX); call.settimeout(30)
try:
    call.connect({path!r})
    print(call.recv(4096).decode())
except PermissionError:
    print("no permission")
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to be a second user")
def test_another_user_cannot_connect() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # others may pass through
        with serving(folder):
            path = folder / "serve.sock"
            code = CONNECT.format(user=OTHER_USER, path=str(path))
            command = [sys.executable, "-c", code]
            assert subprocess.check_output(command, text=True).strip() == "no permission"
            path.chmod(0o666)  # and where the mode is lost, the system still says who it is
            assert "this service is another user's" in subprocess.check_output(command, text=True)


def test_a_port_asks_for_its_token(tmp_path: Path) -> None:
    file = tmp_path / "serve.json"
    with serving(tmp_path, "--port", "0", "--token-file", str(file)) as served:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        token = json.loads(file.read_text())["token"]
        good = served.call()
        assert good.ask({"type": "hello", "token": token})["type"] == "hello"
        good.run("a", "wait", seconds=0)
        assert good.hear_end("a")["type"] == "result"
        for line in (
            {"type": "hello"},
            {"type": "hello", "token": token[:-1]},
            {"type": "hello", "token": token + "\u00e9"},
            {"type": "run", "id": "a", "kind": "wait", "request": {}},
            b"GET / HTTP/1.1",
            b"x" * 100_000,
        ):
            stranger = served.call()
            assert "the first message must be" in stranger.ask(line)["message"]
            assert stranger.is_hung_up()
        silent = [served.call() for _ in range(40)]  # they hold no place for long
        assert served.call().ask({"type": "hello", "token": token})["type"] == "hello"
        assert all(caller.is_hung_up() for caller in silent)
        again = run(tmp_path, "serve", "--token-file", str(file))
        assert (again.returncode, "a service is running at port" in again.stderr) == (2, True)
    assert not file.exists()
