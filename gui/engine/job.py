"""A job of the engine, as whoever asked for it sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from PyQt6.QtCore import QObject, pyqtSignal

from nast_fx.errors import NastFxError
from nast_fx.plain import plain

__all__ = ["Job", "run_values"]


class Job(QObject):
    """What was asked for, and what comes of it: reports, parts, then either facts or an error.

    Made by `Engine.run`; no signal comes before the caller is back in the event loop.

    Parameters
    ----------
    kind : str
        As the worker's messages name it.
    values : mapping
        Fields of the worker's ``run`` message, but for its name.
    on_cancel : callable
        What `cancel` does.
    """

    progress = pyqtSignal(object)
    """A `nast_fx.progress.Progress`."""
    part = pyqtSignal(dict)
    """A piece of the result; what it has depends on the kind."""
    finished = pyqtSignal(dict)
    """Facts of the result."""
    failed = pyqtSignal(object)
    """A `NastFxError`: CancelledError when it was cancelled, EngineDiedError when the engine is gone."""

    def __init__(self, kind: str, values: Mapping[str, Any], on_cancel: Callable[[Job], None]) -> None:
        super().__init__()
        self.kind = kind
        self.values = values
        self.is_over = False
        self.is_cancelled = False
        self._on_cancel = on_cancel

    def cancel(self) -> None:
        """Stop it: it fails with a CancelledError soon, also if the engine does not answer any more."""
        if not self.is_over and not self.is_cancelled:
            self.is_cancelled = True
            self._on_cancel(self)

    def end(self, outcome: dict[str, Any] | NastFxError) -> None:
        """Say what came of it, facts or an error; for the engine."""
        self.is_over = True
        if isinstance(outcome, NastFxError):
            self.failed.emit(outcome)
        else:
            self.finished.emit(outcome)


def run_values(
    kind: str, request: Mapping[str, Any] | BaseModel, side_files: Mapping[str, Path] | None, fresh: bool
) -> dict[str, Any]:
    """Give the fields of a ``run`` message, but for its name; a model leaves out what is at its default."""
    if isinstance(request, BaseModel):
        request = request.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    values = {"kind": kind, "request": request, "side_files": side_files or {}, "fresh": fresh}
    made: dict[str, Any] = plain(values)
    return made
