"""Built-in plugins: what a slot says is what pedalboard gets, to the bit; what the table says is true."""

from __future__ import annotations

import inspect
import math
import re
import shutil

import numpy as np
import pedalboard
import pytest
import soundfile
from pydantic import ValidationError

from nast_fx.chain.builtins import make_builtin
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models.chain import AutomationSpec, ChainSpec, SlotSpec, check_at_rate
from nast_fx.models.plugin_table import BUILTINS, LEFT_OUT, LEFT_OUT_PARAMETERS

RATE = 44_100
BLOCK = 8_192  # pedalboard's own
RESPONSE = "room.wav"
PARAMETERS = [(plugin, name) for plugin, info in BUILTINS.items() for name in info.parameters]
FILES = [("Convolution", "impulse_response_filename")]
NUMBERS = [
    (plugin, name) for plugin, name in PARAMETERS if BUILTINS[plugin].parameters[name].kind == "number"
]

AUTOMATABLE = [pair for pair in NUMBERS if BUILTINS[pair[0]].parameters[pair[1]].is_automatable]

# Settings under which every other parameter is heard; a compressor of ratio 1 does nothing.
LIVELY = {
    "BrickwallLimiter": {"ceiling_db": -20.0},
    "Compressor": {"threshold_db": -30.0, "ratio": 4.0},
    "Chorus": {"feedback": 0.3},
    "Delay": {"delay_seconds": 0.1},
    "HighShelfFilter": {"gain_db": 6.0},
    "LowShelfFilter": {"gain_db": 6.0},
    "NoiseGate": {"threshold_db": -25.0},
    "PeakFilter": {"gain_db": 6.0},
    "Phaser": {"feedback": 0.3},
}


@pytest.fixture(scope="module")
def sound():
    """Noise (2, 5 blocks) in bursts: loud, soft, silent, so that whatever follows the level has work."""
    noise = np.random.default_rng(5).standard_normal((2, 5 * BLOCK)) * 0.2
    bursts = np.repeat([1.0, 0.05, 1.0, 0.0, 0.6, 0.02, 1.0, 0.3, 0.0, 1.0], BLOCK // 2)
    return (noise * bursts).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an impulse response of 50 ms."""
    folder = tmp_path_factory.mktemp("responses")
    decay = np.exp(-np.arange(2_205) / 400)[:, None]
    response = np.random.default_rng(6).standard_normal((2_205, 2)) * decay * 0.1
    soundfile.write(folder / RESPONSE, response, RATE, subtype="PCM_24")
    return folder


def needed(plugin):
    return {"impulse_response_filename": RESPONSE} if plugin == "Convolution" else {}


def through_slot(plugin, values, folder):
    return make_builtin(SlotSpec(plugin=plugin, parameters={**needed(plugin), **values}), folder)


def directly(plugin, values, folder):
    """As a user of pedalboard makes it: constructor without arguments, then one attribute after another."""
    files = [str(folder / RESPONSE)] if plugin == "Convolution" else []
    made = getattr(pedalboard, plugin)(*files)
    for name, value in values.items():
        setattr(made, name, native(plugin, value))
    return made


def native(plugin, value):
    if not isinstance(value, str):
        return value
    return getattr(pedalboard.LadderFilter if plugin == "LadderFilter" else pedalboard.Resample, value)


def sample_values(info):
    """Both ends of a range and a place between; all values of a choice or a switch."""
    if info.unit == "semitones":
        return [-12.0, 7.5, info.high]  # six octaves down cost 5 s a second
    if info.kind == "number":
        low, high = info.low, info.high
        between = math.sqrt(low * high) if low > 0 else low + 0.382 * (high - low)
        return [low, between, min(high, 22_000) if info.is_below_half_rate else high]
    return [True, False] if info.kind == "switch" else list(info.choices)


def test_the_table_holds_all_that_pedalboard_exports():
    exported = {
        name
        for name, value in vars(pedalboard).items()
        if inspect.isclass(value) and issubclass(value, pedalboard.Plugin) and not name.startswith("_")
    }
    assert exported - set(BUILTINS) - set(LEFT_OUT) == set()
    assert set(BUILTINS) <= exported
    assert not set(BUILTINS) & set(LEFT_OUT)


@pytest.mark.parametrize("plugin", BUILTINS)
def test_names_and_defaults_are_those_of_pedalboard(plugin, folder):
    signature = getattr(pedalboard, plugin).__init__.__doc__.split("->")[0]
    arguments = re.findall(r"(\w+): [A-Za-z]", signature.partition("(self")[2].partition(",")[2])
    left_out = [name.partition(".")[2] for name in LEFT_OUT_PARAMETERS if name.startswith(f"{plugin}.")]
    assert [name for name in arguments if name not in left_out] == list(BUILTINS[plugin].parameters)
    fresh = directly(plugin, {}, folder)
    for name, info in BUILTINS[plugin].parameters.items():
        if info.kind != "file":
            found = getattr(fresh, name)
            ours = np.float32(info.default) if info.kind == "number" else info.default
            assert (found.name if info.kind == "choice" else found) == ours


@pytest.mark.parametrize(("plugin", "name"), PARAMETERS)
def test_the_help_is_one_sentence(plugin, name):
    info = BUILTINS[plugin].parameters[name]
    assert re.fullmatch(r"[A-Z].*\.", info.help)
    assert ". " not in info.help
    if info.kind == "number":
        assert info.low <= info.default <= info.high
        assert info.unit or info.high <= 1 or name in {"q", "drive", "ratio", "vbr_quality"}


@pytest.mark.parametrize("plugin", BUILTINS)
def test_an_empty_slot_sounds_as_pedalboard_does(plugin, folder, sound):
    ours = through_slot(plugin, {}, folder).process(sound, RATE)
    np.testing.assert_array_equal(ours, directly(plugin, {}, folder).process(sound, RATE))


@pytest.mark.parametrize(("plugin", "name"), [pair for pair in PARAMETERS if pair not in FILES])
def test_a_value_set_through_the_slot_is_that_value_in_pedalboard(plugin, name, folder, sound):
    info = BUILTINS[plugin].parameters[name]
    base = {key: value for key, value in LIVELY.get(plugin, {}).items() if key != name}
    sounds = []
    for value in sample_values(info):
        values = {**base, name: value}
        check_at_rate(
            ChainSpec(slots=(SlotSpec(plugin=plugin, parameters={**needed(plugin), **values}),)), RATE
        )
        ours = through_slot(plugin, values, folder).process(sound, RATE)
        np.testing.assert_array_equal(ours, directly(plugin, values, folder).process(sound, RATE))
        assert np.isfinite(ours).all(), f"{name}={value}"
        sounds.append(ours)
    assert any(not np.array_equal(sounds[0], other) for other in sounds[1:]), "the parameter is not heard"


@pytest.mark.parametrize(("plugin", "name"), NUMBERS)
def test_beyond_its_ends_a_value_is_refused(plugin, name):
    info = BUILTINS[plugin].parameters[name]
    for value in (
        math.nextafter(info.low, -math.inf),
        math.nextafter(info.high, math.inf),
        "1",
        True,
        math.nan,
    ):
        with pytest.raises(ValidationError, match=name):
            SlotSpec(plugin=plugin, parameters={**needed(plugin), name: value})


@pytest.mark.parametrize(("plugin", "name"), [pair for pair in PARAMETERS if pair not in NUMBERS])
def test_another_type_or_an_unknown_choice_is_refused(plugin, name):
    info = BUILTINS[plugin].parameters[name]
    for value in (1.0, "no such choice" if info.choices else ("" if info.kind == "file" else "true")):
        with pytest.raises(ValidationError, match=name):
            SlotSpec(plugin=plugin, parameters={**needed(plugin), name: value})


@pytest.mark.parametrize(("plugin", "name"), PARAMETERS)
def test_a_misspelled_parameter_is_guessed(plugin, name):
    with pytest.raises(ValidationError, match=f"did you mean '{name}'"):
        SlotSpec(plugin=plugin, parameters={**needed(plugin), name + "x": 1.0})


def streamed(plugin, sound, n_block, change=None):
    """In blocks, `change` (name, value) half way; the latency is flushed out. Also the frames of block 1."""
    plugin.reset()
    blocks = []
    for start in range(0, sound.shape[1], n_block):
        if change and start == 2 * n_block:
            setattr(plugin, *change)
        blocks.append(plugin.process(sound[:, start : start + n_block], RATE, reset=False))
    for _ in range(40):
        if sum(block.shape[1] for block in blocks) >= sound.shape[1]:
            break
        blocks.append(plugin.process(np.zeros((2, n_block), np.float32), RATE, reset=False))
    return np.concatenate(blocks, axis=1)[:, : sound.shape[1]], blocks[0].shape[1]


@pytest.mark.parametrize("plugin", BUILTINS)
def test_blocks_are_one_call_where_the_table_says_so(plugin, folder, sound):
    lively = {"semitones": 3.0} if plugin == "PitchShift" else LIVELY.get(plugin, {})
    whole = through_slot(plugin, lively, folder).process(sound, RATE)
    in_blocks, n_first = streamed(through_slot(plugin, lively, folder), sound, BLOCK)
    assert np.array_equal(in_blocks, whole) == BUILTINS[plugin].is_chunk_safe
    assert (n_first < BLOCK) == BUILTINS[plugin].has_latency
    if BUILTINS[plugin].is_chunk_safe:
        odd, _ = streamed(through_slot(plugin, lively, folder), sound, 1_000)
        np.testing.assert_allclose(odd, whole, atol=1e-7, rtol=0)


@pytest.mark.parametrize(("plugin", "name"), AUTOMATABLE)
def test_what_is_automatable_is_heard_while_running(plugin, name, folder, sound):
    info = BUILTINS[plugin].parameters[name]
    lively = LIVELY.get(plugin, {})
    before = lively.get(name, info.default)
    after = next(value for value in reversed(sample_values(info)) if value != before)
    still, n_first = streamed(through_slot(plugin, lively, folder), sound, BLOCK)
    moved, _ = streamed(through_slot(plugin, lively, folder), sound, BLOCK, (name, after))
    n_same = BLOCK + n_first  # two blocks went in, and came out but for the latency
    np.testing.assert_array_equal(moved[:, :n_same], still[:, :n_same])
    assert not np.array_equal(moved, still)
    curve = {name: AutomationSpec(points=((0.0, before), (1.0, after)))}
    SlotSpec(plugin=plugin, parameters=needed(plugin), automation=curve)


@pytest.mark.parametrize(("plugin", "name"), [pair for pair in PARAMETERS if pair not in AUTOMATABLE])
def test_what_is_not_automatable_is_refused(plugin, name):
    curve = {name: AutomationSpec(points=((0.0, 1.0),))}
    with pytest.raises(ValidationError, match=f"{name} of {plugin} cannot change over time"):
        SlotSpec(plugin=plugin, parameters=needed(plugin), automation=curve)


def test_an_impulse_response_is_found_beside_the_chain(folder, sound, monkeypatch):
    slot = SlotSpec(plugin="Convolution", parameters=needed("Convolution"))
    beside = make_builtin(slot, folder).process(sound, RATE)
    monkeypatch.chdir(folder)
    np.testing.assert_array_equal(make_builtin(slot).process(sound, RATE), beside)
    absolute = SlotSpec(
        plugin="Convolution", parameters={"impulse_response_filename": str(folder / RESPONSE)}
    )
    np.testing.assert_array_equal(make_builtin(absolute, "elsewhere").process(sound, RATE), beside)


def test_an_impulse_response_may_be_of_any_kind_that_can_be_read(folder, sound):
    wav = through_slot("Convolution", {}, folder).process(sound, RATE)
    samples, rate = soundfile.read(folder / RESPONSE)
    for name in ("room.flac", "room.w64"):  # pedalboard itself reads neither, and does not say so
        soundfile.write(folder / name, samples, rate, subtype="PCM_24")
        made = through_slot("Convolution", {"impulse_response_filename": name}, folder)
        np.testing.assert_array_equal(made.process(sound, RATE), wav)
        assert not np.array_equal(pedalboard.Convolution(str(folder / name)).process(sound, RATE), wav)


def test_what_is_no_impulse_response_is_refused(folder):
    (folder / "text.wav").write_text("no sound")
    soundfile.write(folder / "silent.wav", np.zeros((100, 2)), RATE)
    soundfile.write(folder / "surround.wav", np.ones((100, 4)) * 0.1, RATE)
    for name, message in [
        ("none.wav", "none.wav"),
        ("text.wav", "text.wav"),
        ("silent.wav", "silent or damaged"),
        ("surround.wav", "one or two channels, not 4"),
    ]:
        with pytest.raises(AudioFileError, match=message):
            through_slot("Convolution", {"impulse_response_filename": name}, folder)


def test_only_built_in_plugins_are_made():
    for values in ({"plugin": "style"}, {"plugin": "Gain", "path": "Gain.vst3"}):
        with pytest.raises(UsageError, match="is not a built-in plugin"):
            make_builtin(SlotSpec(**values))


def test_a_chain_moves_with_its_folder(folder, tmp_path, sound):
    shutil.copy(folder / RESPONSE, tmp_path / RESPONSE)
    moved = through_slot("Convolution", {}, tmp_path).process(sound, RATE)
    np.testing.assert_array_equal(moved, through_slot("Convolution", {}, folder).process(sound, RATE))
