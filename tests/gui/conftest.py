"""What the tests of the window share: no screen, Qt's warnings are failures, no widget outlives its test."""

from __future__ import annotations

import os

os.environ.setdefault(
    "QT_QPA_PLATFORM", "offscreen"
)  # ahead of the first import of Qt, which else ends Python

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QEvent, QtMsgType, qInstallMessageHandler
from PyQt6.QtWidgets import QApplication

# What the offscreen platform and a machine without sound say of themselves, which is no fault of ours.
HARMLESS = ("This plugin does not support", "propagateSizeHints", "PulseAudioService")

THREAD_MS = 5_000  # for a thread that was told to end; finding a device may take seconds on a busy machine


@pytest.fixture(autouse=True)
def _clean_end(qapp: QApplication) -> Iterator[None]:
    """Fail where Qt warned, or a window or a thread is still there."""
    warnings: list[str] = []

    def keep(kind: QtMsgType, _context: object, text: str | None) -> None:
        if kind != QtMsgType.QtDebugMsg and not any(word in (text or "") for word in HARMLESS):
            warnings.append(text or "")

    before = set(QApplication.topLevelWidgets())
    former = qInstallMessageHandler(keep)
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    for _round in range(3):  # what hangs in circles of Python's, and what only that has held
        if set(QApplication.topLevelWidgets()) - before:
            gc.collect()
            qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            qapp.processEvents()
    late = _late_threads()
    qInstallMessageHandler(former)
    left = set(QApplication.topLevelWidgets()) - before
    names = sorted(f"{type(widget).__name__} {widget.objectName()}" for widget in left)
    for widget in left:
        widget.deleteLater()  # so that one test's fault is not the next one's
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not warnings
    assert not names, "a window outlives its test"
    assert not late, "a player was not closed"


def _late_threads() -> int:
    """How many threads of players do not end."""
    module = sys.modules.get("nast_fx_gui.playback.player")
    threads = [] if module is None else list(module._running)
    return sum(not thread.wait(THREAD_MS) for thread in threads)


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    """File for what the program remembers."""
    return tmp_path / "nast-fx.ini"
