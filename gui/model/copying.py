"""Copy a result to another place, off the window's thread: whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from PyQt6.QtCore import QObject, QRunnable, QThreadPool, pyqtSignal

from nast_fx.errors import AudioFileError

from ..certain import certain
from ..translation import gettext as _

__all__ = ["Copying"]


class Copying(QObject):
    """Copies files, one after the other."""

    copied = pyqtSignal(object)  # Path of the copy
    failed = pyqtSignal(object)  # NastFxError

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file; what is at the target is replaced, since the person was asked."""
        certain(QThreadPool.globalInstance()).start(_Copy(self, source, target))


class _Copy(QRunnable):
    def __init__(self, told: Copying, source: Path, target: Path) -> None:
        super().__init__()
        self._told = told
        self._source, self._target = source, target

    def run(self) -> None:
        partial = self._target.with_name(f".{self._target.name}.{os.getpid()}.partial")
        try:
            shutil.copyfile(self._source, partial)
            os.replace(partial, self._target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            sentence = _("{name}: cannot be written: {why}")
            why = error.strerror or str(error)
            self._told.failed.emit(AudioFileError(sentence.format(name=self._target.name, why=why)))
        else:
            self._told.copied.emit(self._target)
