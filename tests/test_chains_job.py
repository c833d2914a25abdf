"""The worker's jobs about chains: files, what is missing, a hosted plugin in the state of its slot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from plugin_builder import built_plugin

from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.spec_file import read_chain, write_chain
from nast_fx.errors import AudioFileError, NastFxError, UsageError
from nast_fx.jobs.run import run_request
from nast_fx.models import ChainSpec, SlotSpec
from nast_fx.models.chain import BranchSpec


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def ask(action: str, **request: Any) -> dict[str, Any]:
    return run_request({"kind": "chains", "request": {"action": action, **request}})


def values(spec: ChainSpec) -> dict[str, Any]:
    return spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def room(file: str) -> SlotSpec:
    return SlotSpec(plugin="Convolution", parameters={"impulse_response_filename": file})


def test_a_chain_file_is_loaded_with_whole_paths(tmp_path: Path) -> None:
    inner = BranchSpec(slots=(room("rooms/hall.wav"),))
    spec = ChainSpec(slots=(room("/far/cave.wav"), SlotSpec(plugin="parallel", branches=(inner,))))
    write_chain(tmp_path / "rack.toml", spec)
    loaded = ChainSpec.model_validate(ask("load", path=str(tmp_path / "rack.toml"))["chain"])
    hall = loaded.slots[1].branches[0].slots[0].parameters["impulse_response_filename"]
    assert hall == str(tmp_path / "rooms" / "hall.wav")
    assert loaded.slots[0] == spec.slots[0]


@pytest.mark.parametrize("name", ["rack.toml", "rack.json"])
def test_a_saved_chain_names_what_lies_beside_it_from_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "old").mkdir()
    spec = ChainSpec(slots=(room("../rooms/hall.wav"), room(str(tmp_path / "a.wav")), room("/far/cave.wav")))
    path, old = tmp_path / name, str(tmp_path / "old" / "x.toml")
    assert ask("save", path=str(path), chain=values(spec), chain_file=old) == {"path": str(path), "notes": []}
    names = [slot.parameters["impulse_response_filename"] for slot in read_chain(path).slots]
    assert names == ["rooms/hall.wav", "a.wav", "/far/cave.wav"]


def test_a_chain_file_is_replaced_only_where_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rack.toml"
    path.write_text("mine")
    with pytest.raises(AudioFileError, match="exists"):
        ask("save", path=str(path), chain={})
    assert path.read_text() == "mine"
    ask("save", path=str(path), chain={}, overwrite=True)
    assert read_chain(path) == ChainSpec()


def test_each_slot_that_cannot_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "there.wav").touch()
    spec = ChainSpec(
        slots=(
            room("there.wav"),
            SlotSpec(plugin="Nowhere.vst3", bypass=True, if_missing="skip"),
            SlotSpec(plugin="parallel", branches=(BranchSpec(), BranchSpec(slots=(room("gone.wav"),)))),
            SlotSpec(plugin="style"),
        )
    )
    faults = ask("check", chain=values(spec), chain_file=str(tmp_path / "rack.toml"))["faults"]
    assert [(fault["place"], fault["is_missing"]) for fault in faults] == [("2", True), ("3.2.1", False)]
    assert "there is no plugin 'Nowhere.vst3'" in faults[0]["message"]
    assert faults[1]["message"] == "gone.wav: there is no such file"


@pytest.mark.parametrize(
    ("request_values", "sentence"),
    [
        ({"action": "load"}, "load needs a path"),
        ({"action": "save"}, "save needs a path"),
        ({"action": "show"}, "show needs a slot"),
        ({"action": "show", "slot": {"plugin": "Reverb"}}, "show needs a slot"),
        ({"action": "lod", "path": "a.toml"}, "did you mean 'load'"),
        ({"action": "show", "slot": {"plugin": "Nowhere.vst3"}}, "there is no plugin 'Nowhere.vst3'"),
    ],
)
def test_what_does_not_go_is_a_sentence(request_values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        run_request({"kind": "chains", "request": request_values})


def test_a_plugin_is_shown_in_the_state_of_its_slot() -> None:
    path = built_plugin("NastGain")
    with HostedPlugin(path, sample_rate=44_100, n_channels=2) as plugin:
        plugin.set("gain", 0.25)
        state = plugin.state()
    slot = SlotSpec(plugin=path.name, path=str(path), state=state)
    shown = ask("show", slot=slot.model_dump(mode="json", exclude_defaults=True))
    (gain,) = (part for part in shown["parameters"] if part["name"] == "gain")
    assert (gain["value"], gain["default"]) == (0.25, 1.0)
    assert (shown["name"], shown["is_instrument"], shown["warnings"]) == ("NastGain", False, [])


def test_a_path_of_the_slot_starts_from_the_chains_folder(tmp_path: Path) -> None:
    shutil.copytree(built_plugin("NastGain"), tmp_path / "NastGain.vst3")
    slot = {"plugin": "NastGain.vst3", "path": "NastGain.vst3"}
    with pytest.raises(NastFxError):
        ask("show", slot=slot)
    assert ask("show", slot=slot, chain_file=str(tmp_path / "rack.toml"))["name"] == "NastGain"


def test_a_chain_is_saved_with_the_states_of_its_plugins(tmp_path: Path) -> None:
    path = built_plugin("NastGain")
    slot = SlotSpec(plugin=path.name, path=str(path), parameters={"gain": 0.25})
    ask("save", path=str(tmp_path / "rack.toml"), chain=values(ChainSpec(slots=(slot,))), states=True)
    (saved,) = read_chain(tmp_path / "rack.toml").slots
    assert saved.state is not None
    assert saved.state.identifier
