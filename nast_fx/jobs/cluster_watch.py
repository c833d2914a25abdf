"""What goes on with a cluster besides the jobs: who is there, who is held, how far the jobs are."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from nast_fx.jobs import cluster_job
from nast_fx.jobs.cluster_link import Resources, slots_of
from nast_fx.progress import Progress

__all__ = ["Watch"]

WATCH_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Watch:
    """Looks at the cluster every second, in a thread of its own, until `end`.

    Parameters
    ----------
    client : Client
        dask's.
    session : str
        Name of the batch.
    resources : mapping
        What a job needs.
    slots : mapping of str to int
        How many jobs each worker takes, as far as that is known already.
    on_progress : callable
        Hears the name of a job, and how far it is; in another thread.
    renew : callable
        Called from time to time.
    """

    def __init__(
        self,
        client: Any,
        session: str,
        resources: Resources,
        slots: Mapping[str, int],
        on_progress: Callable[[str, Progress], None],
        renew: Callable[[], None],
    ) -> None:
        self.slots = slots
        self.is_paused = False
        self._client = client
        self._session = session
        self._resources = resources
        self._on_progress = on_progress
        self._renew = renew
        self._was_paused = self._is_subscribed = False
        self._is_over = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def pause(self, *, is_paused: bool) -> None:
        """Hold all jobs of the batch, or let them go on."""
        self.is_paused = is_paused
        self._wake.set()

    def end(self) -> None:
        """Look no more."""
        self._is_over = True
        self._wake.set()

    def _watch(self) -> None:
        while not self._is_over:
            try:
                self._look()
            except Exception as error:  # the cluster is gone, or going: the jobs hear that themselves
                _log.debug("the cluster cannot be looked at: %s", error)
            self._wake.wait(WATCH_SECONDS)
            self._wake.clear()

    def _look(self) -> None:
        if self._client.status != "running":
            self.slots, self._is_subscribed = {}, False
            return
        if not self._is_subscribed:  # which a scheduler that was started again does not know
            self._client.subscribe_topic(cluster_job.TOPIC, self._hear)
            self._is_subscribed = True
        if (is_paused := self.is_paused) or self._was_paused:
            # Said again and again: workers may have joined, and jobs may have begun, meanwhile.
            self._client.run(cluster_job.set_paused, self._session, is_paused, on_error="ignore")
            self._was_paused = is_paused
        self.slots = slots_of(self._client, self._resources)
        self._renew()

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        _, message = event
        with contextlib.suppress(KeyError, TypeError):  # the topic is open to anybody
            if message["session"] == self._session:
                self._on_progress(message["name"], Progress(**message["progress"]))
