"""Scanning for plugins: what is found, what fails and is remembered, what is never opened twice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from plugin_builder import LATENCY, built_plugin

from nast_fx.chain import scan as scanning
from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.host_process import HostProcess, PluginError
from nast_fx.chain.scan import Scan, allow, deny, find_plugin, scan
from nast_fx.errors import UsageError
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
    (program,) = (folder / "NastGain.vst3").glob("Contents/*/*.so")
    time = program.stat().st_mtime_ns + 10**9
    os.utime(program, ns=(time, time))
    assert scanned(tmp_path, folder).n_opened == 1
    assert started[2:] == ["NastGain"]


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path, folder: Path, started: list[str]) -> None:
    scanned(tmp_path, folder)
    shutil.rmtree(folder / "NastGain.vst3")
    assert [file.path.stem for file in scanned(tmp_path, folder).files] == ["NastSynth"]
    with pytest.raises(UsageError, match="there is no plugin 'NastGain'"):
        find_plugin("NastGain", cache=tmp_path / "cache" / "plugins.json")


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


def test_a_denied_plugin_is_never_opened(tmp_path: Path, folder: Path, started: list[str]) -> None:
    cache = tmp_path / "cache" / "plugins.json"
    deny(folder / "NastGain.vst3", cache=cache)
    found = scanned(tmp_path, folder, rescan=True)
    assert started == ["NastSynth"]
    assert [path.stem for path in found.denied] == ["NastGain"]
    with pytest.raises(PluginError, match="NastGain: the plugin is on the deny list"):
        find_plugin(folder / "NastGain.vst3", cache=cache)
    allow(folder / "NastGain.vst3", cache=cache)
    assert len(scanned(tmp_path, folder).files) == 2


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
