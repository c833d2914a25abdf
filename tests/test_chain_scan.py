"""Scanning for plugins: what is found, what fails and is remembered, what is never opened twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from plugin_builder import LATENCY, built_plugin

from nast_fx.chain import scan as scanning
from nast_fx.chain.deny_list import allow, denied_paths, deny, deny_list_path, is_denied
from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.host_process import HostProcess, PluginError
from nast_fx.chain.scan import Scan, find_plugin, plugin_named, scan
from nast_fx.chain.scan_cache import PluginEntry, PluginFile, ScanCache
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.progress import drain

ZAM_FOLDER = Path("/usr/lib/vst3")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Labels of the processes that were started; and no plugin but the test's own is installed."""
    labels: list[str] = []
    original = HostProcess.__init__

    def noted(self: HostProcess, label: str) -> None:
        labels.append(label)
        original(self, label)

    monkeypatch.setattr(HostProcess, "__init__", noted)
    monkeypatch.setattr(scanning, "plugin_folders", lambda: ())
    return labels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "plugins"
    for name, where in (("NastGain", "."), ("NastSynth", "synths")):
        shutil.copytree(built_plugin(name), place / where / f"{name}.vst3")
    return place


def change(path: Path) -> None:
    """Make a plugin look newer by a second."""
    (program,) = path.glob("Contents/*/*.so")
    time = program.stat().st_mtime_ns + 10**9
    os.utime(program, ns=(time, time))


def stems(files: Iterable[PluginFile]) -> list[str]:
    return [file.path.stem for file in files]


def scanned(tmp_path: Path, *folders: Path, rescan: bool = False, seconds: float = 20.0) -> Scan:
    return drain(scan(folders, rescan=rescan, seconds=seconds, cache=tmp_path / "cache" / "plugins.json"))


def test_an_instrument_and_an_effect_are_told_apart(tmp_path: Path, folder: Path, started: list[str]) -> None:
    found = scanned(tmp_path, folder)
    (gain,), (synth,) = (file.plugins for file in found.files)
    assert (gain.name, gain.is_instrument, gain.latency_samples) == ("NastGain", False, LATENCY)
    assert (synth.name, synth.is_instrument) == ("NastSynth", True)
    assert (gain.maker, gain.version, gain.n_parameters) == ("nast-fx tests", "1.2.3", 2)
    assert found.n_opened == 2
    assert not found.failures


def test_a_second_scan_starts_no_process(tmp_path: Path, folder: Path, started: list[str]) -> None:
    first = scanned(tmp_path, folder)
    assert len(started) == 2
    second = scanned(tmp_path, folder)
    assert len(started) == 2
    assert second.files == first.files
    assert second.n_opened == 0
    assert scanned(tmp_path, folder, rescan=True).n_opened == 2


def test_a_changed_file_is_opened_again(tmp_path: Path, folder: Path, started: list[str]) -> None:
    scanned(tmp_path, folder)
    change(folder / "NastGain.vst3")
    assert scanned(tmp_path, folder).n_opened == 1
    assert started[2:] == ["NastGain"]


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path, folder: Path, started: list[str]) -> None:
    scanned(tmp_path, folder)
    shutil.rmtree(folder / "NastGain.vst3")
    assert [file.path.stem for file in scanned(tmp_path, folder).files] == ["NastSynth"]
    with pytest.raises(UsageError, match="there is no plugin 'NastGain'"):
        find_plugin("NastGain", cache=tmp_path / "cache" / "plugins.json")
    assert "NastGain" not in (tmp_path / "cache" / "plugins.json").read_text()


def test_failures_are_named_and_waited_for_once(tmp_path: Path, folder: Path, started: list[str]) -> None:
    shutil.copytree(built_plugin("NastStuck"), folder / "NastStuck.vst3")
    (folder / "Text.vst3").write_text("this is no plugin")
    first = scanned(tmp_path, folder, seconds=1.5)
    stuck, text = first.failures
    assert stuck.error == "NastStuck: the plugin did not finish loading within 1.5 s"
    assert text.error.startswith("Text: it cannot be loaded")
    assert [file.path.stem for file in first.files] == ["NastGain", "NastSynth"]
    n_started = len(started)
    assert scanned(tmp_path, folder).failures == first.failures
    assert len(started) == n_started
    with pytest.raises(PluginError, match=r"NastStuck: the plugin did not finish loading .*scan again"):
        find_plugin("NastStuck", cache=tmp_path / "cache" / "plugins.json")


def test_what_failed_may_try_again_once_it_has_changed(
    tmp_path: Path, folder: Path, started: list[str]
) -> None:
    cache, path = tmp_path / "cache" / "plugins.json", folder / "NastStuck.vst3"
    shutil.copytree(built_plugin("NastStuck"), path)
    scanned(tmp_path, folder, seconds=1.5)
    for name in (path, "NastStuck"):
        with pytest.raises(PluginError, match="did not finish loading"):
            find_plugin(name, cache=cache)
    change(path)
    for name in (path, "NastStuck", "naststuck.vst3"):
        assert find_plugin(name, cache=cache).error == ""


def test_a_changed_file_of_several_is_still_found_by_the_name_of_one(tmp_path: Path, folder: Path) -> None:
    cache, path = tmp_path / "cache" / "plugins.json", folder / "NastGain.vst3"
    warm, cold = (PluginEntry(name, name, "1", "m", "Fx", False, False, 0, 1) for name in ("Warm", "Cold"))
    ScanCache({str(path): PluginFile(path, (0, 0), (warm, cold), "failed")}).add_to(cache)
    found = find_plugin("Cold", cache=cache)
    assert (found.path, found.plugin_name, found.error) == (path, "Cold", "")
    assert find_plugin("NastGain", cache=cache).plugin_name is None
    ScanCache({str(path): PluginFile(path, (0, 0), (warm,))}).add_to(cache)
    assert find_plugin("Warm", cache=cache).plugin_name is None  # it may have another name now


# The deny list


def test_a_denied_plugin_is_never_opened(tmp_path: Path, folder: Path, started: list[str]) -> None:
    cache = tmp_path / "cache" / "plugins.json"
    assert deny(folder / "NastGain.vst3")
    found = scanned(tmp_path, folder, rescan=True)
    assert started == ["NastSynth"]
    assert [path.stem for path in found.denied] == ["NastGain"]
    with pytest.raises(PluginError, match="NastGain: the plugin is on the deny list"):
        find_plugin(folder / "NastGain.vst3", cache=cache)
    assert allow(folder / "NastGain.vst3")
    assert len(scanned(tmp_path, folder).files) == 2


def test_a_plugin_denied_during_a_scan_stays_so_and_is_not_opened(
    tmp_path: Path, folder: Path, started: list[str]
) -> None:
    steps = scan([folder], cache=tmp_path / "cache" / "plugins.json")
    next(steps)
    deny(folder / "synths" / "NastSynth.vst3")
    found = drain(steps)
    assert started == ["NastGain"]
    assert (stems(found.files), [path.stem for path in found.denied]) == (["NastGain"], ["NastSynth"])
    assert is_denied(folder / "synths" / "NastSynth.vst3")


@pytest.mark.parametrize("text", ["{", '{"version": 99, "files": []}', None])
def test_the_deny_list_outlives_the_cache(
    tmp_path: Path, folder: Path, started: list[str], text: str | None
) -> None:
    cache = ScanCache.default_path()
    deny(folder / "NastGain.vst3")
    drain(scan([folder]))
    shutil.rmtree(cache.parent)
    if text is not None:
        cache.parent.mkdir()
        cache.write_text(text)
    assert [path.stem for path in drain(scan([folder])).denied] == ["NastGain"]
    assert "NastGain" not in started


def test_a_denied_plugin_is_refused_by_whatever_path_leads_to_it(
    tmp_path: Path, folder: Path, started: list[str]
) -> None:
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "Other.vst3").symlink_to(folder / "NastGain.vst3")
    (tmp_path / "chains").mkdir()
    linked = tmp_path / "link" / "NastGain.vst3"
    inside = next((folder / "NastGain.vst3").glob("Contents/*")) / "NastGain.vst3"
    inside.touch()
    roundabout = tmp_path / "chains" / ".." / "plugins" / "NastGain.vst3"
    for denied in (folder / "NastGain.vst3", linked):
        assert deny(denied)
        for path in (folder / "NastGain.vst3", linked, roundabout, tmp_path / "Other.vst3", inside):
            with pytest.raises(PluginError, match="the plugin is on the deny list"):
                find_plugin(path)
            assert not deny(path)
        assert not is_denied(folder / "synths" / "NastSynth.vst3")
        assert [path.stem for path in scanned(tmp_path, tmp_path / "link").denied] == ["NastGain"]
        assert allow(tmp_path / "Other.vst3")
        assert denied_paths() == ()
        assert not allow(linked)
    assert "NastGain" not in started


def test_all_that_is_denied_at_once_is_on_the_list(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number:02}.vst3" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(deny, paths))
    assert list(denied_paths()) == paths
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(allow, paths[1:]))
    assert list(denied_paths()) == paths[:1]


def test_nothing_is_opened_while_the_deny_list_cannot_be_read(folder: Path, started: list[str]) -> None:
    place = deny_list_path()
    place.parent.mkdir(parents=True)
    place.write_text('{"denied": ')
    for act in (lambda: drain(scan([folder])), lambda: find_plugin(folder / "NastGain.vst3")):
        with pytest.raises(AudioFileError, match="the list of denied plugins is damaged; mend it, or remove"):
            act()
    assert started == []


# What is kept


def test_two_scans_at_once_keep_what_both_find(tmp_path: Path, folder: Path, started: list[str]) -> None:
    cache = tmp_path / "cache" / "plugins.json"
    other = tmp_path / "others"
    shutil.copytree(built_plugin("NastMono"), other / "NastMono.vst3")
    first, second = scan([folder], cache=cache), scan([other], cache=cache)
    next(first)
    next(second)
    assert stems(drain(second).files) == ["NastMono"]
    assert stems(drain(first).files) == ["NastGain", "NastSynth"]
    assert len(started) == 3
    assert scanned(tmp_path, folder, other).n_opened == 0


def test_a_scan_that_is_stopped_goes_on_where_it_was(
    tmp_path: Path, folder: Path, started: list[str]
) -> None:
    steps = scan([folder], cache=tmp_path / "cache" / "plugins.json")
    assert next(steps).n_steps == 2
    assert next(steps).share == 0.5
    steps.close()
    assert started == ["NastGain"]
    assert scanned(tmp_path, folder).n_opened == 1


def test_a_broken_cache_only_costs_a_scan(tmp_path: Path, folder: Path, started: list[str]) -> None:
    cache = tmp_path / "cache" / "plugins.json"
    cache.parent.mkdir()
    for text in ("{", '{"version": 1}', '{"version": 99, "files": [], "denied": []}', "[]"):
        cache.write_text(text)
        assert scanned(tmp_path, folder).n_opened == 2


def test_plugins_are_found_by_name_and_by_path(tmp_path: Path, folder: Path, started: list[str]) -> None:
    cache = tmp_path / "cache" / "plugins.json"
    path = folder / "synths" / "NastSynth.vst3"
    assert find_plugin(path, cache=cache).plugins == ()
    scanned(tmp_path, folder)
    for name in ("NastSynth", "nastsynth", "NastSynth.vst3", path):
        assert find_plugin(name, cache=cache).path == path
    with pytest.raises(UsageError, match="no plugin 'NastSinth'; did you mean 'NastSynth'"):
        find_plugin("NastSinth", cache=cache)
    with pytest.raises(UsageError, match="there is no such folder of plugins"):
        scanned(tmp_path, tmp_path / "nowhere")


def test_a_name_leads_to_what_is_installed_wherever_one_stands(
    tmp_path: Path, folder: Path, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, cache = tmp_path / "installed", tmp_path / "cache" / "plugins.json"
    shutil.copytree(built_plugin("NastGain"), installed / "NastGain.vst3")
    monkeypatch.chdir(folder)
    for name in ("NastGain.vst3", "./NastGain.vst3", folder / "NastGain.vst3", "NastGain"):
        with pytest.raises(UsageError, match="there is no plugin"):
            plugin_named(str(name), cache=cache)
    monkeypatch.setattr(scanning, "plugin_folders", lambda: (installed,))
    for _ in range(2):
        for word in ("NastGain.vst3", "nastgain", "./NastGain.vst3"):
            assert plugin_named(word, cache=cache).path == installed / "NastGain.vst3"
        assert find_plugin("NastGain.vst3", cache=cache).path == folder / "NastGain.vst3"
        scanned(tmp_path)
    shutil.rmtree(cache.parent)
    scanned(tmp_path, folder / "synths")
    assert plugin_named("NastSynth", cache=cache).path == folder / "synths" / "NastSynth.vst3"


def test_linked_folders_are_scanned_each_real_folder_once(
    tmp_path: Path, folder: Path, started: list[str]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(folder / "synths", elsewhere)
    shutil.copytree(built_plugin("NastMono"), folder / "z" / "NastMono.vst3")
    for name, target in (("first", elsewhere), ("second", elsewhere), ("loop", folder)):
        (folder / name).symlink_to(target)
    for letter in "abcdefgh":  # folders are listed in any order
        (folder / letter).symlink_to(folder / "z")
    (elsewhere / "back").symlink_to(tmp_path)
    (folder / "nowhere").symlink_to(tmp_path / "gone")
    found = scanned(tmp_path, folder)
    assert sorted(started) == ["NastGain", "NastMono", "NastSynth"]
    gain, synth, mono = (file.path for file in found.files)
    assert (gain, mono) == (folder / "NastGain.vst3", folder / "z" / "NastMono.vst3")
    assert synth.parent in (folder / "first", folder / "second")


@pytest.fixture
def zam_folder() -> Path:
    if not (ZAM_FOLDER / "ZamVerb.vst3").is_dir():
        pytest.skip("no third-party VST3 is here: needs zam-plugins (make system)")
    return ZAM_FOLDER


def test_sixteen_of_debians_load_and_the_hanging_one_is_named(
    tmp_path: Path, zam_folder: Path, started: list[str]
) -> None:
    found = scanned(tmp_path, zam_folder, seconds=5.0)
    zam = [file for file in (*found.files, *found.failures) if file.path.name.lower().startswith("zam")]
    assert [file.error for file in zam if file.error] == [
        "ZamVerb: the plugin did not finish loading within 5 s"
    ]
    plugins = [plugin for file in zam for plugin in file.plugins]
    assert len(plugins) == 16
    assert sum(plugin.mono_only for plugin in plugins) == 11
    assert not any(plugin.is_instrument for plugin in plugins)


def test_a_plugin_is_the_same_wherever_it_lies(folder: Path) -> None:
    identifiers = set()
    for path in (folder / "NastGain.vst3", built_plugin("NastGain")):
        with HostedPlugin(path, sample_rate=44100, n_channels=2) as plugin:
            identifiers.add(plugin.identifier)
    assert len(identifiers) == 1
