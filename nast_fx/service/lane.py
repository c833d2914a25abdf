"""A lane of the service: one worker process, and the jobs that it does one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from typing import Any

from nast_fx.errors import CancelledError, NastFxError
from nast_fx.jobs.process import worker_environment
from nast_fx.models.messages import MAX_LINE, PROTOCOL
from nast_fx.own_process import apart, own_command
from nast_fx.service.turns import Job, Turns
from nast_fx.worker import error_message

__all__ = ["Lane"]

STOP_SECONDS = {"batch": 20.0}  # to stop at the next report, before the worker is ended
STOP_SECONDS_ELSE = 5.0
CHUNK = 65_536  # bytes
LEAVE_SECONDS = 5.0  # a worker ends itself three seconds after its stdin was closed


class Lane:
    """Takes jobs as it is their turn.

    Parameters
    ----------
    turns : Turns
    threads : int
        With how many its worker computes.
    max_seconds : float
        How long a job may run.
    """

    def __init__(self, turns: Turns, threads: int, max_seconds: float) -> None:
        self.job: Job | None = None
        self._turns = turns
        self._threads = threads
        self._max_seconds = max_seconds
        self._worker: asyncio.subprocess.Process | None = None
        self._timers: list[asyncio.TimerHandle] = []

    async def run(self) -> None:
        """Do jobs until this is cancelled."""
        while True:
            job = await self._turns.take()
            self.job = job
            end = await self._done(job)
            self.job = None
            job.client.jobs.pop(job.name, None)
            job.client.say(_line({**end, "id": job.name}))

    def stop(self, end: NastFxError) -> None:
        """Stop the job that runs; a worker that does not is ended."""
        if self.job is None or self.job.end is not None:
            return
        self.job.end = end
        self._send({"type": "cancel", "id": self.job.number})
        seconds = STOP_SECONDS.get(self.job.kind, STOP_SECONDS_ELSE)
        self._timers.append(asyncio.get_running_loop().call_later(seconds, self._kill))

    def hold(self, is_held: bool) -> None:
        """Hold the job that runs at its next report, or let it go on."""
        self._send({"type": "pause" if is_held else "resume"})

    async def close(self) -> None:
        """End the worker; it removes what is unfinished."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if worker.stdin is not None:
            worker.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                while worker.stdout is not None and await worker.stdout.read(CHUNK):
                    pass
                await worker.wait()
                return
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()

    async def _done(self, job: Job) -> dict[str, Any]:
        """Do a job and give the last message about it."""
        loop = asyncio.get_running_loop()
        self._timers = [loop.call_later(self._max_seconds, self._stop_late)]
        try:
            end = await self._follow(job)
        except Exception as error:  # whatever it is, it ends one job and not the service
            await self.close()
            end = _message(error)
        finally:
            for timer in self._timers:
                timer.cancel()
        # Which of both was first is the worker's word: a result is one, even if it was to be stopped.
        return end if job.end is None or end["type"] == "result" else _message(job.end)

    async def _follow(self, job: Job) -> dict[str, Any]:
        worker = await self._ready()
        if job.end is not None:
            return _message(job.end)
        self.hold(job.client.is_paused)
        self._write(job.line)
        job.line = b""
        while True:
            message = await self._receive(worker)
            if message.get("id") != job.number:
                continue
            if message["type"] in ("result", "error"):
                return message
            job.client.say(_line({**message, "id": job.name}), may_be_left_out=message["type"] == "progress")

    async def _ready(self) -> asyncio.subprocess.Process:
        """Give the worker; the first job, and one after a worker died, begins with a new one."""
        if self._worker is not None and self._worker.returncode is None:
            return self._worker
        await self.close()
        try:
            self._worker = await asyncio.create_subprocess_exec(
                *own_command("nast_fx", "worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=None if os.environ.get("NAST_FX_DEBUG") else asyncio.subprocess.DEVNULL,
                env=worker_environment(self._threads),
                limit=MAX_LINE,
                **apart(),
            )
        except OSError as error:
            raise NastFxError(f"no worker can be started: {error}") from error
        self._send({"type": "hello", "protocol": PROTOCOL})
        await self._receive(self._worker)
        return self._worker

    async def _receive(self, worker: asyncio.subprocess.Process) -> dict[str, Any]:
        assert worker.stdout is not None  # it was asked for
        try:
            message = json.loads(await worker.stdout.readuntil(b"\n"))
        except asyncio.IncompleteReadError:
            raise NastFxError(f"the worker of this job was ended ({await _how(worker)})") from None
        except (asyncio.LimitOverrunError, ValueError):
            raise NastFxError("the worker of this job answered nonsense") from None
        return message if isinstance(message, dict) else {}

    def _send(self, message: dict[str, Any]) -> None:
        self._write(_line(message))

    def _write(self, line: bytes) -> None:
        if self._worker is not None and self._worker.stdin is not None:
            self._worker.stdin.write(line)  # to a dead one it is lost: whoever follows hears of the death

    def _stop_late(self) -> None:
        minutes = self._max_seconds / 60
        self.stop(CancelledError(f"stopped: a job may run for {minutes:.4g} min here (--max-minutes)"))

    def _kill(self) -> None:
        if self._worker is not None:
            with contextlib.suppress(ProcessLookupError):
                self._worker.kill()


async def _how(worker: asyncio.subprocess.Process) -> str:
    try:
        async with asyncio.timeout(LEAVE_SECONDS):
            code = await worker.wait()
    except TimeoutError:
        return "it closed its side"
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _message(error: Exception) -> dict[str, Any]:
    return error_message(error).model_dump()
