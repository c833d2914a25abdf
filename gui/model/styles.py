"""The styles that are known by name: the user's own and the program's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

if TYPE_CHECKING:
    from ..engine.engine import Engine

__all__ = ["StyleLibrary", "StyleRow"]


@dataclass(frozen=True)
class StyleRow:
    """One style: its name, ``user`` or ``factory``, its file, and what it is."""

    name: str
    layer: str
    path: Path
    description: str = ""


class StyleLibrary(QObject):
    """Asks the engine for styles.

    Parameters
    ----------
    engine : Engine
        The listener.
    """

    listed = pyqtSignal(object)  # tuple of StyleRow
    failed = pyqtSignal(object)  # NastFxError

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.rows: tuple[StyleRow, ...] = ()

    def refresh(self) -> None:
        """Ask for the list anew."""
        job = self._engine.run("styles", {"action": "list"})
        job.finished.connect(self._on_list)
        job.failed.connect(self.failed)

    def _on_list(self, facts: dict[str, Any]) -> None:
        self.rows = tuple(
            StyleRow(
                str(row["name"]), str(row["layer"]), Path(str(row["path"])), str(row.get("description", ""))
            )
            for row in facts.get("styles", ())
        )
        self.listed.emit(self.rows)
