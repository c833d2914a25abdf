"""The way to a dask cluster: connect, look who is there, share the processors out.

dask is imported here and nowhere above, when a cluster is asked for.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from nast_fx import __version__
from nast_fx.errors import DeviceError, UsageError
from nast_fx.jobs import cluster_job

__all__ = ["check_workers", "connect", "quiet", "shared_out", "slots_of", "wait_for_slots"]

CONNECT_SECONDS = 8.0  # also to find a scheduler again that went away
WAIT_SECONDS = 20.0  # for a worker to join
INSTALL = "pip install 'nast-fx[cluster]'"

Resources = Mapping[str, float]
T = TypeVar("T")


def connect(address: str) -> Any:
    """Connect to a scheduler, and give dask's client.

    Raises
    ------
    UsageError
        dask is not installed, or certificates are missing.
    DeviceError
        Nobody answers there.
    """
    try:
        import dask
        import fsspec  # noqa: F401
        from distributed import Client, Security
    except ImportError as error:
        raise UsageError(f"--cluster needs dask ({error}): {INSTALL}") from None
    # Contents go with their jobs, which is meant; storage is there for what is too large.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"})
    make, security = Client, Security  # type: tuple[Any, Any]
    if address.startswith(("tls", "wss")) and not security().get_connection_args("client")["ssl_context"]:
        raise UsageError(
            f"--cluster {address}: certificates are needed; name them in dask's configuration "
            "(distributed.comm.tls)"
        )
    try:
        return _within(
            CONNECT_SECONDS + 1,
            lambda: make(
                address.rstrip("/"),
                timeout=CONNECT_SECONDS,
                set_as_default=False,
                direct_to_workers=False,
                name=f"nast-fx-{__version__}",
            ),
        )
    except OSError as error:  # a TimeoutError is one
        reason = _reason(error)
    except Exception as error:  # what does not speak dask's protocol fails in many ways
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
    raise DeviceError(f"--cluster {address}: no scheduler can be reached there ({reason})")


def _reason(error: BaseException) -> str:
    """Find what the system said of a connection that failed."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.errno and inner.strerror:
            return inner.strerror[:1].lower() + inner.strerror[1:]
        inner = inner.__cause__ or inner.__context__
    return "nobody answered"


def _within(seconds: float, make: Callable[[], T]) -> T:
    """Call something that may hang, and give it up after a while.

    Raises
    ------
    TimeoutError
        It has taken too long.
    """
    made: Future[T] = Future()

    def call() -> None:
        try:
            made.set_result(make())
        except BaseException as error:
            made.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return made.result(seconds)


def quiet() -> None:
    """Silence the loggers of dask: what matters is said by errors."""
    with contextlib.suppress(ImportError):
        import distributed  # noqa: F401  (which sets their levels)
    for name in ["asyncio", *logging.root.manager.loggerDict]:
        if name.split(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def slots_of(client: Any, resources: Resources) -> dict[str, int]:
    """Give how many jobs each worker can do at a time, by address; those that can do none are left out."""
    slots = {}
    for address, worker in client.scheduler_info()["workers"].items():
        count = int(worker["nthreads"])
        for name, needed in resources.items():
            count = min(count, int((worker["resources"] or {}).get(name, 0.0) // needed))
        if count > 0:
            slots[address] = count
    return slots


def wait_for_slots(client: Any, address: str, resources: Resources) -> dict[str, int]:
    """Wait until a worker is there that can do a job.

    Raises
    ------
    DeviceError
        None came.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while not (slots := slots_of(client, resources)):
        if time.monotonic() > deadline:
            n_others = len(client.scheduler_info()["workers"])
            offered = " ".join(f"{name}={value:g}" for name, value in resources.items())
            said = f"none of {n_others} workers offers {offered}" if n_others else "no worker is there"
            raise DeviceError(
                f"--cluster {address}: {said} (waited {WAIT_SECONDS:.0f} s); start one with "
                f"dask worker {address}" + (f" --resources '{offered}'" if offered else "")
            )
        time.sleep(0.2)
    return slots


def check_workers(client: Any, address: str, workers: list[str]) -> dict[str, dict[str, Any]]:
    """See that all workers run this program, and give what processors they have.

    Raises
    ------
    UsageError
        One has another version, or none.
    """
    found: dict[str, Any] = client.run(cluster_job.describe, workers=workers, on_error="return")
    for worker, facts in found.items():
        if isinstance(facts, Exception):
            raise UsageError(
                f"--cluster {address}: the worker {worker} cannot do jobs ({facts}); install nast-fx "
                f"{__version__} there"
            )
        if facts["version"] != __version__:
            raise UsageError(
                f"--cluster {address}: this program is nast-fx {__version__}, the worker {worker} is "
                f"{facts['version']}; install one version everywhere"
            )
    return found


def shared_out(slots: Mapping[str, int], described: Mapping[str, Mapping[str, Any]]) -> int:
    """Give with how many threads each job can compute so that no machine's processors are over-booked."""
    jobs: dict[str, int] = defaultdict(int)
    cores: dict[str, set[int]] = defaultdict(set)
    counts: dict[str, int] = {}
    for worker, facts in described.items():
        place = facts["place"]
        jobs[place] += slots.get(worker, 0)
        cores[place] |= set(facts["affinity"])
        counts[place] = max(len(cores[place]), facts["n_cores"])
    return max(1, min(counts[place] // n for place, n in jobs.items() if n))
