"""Whatever comes to ``nast-fx serve``, it stays, it grows no larger, and nobody's job is touched."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_talk import Caller, Served, serving

from nast_fx.models.messages import QUESTIONS, REQUESTS

if not hasattr(socket, "AF_UNIX"):
    pytest.skip("needs Unix sockets", allow_module_level=True)

MANY = 200  # clients
LINE = 0.25  # MiB
GROWTH = 24 * 2**20  # bytes that a service may grow by; allocators keep some of what was freed
QUIET = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)

words = st.text(max_size=30) | st.sampled_from(["", "victim", "1", "0", "\0", "../../etc/passwd", "\ud800"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
# Messages that nearly are one. `run` is left out of those that could begin work of hours.
messages = st.fixed_dictionaries(
    {"type": st.sampled_from([*QUESTIONS, "", "rum"]) | words},
    optional={
        "id": words,
        "kind": st.sampled_from([*(kind for kind in REQUESTS if kind != "plugins"), "x"]) | words,
        "request": values,
        "protocol": values,
        "token": values,
        "threads": values,
        "side_files": values,
        "receipt": values,
        "more": values,
    },
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    limits = ("--max-clients", "300", "--max-line", str(LINE))
    with serving(tmp_path_factory.mktemp("f"), *limits) as made:
        yield made


@pytest.fixture
def victim(served: Served) -> Iterator[Caller]:
    """A client whose job runs all the time, and is still there when the test has ended."""
    caller = served.call()
    caller.run("victim", "wait", seconds=600)
    caller.begun("victim")
    yield caller
    caller.say({"type": "cancel", "id": "victim"})
    assert caller.hear_end("victim")["message"] == "cancelled; nothing was written"
    caller.close()


def answers(served: Served) -> bool:
    """Whether a newcomer is greeted."""
    caller = served.call()
    try:
        return caller.ask({"type": "hello"})["type"] == "hello"
    finally:
        caller.close()


def hear_all(caller: Caller) -> list[dict[str, Any]]:
    """Say that nothing more comes, and hear what is left."""
    with contextlib.suppress(OSError):
        caller.socket.shutdown(socket.SHUT_WR)
    found = []
    with contextlib.suppress(ConnectionResetError):
        found = [json.loads(line) for line in caller._lines]
    caller.close()
    return found


@QUIET
@given(lines=st.lists(messages, max_size=8))
def test_messages_that_nearly_are_one(served: Served, victim: Caller, lines: list[dict[str, Any]]) -> None:
    caller = served.call()
    for line in lines:
        caller.say(line)
    for answer in hear_all(caller):
        assert answer.get("id") is None or answer["id"] in [line.get("id") for line in lines]
    assert answers(served)


@QUIET
@given(data=st.binary(max_size=400))
def test_bytes(served: Served, victim: Caller, data: bytes) -> None:
    caller = served.call()
    caller.say(data)
    assert all(answer["type"] == "error" and answer["id"] is None for answer in hear_all(caller))
    assert answers(served)


def test_true_messages_with_wrong_bytes(served: Served, victim: Caller) -> None:
    """A byte fuzzer: valid messages, some bytes of which are changed, cut out or doubled."""
    draw = random.Random(1)
    true = [
        {"type": "hello", "protocol": 1},
        {"type": "describe"},
        {"type": "run", "id": "a", "kind": "wait", "request": {"seconds": 0}},
        {"type": "run", "id": "b", "kind": "analyze", "request": {"content": "none.wav"}},
        {"type": "cancel", "id": "a"},
        {"type": "pause"},
        {"type": "resume"},
    ]
    for _ in range(60):
        caller = served.call()
        for _ in range(20):
            line = bytearray(json.dumps(draw.choice(true)).encode())
            for _ in range(draw.randrange(4)):
                at = draw.randrange(len(line))
                line[at : at + draw.randrange(3)] = draw.randbytes(draw.randrange(3))
            with contextlib.suppress(OSError):
                caller.say(bytes(line))
        hear_all(caller)
    assert answers(served)


@pytest.mark.parametrize(
    "path",
    ["", "\0", "a\0b.wav", "..", "/", "/dev/null", "x" * 5000, "\ud800.wav", "~root/x.wav", "a\nb.wav", "-o"],
)
def test_tricks_with_paths(served: Served, path: str) -> None:
    """A path is answered as the worker does: by the job's own error, with nothing written."""
    caller = served.call()
    before = sorted(served.folder.iterdir())
    asked = [
        ("analyze", {"content": path}),
        ("styles", {"action": "show", "name": path}),
        ("presets", {"action": "load", "name": path}),
        ("chains", {"action": "load", "path": path}),
        ("spectrogram", {"content": path, "picture": path}),
    ]
    for number, (kind, request) in enumerate(asked):
        caller.run(str(number), kind, **request)
        error = caller.hear_end(str(number))
        assert error["type"] == "error", error
        assert "defect" not in error["message"], error
    caller.close()
    assert sorted(served.folder.iterdir()) == before


def test_long_lines(served: Served, victim: Caller) -> None:
    caller = served.call()
    size = round(LINE * 2**20)
    for line in (
        b"x" * (size + 1),
        b"[" * size,
        b"\n" * size,
        b'{"type": "' + b"y" * (40 * size),
        b" " * size,
    ):
        caller.say(line)
    caller.say({"type": "hello"})
    while (message := caller.hear())["type"] != "hello":
        assert message["type"] == "error"
    caller.close()


def test_two_hundred_clients_at_once(served: Served, victim: Caller) -> None:
    callers: list[Caller] = []
    heard: list[str] = []

    def talk(number: int) -> None:
        caller = served.call()
        callers.append(caller)
        assert caller.ask({"type": "hello"})["type"] == "hello"
        caller.run("a", "presets", action="load", name=f"nobody's {number}")
        error = caller.hear_end("a")
        assert f"nobody's {number}" in error["message"]
        heard.append(error["message"])

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(heard)) == len(callers) == MANY
    for caller in callers:
        caller.close()
    assert answers(served)


def come_and_go(served: Served, number: int) -> None:
    """Ask for much, and leave in one of four ways."""
    caller = served.call()
    caller.run("a", "wait", seconds=600)
    caller.run("b", "wait", seconds=600)
    assert caller.hear()["stage"] == "waiting"  # it was let in
    caller.say({"type": "describe"})
    if number % 4 == 0:
        caller.socket.sendall(b'{"type": "run", "id": "' + b"x" * 100_000)  # a line without its end
    elif number % 4 == 1:
        caller.socket.shutdown(socket.SHUT_WR)
    elif number % 4 == 2:
        caller.hear()
    elif number % 4 == 3:
        for _ in range(20):
            caller.say({"type": "describe"})  # 200 kB each, and it reads none
    caller.close()


def settled(served: Served) -> tuple[int, int]:
    """Open files and memory, once what others have left behind is over."""
    caller = served.call()
    caller.run("end", "wait", seconds=0)  # comes after what the others have left behind
    assert caller.hear_end("end")["type"] == "result"
    caller.close()
    assert answers(served)
    return served.n_files(), served.memory()


def test_nothing_is_left_of_clients_that_were_there(served: Served) -> None:
    """Files and memory after hundreds of clients that leave as they please are what they were."""
    for number in range(40):
        come_and_go(served, number)
    files, memory = settled(served)
    for number in range(400):
        come_and_go(served, number)
    files_after, memory_after = settled(served)
    until = time.monotonic() + 20
    while files_after > files and time.monotonic() < until:  # the last one's may not have been closed yet
        time.sleep(0.1)
        files_after = served.n_files()
    assert files_after <= files
    assert memory_after < memory + GROWTH
    assert len(served.workers()) <= 2


def test_a_client_that_reads_nothing_holds_nobody_up(served: Served) -> None:
    deaf = served.call()
    deaf.socket.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        for _ in range(20_000):
            deaf.socket.sendall(b'{"type": "describe"}\n')
    caller = served.call()
    caller.run("a", "wait", seconds=0)
    assert caller.hear_end("a")["type"] == "result"
    assert served.memory() < 300 * 2**20
    deaf.close()


def test_the_services_own_folder_is_left_as_it_was(served: Served) -> None:
    assert {path.name for path in Path(served.folder).iterdir()} <= {"serve.sock", "state", "cache"}
