"""A plugin's own window on a real screen: what a hand moves there is in the chain file afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from plugin_builder import built_plugin
from x_display import Screen, screen

from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.spec_file import read_chain

ZAM_COMP = Path("/usr/lib/vst3/ZamComp.vst3")
TITLE = "Pedalboard"
FIRST_KNOB = (60, 60)  # pixels; of the attack


@pytest.fixture(scope="module")
def shown() -> Iterator[Screen]:
    with screen() as made:
        yield made


@pytest.fixture
def comp() -> Path:
    if not ZAM_COMP.is_dir():
        pytest.skip("no plugin with a window is here: needs zam-plugins (make system)")
    return ZAM_COMP


def edit(place: Screen, folder: Path, *args: object) -> subprocess.Popen[str]:
    environment = os.environ | {"DISPLAY": place.name, "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-m", "nast_fx", "plugins", "edit", *map(str, args)]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_knob_that_was_turned_is_in_the_chain_file(shown: Screen, comp: Path, tmp_path: Path) -> None:
    with edit(shown, tmp_path, comp, "--chain", "rack.toml") as program:
        window = shown.window(TITLE)
        shown.window("ZamComp", by="--class")  # the plugin's own, inside
        shown.drag(window, FIRST_KNOB, up=25)
        shown.close(window)
        out, err = program.communicate(timeout=20)
    assert program.returncode == 0, err
    name, before, after = out.splitlines()[1].split()
    assert (name, float(before)) == ("attack_ms", 10)
    assert float(after) > 15
    (slot,) = read_chain(tmp_path / "rack.toml").slots
    assert slot.state is not None
    with HostedPlugin(comp, sample_rate=44_100, n_channels=2) as plugin:
        assert plugin.restore(slot.state) == ()
        assert plugin.parameters["attack_ms"].value == pytest.approx(float(after), rel=1e-3)


def test_a_window_that_is_killed_is_a_sentence(shown: Screen, comp: Path, tmp_path: Path) -> None:
    with edit(shown, tmp_path, comp, "--chain", "rack.toml") as program:
        shown.window(TITLE)
        (child,) = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
        os.kill(int(child), 9)
        out, err = program.communicate(timeout=20)
    assert (program.returncode, out) == (1, "")
    assert err == "error: ZamComp: the plugin crashed while showing its window (SIGKILL)\n"
    assert not (tmp_path / "rack.toml").exists()


def test_a_plugin_without_a_window_says_so(shown: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    from nast_fx.chain.host import PluginError

    monkeypatch.setenv("DISPLAY", shown.name)
    with HostedPlugin(built_plugin("NastGain"), sample_rate=44_100, n_channels=2) as plugin:
        with pytest.raises(PluginError, match="NastGain: it has no window of its own"):
            plugin.edit()
        assert plugin.parameters["gain"].value == 1.0
