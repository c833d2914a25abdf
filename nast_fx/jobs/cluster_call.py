"""A job as it is asked of a cluster: it can be taken back at any time, and the cluster may lose it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError as NeverDone
from typing import Any

from nast_fx.errors import CancelledError, NastFxError
from nast_fx.jobs.process import WorkerDiedError

__all__ = ["Call"]

Answer = dict[str, Any]


class Call:
    """One job; `ask` may be called again when the cluster has lost it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._asked: Any = None  # dask's future
        self._is_cancelled = False

    def cancel(self) -> None:
        """Take it back."""
        with self._lock:
            self._is_cancelled = True
            asked = self._asked
        self._news.set()
        if asked is not None:
            with contextlib.suppress(Exception):  # the scheduler is gone: so is the job
                asked.cancel()

    def check(self) -> None:
        """See that it was not taken back.

        Raises
        ------
        CancelledError
            It was.
        """
        if self._is_cancelled:
            raise CancelledError("cancelled; nothing was written")

    def ask(self, submit: Callable[[], Any]) -> Answer | None:
        """Hand it in and wait for the answer; None if the cluster has lost it.

        Parameters
        ----------
        submit : callable
            Gives dask's future.

        Raises
        ------
        CancelledError
            It was taken back.
        WorkerDiedError
            Worker after worker died of it.
        NastFxError
            The cluster cannot do it.
        """
        with self._lock:
            self.check()
            self._news.clear()
            asked = self._asked = submit()
        asked.add_done_callback(lambda _: self._news.set())
        try:
            self._news.wait()
            self.check()
            return _answer(asked)
        finally:
            with self._lock:
                self._asked = None
            asked.release()


def _answer(asked: Any) -> Answer | None:
    try:
        answer: Answer = asked.result()
        return answer
    except NeverDone:  # dask's own errors of this kind say that its state of the job is gone
        return None
    except NastFxError:
        raise
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            raise WorkerDiedError(
                "each worker that was given it died; perhaps of too little memory: start dask's workers with "
                "fewer threads, or use shorter segments (--segment)"
            ) from None
        raise NastFxError(f"the cluster could not do it ({type(error).__name__}: {error})") from error
