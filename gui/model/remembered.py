"""What the program remembers from one start to the next: places, folders, recent files, look, language."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QByteArray, QSettings

__all__ = ["MOST_RECENT", "Remembered"]

MOST_RECENT = 10  # files of a kind


class Remembered:
    """A settings file.

    Parameters
    ----------
    file : Path, optional
        The user's own by default.
    """

    def __init__(self, file: Path | None = None) -> None:
        form = QSettings.Format.IniFormat
        if file is None:
            self._settings = QSettings(form, QSettings.Scope.UserScope, "nast-fx", "nast-fx")
        else:
            self._settings = QSettings(str(file), form)

    def text(self, name: str, default: str) -> str:
        """Give a word, such as the theme's."""
        return str(self._settings.value(name, default))

    def set_text(self, name: str, value: str) -> None:
        """Keep a word."""
        self._settings.setValue(name, value)

    def flag(self, name: str, default: bool) -> bool:
        """Give a yes or no."""
        return self.text(name, str(default).lower()) == "true"

    def set_flag(self, name: str, value: bool) -> None:
        """Keep a yes or no."""
        self.set_text(name, str(value).lower())

    def shape(self, name: str) -> QByteArray | None:
        """Give what a window or a splitter has saved of its shape."""
        value: Any = self._settings.value(f"shape/{name}")
        return value if isinstance(value, QByteArray) else None

    def set_shape(self, name: str, value: QByteArray) -> None:
        """Keep the shape of a window or a splitter."""
        self._settings.setValue(f"shape/{name}", value)

    def folder(self, kind: str) -> str:
        """Folder that was last used for a kind of file; the user's own one if it is gone."""
        path = self.text(f"folder/{kind}", "")
        return path if path and os.path.isdir(path) else str(Path.home())

    def recent(self, kind: str) -> list[Path]:
        """Files of a kind that were last used, the latest first."""
        value: Any = self._settings.value(f"recent/{kind}", [])
        texts = [value] if isinstance(value, str) else list(value or ())
        return [Path(text) for text in texts if text]

    def add_recent(self, kind: str, path: Path) -> None:
        """Keep a file and its folder."""
        paths = [path, *(old for old in self.recent(kind) if old != path)][:MOST_RECENT]
        self._settings.setValue(f"recent/{kind}", [str(one) for one in paths])
        self._settings.setValue(f"folder/{kind}", str(path.parent))

    def save(self) -> None:
        """Write the file now."""
        self._settings.sync()
