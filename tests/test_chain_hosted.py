"""Hosted plugins in a chain: aligned, automated, saved, and named when they fail."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
import soundfile
from plugin_builder import LATENCY, built_plugin

from nast_fx.audio import ArraySource, Audio, Samples
from nast_fx.chain import board as board_module
from nast_fx.chain import hosted_slot
from nast_fx.chain import scan as scanning
from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.rack import Rack
from nast_fx.chain.run import check_chain, run_chain
from nast_fx.chain.scan import find_plugin, scan
from nast_fx.chain.setting import ChainError, ChainFacts, Context, Controller
from nast_fx.chain.spec_file import read_chain, write_chain
from nast_fx.chain.states import with_states
from nast_fx.errors import UsageError
from nast_fx.models.base import validated
from nast_fx.models.chain import ChainSpec, SlotSpec
from nast_fx.progress import drain

RATE = 44_100
ZAM = ("ZamComp", "ZamDelay", "ZamEQ2")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Know only what this test scans."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(scanning, "plugin_folders", tuple)


def noise(n_frames: int = 30_000, n_channels: int = 2) -> Samples:
    return (0.1 * np.random.default_rng(0).standard_normal((n_channels, n_frames))).astype(np.float32)


def slot(plugin: str, **more: Any) -> SlotSpec:
    return validated(SlotSpec, {"plugin": plugin, **more})


def built(bundle: str, /, **more: Any) -> SlotSpec:
    return slot(f"{bundle}.vst3", path=str(built_plugin(bundle)), **more)


def streamed(samples: Samples, slots: list[SlotSpec], **options: Any) -> Samples:
    with ExitStack() as stack:
        made = drain(run_chain(ArraySource(Audio(samples, RATE)), slots, stack, **options))
        return made.read(0, made.n_frames)


def children() -> list[str]:
    """Processes of plugins that this one has started and that still run."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for number in (task / "children").read_text().split():
            line = Path(f"/proc/{number}/cmdline").read_bytes().decode().replace("\0", " ")
            if "nast_fx" in line:
                found.append(line)
    return found


# Exactness


@pytest.mark.parametrize("name", ["NastGain", "NastMono"])
def test_a_late_plugin_is_exact_and_aligned(name: str) -> None:
    samples = noise()
    half = built(name, parameters={"gain": 0.5})
    np.testing.assert_array_equal(Rack([half])(samples, RATE), 0.5 * samples)
    mixed = half.model_copy(update={"mix": 0.5})
    np.testing.assert_allclose(Rack([mixed])(samples, RATE), 0.75 * samples, atol=1e-7)


def test_dry_against_inverted_dry_is_silence_with_late_plugins_inside() -> None:
    branches = [
        {"slots": [built("NastGain"), built("NastMono")]},
        {"slots": [slot("Invert"), built("NastGain")]},
        {"slots": [slot("Invert")]},
        {},
    ]
    chain = [slot("Gain", parameters={"gain_db": 3.0}), slot("parallel", branches=branches)]
    assert not Rack(chain)(noise(), RATE).any()
    assert not streamed(noise(400_000), chain).any()


def test_a_stream_is_one_call_and_a_tail_rings_on() -> None:
    samples = noise(300_000)
    chain = [built("NastGain", parameters={"gain": 0.7}), slot("Delay"), built("NastMono", mix=0.5)]
    whole = Rack(chain)(samples, RATE, tail_seconds=0.5)
    np.testing.assert_array_equal(streamed(samples, chain, tail_seconds=0.5), whole)
    assert whole.shape[1] == 300_000 + RATE // 2
    assert np.abs(whole[:, -RATE // 4 :]).max() > 1e-3


def test_what_is_bypassed_or_mixed_in_at_0_is_never_opened() -> None:
    samples, gone = noise(), "/nowhere/Gone.vst3"
    chain = [slot("a.vst3", path=gone, bypass=True), slot("b.vst3", path=gone, mix=0)]
    np.testing.assert_array_equal(Rack(chain)(samples, RATE), samples)


# Automation


def test_a_parameter_follows_its_points_and_a_controller() -> None:
    samples = np.ones((2, 2 * RATE), np.float32)
    points = {"gain": {"points": [[0, 0], [2, 1]]}}
    made = Rack([built("NastGain", automation=points)])(samples, RATE)
    ramp = np.arange(2 * RATE) / (2 * RATE)
    inner = slice(0, 2 * RATE - LATENCY)
    assert np.abs(made - ramp)[:, inner].max() < 1.5 * 512 / (2 * RATE)  # it moves in steps of 512 frames
    assert len(np.unique(made[0])) > 150
    moved: dict[int, Controller] = {7: lambda seconds: 1.0 if seconds >= 1 else 0.0}
    follows = {"gain": {"controller": 7, "low": 0.25, "high": 0.75}}
    made = streamed(samples, [built("NastGain", automation=follows)], context=Context(controllers=moved))
    np.testing.assert_array_equal(np.unique(made), [0.25, 0.75])
    changes = int(np.flatnonzero(np.diff(made[0]))[0])
    assert abs(changes - RATE) <= 512 + LATENCY


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"parameters": {"gian": 1}}, r"NastGain has no parameter 'gian'; did you mean 'gain'\?"),
        ({"parameters": {"gain": 9}}, "gain=9.0 must be at least 0 and at most 2"),
        ({"automation": {"gain": {"points": [[0, 1], [1, 5]]}}}, "gain=5.* must be at least 0 and at most 2"),
        ({"automation": {"gian": {"points": [[0, 1]]}}}, "has no parameter 'gian'"),
        (
            {"automation": {"gain": {"controller": 4, "low": 0, "high": 1}}},
            "follows controller 4, which no score",
        ),
    ],
)
def test_what_a_plugin_does_not_take_is_refused_before_any_sound(more: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=r"^slot 5 \(NastGain.vst3\): .*" + message):
        check_chain([built("NastGain", **more)], RATE, 2, first=5)
    assert not children()


def test_an_instrument_stands_in_no_chain() -> None:
    with pytest.raises(UsageError, match=r"slot 1 \(NastSynth.vst3\): an instrument plays notes"):
        Rack([built("NastSynth")])(noise(), RATE)


# Faults


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    limited = partial(HostedPlugin, seconds=3.0, process_seconds=0.3)
    monkeypatch.setattr(hosted_slot, "HostedPlugin", limited)


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        ({"parameters": {"fault": "crash"}}, r"the plugin crashed while processing audio \(SIGSEGV\)"),
        ({"parameters": {"fault": "hang"}}, "the plugin did not finish processing audio within"),
        ({"parameters": {"fault": "nan"}}, "the plugin writes values that are not finite"),
        ({"parameters": {"fault": "leave"}}, "the plugin ended its process while processing audio"),
        (None, "the plugin did not finish loading within 3 s"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_a_fault_names_the_slot_and_the_next_render_works(
    faulty: dict[str, Any] | None, message: str
) -> None:
    bad = built("NastStuck") if faulty is None else built("NastFault", name="my effect", **faulty)
    samples, label = noise(), "NastStuck.vst3" if faulty is None else "my effect"
    inside = slot("parallel", branches=[{"slots": [built("NastGain"), bad]}])
    with pytest.raises(ChainError, match=rf"^slot 2 \(parallel\): branch 1: slot 2 \({label}\): .*{message}"):
        streamed(samples, [slot("Gain"), inside])
    gc.collect()
    assert not children()
    np.testing.assert_array_equal(streamed(samples, [built("NastGain")]), samples)
    assert not children()


# Missing plugins


def test_a_missing_plugin_is_named_or_skipped_by_choice(tmp_path: Path) -> None:
    gone = {"plugin": "NastGane.vst3"}
    with pytest.raises(UsageError, match=r"^slot 1 \(NastGane.vst3\): there is no plugin 'NastGane.vst3'"):
        check_chain([validated(SlotSpec, gone)], RATE, 2)
    facts = ChainFacts()
    samples = noise()
    skipped = validated(SlotSpec, {**gone, "if_missing": "skip", "mix": 0.3, "gain_db": -12.0})
    np.testing.assert_array_equal(streamed(samples, [skipped], facts=facts), samples)
    assert facts.notes[0].startswith("Slot 1 (NastGane.vst3): there is no plugin 'NastGane.vst3'")
    assert facts.notes[0].endswith("; it is skipped.")
    assert facts.running == []


def test_a_plugin_is_found_beside_the_chain_and_by_its_name_elsewhere(tmp_path: Path) -> None:
    bundle = built_plugin("NastGain")
    (tmp_path / "NastGain.vst3").symlink_to(bundle)
    half = {"gain": 0.5}
    beside = slot("NastGain.vst3", path="NastGain.vst3", parameters=half)
    np.testing.assert_array_equal(Rack([beside], folder=tmp_path)(noise(), RATE), 0.5 * noise())
    drain(scan([bundle.parent]))
    elsewhere = slot("NastGain.vst3", path="/another/machine/NastGain.vst3", parameters=half)
    np.testing.assert_array_equal(Rack([elsewhere])(noise(), RATE), 0.5 * noise())


# States


@pytest.fixture
def zam() -> Callable[[str], str]:
    folder = Path("/usr/lib/vst3")
    if not (folder / "ZamComp.vst3").is_dir():
        pytest.skip("no third-party VST3 is here: needs zam-plugins (make system)")
    return lambda name: str(folder / f"{name}.vst3")


def moved_values(path: str) -> dict[str, float | bool | str]:
    """Values away from the defaults."""
    with HostedPlugin(path, sample_rate=RATE, n_channels=2) as plugin:
        parameters = plugin.parameters.values()
        numbers = [p for p in parameters if isinstance(p.default, float) and p.name != "divisor"]  # it rounds
        return {p.name: p.low + 0.4 * (p.high - p.low) for p in numbers if p.high - p.low > 1}


def test_a_saved_chain_sounds_the_same_in_a_fresh_process(tmp_path: Path, zam: Callable[[str], str]) -> None:
    chain = [slot(f"{name}.vst3", path=zam(name), parameters=moved_values(zam(name))) for name in ZAM]
    spec, facts = drain(with_states(ChainSpec(slots=tuple(chain)), folder=None, notes=[])), ChainFacts()
    # Only the states bring the values back.
    bare = tuple(one.model_copy(update={"parameters": {}}) for one in spec.slots)
    assert all(one.state is not None and one.state.version and one.state.values for one in bare)
    write_chain(tmp_path / "saved.toml", ChainSpec(slots=bare))
    samples = noise()
    expected = streamed(samples, chain, facts=facts)
    assert facts.notes == []
    assert np.abs(expected - streamed(samples, [slot(n + ".vst3", path=zam(n)) for n in ZAM])).max() > 1e-3
    soundfile.write(tmp_path / "in.wav", samples.T, RATE, subtype="FLOAT")
    command = [sys.executable, "-m", "nast_fx", "chain", "run", "in.wav", "--chain", "saved.toml"]
    done = subprocess.run(
        [*command, "-o", "out.wav", "--json", "-q"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["notes"] == []
    made, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    np.testing.assert_array_equal(made.T, expected)


def test_what_a_plugin_does_not_restore_is_said() -> None:
    spec = drain(with_states(ChainSpec(slots=(built("NastGain"),)), folder=None, notes=[]))
    state = spec.slots[0].state
    assert state is not None
    older = state.model_copy(update={"version": "0.9", "values": state.values | {"gain": 0.123}})
    notes = check_chain([spec.slots[0].model_copy(update={"state": older})], RATE, 2).notes
    assert notes[0] == "NastGain: the state is of version 0.9, the plugin is 1.2.3."
    assert "'gain' was not restored: it was at 0.123" in notes[1]
    foreign = spec.slots[0].model_copy(update={"state": state.model_copy(update={"identifier": "x"})})
    with pytest.raises(ChainError, match=r"^slot 1 .*: NastGain: the state is another plugin's"):
        check_chain([foreign], RATE, 2)


def test_a_board_with_hosted_plugins_is_taken_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle, samples = built_plugin("NastGain"), noise()
    plugin = pedalboard.load_plugin(str(bundle))
    plugin.gain = 0.5
    drain(scan([bundle.parent]))
    assert find_plugin("NastGain").path == bundle
    rack = Rack.from_board(pedalboard.Pedalboard([plugin, pedalboard.Invert()]))
    np.testing.assert_array_equal(rack(samples, RATE), -0.5 * samples)
    monkeypatch.setattr(board_module, "find_plugin", partial(find_plugin, cache=tmp_path / "none"))
    assert Rack.from_board([plugin])[0].path is None  # its name leads to it, once it was scanned


def test_a_saved_chain_names_its_files_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "NastGain.vst3").symlink_to(built_plugin("NastGain"))
    soundfile.write(tmp_path / "ir.wav", np.r_[1.0, np.zeros(99)], RATE)
    chain = [
        slot("NastGain.vst3", path="NastGain.vst3", parameters={"gain": 0.5}),
        slot("Convolution", parameters={"impulse_response_filename": "ir.wav"}),
    ]
    write_chain(tmp_path / "a.toml", ChainSpec(slots=tuple(chain)))
    command = [sys.executable, "-m", "nast_fx", "chain", "save", "a.toml", "-o", "sub/b.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{Path('sub/b.json')}\n"), done.stderr
    saved = read_chain(tmp_path / "sub" / "b.json")
    assert saved.slots[0].path == os.path.join("..", "NastGain.vst3")
    assert saved.slots[0].state is not None
    assert saved.slots[1].parameters["impulse_response_filename"] == os.path.join("..", "ir.wav")
    check_chain(saved.slots, RATE, 2, context=Context(tmp_path / "sub"))
