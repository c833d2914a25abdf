"""Finds the plugins of this computer: each file is opened once, in its own process, with a limit of time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nast_fx.audio import shown
from nast_fx.chain.deny_list import allow, deny, is_denied
from nast_fx.chain.host import HostedPlugin, PluginError, SeveralPluginsError
from nast_fx.chain.plugin_files import SUFFIXES, plugin_folders, plugin_paths
from nast_fx.chain.scan_cache import PluginEntry, PluginFile, ScanCache, stamp_of
from nast_fx.errors import NastFxError, UsageError, did_you_mean
from nast_fx.progress import Progress, Steps

__all__ = [
    "SUFFIXES",
    "MissingPluginError",
    "PluginEntry",
    "PluginFile",
    "Scan",
    "allow",
    "deny",
    "find_plugin",
    "plugin_folders",
    "plugin_named",
    "scan",
]

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

    def as_dict(self) -> dict[str, Any]:
        """Give plugins, failures and denied ones as JSON has them."""
        return {
            "plugins": [part for file in self.files for part in _plugin_dicts(file)],
            "failures": [{"path": file.path, "error": file.error} for file in self.failures],
            "denied": self.denied,
        }


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
        One for each file that is opened, and one, with what was found as its part, afterwards.

    Raises
    ------
    UsageError
        A given folder is none.
    AudioFileError
        The deny list cannot be read.
    """
    given = [Path(folder) for folder in folders or ()]
    for folder in given:
        if not folder.is_dir():
            raise UsageError(f"{shown(folder)}: there is no such folder of plugins")
    place = cache or ScanCache.default_path()
    known = ScanCache.read(place)
    paths = plugin_paths([*plugin_folders(), *given])
    new = [path for path in paths if not is_denied(path) and (rescan or known.known(path) is None)]
    opened: dict[str, PluginFile] = {}
    for number, path in enumerate(new):
        yield Progress("scan", step=number, n_steps=len(new), share=number / len(new), note=shown(path.name))
        if is_denied(path):  # since the scan began
            continue
        file = opened[str(path)] = _opened(path, seconds)
        ScanCache(opened).add_to(place)  # at once: a scan that is stopped goes on where it was
        known_now = {"path": path, "plugins": _plugin_dicts(file), "error": file.error}
        yield Progress(
            "scan", step=number + 1, n_steps=len(new), share=(number + 1) / len(new), part=known_now
        )
    kept = ScanCache.read(place).files
    if not all(file.path.exists() for file in kept.values()):
        ScanCache(opened).add_to(place)
    return _found(paths, known.files | kept | opened, len(opened))


def find_plugin(name_or_path: str | Path, *, cache: Path | None = None) -> PluginFile:
    """Find a plugin by its path, or else by its name as `plugin_named` does.

    Returns
    -------
    PluginFile
        Of a path that was not scanned yet, or has changed since, `plugins` is empty.

    Raises
    ------
    MissingPluginError
        There is none of that name.
    PluginError
        It failed when it was scanned, or is denied.
    AudioFileError
        The deny list cannot be read.
    """
    path = Path(name_or_path)
    if path.suffix.lower() in SUFFIXES and path.exists():
        return _allowed(_read(cache).current(Path(os.path.abspath(path))))
    return plugin_named(str(name_or_path), cache=cache)


def plugin_named(name: str, *, cache: Path | None = None) -> PluginFile:
    """Find a plugin by its name, never by a path: what lies in the working folder has no say.

    The name is its own or its file's among those that were scanned, or its file's in `plugin_folders`.

    Returns
    -------
    PluginFile
        Of a file that holds several, found by the name of one, `plugins` has only that one. Of a file that
        was not scanned yet, or has changed since, it is empty but for that one.

    Raises
    ------
    MissingPluginError
        There is none of that name.
    PluginError
        It failed when it was scanned, or is denied.
    AudioFileError
        The deny list cannot be read.
    """
    known = _read(cache)
    word = Path(name).stem if name.lower().endswith(SUFFIXES) else name
    scanned = _scanned_names(known)
    if (found := _same_name(word, scanned)) is not None:
        return _allowed(scanned[found])
    installed = {path.stem: path for path in plugin_paths(plugin_folders())}
    if (found := _same_name(word, installed)) is not None:
        return _allowed(known.current(installed[found]))
    suffix = name[len(word) :]  # as it was asked for, so that what is proposed can be written there
    known_names = [known_name + suffix for known_name in {**scanned, **installed}]
    near = did_you_mean(name, known_names) or "; scan for plugins first, or give a path"
    raise MissingPluginError(f"there is no plugin '{shown(name)}'{near}")


def _read(cache: Path | None) -> ScanCache:
    return ScanCache.read(cache or ScanCache.default_path())


def _scanned_names(known: ScanCache) -> dict[str, PluginFile]:
    """Files that are known and there, by their names and by those of their plugins."""
    names: dict[str, PluginFile] = {}
    for file in known.files.values():
        if not file.path.exists():
            continue
        now = known.current(file.path)
        names.setdefault(file.path.stem, now)
        for plugin in file.plugins:
            # A file that has changed is opened anew, and one of several needs its name for that.
            is_needed = now is file or len(file.plugins) > 1
            names.setdefault(plugin.name, replace(now, plugins=(plugin,)) if is_needed else now)
    return names


def _same_name(word: str, names: Iterable[str]) -> str | None:
    return next((name for name in names if name.casefold() == word.casefold()), None)


def _allowed(file: PluginFile) -> PluginFile:
    if is_denied(file.path):
        raise PluginError(f"{shown(file.path.stem)}: the plugin is on the deny list")
    if file.error:
        raise PluginError(f"{file.error} (when it was scanned; scan again with --rescan to try it once more)")
    return file


def _found(paths: Sequence[Path], known: Mapping[str, PluginFile], n_opened: int) -> Scan:
    denied = tuple(path for path in paths if is_denied(path))
    files = [known[str(path)] for path in paths if path not in denied and str(path) in known]
    usable, failures = (tuple(f for f in files if bool(f.error) is is_bad) for is_bad in (False, True))
    return Scan(usable, failures, denied, n_opened)


def _plugin_dicts(file: PluginFile) -> list[dict[str, Any]]:
    return [{"path": file.path, **asdict(plugin)} for plugin in file.plugins]


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
