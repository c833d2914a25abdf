"""The chain view: effects before and after the style."""

from __future__ import annotations

from PyQt6.QtWidgets import QWidget

from ..session import Session

__all__ = ["ChainView"]


class ChainView(QWidget):
    """Effects before and after the style.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
