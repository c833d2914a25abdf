"""Finds the plugins of this computer: each file is opened once, in its own process, with a limit of time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nast_fx.audio import shown
from nast_fx.chain.host import HostedPlugin, PluginError, SeveralPluginsError
from nast_fx.chain.scan_cache import PluginEntry, PluginFile, ScanCache, stamp_of
from nast_fx.errors import NastFxError, UsageError, did_you_mean
from nast_fx.progress import Progress, Steps

__all__ = [
    "MissingPluginError",
    "PluginEntry",
    "PluginFile",
    "Scan",
    "allow",
    "deny",
    "find_plugin",
    "plugin_folders",
    "scan",
]

SUFFIXES = (".vst3", ".component")
SCAN_RATE = 44_100  # Hz
SCAN_CHANNELS = 2


class MissingPluginError(UsageError):
    """There is no plugin of that name."""


@dataclass(frozen=True)
class Scan:
    """What was found.

    Attributes
    ----------
    files : tuple of PluginFile
        Those that can be used, in order of their paths.
    failures : tuple of PluginFile
        Those that cannot; `error` says why.
    denied : tuple of Path
        Those that the user denied; they were not opened.
    n_opened : int
        How many were opened; of the others everything was known.
    """

    files: tuple[PluginFile, ...]
    failures: tuple[PluginFile, ...]
    denied: tuple[Path, ...]
    n_opened: int


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


def scan(
    folders: Iterable[str | Path] | None = None,
    *,
    rescan: bool = False,
    seconds: float = 20.0,
    cache: Path | None = None,
) -> Steps[Scan]:
    """Look for plugins, and open those that are new or have changed.

    Parameters
    ----------
    folders : iterable of path, optional
        Besides those of `plugin_folders`.
    rescan : bool
        Whether those that are known, failures among them, are opened again.
    seconds : float
        Limit of time for opening one.
    cache : path, optional
        Where what is known is kept; the user's own by default.

    Yields
    ------
    Progress
        One for each file that is opened.

    Raises
    ------
    UsageError
        A given folder is none.
    """
    given = [Path(folder) for folder in folders or ()]
    for folder in given:
        if not folder.is_dir():
            raise UsageError(f"{shown(folder)}: there is no such folder of plugins")
    place = cache or ScanCache.default_path()
    known = ScanCache.read(place)
    paths = _plugin_paths([*plugin_folders(), *given])
    denied = tuple(path for path in paths if str(path) in known.denied)
    wanted = [path for path in paths if path not in denied]
    new = [path for path in wanted if rescan or known.known(path) is None]
    for number, path in enumerate(new):
        yield Progress("scan", step=number, n_steps=len(new), share=number / len(new), note=shown(path.name))
        known = known.having(_opened(path, seconds))
        known.write(place)  # at once: a scan that is stopped goes on where it was
    gone = [path for path in known.files if not Path(path).exists()]
    if gone:
        known = replace(known, files={path: file for path, file in known.files.items() if path not in gone})
        known.write(place)
    files = [known.files[str(path)] for path in wanted if str(path) in known.files]
    usable, failures = (tuple(f for f in files if bool(f.error) is is_bad) for is_bad in (False, True))
    return Scan(usable, failures, denied, len(new))


def find_plugin(name_or_path: str | Path, *, cache: Path | None = None) -> PluginFile:
    """Find a plugin by its path or name.

    The name is its own or its file's among those that were scanned, or its file's in `plugin_folders`.

    Returns
    -------
    PluginFile
        Of a file that holds several, found by the name of one, `plugins` has only that one. Of a path that
        was not scanned yet it is empty.

    Raises
    ------
    MissingPluginError
        There is none of that name.
    PluginError
        It failed when it was scanned, or is denied.
    """
    known = ScanCache.read(cache or ScanCache.default_path())
    path = Path(name_or_path)
    if path.suffix.lower() in SUFFIXES and path.exists():
        path = Path(os.path.abspath(path))
        return _allowed(known.known(path) or PluginFile(path, stamp_of(path)), known)
    names: dict[str, PluginFile] = {}
    for file in known.files.values():
        if file.path.exists():
            names.setdefault(file.path.stem, file)
            for plugin in file.plugins:
                names.setdefault(plugin.name, replace(file, plugins=(plugin,)))
    word = path.stem if path.suffix.lower() in SUFFIXES else str(name_or_path)
    for name, file in names.items():
        if name.casefold() == word.casefold():
            return _allowed(file, known)
    installed = {path.stem: path for path in _plugin_paths(plugin_folders())}
    for name, path in installed.items():
        if name.casefold() == word.casefold():
            return _allowed(known.known(path) or PluginFile(path, stamp_of(path)), known)
    near = did_you_mean(word, {**names, **installed}) or "; scan for plugins first, or give a path"
    raise MissingPluginError(f"there is no plugin '{shown(name_or_path)}'{near}")


def deny(path: str | Path, *, cache: Path | None = None) -> None:
    """Never open a plugin file again, in no scan, until it is allowed."""
    _change_denied(path, cache, is_denied=True)


def allow(path: str | Path, *, cache: Path | None = None) -> None:
    """Take a plugin file off the deny list."""
    _change_denied(path, cache, is_denied=False)


def _change_denied(path: str | Path, cache: Path | None, *, is_denied: bool) -> None:
    place = cache or ScanCache.default_path()
    known, name = ScanCache.read(place), os.path.abspath(path)
    denied = known.denied | {name} if is_denied else known.denied - {name}
    replace(known, denied=frozenset(denied)).write(place)


def _allowed(file: PluginFile, known: ScanCache) -> PluginFile:
    if str(file.path) in known.denied:
        raise PluginError(f"{shown(file.path.stem)}: the plugin is on the deny list")
    if file.error:
        raise PluginError(f"{file.error} (when it was scanned; scan again with --rescan to try it once more)")
    return file


def _plugin_paths(folders: Sequence[Path]) -> list[Path]:
    """Plugin files and bundles under folders, each once, in order; bundles are not looked into."""
    found: dict[str, Path] = {}
    for folder in folders:
        for place, names, files in os.walk(folder):
            inside = [name for name in (*names, *files) if name.lower().endswith(SUFFIXES)]
            names[:] = [name for name in names if name not in inside]
            for name in inside:
                path = Path(os.path.abspath(Path(place) / name))
                found.setdefault(os.path.realpath(path), path)
    return sorted(found.values())


def _opened(path: Path, seconds: float) -> PluginFile:
    """Open a file in a process of its own and see what it holds."""
    stamp = stamp_of(path)
    plugins: tuple[PluginEntry, ...]
    try:
        try:
            plugins = (_entry(path, None, seconds),)
        except SeveralPluginsError as several:
            plugins = tuple(_entry(path, name, seconds) for name in several.names)
    except NastFxError as error:
        return PluginFile(path, stamp, error=str(error))
    return PluginFile(path, stamp, plugins)


def _entry(path: Path, plugin_name: str | None, seconds: float) -> PluginEntry:
    hosted = HostedPlugin(path, plugin_name, sample_rate=SCAN_RATE, n_channels=SCAN_CHANNELS, seconds=seconds)
    with hosted as plugin:
        facts = plugin.facts
        return PluginEntry(
            facts.name,
            facts.identifier,
            facts.version,
            facts.maker,
            facts.category,
            facts.is_instrument,
            plugin.mono_only,
            facts.latency_samples,
            len(facts.parameters),
        )
