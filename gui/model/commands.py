"""What the undo stack holds: one state of the document in place of another."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtGui import QUndoCommand

if TYPE_CHECKING:
    from .document import State

__all__ = ["JOIN_SECONDS", "ReplaceState"]

JOIN_SECONDS = 1.0  # changes of one thing that follow each other so fast are one step of undo


class ReplaceState(QUndoCommand):
    """Put `new` in place of `old`.

    Parameters
    ----------
    put : callable
        Makes a state the document's.
    old, new : State
    text : str
        What it does, for the menu.
    merge : str
        What is changed; a change of the same soon after joins this one. Empty joins with none.
    """

    def __init__(
        self, put: Callable[[State], None], old: State, new: State, *, text: str, merge: str = ""
    ) -> None:
        super().__init__(text)
        self._put = put
        self.old, self.new = old, new
        self.merge = merge
        self.when = time.monotonic()

    def id(self) -> int:
        """Kind of command, for Qt: -1 is one that joins none."""
        return 1 if self.merge else -1

    def mergeWith(self, other: QUndoCommand | None) -> bool:
        """Take a later change of the same thing in."""
        if not isinstance(other, ReplaceState) or other.merge != self.merge:
            return False
        if other.when - self.when > JOIN_SECONDS:
            return False
        self.new, self.when = other.new, other.when
        self.setObsolete(self.new == self.old)
        return True

    def redo(self) -> None:
        """Do it."""
        self._put(self.new)

    def undo(self) -> None:
        """Take it back."""
        self._put(self.old)
