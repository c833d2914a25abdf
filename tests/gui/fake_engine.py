"""An engine that does nothing: it keeps what it was asked, and a test says how each job goes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from nast_fx.errors import CancelledError, NastFxError
from nast_fx.progress import Progress

__all__ = ["FakeEngine", "FakeJob"]


class FakeJob(QObject):
    """A job; `report`, `tell`, `finish` and `fail` make it say what a real one would."""

    progress = pyqtSignal(object)
    part = pyqtSignal(dict)
    finished = pyqtSignal(dict)
    failed = pyqtSignal(object)

    def __init__(self, kind: str, request: Any, side_files: Mapping[str, Path], fresh: bool) -> None:
        super().__init__()
        self.kind = kind
        self.request = request
        self.side_files = dict(side_files)
        self.fresh = fresh
        self.is_cancelled = False
        self.is_over = False

    def cancel(self) -> None:
        """Ask it to end; as with a real one, it has not ended yet."""
        self.is_cancelled = True

    def report(self, **fields: Any) -> None:
        """Report progress."""
        self.progress.emit(Progress(**fields))

    def finish(self, **facts: Any) -> None:
        """End well."""
        self.is_over = True
        self.finished.emit(facts)

    def fail(self, error: NastFxError | None = None) -> None:
        """End badly; a job that was cancelled says so."""
        self.is_over = True
        self.failed.emit(error or CancelledError("cancelled; nothing was written"))


class FakeEngine(QObject):
    """Stands where the window's engines stand."""

    state_changed = pyqtSignal(str)
    died = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[FakeJob] = []
        self.state = "off"
        self.is_paused = False
        self.is_closed = False

    def run(
        self, kind: str, request: Any, *, side_files: Mapping[str, Path] | None = None, fresh: bool = False
    ) -> FakeJob:
        """Keep a job."""
        job = FakeJob(kind, request, side_files or {}, fresh)
        self.jobs.append(job)
        return job

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    def leave(self) -> None:
        """All is in `close`."""

    def close(self) -> None:
        self.is_closed = True

    def of(self, kind: str, action: str = "") -> list[FakeJob]:
        """Jobs of a kind (and, of presets and styles, of an action)."""
        return [
            job
            for job in self.jobs
            if job.kind == kind and (not action or values_of(job.request).get("action") == action)
        ]

    def last(self, kind: str, action: str = "") -> FakeJob:
        """The latest of them."""
        return self.of(kind, action)[-1]


def values_of(request: Any) -> dict[str, Any]:
    """Fields of a request, as it may be a model or a mapping."""
    return dict(request) if isinstance(request, Mapping) else dict(request.model_dump())
