"""What is known of the plugin files on this computer, kept in a JSON file between scans.

A file is known as long as its time and size stay; a bundle's are those of the programs inside. What failed is
known too, so that a plugin that hangs is waited for once.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from nast_fx.chain.shared_file import locked, write_whole
from nast_fx.errors import AudioFileError

__all__ = ["PluginEntry", "PluginFile", "ScanCache", "stamp_of"]

VERSION = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PluginEntry:
    """One plugin of a file.

    Attributes
    ----------
    name, identifier, version, maker, category : str
        What it says of itself.
    is_instrument : bool
        Whether it makes sound of notes instead of audio.
    mono_only : bool
        Whether each channel gets an instance of its own.
    latency_samples, n_parameters : int
    """

    name: str
    identifier: str
    version: str
    maker: str
    category: str
    is_instrument: bool
    mono_only: bool
    latency_samples: int
    n_parameters: int


@dataclass(frozen=True)
class PluginFile:
    """A file of plugins, or one that failed.

    Attributes
    ----------
    path : Path
    stamp : (int, int)
        Time in nanoseconds and size in bytes.
    plugins : tuple of PluginEntry
    error : str
        Why it cannot be used; empty if it can.
    """

    path: Path
    stamp: tuple[int, int]
    plugins: tuple[PluginEntry, ...] = ()
    error: str = ""

    @property
    def plugin_name(self) -> str | None:
        """Name of the only plugin here; None if there are several, or if nothing is known of them."""
        return self.plugins[0].name if len(self.plugins) == 1 else None


@dataclass(frozen=True)
class ScanCache:
    """Known files by path."""

    files: dict[str, PluginFile] = field(default_factory=dict)

    @staticmethod
    def default_path() -> Path:
        """Where it is kept for this user."""
        return platformdirs.user_cache_path("nast-fx", appauthor=False) / "plugins.json"

    @classmethod
    def read(cls, path: Path) -> ScanCache:
        """Read it; an empty one where there is none, or a broken one."""
        try:
            data = json.loads(path.read_text("utf-8"))
            if data["version"] != VERSION:
                return cls()
            files = [_plugin_file(entry) for entry in data["files"]]
            return cls({str(file.path): file for file in files})
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError, KeyError) as error:
            _log.warning("what is known of plugins cannot be read from %s: %s", path, error)
            return cls()

    def add_to(self, path: Path) -> None:
        """Add the files to those that are kept, and drop what is gone; all is kept or nothing is changed.

        Where that is impossible, the next scan opens them again.
        """
        try:
            with locked(path):  # another scan may have found others since this one began
                known = self.read(path).files | self.files
                files = [
                    asdict(file) | {"path": str(file.path)} for file in known.values() if file.path.exists()
                ]
                write_whole(path, json.dumps({"version": VERSION, "files": files}, indent=1))
        except AudioFileError as error:
            _log.warning("what is known of plugins cannot be kept: %s", error)

    def known(self, path: Path) -> PluginFile | None:
        """Give what is known of a file, if it has not changed."""
        file = self.files.get(str(path))
        return file if file is not None and file.stamp == stamp_of(path) else None

    def current(self, path: Path) -> PluginFile:
        """Give what is known of a file; of one that is new, or has changed, that is nothing."""
        return self.known(path) or PluginFile(path, stamp_of(path))


def stamp_of(path: Path) -> tuple[int, int]:
    """Latest time in nanoseconds, and size in bytes, of a file or of a bundle's programs."""
    # Of a bundle, Contents/<system>/*: its resources may be thousands of files.
    places = [path, *path.glob("Contents/*/*")] if path.is_dir() else [path]
    found = []
    for place in places:
        try:
            found.append(place.stat())
        except OSError:
            continue
    return max((part.st_mtime_ns for part in found), default=0), sum(part.st_size for part in found)


def _plugin_file(entry: dict[str, Any]) -> PluginFile:
    time, size = entry["stamp"]
    plugins = tuple(PluginEntry(**plugin) for plugin in entry["plugins"])
    return PluginFile(Path(entry["path"]), (int(time), int(size)), plugins, str(entry["error"]))
