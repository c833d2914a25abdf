"""Presets, styles and plugins as a window asks a worker for them; and what a render would do."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile
from cli_runner import noise, song
from plugin_builder import built_plugin
from preset_folders import MINIMAL, own_user_folder

from nast_fx.chain import scan as scanning
from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.scan_cache import ScanCache
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.jobs.run import run_request, steps_of
from nast_fx.models import ChainSpec, Preset, RenderRequest, SlotSpec
from nast_fx.models.plugin_table import BUILTINS
from nast_fx.plain import plain
from nast_fx.progress import drain

RISKY = MINIMAL + b'[[chain.slots]]\nplugin = "Zam.vst3"\nstate = { raw = "AAEC", identifier = "zam" }\n'


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return own_user_folder(tmp_path, monkeypatch)


@pytest.fixture
def rain(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "rain.wav", noise(3.0, 16_000).T, 16_000)
    return tmp_path / "rain.wav"


def ask(kind: str, **request: Any) -> dict[str, Any]:
    return run_request({"kind": kind, "request": plain(request)})


def of(action: str, **request: Any) -> dict[str, Any]:
    return ask("presets", action=action, **request)


def test_a_preset_from_save_to_delete(user: Path, rain: Path) -> None:
    values = {"name": "Warm glue", "tags": ["mix"], "notes": "tried", "plan": {"amount": 0.3}}
    preset = Preset.model_validate({**values, "styles": [{"path": str(rain)}]})
    saved = of("save", preset=preset.values())
    assert saved == {
        "name": "warm-glue",
        "path": str(user / "warm-glue.toml"),
        "layer": "user",
        "hidden_by": None,
    }
    (row,) = [row for row in of("list")["presets"] if row["layer"] == "user"]
    assert (row["name"], row["title"], row["tags"], row["notes"]) == (
        "warm-glue",
        "Warm glue",
        ["mix"],
        "tried",
    )
    loaded = of("load", name="warm-glue")
    assert Preset.model_validate(loaded["preset"]) == preset
    with pytest.raises(AudioFileError, match="is there already"):
        of("save", preset=preset.values())
    of("save", preset=preset.values() | {"notes": "once more"}, overwrite=True)
    assert of("load", name="warm-glue")["notes"] == "once more"
    assert of("delete", name="warm-glue") == {
        "name": "warm-glue",
        "deleted": [str(user / "warm-glue.toml")],
        "now": None,
    }
    with pytest.raises(UsageError, match="there is no preset 'warm-glue'"):
        of("load", name="warm-glue")


def test_the_programs_own_are_listed_and_stay(user: Path) -> None:
    rows = {row["name"]: row for row in of("list")["presets"]}
    assert rows["subtle-glue"]["layer"] == "factory"
    assert rows["subtle-glue"]["description"]
    with pytest.raises(UsageError, match="cannot be deleted"):
        of("delete", name="subtle-glue")
    of("save", preset={"name": "Subtle glue"})
    mine = next(row for row in of("list")["presets"] if row["name"] == "subtle-glue")
    assert mine["layer"] == "user"
    assert [one["layer"] for one in mine["shadowed"]] == ["factory"]
    assert of("delete", name="subtle-glue")["now"]["layer"] == "factory"


def test_presets_of_a_project(user: Path, tmp_path: Path) -> None:
    project = tmp_path / "song"
    project.mkdir()
    saved = of("save", preset={"name": "Glass room"}, layer="project", project=project)
    assert saved["path"] == str(project / "nast-presets" / "glass-room.toml")
    assert of("load", name="glass-room", project=project)["layer"] == "project"
    assert "glass-room" not in {row["name"] for row in of("list")["presets"]}
    (project / "nast-presets" / "bad.toml").write_text("schema = 1\n")
    (fault,) = of("list", project=project)["broken"]
    assert "has no name" in fault["message"]


def test_a_style_that_is_not_there_is_not_saved(user: Path, tmp_path: Path) -> None:
    gone = {"name": "Glass", "styles": [{"path": str(tmp_path / "gone.wav")}]}
    with pytest.raises(AudioFileError, match="no such file"):
        of("save", preset=gone)
    with pytest.raises(UsageError, match="did you mean 'bells'"):
        of("save", preset={"name": "Glass", "styles": [{"path": "bels"}]})
    with pytest.raises(UsageError, match="amount=2 must be"):
        of("save", preset={"name": "Glass", "plan": {"amount": 2}})
    assert not user.exists() or not list(user.iterdir())


def test_what_is_risky_is_asked_before_it_is_taken_in(user: Path, tmp_path: Path) -> None:
    (tmp_path / "in.toml").write_bytes(RISKY)
    needs = of("import", path=tmp_path / "in.toml")["needs"]
    assert ["saved state" in sentence for sentence in needs] == [True]
    assert not user.exists() or not list(user.iterdir())
    taken = of("import", path=tmp_path / "in.toml", allow=True)
    assert (taken["names"], taken["needs"]) == (["glass-room"], [])
    (tmp_path / "plain.toml").write_bytes(MINIMAL)
    assert of("import", path=tmp_path / "plain.toml", name="Other")["names"] == ["other"]
    with pytest.raises(AudioFileError, match="is there already"):
        of("import", path=tmp_path / "plain.toml", name="Other")


def test_a_preset_is_given_away_with_its_recordings(user: Path, rain: Path, tmp_path: Path) -> None:
    of("save", preset={"name": "Wet", "styles": [{"path": str(rain)}]})
    given = of("export", name="wet", path=tmp_path / "wet.zip")
    assert given["files"] == ["wet.toml", "wet/rain.wav"]
    with pytest.raises(AudioFileError):
        of("export", name="wet", path=tmp_path / "wet.zip")
    of("export", name="wet", path=tmp_path / "wet.zip", overwrite=True)
    of("delete", name="wet")
    assert of("import", path=tmp_path / "wet.zip")["names"] == ["wet"]


@pytest.mark.parametrize(
    ("kind", "request_", "words"),
    [
        ("presets", {"action": "load"}, "load needs name"),
        ("presets", {"action": "save"}, "save needs preset"),
        ("presets", {"action": "burn"}, "action=burn must be one of list, load"),
        ("styles", {"action": "learn"}, "learn needs recordings"),
        ("plugins", {"action": "edit"}, "edit needs slot"),
        ("plugins", {"action": "edit", "slot": {"plugin": "Gain"}}, "Gain has no window"),
        ("styles", {"action": "show", "name": "bels"}, "did you mean 'bells'"),
        ("check", {"request": {"content": "a.wav"}}, "styles"),
    ],
)
def test_what_cannot_be_asked(user: Path, kind: str, request_: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ask(kind, **request_)


def test_a_style_is_learnt_listed_and_shown(user: Path, rain: Path, tmp_path: Path) -> None:
    recordings = [{"path": rain, "length_seconds": 2.5}]
    learnt = ask("styles", action="learn", recordings=recordings, learn={"name": "drops", "seconds": 1.5})
    assert learnt["path"] == str(tmp_path / "data" / "styles" / "drops.naststyle")
    rows = {row["name"]: row for row in ask("styles", action="list")["styles"]}
    assert rows["drops"]["layer"] == "user"
    assert rows["drops"]["path"] == learnt["path"]
    assert "rain.wav" in rows["drops"]["description"]
    assert rows["bells"]["layer"] == "factory"
    shown = ask("styles", action="show", name="drops")
    assert base64.b64decode(shown["picture"]).startswith(b"\x89PNG")
    with pytest.raises(AudioFileError, match="is there already"):
        ask("styles", action="learn", recordings=recordings, learn={"name": "drops"})
    with pytest.raises(UsageError, match="is an input"):
        ask("styles", action="learn", recordings=recordings, output=rain, overwrite="overwrite")


def test_builtin_plugins(user: Path) -> None:
    known = ask("plugins", action="list")
    assert [one["name"] for one in known["builtins"]] == list(BUILTINS)
    gain = next(one for one in known["builtins"] if one["name"] == "Gain")["parameters"][0]
    assert (gain["name"], gain["unit"], gain["kind"]) == ("gain_db", "dB", "number")
    assert gain["low"] < gain["default"] < gain["high"]
    shown = ask("plugins", action="show", name="reverb")
    ChainSpec.model_validate({"slots": [shown["slot"]]})


def test_hosted_plugins(user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "plugin_folders", lambda: ())
    monkeypatch.setattr(ScanCache, "default_path", lambda: tmp_path / "cache" / "plugins.json")
    path = tmp_path / "plugins" / "NastGain.vst3"
    shutil.copytree(built_plugin("NastGain"), path)
    (tmp_path / "plugins" / "Broken.vst3").write_bytes(b"no program")
    parts: list[Any] = []
    values = {"kind": "plugins", "request": {"action": "scan", "folders": [str(path.parent)]}}
    found = drain(steps_of(values), lambda report: parts.append(report.part) if report.part else None)
    assert {Path(part["path"]).name: bool(part["error"]) for part in parts} == {
        "Broken.vst3": True,
        "NastGain.vst3": False,
    }
    assert [one["name"] for one in found["plugins"]] == ["NastGain"]
    assert [Path(one["path"]).name for one in ask("plugins", action="list")["failures"]] == ["Broken.vst3"]
    shown = ask("plugins", action="show", name="NastGain")
    parameters = {part["name"]: part for part in shown["parameters"]}
    assert parameters["gain"]["default"] == pytest.approx(1)
    slot = SlotSpec.model_validate(shown["slot"])
    monkeypatch.setattr(HostedPlugin, "edit", lambda plugin: plugin.set_values({"gain": 1.5}))
    edited = ask("plugins", action="edit", slot=shown["slot"])
    assert edited["changes"]["gain"]["after"] == pytest.approx(1.5)
    assert SlotSpec.model_validate(edited["slot"]).state != slot.state
    assert ask("plugins", action="deny", name="NastGain")["changed"]
    assert ask("plugins", action="list")["denied"] == [str(path)]
    assert ask("plugins", action="allow", name="NastGain")["changed"]


def test_what_a_window_asks_first_loads_no_torch(user: Path, rain: Path, tmp_path: Path) -> None:
    script = f"""
import sys
from nast_fx.jobs.run import run_request
for kind, request in (
    ("presets", {{"action": "list"}}),
    ("styles", {{"action": "list"}}),
    ("plugins", {{"action": "list"}}),
    ("peaks", {{"content": {str(rain)!r}, "peaks": {str(tmp_path / "p")!r}}}),
    ("spectrogram", {{"content": {str(rain)!r}, "picture": {str(tmp_path / "s.npy")!r}}}),
):
    run_request({{"kind": kind, "request": request}})
    assert "torch" not in sys.modules, kind
"""
    folder = str(Path(__file__).parents[1])
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"PYTHONPATH": folder})


def test_what_a_render_would_do(user: Path, rain: Path, tmp_path: Path) -> None:
    content = tmp_path / "song.wav"
    soundfile.write(content, song(3.0, 16_000).T, 16_000, subtype="PCM_24")
    request = RenderRequest.model_validate(
        {"content": content, "styles": [{"path": rain}], "plan": {"segment_seconds": 1}}
    )
    before = sorted(tmp_path.iterdir())
    facts = ask("check", request=request.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    assert (facts["output"], facts["format"], facts["bits"]) == (
        str(tmp_path / "song.styled.wav"),
        "wav",
        "24",
    )
    assert (facts["frames"], facts["channels"], facts["sample_rate"]) == (48_000, 2, 16_000)
    assert facts["segments"] == 4
    assert facts["device"].startswith("cpu")
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(AudioFileError, match="no such file"):
        ask("check", request={"content": "gone.wav", "styles": [{"path": rain}]})
