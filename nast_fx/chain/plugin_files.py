"""Where plugins lie: the folders of each system, and the files and bundles under them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["SUFFIXES", "plugin_folders", "plugin_paths"]

SUFFIXES = (".vst3", ".component")


def plugin_folders() -> tuple[Path, ...]:
    """Folders where plugins are installed on this system, whether they are there or not."""
    home = Path.home()
    if sys.platform == "win32":
        common = os.environ.get("COMMONPROGRAMFILES", r"C:\Program Files\Common Files")
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData" / "Local"))
        return Path(common) / "VST3", Path(local) / "Programs" / "Common" / "VST3"
    if sys.platform == "darwin":
        roots = [Path("/Library/Audio/Plug-Ins"), home / "Library" / "Audio" / "Plug-Ins"]
        return tuple(root / kind for root in roots for kind in ("VST3", "Components"))
    return home / ".vst3", Path("/usr/local/lib/vst3"), Path("/usr/lib/vst3")


def plugin_paths(folders: Iterable[Path]) -> list[Path]:
    """Give plugin files and bundles under folders, each once, in order of their paths.

    Links are followed, each real folder once; bundles are not looked into.
    """
    found: dict[str, Path] = {}
    seen: set[str] = set()
    waiting = list(folders)
    for folder in waiting:
        for place, names, files in os.walk(folder):
            real = os.path.realpath(place)
            if real in seen:
                names.clear()
                continue
            seen.add(real)
            inside = [name for name in (*names, *files) if name.lower().endswith(SUFFIXES)]
            names[:] = [name for name in names if name not in inside]
            # Links come last, so that what also lies in a folder itself has its path there.
            waiting += [Path(place) / name for name in names if os.path.islink(Path(place) / name)]
            for name in inside:
                path = Path(os.path.abspath(Path(place) / name))
                found.setdefault(os.path.realpath(path), path)
    return sorted(found.values())
