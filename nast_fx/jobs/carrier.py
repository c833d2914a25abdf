"""How files get to the workers of a cluster and back: with the messages, or through a storage."""

from __future__ import annotations

import hashlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.jobs.parcel import Item, Parcel
from nast_fx.jobs.storage import Storage

__all__ = ["Carrier", "MessageCarrier", "StorageCarrier"]

MOST_SENT = 2**30  # bytes of a file that goes with a message: scheduler and worker hold it in memory
RENEW_SECONDS = 60.0
BLOCK = 2**20

Push = Callable[[Mapping[str, bytes], str | None], None]


class Carrier(ABC):
    """Carries the files of jobs; many jobs at a time."""

    url: str | None = None  # of the storage

    @abstractmethod
    def sent(self, parcel: Parcel) -> Any:
        """Hold the files of a job ready: a context manager that gives contents by their SHA-256."""

    def supply(self, parcel: Parcel, missing: Iterable[str], worker: str, since: float) -> None:  # noqa: B027
        """Bring shared files to a worker that was asked for a job (at `since`) and had them not."""

    def fetch(self, part: Mapping[str, Any], target: BinaryIO) -> None:
        """Write a file that came back.

        Raises
        ------
        AudioFileError
            It is damaged, or gone.
        """
        whole = hashlib.sha256()
        for block in self._blocks(part):
            whole.update(block)
            target.write(block)
        if whole.hexdigest() != part["digest"]:
            raise AudioFileError(f"{shown(part['name'])}: was damaged on its way back from a worker")

    def forget(self, name: str) -> None:  # noqa: B027
        """Remove what is left of a job."""

    def renew(self) -> None:  # noqa: B027
        """Say that the batch is alive; called from time to time."""

    def end(self) -> None:  # noqa: B027
        """Remove all that was carried."""

    @abstractmethod
    def _blocks(self, part: Mapping[str, Any]) -> Iterable[bytes]: ...


class MessageCarrier(Carrier):
    """Contents go with their jobs, what many jobs share once to each worker, results with the answers.

    Parameters
    ----------
    push : callable
        Has files (by their SHA-256) kept on a worker, or on all for None.
    """

    def __init__(self, push: Push) -> None:
        self._push = push
        self._lock = threading.Lock()
        self._pushed: dict[str, float] = {}  # when a file was last sent to all
        self._to_one: dict[tuple[str, str], float] = {}

    @contextmanager
    def sent(self, parcel: Parcel) -> Iterator[dict[str, bytes]]:
        """Give what is the job's own."""
        for item in parcel.items:
            if item.n_bytes > MOST_SENT:
                raise UsageError(
                    f"{item.shown_as}: has {item.n_bytes / 2**30:.1f} GiB; so large a file is not sent with "
                    "a message: name a storage that the workers reach with --storage URL"
                )
        yield {item.digest: _read(item) for item in parcel.items if not item.is_shared}

    def supply(self, parcel: Parcel, missing: Iterable[str], worker: str, since: float) -> None:
        """Send files to all workers; those that join later get them when they miss them."""
        wanted = set(missing)
        with self._lock:
            for item in parcel.items:
                if item.digest not in wanted:
                    continue
                if item.digest not in self._pushed:
                    self._push({item.digest: _read(item)}, None)
                    self._pushed[item.digest] = time.monotonic()
                elif max(self._pushed[item.digest], self._to_one.get((item.digest, worker), 0.0)) < since:
                    self._push({item.digest: _read(item)}, worker)
                    self._to_one[item.digest, worker] = time.monotonic()

    def _blocks(self, part: Mapping[str, Any]) -> Iterable[bytes]:
        return [part["data"]]


class StorageCarrier(Carrier):
    """Everything goes through a storage.

    Raises
    ------
    UsageError, AudioFileError
        It cannot be used.
    """

    def __init__(self, storage: Storage) -> None:
        self.url = storage.url
        self._storage = storage
        self._lock = threading.Lock()
        self._users: dict[str, int] = {}
        self._busy: dict[str, threading.Lock] = {}
        self._there: set[str] = set()
        self._next = 0.0
        storage.begin()

    @contextmanager
    def sent(self, parcel: Parcel) -> Iterator[dict[str, bytes]]:
        """Put the files there, each once; a job's own go when it has ended."""
        taken: list[Item] = []
        try:
            for item in parcel.items:
                taken.append(item)
                self._take(item)
            yield {}
        finally:
            for item in taken:
                self._leave(item)

    def forget(self, name: str) -> None:
        """Remove the results of a job."""
        self._storage.remove(name)

    def renew(self) -> None:
        """Renew the sign of life once a minute."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + RENEW_SECONDS
            self._storage.renew()

    def end(self) -> None:
        """Remove the batch's folder."""
        self._storage.end()

    def _blocks(self, part: Mapping[str, Any]) -> Iterable[bytes]:
        return self._storage.blocks(part["object"])

    def _take(self, item: Item) -> None:
        with self._lock:
            self._users[item.digest] = self._users.get(item.digest, 0) + 1
            busy = self._busy.setdefault(item.digest, threading.Lock())
        with busy:
            if item.digest not in self._there:
                self._storage.put(item.digest, _blocks_of(item.path))
                self._there.add(item.digest)

    def _leave(self, item: Item) -> None:
        with self._lock:
            self._users[item.digest] -= 1
            if self._users[item.digest] or item.is_shared:
                return
            busy = self._busy[item.digest]
        with busy:
            if not self._users[item.digest] and item.digest in self._there:
                self._there.remove(item.digest)
                self._storage.remove(item.digest)


def _read(item: Item) -> bytes:
    return b"".join(_blocks_of(item.path))


def _blocks_of(path: Path) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
