"""A worker as a child process, seen from its parent: a job in, reports, and a result or an error out."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from nast_fx.errors import NastFxError
from nast_fx.models.messages import PROTOCOL, ErrorMessage
from nast_fx.own_process import apart, own_command
from nast_fx.progress import Progress

__all__ = ["WorkerDiedError", "WorkerProcess", "worker_environment"]

LEAVE_SECONDS = 5.0  # to end by itself, before it is ended
# What the libraries under torch and numpy read when they are loaded.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class WorkerDiedError(NastFxError):
    """The process of a job is gone: it crashed, was killed, or the system ran out of memory."""


class WorkerProcess:
    """A ``nast-fx worker`` of our own.

    It ends with us, however we end: its stdin closes then.

    Parameters
    ----------
    threads : int
        With how many it computes.

    Raises
    ------
    WorkerDiedError
        It cannot be started, or is another version's.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        try:
            self._process = subprocess.Popen(
                own_command("nast_fx", "worker"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if os.environ.get("NAST_FX_DEBUG") else subprocess.DEVNULL,
                env=worker_environment(threads),
                **apart(),
            )
        except OSError as error:
            raise WorkerDiedError(f"no worker can be started: {error}") from error
        self._writing = threading.Lock()
        self._end = weakref.finalize(self, _end, self._process)
        self._greet()

    @property
    def process_id(self) -> int:
        """Number that the system gave it."""
        return self._process.pid

    def begin(self, name: str, values: Mapping[str, Any]) -> None:
        """Begin a job, which is one of `nast_fx.jobs.run`."""
        self.send({"type": "run", "id": name, **values})

    def follow(self, name: str, on_progress: Callable[[Progress], None]) -> dict[str, Any]:
        """Wait for the result of a job that was begun.

        Raises
        ------
        WorkerDiedError
            The process is gone.
        NastFxError
            What the job raised there.
        """
        while True:
            message = self._receive()
            if message.get("id") != name:
                continue
            if message["type"] == "result":
                result: dict[str, Any] = message["result"]
                return result
            if message["type"] == "error":
                raise ErrorMessage.model_validate(message).error
            if message["type"] == "progress":
                fields = {key: value for key, value in message.items() if key not in ("type", "id")}
                on_progress(Progress(**fields))

    def send(self, message: Mapping[str, Any]) -> None:
        """Say something; from any thread.

        Raises
        ------
        WorkerDiedError
            Nobody listens.
        """
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._writing:
                self._process.stdin.write(line)  # type: ignore[union-attr]
                self._process.stdin.flush()  # type: ignore[union-attr]
        except (OSError, ValueError):
            raise self._death() from None

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """Let it end, and wait for that; a second call does nothing."""
        self._end()

    def _greet(self) -> None:
        self.send({"type": "hello"})
        answer = self._receive()
        if answer.get("protocol") != PROTOCOL:
            self.close()
            raise WorkerDiedError(
                f"the worker speaks protocol {answer.get('protocol')}, this program {PROTOCOL}"
            )

    def _receive(self) -> dict[str, Any]:
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        if not line.endswith(b"\n"):
            raise self._death()
        try:
            message: dict[str, Any] = json.loads(line)
        except ValueError:
            self.kill()
            raise WorkerDiedError("the worker answered nonsense") from None
        return message

    def _death(self) -> WorkerDiedError:
        try:
            code = self._process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        hint = "; the system may have run out of memory: use fewer jobs (-j)" if code in (-9, 137) else ""
        return WorkerDiedError(f"the worker was ended ({how}){hint}")


def worker_environment(threads: int) -> dict[str, str]:
    """Give the environment of a worker that computes with so many threads."""
    return os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        process.stdin.close()  # type: ignore[union-attr]
    try:
        process.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()  # type: ignore[union-attr]
