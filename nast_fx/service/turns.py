"""Whose turn it is: clients in a circle, the jobs of each in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from nast_fx.errors import NastFxError
from nast_fx.service.client import Client

__all__ = ["Job", "Turns"]


@dataclass(eq=False)
class Job:
    """A job of a client.

    Attributes
    ----------
    client : Client
    name : str
        What the client calls it.
    number : str
        What its worker calls it; no two jobs have the same.
    kind : str
    line : bytes
        The message for the worker; empty from when it has begun.
    end : NastFxError or None
        Why it is stopped, if it is.
    """

    client: Client
    name: str
    number: str
    kind: str
    line: bytes
    end: NastFxError | None = None


class Turns:
    """Jobs that wait. Each client's turn comes after every other's, however many jobs it has."""

    def __init__(self) -> None:
        self._waiting: dict[Client, deque[Job]] = {}  # in the order of their turns
        self._changed = asyncio.Event()

    def add(self, job: Job) -> None:
        """Let a job wait."""
        self._waiting.setdefault(job.client, deque()).append(job)
        self._changed.set()

    def remove(self, job: Job) -> bool:
        """Take a job out; False if it does not wait here."""
        jobs = self._waiting.get(job.client)
        if jobs is None or job not in jobs:
            return False
        jobs.remove(job)
        if not jobs:
            del self._waiting[job.client]
        return True

    def look_again(self) -> None:
        """Say that a client who held its jobs has let them go."""
        self._changed.set()

    async def take(self) -> Job:
        """Wait for the next job that may begin."""
        while (job := self._next()) is None:
            self._changed.clear()
            await self._changed.wait()
        return job

    def _next(self) -> Job | None:
        for client, jobs in self._waiting.items():
            if client.is_paused:
                continue
            job = jobs.popleft()
            del self._waiting[client]
            if jobs:
                self._waiting[client] = jobs  # at the end of the circle
            return job
        return None
