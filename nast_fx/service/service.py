"""The service: takes clients, gives their jobs to lanes, and ends when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import logging
import signal
from collections.abc import Callable
from typing import Any, cast

from nast_fx.errors import CancelledError, NastFxError, UsageError
from nast_fx.jobs.executors import threads_for
from nast_fx.models.messages import (
    MAX_LINE,
    Cancel,
    Describe,
    Hello,
    Pause,
    ProgressMessage,
    Question,
    Run,
    parse_question,
)
from nast_fx.models.service import ServiceLimits
from nast_fx.service.client import Client
from nast_fx.service.door import Door, greeting
from nast_fx.service.lane import Lane
from nast_fx.service.place import BACKLOG, Place
from nast_fx.service.turns import Job, Turns
from nast_fx.worker import description, error_message

__all__ = ["Service", "run_service"]

QUICK = ("chains", "check", "peaks", "plan", "plugins", "presets", "spectrogram", "styles")
"""Kinds that somebody waits for: they have a lane of their own, so that no render is before them."""
FAREWELL_SECONDS = 1.0  # for a client to take up what was said last
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

logger = logging.getLogger(__name__)


class Service:
    """Answers clients until `end` is called.

    Parameters
    ----------
    limits : ServiceLimits
    """

    def __init__(self, limits: ServiceLimits) -> None:
        self._limits = limits
        self._door = Door(limits.max_clients)
        self._clients: set[Client] = set()
        self._meetings: set[asyncio.Task[Any]] = set()
        self._numbers = map(str, itertools.count(1))
        self._turns = Turns()
        self._quick_turns = Turns()
        threads = threads_for(limits.n_workers)
        seconds = 60.0 * limits.max_minutes
        self._lanes = [Lane(self._turns, threads, seconds) for _ in range(limits.n_workers)]
        self._lanes.append(Lane(self._quick_turns, threads, seconds))
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Stop all jobs, tell their clients, and leave `run`."""
        self._ended.set()

    async def run(self, place: Place, on_ready: Callable[[], None]) -> None:
        """Serve at a place until `end`; see `run_service`."""
        listener = place.open()
        try:
            self._door.token = place.token
            server = await asyncio.start_server(self._meet, sock=listener, backlog=BACKLOG)
            work = [asyncio.create_task(lane.run()) for lane in self._lanes]
            on_ready()
            await self._ended.wait()
            server.close()
        finally:
            place.close()
        await self._leave(work)

    async def _leave(self, work: list[asyncio.Task[None]]) -> None:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        ended = CancelledError("the service was ended; nothing was written")
        for client in self._clients:
            for job in client.jobs.values():
                client.tell(error_message(ended, job.name))
        everyone = [*self._clients, *self._door.strangers]
        await asyncio.gather(
            *(lane.close() for lane in self._lanes), *(client.close(FAREWELL_SECONDS) for client in everyone)
        )
        await asyncio.gather(*self._meetings, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection to its end."""
        meeting = cast("asyncio.Task[Any]", asyncio.current_task())
        self._meetings.add(meeting)
        meeting.add_done_callback(self._meetings.discard)
        client = Client(reader, writer, self._limits.line_bytes)
        try:
            await self._door.admit(client, len(self._clients))
            self._clients.add(client)
            try:
                await self._listen(client)
            finally:
                self._clients.discard(client)
                self._forget(client)
        except NastFxError as error:
            client.tell(error_message(error))
        except Exception as error:  # whatever a client does, the others stay
            logger.error("a defect", exc_info=error)
        await client.close(FAREWELL_SECONDS)

    async def _listen(self, client: Client) -> None:
        while not client.is_gone:
            try:
                line = await client.line()
                if line is None:
                    return
                if line.strip():
                    self._answer(client, line)
            except NastFxError as error:
                client.tell(error_message(error))
            await client.rest()

    def _answer(self, client: Client, line: bytes) -> None:
        try:
            question = parse_question(line)
        except Exception as error:  # whatever comes, it ends nothing
            client.tell(error_message(error))
            return
        try:
            self._do(client, question)
        except NastFxError as error:
            is_run = isinstance(question, Run) and question.id not in client.jobs
            client.tell(error_message(error, question.id if is_run else None))  # type: ignore[union-attr]

    def _do(self, client: Client, question: Question) -> None:
        if isinstance(question, Hello):
            client.tell(greeting())
        elif isinstance(question, Describe):
            client.say(_described())
        elif isinstance(question, Run):
            self._add(client, question)
        elif isinstance(question, Cancel):
            self._cancel(client, question.id)
        else:
            self._hold(client, isinstance(question, Pause))

    def _add(self, client: Client, run: Run) -> None:
        if run.id in client.jobs:
            raise UsageError(f"there is a job {run.id} already; give each a name of its own")
        if len(client.jobs) >= self._limits.max_jobs:
            raise UsageError(
                f"{len(client.jobs)} jobs of this client run or wait, and no more may (--max-jobs); "
                "ask again when one has ended"
            )
        number = next(self._numbers)
        line = json.dumps(run.model_dump(mode="json") | {"id": number}).encode() + b"\n"
        if client.waiting_bytes + len(line) > self._limits.line_bytes + SLACK or len(line) > MAX_LINE:
            raise UsageError("the jobs of this client that wait are too long together (--max-line)")
        job = Job(client, run.id, number, run.kind, line)
        client.jobs[run.id] = job
        turns = self._turns_of(job)
        client.tell(ProgressMessage(id=run.id, stage="waiting"))
        turns.add(job)

    def _cancel(self, client: Client, name: str) -> None:
        job = client.jobs.get(name)
        if job is None:
            raise UsageError(f"no job {name} is running")
        cancelled = CancelledError("cancelled; nothing was written")
        if self._turns_of(job).remove(job):
            del client.jobs[name]
            client.tell(error_message(cancelled, name))
        else:
            self._stop(job, cancelled)

    def _hold(self, client: Client, is_held: bool) -> None:
        client.is_paused = is_held
        for lane in self._lanes:
            if lane.job is not None and lane.job.client is client:
                lane.hold(is_held)
        if not is_held:
            self._turns.look_again()
            self._quick_turns.look_again()

    def _forget(self, client: Client) -> None:
        """Stop what a client has left behind."""
        client.is_gone = True
        for job in client.jobs.values():
            if not self._turns_of(job).remove(job):
                self._stop(job, CancelledError("its client has gone"))
        client.jobs.clear()

    def _stop(self, job: Job, end: NastFxError) -> None:
        for lane in self._lanes:
            if lane.job is job:
                lane.stop(end)

    def _turns_of(self, job: Job) -> Turns:
        return self._quick_turns if job.kind in QUICK else self._turns


SLACK = 4096  # bytes by which a job's line may be longer than what the client has sent


def run_service(place: Place, limits: ServiceLimits, on_ready: Callable[[], None]) -> None:
    """Serve until the process is told to end: by Ctrl-C, or by the system.

    Parameters
    ----------
    place : Place
    limits : ServiceLimits
    on_ready : callable
        Called when clients can come.

    Raises
    ------
    UsageError
        A service is there already.
    AudioFileError
        The place cannot be used.
    """

    async def serve() -> None:
        service = Service(limits)
        with _told(service.end):
            await service.run(place, on_ready)

    asyncio.run(serve())


@functools.cache
def _described() -> bytes:
    return description().model_dump_json().encode() + b"\n"


@contextlib.contextmanager
def _told(end: Callable[[], None]) -> Any:
    """While it is entered, a signal to end calls `end`."""
    loop = asyncio.get_running_loop()
    before = {}
    for name in SIGNALS:
        number = getattr(signal, name, None)
        # What the parent told us to ignore (nohup, a shell's background job) stays ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, lambda *_: loop.call_soon_threadsafe(end))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
