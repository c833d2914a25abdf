"""Start of the desktop app: nothing heavy is loaded before the window is there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import QLocale, QTimer
from PyQt6.QtWidgets import QApplication

from .engine import Engine, worker_command
from .model.remembered import Remembered
from .session import Session
from .theme import Theme
from .translation import use_language
from .window import MainWindow

__all__ = ["main", "make_window"]


def make_window(app: QApplication, remembered: Remembered, theme: Theme | None = None) -> MainWindow:
    """Make the window with engines of its own; they start with their first job."""
    use_language(remembered.text("language", "") or QLocale.system().name())
    theme = theme or Theme(app)
    theme.use(remembered.text("theme", "system"))
    renderer, batcher, analyst = (Engine(worker_command(is_background=True)) for _number in range(3))
    session = Session(renderer, Engine(), remembered, theme, batcher=batcher, analyst=analyst)
    return MainWindow(session)


def main(argv: Sequence[str] | None = None) -> int:
    """Show the window until it is closed.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name: a file to open, or nothing.

    Returns
    -------
    int
        Exit code: 0.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    app = QApplication([sys.argv[0]])
    app.setApplicationName("nast-fx")
    app.setApplicationDisplayName("nast-fx")
    app.setDesktopFileName("nast-fx")
    window = make_window(app, Remembered())
    sys.excepthook = _tells(window)
    window.show()
    if args:
        QTimer.singleShot(0, lambda: window.open_file(Path(args[0]).absolute()))
    return app.exec()


def _tells(window: MainWindow) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """Make what is called for a defect of the window: it is told, and the window goes on."""

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, Exception):
            window.show_fault(error)

    return tell
