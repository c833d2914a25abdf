"""What a dask worker does for a batch: lays a job's files out, has a ``nast-fx worker`` do it, sends it back.

`nast_fx.jobs.cluster` calls these functions on another machine. What goes in and comes out is of what JSON
has, and bytes. A job is done in a child process, as it is at home: threads are set, a crash costs one job,
memory comes back, and it can be stopped.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import wait
from pathlib import Path
from typing import Any

from nast_fx import __version__
from nast_fx.errors import AudioFileError, NastFxError, NoSpaceError, UsageError
from nast_fx.jobs.bench import Bench, bench_of, close_bench, write_checked
from nast_fx.jobs.fingerprint import file_digest
from nast_fx.jobs.layout import Layout
from nast_fx.jobs.run import run_request
from nast_fx.jobs.storage import Storage
from nast_fx.plain import plain

__all__ = ["TOPIC", "describe", "do_job", "end_batch", "keep_files", "reaches", "set_paused"]

TOPIC = "nast-fx"  # of the events that say how far a job is
LOOK_SECONDS = 0.2  # between two looks whether the job is still wanted
REPORT_SECONDS = 0.5  # between two reports
BLOCK = 2**20
WORKING = ("running", "paused", "closing_gracefully")  # states of a dask worker

Job = Mapping[str, Any]


def do_job(job: Job, contents: Mapping[str, bytes]) -> dict[str, Any]:
    """Do a job in a task of dask.

    Parameters
    ----------
    job : mapping
        `Parcel.message` and ``session``, ``name``, ``version``, ``threads``, ``storage`` (a URL or None).
    contents : mapping of str to bytes
        Files by their SHA-256; others are taken from the storage, or from what is kept here.

    Returns
    -------
    dict
        ``facts`` and ``files``; or ``missing``, the SHA-256 of files to be sent here; or ``error``.
    """
    from distributed import get_worker

    worker = get_worker()
    if job["version"] != __version__:
        return _error(UsageError(_other_version(job["version"])), job, None)
    with bench_of(worker, job["session"]) as bench:
        asked = {file["digest"] for file in job["files"]} if job["storage"] is None else set()
        if missing := sorted(digest for digest in asked - set(contents) if not bench.kept(digest)):
            return {"missing": missing, "worker": worker.address}
        folder = Path(tempfile.mkdtemp(prefix="nast-fx-", dir=worker.local_directory))
        layout = Layout(folder, job)
        try:
            return _done(worker, bench, job, layout, contents)
        except NastFxError as error:
            return _error(error, job, layout)
        except OSError as error:
            return _error(AudioFileError(f"a worker's disk: {error.strerror or error}"), job, layout)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def describe() -> dict[str, Any]:
    """Say of which version a worker is, what processors it has, and where: who is there shares them."""
    from dask.system import CPU_COUNT

    affinity = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    n_cores = len(affinity) or os.cpu_count() or 1
    host = socket.gethostname()
    if n_cores > CPU_COUNT:
        # A container with a share of the processors counts by itself; others share their machine's.
        return {
            "version": __version__,
            "place": f"{host} {_control_group()}",
            "n_cores": CPU_COUNT,
            "affinity": [],
        }
    return {"version": __version__, "place": host, "n_cores": n_cores, "affinity": affinity}


async def reaches(url: str, session: str, said: bytes) -> str:
    """Say why a worker does not see the storage as the batch does; empty if it does."""
    import asyncio

    try:
        found = await asyncio.to_thread(lambda: b"".join(Storage(url, session).blocks("alive")))
    except NastFxError as error:
        return str(error)
    return "" if found == said else f"--storage {url}: is another place there"


async def keep_files(session: str, files: Mapping[str, bytes], dask_worker: Any) -> None:
    """Keep files that many jobs read."""
    import asyncio

    with bench_of(dask_worker, session) as bench:
        for digest, data in files.items():
            await asyncio.to_thread(bench.keep, digest, [data])


def set_paused(session: str, is_paused: bool, dask_worker: Any) -> None:
    """Hold the jobs of a batch at their next report, or let them go on."""
    with bench_of(dask_worker, session) as bench:
        bench.pause(is_paused=is_paused)


def end_batch(session: str, dask_worker: Any) -> None:
    """Give up what a batch has here."""
    close_bench(dask_worker, session)


def _done(
    worker: Any, bench: Bench, job: Job, layout: Layout, contents: Mapping[str, bytes]
) -> dict[str, Any]:
    storage = Storage(job["storage"], job["session"]) if job["storage"] else None
    for file in job["files"]:
        _lay(file, layout.place_of(file), bench, contents, storage)
    facts = _followed(worker, bench, job, layout)
    files = [_packed(kind, path, job, storage) for kind, path in layout.made(facts)]
    if storage and not _is_wanted(worker):
        storage.remove(job["name"])
    here = {"host": socket.gethostname(), "worker": str(worker.name)}
    return {"facts": layout.near(facts) | here, "files": files}


def _lay(
    file: Mapping[str, Any], place: Path, bench: Bench, contents: Mapping[str, bytes], storage: Storage | None
) -> None:
    digest = file["digest"]
    if digest in contents:
        write_checked(place, [contents[digest]], digest)
        return
    if storage and not file["is_shared"]:
        write_checked(place, storage.blocks(digest), digest)
        return
    if storage and not bench.kept(digest):
        bench.keep(digest, storage.blocks(digest))
    kept = bench.kept(digest)
    if kept is None:
        raise AudioFileError(f"{file['shown_as']}: is gone from a worker")
    try:
        os.link(kept, place)
    except OSError:  # a disk without links
        shutil.copyfile(kept, place)


def _followed(worker: Any, bench: Bench, job: Job, layout: Layout) -> dict[str, Any]:
    """Have the job done; it ends when nobody wants it any more, or raises what it raised."""
    from distributed import Reschedule

    executor = bench.executor(job["threads"])
    future = executor.submit(run_request, layout.values)
    said, next_report, is_cancelled = None, 0.0, False
    while not future.done():
        wait([future], LOOK_SECONDS)
        if not is_cancelled and not _is_wanted(worker):
            executor.cancel(future)
            is_cancelled = True
        if future.progress is not said and time.monotonic() >= next_report and future.progress:
            said, next_report = future.progress, time.monotonic() + REPORT_SECONDS
            values = plain(vars(said)) | {"note": layout.near(said.note)}
            worker.log_event(TOPIC, {"session": job["session"], "name": job["name"], "progress": values})
    if is_cancelled:
        raise Reschedule  # if it is wanted again meanwhile, it is begun again
    facts: dict[str, Any] = future.result()
    return facts


def _is_wanted(worker: Any) -> bool:
    """Whether the running task is: the scheduler takes it back if it is cancelled or its client is gone.

    A worker without a scheduler closes: what it does now, nobody will ask for.
    """
    if worker.status.name not in WORKING:
        return False
    task = worker.state.tasks.get(worker.get_current_task())
    return task is not None and task.state in ("executing", "long-running")


def _packed(kind: str, path: Path, job: Job, storage: Storage | None) -> dict[str, Any]:
    packed = {"kind": kind, "name": path.name, "digest": file_digest(path), "data": None, "object": None}
    if storage is None:
        return packed | {"data": path.read_bytes()}
    name = f"{job['name']}/{kind}/{path.name}"
    storage.put(name, blocks_of(path))
    return packed | {"object": name}


def blocks_of(path: Path) -> Iterator[bytes]:
    """Read a file block by block."""
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            yield block


def _error(error: NastFxError, job: Job, layout: Layout | None) -> dict[str, Any]:
    text = layout.near(str(error)) if layout else str(error)
    if job["has_plugins"] and "there is no plugin" in text:
        text += f"; plugins do not travel: install it on the workers too ({socket.gethostname()})"
    if isinstance(error, NoSpaceError):
        text += f" of the worker on {socket.gethostname()}"
    return {"error": {"kind": type(error).__name__, "message": text, "exit_code": error.exit_code}}


def _control_group() -> str:
    try:
        return Path("/proc/self/cgroup").read_text(encoding="utf-8")
    except OSError:
        return ""


def _other_version(asked: str) -> str:
    return (
        f"this program is nast-fx {asked}, a worker on {socket.gethostname()} is {__version__}; "
        "install one version everywhere"
    )
