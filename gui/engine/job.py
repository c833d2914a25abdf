"""A job of the engine, as whoever asked for it sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from nast_fx.errors import NastFxError

__all__ = ["Job"]


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
