"""The batch view: many files, one after the other."""

from __future__ import annotations

from PyQt6.QtWidgets import QWidget

from ..session import Session

__all__ = ["BatchView"]


class BatchView(QWidget):
    """Many files, one after the other.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
