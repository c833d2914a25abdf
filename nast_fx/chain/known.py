"""What is known of this computer's plugins without opening any: for lists, and for denying one."""

from __future__ import annotations

import os
from pathlib import Path

from nast_fx.audio import shown
from nast_fx.chain.deny_list import allow, denied_paths, deny, is_denied
from nast_fx.chain.scan import SUFFIXES, MissingPluginError, Scan, find_plugin
from nast_fx.chain.scan_cache import PluginFile, ScanCache
from nast_fx.errors import did_you_mean

__all__ = ["is_shell", "known_path", "known_plugins", "set_denied"]


def known_plugins(*, cache: Path | None = None) -> Scan:
    """Give what scans have found so far, without those files that are gone; denied ones are all there."""
    known = ScanCache.read(cache or ScanCache.default_path())
    there = [
        file for _, file in sorted(known.files.items()) if file.path.exists() and not is_denied(file.path)
    ]
    return Scan(
        files=tuple(file for file in there if not file.error),
        failures=tuple(file for file in there if file.error),
        denied=denied_paths(),
        n_opened=0,
    )


def known_path(name_or_path: str | Path, *, cache: Path | None = None) -> Path:
    """Find the file of a plugin as `find_plugin` does, those that failed or are denied too.

    Raises
    ------
    MissingPluginError
        There is none of that name.
    """
    known = ScanCache.read(cache or ScanCache.default_path())
    path = Path(os.path.abspath(name_or_path))
    if path.suffix.lower() in SUFFIXES and (path.exists() or is_denied(path)):
        return path
    given = Path(name_or_path)
    word = given.stem if given.suffix.lower() in SUFFIXES else str(name_or_path)
    places: dict[str, Path] = {}
    for place in (*map(str, denied_paths()), *known.files):
        file = known.files.get(place, PluginFile(Path(place), (0, 0)))
        for name in (file.path.stem, *(plugin.name for plugin in file.plugins)):
            places.setdefault(name, file.path)
    for name, place_of_name in places.items():
        if name.casefold() == word.casefold():
            return place_of_name
    try:
        return find_plugin(name_or_path, cache=cache).path
    except MissingPluginError:
        # It knows no denied file that is gone.
        if near := did_you_mean(word, places):
            raise MissingPluginError(f"there is no plugin '{shown(name_or_path)}'{near}") from None
        raise


def set_denied(path: Path, is_to_be: bool) -> bool:
    """Deny or allow a file; False if it was so already.

    Raises
    ------
    AudioFileError
        The list cannot be kept; nothing is changed.
    """
    return deny(path) if is_to_be else allow(path)


def is_shell(file: PluginFile, *, cache: Path | None = None) -> bool:
    """Whether a file is known to hold several plugins, of which `file` may name one."""
    known = ScanCache.read(cache or ScanCache.default_path()).files.get(str(file.path))
    return known is not None and len(known.plugins) > 1
