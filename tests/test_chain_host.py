"""Hosting plugins: exact sound, exact state, and what is left when a plugin does its worst: a sentence."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
from plugin_builder import LATENCY, built_plugin

from nast_fx.chain.host import HostedPlugin, PluginError
from nast_fx.chain.hosted_sound import BLOCK_FRAMES
from nast_fx.errors import UsageError

RATE = 44_100
ZAM_FOLDER = Path("/usr/lib/vst3")


def hosted(name: str, n_channels: int = 2, **limits: float) -> HostedPlugin:
    return HostedPlugin(built_plugin(name), sample_rate=RATE, n_channels=n_channels, **limits)


def noise(n_channels: int = 2, n_frames: int = 5000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n_channels, n_frames)).astype(np.float32) / 4


def is_there(process_id: int) -> bool:
    """Whether a process runs; one that has ended but was not asked for yet does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return False


def ends(process_id: int, seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while is_there(process_id) and time.monotonic() < limit:
        time.sleep(0.02)
    return not is_there(process_id)


# Sound


def test_a_gain_is_exact_and_in_time() -> None:
    with hosted("NastGain") as plugin:
        assert (plugin.name, plugin.version, plugin.latency_samples) == ("NastGain", "1.2.3", LATENCY)
        plugin.set("gain", 0.5)
        samples = noise()
        np.testing.assert_array_equal(plugin.process(samples, reset=True), 0.5 * samples)
        plugin.set("invert", 1.0)
        np.testing.assert_array_equal(plugin.process(samples, reset=True), -0.5 * samples)


def test_a_stream_comes_late_by_the_latency() -> None:
    with hosted("NastGain") as plugin:
        samples = noise(n_frames=4 * BLOCK_FRAMES)
        plugin.reset()
        made = plugin.process(samples, reset=False)
        np.testing.assert_array_equal(made, samples[:, :-LATENCY])
        rest = plugin.process(np.zeros((2, BLOCK_FRAMES), np.float32), reset=False)
        np.testing.assert_array_equal(rest[:, :LATENCY], samples[:, -LATENCY:])


@pytest.mark.parametrize(("name", "n_channels"), [("NastGain", 2), ("NastGain", 1), ("NastMono", 2)])
def test_a_stream_equals_one_call_however_it_is_cut(name: str, n_channels: int) -> None:
    samples = noise(n_channels, BLOCK_FRAMES + LATENCY)
    padded = np.pad(samples, ((0, 0), (0, BLOCK_FRAMES)))
    with hosted(name, n_channels) as plugin:
        plugin.set("gain", 0.7)
        whole = plugin.process(samples, reset=True)
        for n_block in (1, 2, 3, 511, 512, 700):
            plugin.reset()
            cuts = range(0, padded.shape[1], n_block)
            parts = [plugin.process(padded[:, i : i + n_block], reset=False) for i in cuts]
            made = np.concatenate(parts, axis=1)[:, : samples.shape[1]]
            np.testing.assert_array_equal(made, whole)


@pytest.mark.parametrize("n_frames", [0, 1, 2, 3, LATENCY])
def test_very_short_signals_keep_their_length(n_frames: int) -> None:
    samples = noise(n_frames=n_frames)
    with hosted("NastGain") as plugin:
        np.testing.assert_array_equal(plugin.process(samples, reset=True), samples)


def test_a_mono_plugin_has_an_instance_for_each_channel() -> None:
    samples = noise()
    with hosted("NastMono") as plugin:
        assert plugin.mono_only
        plugin.set("gain", 2.0)
        np.testing.assert_array_equal(plugin.process(samples, reset=True), 2 * samples)
    with hosted("NastMono", 1) as plugin:
        assert not plugin.mono_only


def test_a_stereo_plugin_takes_a_mono_signal() -> None:
    with hosted("NastGain", 1) as plugin:
        samples = noise(1)
        np.testing.assert_array_equal(plugin.process(samples, reset=True), samples)


def test_too_many_channels_are_refused_in_a_sentence() -> None:
    with pytest.raises(PluginError, match="NastGain: it takes no signal of 3 channels"):
        hosted("NastGain", 3)


# Notes


def sine(note: int, on: int, off: int, velocity: int, n_frames: int) -> np.ndarray:
    """What NastSynth makes of one note, frames (frame,)."""
    made = np.zeros(n_frames)
    hertz = 440 * 2 ** ((note - 69) / 12)
    made[on:off] = velocity / 127 / 4 * np.sin(2 * np.pi * hertz * np.arange(off - on) / RATE)
    return made


def test_a_synth_plays_notes_to_the_sample() -> None:
    # The second one lies across the end of a piece of ten seconds.
    notes = [(69, 4410, 13230, 127), (60, 440_000, 445_000, 64), (72, 441_000, 441_001, 100)]
    n_frames = 450_000
    messages = [mido.MetaMessage("set_tempo", tempo=500_000, time=0.0)]
    for note, on, off, velocity in notes:
        messages.append(mido.Message("note_on", note=note, velocity=velocity, time=on / RATE))
        messages.append(mido.Message("note_off", note=note, time=off / RATE))
    with hosted("NastSynth") as plugin:
        assert plugin.is_instrument
        made = plugin.render_notes(messages, n_frames / RATE)
        again = plugin.render_notes(messages, n_frames / RATE)
    expected = sum(sine(*note, n_frames) for note in notes)
    assert made.shape == (2, n_frames)
    np.testing.assert_allclose(made, np.stack([expected] * 2), atol=1e-6)
    np.testing.assert_array_equal(again, made)


def test_a_note_that_is_still_on_is_cut_and_not_heard_next_time() -> None:
    note_on = [(bytes([0x90, 69, 127]), 0.0)]
    with hosted("NastSynth", 1) as plugin:
        assert np.abs(plugin.render_notes(note_on, 0.1)).max() > 0.2
        assert not plugin.render_notes([], 0.1).any()
        with pytest.raises(UsageError, match="time of a note, -1 s, must be at least 0"):
            plugin.render_notes([(b"\x90\x45\x7f", -1.0)], 0.1)


def test_instruments_and_effects_say_what_they_take() -> None:
    with hosted("NastSynth") as plugin, pytest.raises(UsageError, match="NastSynth is an instrument"):
        plugin.process(noise(), reset=True)
    with hosted("NastGain") as plugin, pytest.raises(UsageError, match="NastGain is an effect"):
        plugin.render_notes([], 1.0)


# Parameters and state


def test_parameters_tell_their_ranges_and_take_nothing_else() -> None:
    with hosted("NastGain") as plugin:
        gain = plugin.parameters["gain"]
        assert (gain.label, gain.low, gain.high, gain.default, gain.value) == ("Gain", 0.0, 2.0, 1.0, 1.0)
        assert set(plugin.parameters) == {"gain", "invert"}
        for value in (2.01, -0.01, float("nan"), "loud", True):
            with pytest.raises(UsageError, match=f"gain={value} must be at least 0 and at most 2"):
                plugin.set("gain", value)
        with pytest.raises(UsageError, match="NastGain has no parameter 'gian'; did you mean 'gain'"):
            plugin.set_values({"gain": 0.25, "gian": 0.5})
        assert plugin.parameters["gain"].value == 1.0


def test_choices_are_known_by_their_names() -> None:
    with hosted("NastFault") as plugin:
        fault = plugin.parameters["fault"]
        assert fault.choices == ("none", "crash", "hang", "nan", "chatter", "leave")
        assert (fault.default, fault.value) == ("none", "none")
        with pytest.raises(UsageError, match=r"fault=crush must be one of none, .*did you mean 'crash'"):
            plugin.set("fault", "crush")


def test_values_between_those_that_pedalboard_knows_are_exact() -> None:
    # Set through pedalboard alone, 0.3015 of 0 ... 2 becomes 0.302.
    samples = noise()
    with hosted("NastGain") as plugin:
        plugin.set("gain", 0.3015)
        np.testing.assert_allclose(plugin.process(samples, reset=True), 0.3015 * samples, rtol=1e-6)


@pytest.mark.parametrize("name", ["NastGain", "NastMono"])
def test_a_state_is_the_same_in_a_fresh_process(name: str) -> None:
    samples = noise()
    with hosted(name) as plugin:
        plugin.set_values({"gain": 0.37, "invert": 1.0})
        state, expected = plugin.state(), plugin.process(samples, reset=True)
    with hosted(name) as plugin:
        assert plugin.restore(state) == ()
        assert plugin.parameters["gain"].value == pytest.approx(0.37)
        np.testing.assert_array_equal(plugin.process(samples, reset=True), expected)


def test_what_is_not_restored_is_named() -> None:
    with hosted("NastGain") as plugin:
        state = plugin.state()
        values = {**state.values, "gain": 0.9, "drive": 0.5}
        other = state.model_copy(update={"values": values, "version": "1.0.0"})
        version, gain, drive = plugin.restore(other)
    assert version == "NastGain: the state is of version 1.0.0, the plugin is 1.2.3"
    assert gain == "NastGain: 'gain' was not restored: it was at 0.9 of its range and is at 0.5"
    assert drive == "NastGain: 'drive' of the state is no parameter of the plugin any more"


def test_another_plugins_state_is_refused() -> None:
    with hosted("NastMono") as plugin:
        state = plugin.state()
    with hosted("NastGain") as plugin:
        plugin.set("gain", 0.5)
        with pytest.raises(PluginError, match="NastGain: the state is another plugin's"):
            plugin.restore(state)
        assert plugin.parameters["gain"].value == 0.5


# Faults


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("crash", r"NastFault: the plugin crashed while processing audio \(SIGSEGV\)"),
        ("hang", r"NastFault: the plugin did not finish processing audio within 1\.63 s"),
        ("nan", "NastFault: the plugin writes values that are not finite"),
        ("leave", "NastFault: the plugin ended its process while processing audio"),
    ],
)
def test_a_fault_is_a_sentence_and_the_next_plugin_works(fault: str, sentence: str) -> None:
    samples = noise()
    with hosted("NastFault", process_seconds=0.5) as plugin:
        np.testing.assert_array_equal(plugin.process(samples, reset=True), samples)
        plugin.set("fault", fault)
        with pytest.raises(PluginError, match=sentence):
            plugin.process(samples, reset=True)
        assert not is_there(plugin.process_id)
        with pytest.raises(PluginError, match="NastFault: the plugin is closed"):
            plugin.process(samples, reset=True)
    with hosted("NastGain") as plugin:
        np.testing.assert_array_equal(plugin.process(samples, reset=True), samples)


def test_a_crash_between_two_calls_is_told_by_the_next() -> None:
    with hosted("NastGain") as plugin:
        os.kill(plugin.process_id, signal.SIGSEGV)
        assert ends(plugin.process_id, 3.0)
        with pytest.raises(PluginError, match=r"NastGain: the plugin crashed while idle \(SIGSEGV\)"):
            plugin.process(noise(), reset=True)


def test_a_plugin_that_never_loads_is_named_in_time() -> None:
    built_plugin("NastStuck")  # compiled before the clock runs
    begin = time.monotonic()
    with pytest.raises(PluginError, match="NastStuck: the plugin did not finish loading within 1 s"):
        hosted("NastStuck", seconds=1.0)
    assert time.monotonic() - begin < 10


def test_a_plugin_that_writes_to_the_output_does_not_disturb() -> None:
    samples = noise()
    with hosted("NastFault") as plugin:
        plugin.set("fault", "chatter")
        np.testing.assert_array_equal(plugin.process(samples, reset=True), samples)
        assert plugin.parameters["fault"].value == "chatter"


def test_broken_input_is_not_the_plugins_fault() -> None:
    samples = noise()
    samples[0, 7] = np.nan
    with hosted("NastGain") as plugin:
        with pytest.raises(UsageError, match="what it should process holds values that are not finite"):
            plugin.process(samples, reset=True)
        assert is_there(plugin.process_id)


def test_what_is_no_plugin_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "text.vst3").write_text("nothing to load")
    for name, sentence in (("text.vst3", "text: it cannot be loaded"), ("no.vst3", "no such plugin")):
        with pytest.raises(PluginError, match=sentence):
            HostedPlugin(tmp_path / name, sample_rate=RATE, n_channels=2)
    with pytest.raises(UsageError, match="it holds no plugin 'NastGian'; did you mean 'NastGain'"):
        HostedPlugin(built_plugin("NastGain"), "NastGian", sample_rate=RATE, n_channels=2)


def test_a_window_needs_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with hosted("NastGain") as plugin, pytest.raises(PluginError, match=r"NastGain: .*there is no display"):
        plugin.edit()


def test_a_file_in_the_users_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    with hosted("NastGain") as plugin:
        assert plugin.is_running


# Processes


def test_no_process_is_left() -> None:
    with hosted("NastGain") as plugin:
        closed = plugin.process_id
        assert is_there(closed)
    assert not is_there(closed)
    forgotten = hosted("NastGain")
    number = forgotten.process_id
    del forgotten
    gc.collect()
    assert not is_there(number)


def test_what_interrupts_a_call_ends_the_plugin() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with hosted("NastFault") as plugin:
            plugin.set("fault", "hang")
            timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1))
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                plugin.process(noise(), reset=True)
            timer.join()
            assert not is_there(plugin.process_id)
    finally:
        signal.signal(signal.SIGUSR1, before)


PARENT = """
import sys, numpy as np
from nast_fx.chain import host_process
from nast_fx.chain.host import HostedPlugin
path, doing = sys.argv[1:]
original = host_process.HostProcess.__init__
def noted(self, label):
    original(self, label)
    print(self.process_id, flush=True)
host_process.HostProcess.__init__ = noted
plugin = HostedPlugin(path, sample_rate=44100, n_channels=2)
if doing == "hang":
    plugin.set("fault", "hang")
print("ready", flush=True)
if doing == "hang":
    plugin.process(np.zeros((2, 1000), np.float32), reset=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("name", "doing"), [("NastGain", "wait"), ("NastFault", "hang"), ("NastStuck", "load")]
)
def test_a_killed_parent_leaves_no_orphan(name: str, doing: str) -> None:
    command = [sys.executable, "-c", PARENT, str(built_plugin(name)), doing]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdin is not None
    assert parent.stdout is not None
    with parent.stdin, parent.stdout:
        child = int(parent.stdout.readline())
        if doing == "load":
            time.sleep(0.7)  # it is in the middle of loading, and says nothing
        else:
            assert parent.stdout.readline() == "ready\n"
            time.sleep(0.2)
        assert is_there(child)
        parent.kill()
        parent.wait()
        assert ends(child, 3.0)


# Third-party plugins


@pytest.fixture
def zam() -> Callable[[str], Path]:
    if not (ZAM_FOLDER / "ZamVerb.vst3").is_dir():
        pytest.skip("no third-party VST3 is here: needs zam-plugins (make system)")
    return lambda name: ZAM_FOLDER / f"{name}.vst3"


def test_debians_plugins_process_mono_and_stereo(zam: Callable[[str], Path]) -> None:
    names = sorted(path.stem for path in ZAM_FOLDER.glob("[Zz]a[mM]*.vst3") if path.stem != "ZamVerb")
    assert len(names) == 16
    for name in names:
        for n_channels in (1, 2):
            samples = noise(n_channels, 3000)
            with HostedPlugin(zam(name), sample_rate=RATE, n_channels=n_channels) as plugin:
                made = plugin.process(samples, reset=True)
                assert made.shape == samples.shape
                assert np.isfinite(made).all()


@pytest.mark.parametrize("name", ["ZamCompX2", "ZamDelay", "ZaMaximX2"])
def test_debians_plugins_come_back_to_the_sample(name: str, zam: Callable[[str], Path]) -> None:
    samples = noise(n_frames=20_000)
    with HostedPlugin(zam(name), sample_rate=RATE, n_channels=2) as plugin:
        for number, parameter in enumerate(plugin.parameters.values()):
            if not parameter.choices and parameter.high - parameter.low > 1:
                share = 0.3 + 0.1 * (number % 3)
                plugin.set(parameter.name, parameter.low + share * (parameter.high - parameter.low))
        state, expected = plugin.state(), plugin.process(samples, reset=True)
    with HostedPlugin(zam(name), sample_rate=RATE, n_channels=2) as plugin:
        fresh = plugin.process(samples, reset=True)
        assert np.abs(fresh - expected).max() > 1e-3
        assert plugin.restore(state) == ()
        np.testing.assert_array_equal(plugin.process(samples, reset=True), expected)
