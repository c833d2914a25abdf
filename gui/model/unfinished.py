"""Whether a batch of an earlier start was broken off: asked of the engine, whose journal knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from .batch_requests import resume_request

if TYPE_CHECKING:
    from ..engine.engine import Engine

__all__ = ["Unfinished", "UnfinishedBatch"]


@dataclass(frozen=True)
class UnfinishedBatch:
    """A batch that was broken off.

    Attributes
    ----------
    folder : Path
        Where its results go.
    n_left : int
        How many files are left to do.
    """

    folder: Path
    n_left: int


class Unfinished(QObject):
    """Asks once, at the program's start.

    Parameters
    ----------
    engine : Engine
        For short jobs.
    """

    found = pyqtSignal(object)
    """The latest UnfinishedBatch; nothing comes where there is none."""

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine

    def ask(self) -> None:
        """Ask; an engine that cannot say is as good as one that knows of none."""
        job = self._engine.run("plan", resume_request())
        job.finished.connect(self._answered)

    def _answered(self, facts: Mapping[str, Any]) -> None:
        n_left = sum(one["state"] == "queued" for one in facts["files"])
        if n_left:
            self.found.emit(UnfinishedBatch(Path(str(facts["folder"])), n_left))
