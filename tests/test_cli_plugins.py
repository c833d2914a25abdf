"""`nast-fx plugins`: a list without opening any, a slot to paste, a window whose changes are kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cli_runner import Cli
from plugin_builder import LATENCY, built_plugin

from nast_fx.chain import scan as scanning
from nast_fx.chain.deny_list import deny_list_path
from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.scan_cache import ScanCache
from nast_fx.chain.spec_file import read_chain
from nast_fx.models import ChainSpec
from nast_fx.models.base import validated
from nast_fx.models.plugin_table import BUILTINS

RACK = """# my rack
schema = 1

[[slots]]
plugin = "Reverb"  # a small room

[[slots]]
plugin = "NastGain.vst3"
path = "plugins/NastGain.vst3"
mix = 0.5

[slots.parameters]
invert = 1.0
gain = 1.5

# the last one
[[slots]]
plugin = "Gain"
"""


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A folder with NastGain in ``plugins``; no other plugin is installed and none is known."""
    made = Cli(tmp_path, capsys, monkeypatch)
    shutil.copytree(built_plugin("NastGain"), tmp_path / "plugins" / "NastGain.vst3")
    (tmp_path / "rack.toml").write_text(RACK)
    monkeypatch.setattr(scanning, "plugin_folders", lambda: ())
    monkeypatch.setattr(ScanCache, "default_path", lambda: tmp_path / "cache" / "plugins.json")
    return made


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Values that are set while the window is open, in place of a window."""
    values: dict[str, float] = {}
    monkeypatch.setattr(HostedPlugin, "edit", lambda plugin: plugin.set_values(values))
    return values


def gain_of(path: Path, place: int) -> tuple[float, float]:
    """Gain and inversion that NastGain has after the state and the parameters of a slot."""
    slot = read_chain(path).slots[place]
    with HostedPlugin(built_plugin("NastGain"), sample_rate=44_100, n_channels=2) as plugin:
        assert slot.state is not None
        assert plugin.restore(slot.state) == ()
        plugin.set_values(slot.parameters)
        plugin.state()
        return plugin.parameters["gain"].value, plugin.parameters["invert"].value


# What is there


def test_a_scan_lists_what_it_found_and_what_failed(cli: Cli) -> None:
    (cli.folder / "plugins" / "Text.vst3").write_text("this is no plugin")
    ended = cli.run("plugins", "scan", "plugins", "--limit", "10")
    assert ended.code == 0
    gain, text = ended.out[1:]
    assert gain.split()[:2] == ["NastGain", "effect"]
    assert text.split()[:2] == ["Text", "failed"]
    assert "(it cannot be loaded" in text
    assert ended.err == ["1 plugin, 1 failed (--rescan tries again); 2 of 2 files opened"]
    again = cli.run("plugins", "scan", "plugins", "--json", "-q").objects
    assert [found["opened"] for found in again] == [0]
    assert again[0]["plugins"][0]["latency_samples"] == LATENCY
    assert [Path(failed["path"]).name for failed in again[0]["failures"]] == ["Text.vst3"]


def test_a_list_opens_nothing_and_finds_words(cli: Cli) -> None:
    empty = cli.run("plugins", "list")
    assert (empty.code, len(empty.out)) == (0, 1 + len(BUILTINS))
    assert empty.err == ["note: No hosted plugin is known yet; scan first: nast-fx plugins scan"]
    cli.run("plugins", "scan", "plugins")
    n_builtins = 2 + len(BUILTINS)  # with their head, and a line between
    for word, n_lines in (("", n_builtins + 2), ("nastg", 2), ("NAST-FX TESTS", 2), ("freeverb", 2)):
        assert len(cli.run("plugins", "list", "--search", word).out) == n_lines, word
    assert cli.run("plugins", "list", "--search", "nothing at all").err
    (found,) = cli.run("plugins", "list", "--json").objects
    assert [plugin["name"] for plugin in found["plugins"]] == ["NastGain"]
    assert [info["name"] for info in found["builtins"]] == list(BUILTINS)


@pytest.mark.parametrize("name", BUILTINS)
def test_what_is_shown_of_a_built_in_is_a_slot(cli: Cli, name: str) -> None:
    (shown,) = cli.run("plugins", "show", name, "--json").objects
    slot = validated(ChainSpec, {"schema": 1, **tomllib.loads(shown["slot"])}).slots[0]
    assert (slot.plugin, set(slot.parameters)) == (name, set(BUILTINS[name].parameters))
    lines = cli.run("plugins", "show", name.lower()).out
    assert lines[0].startswith(f"{name}: ")
    assert shown["slot"].splitlines() == lines[-len(shown["slot"].splitlines()) :]


def test_a_list_is_made_without_loading_pedalboard(tmp_path: Path) -> None:
    code = (
        "import sys; from nast_fx.cli import main; main(['plugins', 'list']); "
        "print(sorted({'pedalboard', 'torch', 'scipy'} & set(sys.modules)))"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_a_wrong_limit_or_folder_is_a_sentence(cli: Cli) -> None:
    before = cli.files()
    cli.refuses(
        cli.run("plugins", "scan", "--limit", "0"),
        2,
        "--limit 0 must be above 0 and at most 600",
        before=before,
    )
    cli.refuses(cli.run("plugins", "scan", "nowhere"), 2, "nowhere: there is no such folder", before=before)


def test_what_is_denied_is_listed_and_not_opened(cli: Cli) -> None:
    cli.run("plugins", "scan", "plugins")
    for changed in (True, False):
        (denied,) = cli.run("plugins", "deny", "nastgain", "--json").objects
        assert (Path(denied["path"]).name, denied["changed"]) == ("NastGain.vst3", changed)
    assert cli.run("plugins", "list", "--search", "NastGain").out[-1].split()[:2] == ["NastGain", "denied"]
    before = cli.files()
    cli.refuses(cli.run("plugins", "show", "NastGain"), 1, "on the deny list", before=before)
    cli.refuses(
        cli.run("plugins", "deny", "NastGian"),
        2,
        "no plugin 'NastGian'; did you mean 'NastGain'",
        before=before,
    )
    shutil.rmtree(cli.folder / "plugins" / "NastGain.vst3")
    assert cli.run("plugins", "allow", "NastGain").out[0].endswith("NastGain.vst3: is allowed")
    assert not any("NastGain" in line for line in cli.run("plugins", "list").out)


def test_a_list_that_cannot_be_kept_is_said(cli: Cli) -> None:
    place = deny_list_path()
    place.parent.parent.mkdir(parents=True)
    place.parent.write_text("in the way")
    before = cli.files()
    ended = cli.run("plugins", "deny", "plugins/NastGain.vst3")
    cli.refuses(ended, 1, "denied-plugins.json: cannot be written", before=before)


def test_a_damaged_list_of_denied_plugins_stops_and_is_left_alone(cli: Cli) -> None:
    cli.run("plugins", "scan", "plugins")
    place = deny_list_path()
    place.parent.mkdir(parents=True, exist_ok=True)
    before = cli.files()
    for text in ("{", "[]", '{"denied": [1]}', '{"denied": "a.vst3"}', "\xff"):
        place.write_text(text, "latin-1")
        for command in ("scan plugins", "list", "show NastGain", "deny NastGain", "allow NastGain"):
            ended = cli.run("plugins", *command.split())
            cli.refuses(ended, 1, "the list of denied plugins is damaged; mend it", before=before)
        assert place.read_text("latin-1") == text


def test_the_list_outlives_the_cache_and_holds_for_links(cli: Cli) -> None:
    cli.run("plugins", "deny", "plugins/NastGain.vst3")
    shutil.rmtree(cli.folder / "cache", ignore_errors=True)
    (cli.folder / "link").symlink_to("plugins")
    (again,) = cli.run("plugins", "deny", "link/NastGain.vst3", "--json").objects
    assert again["changed"] is False
    before = cli.files()
    cli.refuses(cli.run("plugins", "show", "link/NastGain.vst3"), 1, "on the deny list", before=before)
    assert cli.run("plugins", "allow", "link/NastGain.vst3").out[0].endswith("is allowed")
    assert cli.run("plugins", "show", "plugins/NastGain.vst3").code == 0


# One plugin


def test_what_is_shown_can_be_pasted(cli: Cli) -> None:
    shown = cli.run("plugins", "show", "plugins/NastGain.vst3")
    assert shown.code == 0
    assert f"latency     {LATENCY} samples (1.45 ms at 44.1 kHz)" in shown.out
    assert "gain       1      1        -     0 to 2" in shown.out
    text = "schema = 1\n" + "\n".join(shown.out[shown.out.index("[[slots]]") :])
    (cli.folder / "pasted.toml").write_text(text)
    (slot,) = read_chain(cli.folder / "pasted.toml").slots
    assert slot.parameters == {"gain": 1.0, "invert": 0.0}
    assert slot.path == str(cli.folder / "plugins" / "NastGain.vst3")  # no scan has found it yet
    cli.run("plugins", "scan", "plugins")
    (found,) = cli.run("plugins", "show", "NastGain", "--json").objects
    assert tomllib.loads(found["slot"])["slots"][0].keys() == {"plugin", "parameters"}
    assert [part["high"] for part in found["parameters"]] == [2.0, 1.0]


def test_choices_are_shown_by_their_names(cli: Cli) -> None:
    shown = cli.run("plugins", "show", built_plugin("NastFault"))
    assert "fault      none   none     -     none, crash, hang, nan, chatter, leave" in shown.out


# A window


def test_what_changes_in_the_window_is_kept_in_the_slot(cli: Cli, window: dict[str, float]) -> None:
    window["gain"] = 0.25
    ended = cli.run("plugins", "edit", "plugins/NastGain.vst3", "--chain", "rack.toml")
    assert ended.code == 0, ended.err
    assert ended.out == ["parameter  before  after", "gain       1.5     0.25"]
    assert ended.err == ["note: Slot 2 of rack.toml has the new state."]
    assert gain_of(cli.folder / "rack.toml", 1) == (0.25, 1.0)
    slot = read_chain(cli.folder / "rack.toml").slots[1]
    assert (slot.mix, slot.parameters) == (0.5, {"invert": 1.0})
    text = (cli.folder / "rack.toml").read_text()
    for line in ("# my rack", "# the last one", 'plugin = "Reverb"  # a small room'):
        assert line in text.splitlines()
    assert cli.run("plugins", "edit", "plugins/NastGain.vst3", "--chain", "rack.toml", "-q").out == []


def test_a_window_begins_where_the_slot_is(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(HostedPlugin, "edit", lambda plugin: seen.append(plugin.parameters["gain"].value))
    before = cli.files()
    (*_, ended) = cli.run(
        "plugins", "edit", "plugins/NastGain.vst3", "--chain", "rack.toml", "--json"
    ).objects
    assert seen == [1.5]
    assert (ended["changes"], ended["changed"], ended["chain"]) == ({}, False, None)
    assert cli.files() == before


def test_a_missing_chain_is_made_with_one_slot(cli: Cli, window: dict[str, float]) -> None:
    window["gain"] = 0.5
    for name in ("new.toml", "new.json"):
        assert cli.run("plugins", "edit", "plugins/NastGain.vst3", "--chain", name).code == 0
        assert gain_of(cli.folder / name, 0) == (0.5, 0.0)
    (*_, result) = cli.run(
        "plugins", "edit", "plugins/NastGain.vst3", "--chain", "third.toml", "--json"
    ).objects
    assert (result["chain"], result["slot"]) == ("third.toml", "1")
    assert json.loads((cli.folder / "new.json").read_text())["schema"] == 1


def test_a_slot_in_a_branch_is_named_as_chain_show_does(cli: Cli, window: dict[str, float]) -> None:
    gain = '[[slots.branches.slots]]\nplugin = "NastGain.vst3"\npath = "plugins/NastGain.vst3"\n'
    text = f'schema = 1\n[[slots]]\nplugin = "parallel"\n[[slots.branches]]\n{gain}[[slots.branches]]\n{gain}'
    (cli.folder / "wide.toml").write_text(text)
    edit = ("plugins", "edit", "plugins/NastGain.vst3", "--chain", "wide.toml")
    before = cli.files()
    cli.refuses(
        cli.run(*edit), 2, "slots 1.1.1 and 1.2.1 hold NastGain; choose one with --slot", before=before
    )
    cli.refuses(cli.run(*edit, "--slot", "1"), 2, "slot 1 is parallel, not NastGain", before=before)
    cli.refuses(cli.run(*edit, "--slot", "1.3.1"), 2, "there is no slot 1.3.1", before=before)
    window["gain"] = 2.0
    assert cli.run(*edit, "--slot", "1.2.1").code == 0
    first, second = read_chain(cli.folder / "wide.toml").slots[0].branches
    assert first.slots[0].state is None
    assert second.slots[0].state is not None
    assert second.slots[0].state.values["gain"] == 1.0


def test_a_program_that_would_undo_the_state_is_not_kept(cli: Cli, window: dict[str, float]) -> None:
    path = Path("/usr/lib/vst3/ZamComp.vst3")
    if not path.is_dir():
        pytest.skip("no plugin with programs is here: needs zam-plugins (make system)")
    text = 'current_program = "PoppySnare"\nknee_db = 1.0\n'
    rack = f'schema = 1\n[[slots]]\nplugin = "ZamComp.vst3"\npath = "{path}"\n[slots.parameters]\n{text}'
    (cli.folder / "comp.toml").write_text(rack)
    window["release_ms"] = 200.0
    assert cli.run("plugins", "edit", path, "--chain", "comp.toml").code == 0
    (slot,) = read_chain(cli.folder / "comp.toml").slots
    assert slot.parameters == {}
    with HostedPlugin(path, sample_rate=44_100, n_channels=2) as plugin:
        assert slot.state is not None
        plugin.restore(slot.state)
        assert plugin.parameters["release_ms"].value == pytest.approx(200, abs=0.1)


def test_a_crash_in_the_window_loses_nothing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(plugin: HostedPlugin) -> None:
        os.kill(plugin.process_id, signal.SIGSEGV)
        plugin.reset()

    monkeypatch.setattr(HostedPlugin, "edit", crash)
    before = cli.files()
    for chain in ("rack.toml", "new.toml"):
        ended = cli.run("plugins", "edit", "plugins/NastGain.vst3", "--chain", chain)
        cli.refuses(ended, 1, "NastGain: the plugin crashed", before=before)


def test_a_slot_that_another_program_changed_is_left_alone(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    other = RACK.replace("mix = 0.5", "mix = 0.6")

    def change(plugin: HostedPlugin) -> None:
        plugin.set("gain", 0.1)
        (cli.folder / "rack.toml").write_text(other)

    monkeypatch.setattr(HostedPlugin, "edit", change)
    ended = cli.run("plugins", "edit", "plugins/NastGain.vst3", "--chain", "rack.toml")
    assert (ended.code, ended.out[1].split()) == (2, ["gain", "1.5", "0.1"])  # told, so not all is lost
    assert "slot 2 was changed in the meantime" in ended.err[-1]
    assert (cli.folder / "rack.toml").read_text() == other


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--slot", "1"), "--slot needs --chain FILE"),
        (("--chain", "song.wav"), "song.wav: a chain file ends in .toml or .json"),
        (("--chain", "new.toml", "--slot", "1"), "new.toml: there is no such file"),
        (("--chain", "rack.toml", "--slot", "1"), "rack.toml: slot 1 is Reverb, not NastGain"),
        (
            ("--chain", "other.toml"),
            'other.toml: no slot holds NastGain; write one with plugin = "NastGain.vst3"',
        ),
    ],
)
def test_what_cannot_be_kept_is_said_before_a_window_opens(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], message: str
) -> None:
    monkeypatch.setattr(HostedPlugin, "edit", lambda plugin: pytest.fail("a window was opened"))
    (cli.folder / "other.toml").write_text("schema = 1\n")
    before = cli.files()
    cli.refuses(cli.run("plugins", "edit", "plugins/NastGain.vst3", *args), 2, message, before=before)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only X tells that there is no display")
def test_without_a_display_there_is_a_sentence(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    before = cli.files()
    ended = cli.run("plugins", "edit", "plugins/NastGain.vst3", "--chain", "rack.toml")
    cli.refuses(ended, 1, "its window cannot be shown: there is no display", before=before)


@pytest.mark.parametrize("command", ["", "scan", "list", "show", "edit", "deny", "allow"])
def test_every_command_has_help_with_an_example(cli: Cli, command: str) -> None:
    ended = cli.run("plugins", *filter(None, [command]), "--help")
    assert ended.code == 0
    assert any(f"For example: nast-fx plugins {command}" in line for line in ended.out)
