"""What is known of the plugin files on this computer, kept in a JSON file between scans.

A file is known as long as its time and size stay; a bundle's are those of the programs inside. What failed is
known too, so that a plugin that hangs is waited for once. What the user denied is never loaded.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import platformdirs

from nast_fx.audio.atomic import AtomicFile
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


@dataclass(frozen=True)
class ScanCache:
    """Known files by path, and the paths that the user denied."""

    files: dict[str, PluginFile] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()

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
            return cls({str(file.path): file for file in files}, frozenset(map(str, data["denied"])))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError, KeyError) as error:
            _log.warning("what is known of plugins cannot be read from %s: %s", path, error)
            return cls()

    def write(self, path: Path) -> None:
        """Keep it, whole or not at all; where that is impossible, the next scan begins anew."""
        files = [asdict(file) | {"path": str(file.path)} for file in self.files.values()]
        text = json.dumps({"version": VERSION, "denied": sorted(self.denied), "files": files}, indent=1)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with AtomicFile(path, overwrite=True) as partial:
                partial.file.write(text.encode())
        except (OSError, AudioFileError) as error:
            _log.warning("what is known of plugins cannot be kept in %s: %s", path, error)

    def known(self, path: Path) -> PluginFile | None:
        """Give what is known of a file, if it has not changed."""
        file = self.files.get(str(path))
        return file if file is not None and file.stamp == stamp_of(path) else None

    def having(self, file: PluginFile) -> ScanCache:
        """Give a cache with one more file."""
        return replace(self, files=self.files | {str(file.path): file})


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
