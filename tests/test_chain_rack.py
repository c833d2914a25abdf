"""The rack: what it leaves alone is untouched, what it runs is pedalboard's, dry and wet are aligned."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nast_fx.audio import ArraySource, Audio, Samples
from nast_fx.chain import slots as slots_module
from nast_fx.chain.builtins import make_builtin
from nast_fx.chain.rack import Rack
from nast_fx.chain.run import run_chain
from nast_fx.chain.setting import ChainError
from nast_fx.chain.stages import Queue, Streamed
from nast_fx.errors import UsageError
from nast_fx.models.base import validated
from nast_fx.models.chain import ChainSpec, SlotSpec
from nast_fx.models.plugin_table import BUILTINS
from nast_fx.progress import drain

RATE = 44_100


def noise(n_frames: int = 100_000, n_channels: int = 2) -> Samples:
    return (0.1 * np.random.default_rng(0).standard_normal((n_channels, n_frames))).astype(np.float32)


def slot(plugin: str, **more: Any) -> SlotSpec:
    return validated(SlotSpec, {"plugin": plugin, **more})


def streamed(samples: Samples, slots: list[SlotSpec], *, tail_seconds: float = 0.0) -> Samples:
    source = ArraySource(Audio(samples, RATE))
    with ExitStack() as stack:
        made = drain(run_chain(source, slots, stack, tail_seconds=tail_seconds))
        return made.read(0, made.n_frames)


SIX = [
    slot("HighpassFilter", parameters={"cutoff_frequency_hz": 80.0}),
    slot("Compressor", parameters={"threshold_db": -20.0, "ratio": 4.0}),
    slot("Chorus"),
    slot("Delay", parameters={"delay_seconds": 0.2, "mix": 0.3}),
    slot("Reverb", parameters={"room_size": 0.4}),
    slot("Gain", parameters={"gain_db": -3.0}),
]


def test_plain_neighbors_are_one_board_to_the_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    boards = []

    def counted(plugins: list[Any]) -> Any:
        boards.append(len(plugins))
        return pedalboard.Pedalboard(plugins)

    monkeypatch.setattr(slots_module, "Board", counted)
    samples = noise()
    direct = pedalboard.Pedalboard([make_builtin(one) for one in SIX]).process(samples, RATE)
    assert np.array_equal(Rack(SIX)(samples, RATE), direct)
    assert boards == [6]
    assert np.array_equal(streamed(samples, SIX), direct)


@pytest.mark.parametrize("name", [name for name in BUILTINS if name != "Convolution"])
def test_every_builtin_streams_as_in_one_call_and_keeps_the_length(name: str) -> None:
    samples = noise(60_001)
    direct = make_builtin(slot(name)).process(samples, RATE)
    made = streamed(samples, [slot(name)])
    assert made.shape == samples.shape
    assert np.array_equal(made[:, : direct.shape[1]], direct)


@pytest.mark.parametrize(
    "chain",
    [
        [],
        [slot("Reverb", bypass=True), slot("PitchShift", bypass=True)],
        [slot("Distortion", mix=0.0, gain_db=20.0), slot("BrickwallLimiter", mix=0.0)],
        [slot("style")],
    ],
)
def test_what_does_nothing_passes_bit_for_bit(chain: list[SlotSpec]) -> None:
    samples = noise(50_000, 3)
    assert np.array_equal(Rack(chain)(samples, RATE), samples)
    assert np.array_equal(streamed(samples, chain), samples)


@pytest.mark.parametrize("late", ["BrickwallLimiter", "MP3Compressor", "Gain"])
def test_dry_against_inverted_dry_is_silence_with_latent_plugins_inside(late: str) -> None:
    # The branches hold the same late plugin, one of them inverted.
    inside = [{"plugin": late}]
    chain = slot("parallel", branches=[{"slots": inside}, {"slots": [*inside, {"plugin": "Invert"}]}])
    assert np.abs(Rack([chain])(noise(), RATE)).max() == 0


@pytest.mark.parametrize("plugin", ["BrickwallLimiter", "Resample"])
def test_dry_and_wet_are_aligned_whatever_the_latency(plugin: str) -> None:
    samples = 0.05 * noise(40_000)  # far below the limiter's threshold: it only delays
    values = {"target_sample_rate": float(RATE)} if plugin == "Resample" else {}
    wet = Rack([slot(plugin, parameters=values)])(samples, RATE)
    half = Rack([slot(plugin, parameters=values, mix=0.5)])(samples, RATE)
    assert np.abs(half - (0.5 * wet + 0.5 * samples)).max() < 1e-7
    inverted = [{"plugin": plugin, "parameters": values}, {"plugin": "Invert"}]
    null = slot("parallel", branches=[{}, {"slots": inverted}])
    assert np.abs(Rack([null])(samples, RATE)).max() <= np.abs(wet - samples).max() + 1e-9


def test_gain_belongs_to_what_the_plugin_makes() -> None:
    samples = noise(20_000)
    made = Rack([slot("Gain", parameters={"gain_db": 0.0}, gain_db=-6.0, mix=0.25)])(samples, RATE)
    assert made == pytest.approx(samples * (0.75 + 0.25 * 10 ** (-6 / 20)), abs=1e-6)


def test_a_tail_rings_on() -> None:
    samples = np.zeros((1, RATE), np.float32)
    samples[0, -1] = 1.0
    echo = slot("Delay", parameters={"delay_seconds": 0.5, "mix": 1.0, "feedback": 0.0})
    assert np.abs(Rack([echo])(samples, RATE)).max() == 0
    made = Rack([echo])(samples, RATE, tail_seconds=1.0)
    assert made.shape == (1, 2 * RATE)
    assert int(np.abs(made[0]).argmax()) == pytest.approx(RATE - 1 + RATE // 2, abs=2)
    assert np.array_equal(streamed(samples, [echo], tail_seconds=1.0), made)


def test_a_parameter_follows_its_points() -> None:
    samples = np.ones((1, RATE), np.float32)
    fade = slot("Gain", automation={"gain_db": {"points": [[0.0, 0.0], [0.5, -20.0]]}})
    made = Rack([fade])(samples, RATE)[0]
    assert 20 * np.log10(made[RATE // 4]) == pytest.approx(-10, abs=0.3)
    assert 20 * np.log10(made[-1]) == pytest.approx(-20, abs=0.1)
    assert np.array_equal(streamed(samples, [fade])[0], made)
    with pytest.raises(UsageError, match="follows controller 7, which no score moves"):
        Rack([slot("Gain", automation={"gain_db": {"controller": 7, "low": -20.0, "high": 0.0}})])(
            samples, RATE
        )


def test_a_value_that_is_no_number_names_its_slot() -> None:
    samples = noise(30_000)
    samples[0, 20_000] = np.nan
    with pytest.raises(ChainError, match=r"slot 1 \(HighpassFilter\) gives values that are not numbers"):
        Rack(SIX)(samples, RATE)
    with pytest.raises(ChainError, match=r"slot 1 \(parallel\): branch 2: slot 1 \(bad\)"):
        Rack([slot("parallel", branches=[{}, {"slots": [{"plugin": "Reverb", "name": "bad"}]}])])(
            samples, RATE
        )
    with pytest.raises(ChainError, match=r"slot 1 \(soft\) gives values that are not numbers"):
        Rack([slot("Reverb", name="soft", mix=0.5)])(samples, RATE)


def test_the_slot_that_fails_is_named_not_its_neighbor(monkeypatch: pytest.MonkeyPatch) -> None:
    made = slots_module.make_builtin

    def huge(one: SlotSpec, folder: Path | None = None) -> Any:
        plugin = made(one, folder)
        if one.name == "bad":
            plugin.gain_db = 2000.0  # beyond what the table allows, and what a float holds
        return plugin

    monkeypatch.setattr(slots_module, "make_builtin", huge)
    with pytest.raises(ChainError, match=r"^slot 2 \(bad\) gives values that are not numbers"):
        Rack([slot("Gain"), slot("Gain", name="bad"), slot("Gain")])(noise(), RATE)


LATE = ("BrickwallLimiter", "MP3Compressor", "Resample", "GSMFullRateCompressor", "PitchShift", "Compressor")


@pytest.mark.parametrize("name", LATE)
def test_a_short_signal_is_the_beginning_of_a_longer_one(name: str) -> None:
    for n_channels, n_frames in ((1, 1), (2, 2), (2, 3), (2, 300), (1, 4410), (2, 8193), (2, 16_385)):
        samples = noise(n_frames, n_channels)
        more = np.pad(samples, ((0, 0), (0, 3 * 8192)))
        for chain in ([slot(name)], [slot(name, mix=0.5)]):
            expected = Rack(chain)(more, RATE)[:, :n_frames]
            np.testing.assert_allclose(Rack(chain)(samples, RATE), expected, atol=2e-6, err_msg=f"{n_frames}")


def test_channels_beyond_a_pair_and_two_frames_pass() -> None:
    for n_frames in (1, 2, 6, 513, 16_388):
        chain = [
            slot("BrickwallLimiter", mix=0.5),
            slot("Gain", automation={"gain_db": {"points": [[0, 0]]}}),
        ]
        assert Rack(chain)(noise(n_frames, 6), RATE).shape == (6, n_frames)


def test_what_is_held_back_for_long_comes_out() -> None:
    held = np.zeros((2, 0), np.float32)

    def late(block: Samples) -> Samples:
        nonlocal held
        held = np.concatenate([held, block], axis=1)
        ready = max(0, held.shape[1] - 30_000)
        made, held = held[:, :ready], held[:, ready:]
        return made

    samples = noise(50_000)
    stage = Streamed(late, RATE, 2)
    made = np.concatenate([stage.push(samples), stage.finish()], axis=1)
    np.testing.assert_array_equal(made, samples)


def test_a_branch_has_a_gain() -> None:
    chain = [slot("parallel", branches=[{"gain_db": 6.0}, {"gain_db": -6.0, "slots": [slot("Invert")]}])]
    expected = np.float32(10 ** (6 / 20) - 10 ** (-6 / 20)) * noise()
    np.testing.assert_allclose(Rack(chain)(noise(), RATE), expected, atol=1e-6)


def test_one_channel_comes_as_it_goes() -> None:
    samples = noise(1000, 1)
    made = Rack([slot("Distortion")])(samples[0], RATE)
    np.testing.assert_array_equal(made, Rack([slot("Distortion")])(samples, RATE)[0])


def test_the_rack_is_a_list_that_checks_what_it_takes() -> None:
    rack = Rack(SIX[:2])
    rack.append(slot("style"))
    rack.insert(0, slot("Gain"))
    assert [one.plugin for one in rack] == ["Gain", "HighpassFilter", "Compressor", "style"]
    assert [one.plugin for one in rack[1:3]] == ["HighpassFilter", "Compressor"]
    with pytest.raises(UsageError, match="at most one"):
        rack.append(slot("style"))
    with pytest.raises(UsageError, match="not str"):
        rack[0] = "Reverb"  # type: ignore[call-overload]
    assert len(rack) == 4
    before, after = rack.halves
    assert ([one.plugin for one in before], after) == (["Gain", "HighpassFilter", "Compressor"], ())
    del rack[3]
    assert rack.spec == ChainSpec(slots=(slot("Gain"), *SIX[:2]))


def test_a_board_is_taken_over_with_its_values() -> None:
    board = pedalboard.Pedalboard(
        [pedalboard.Reverb(room_size=0.9, wet_level=0.7), pedalboard.LadderFilter(cutoff_hz=900.0)]
    )
    samples = noise(30_000)
    assert np.array_equal(Rack.from_board(board)(samples, RATE), board.process(samples, RATE))
    with pytest.raises(UsageError, match="Chain cannot be taken over"):
        Rack.from_board(pedalboard.Pedalboard([pedalboard.Pedalboard([])]))


def test_what_does_not_fit_is_refused_before_any_sound() -> None:
    low = slot("LowpassFilter", parameters={"cutoff_frequency_hz": 5000.0})
    with pytest.raises(UsageError, match=r"slot 1 \(LowpassFilter\)"):
        Rack([low])(noise(100), 8_000)
    with pytest.raises(UsageError, match="must be \\(channel, frame\\)"):
        Rack([low])(noise(100).T, RATE)
    for rate in (0, 1, 1e9, 44_100.5):
        with pytest.raises(UsageError, match=f"sample_rate={rate} must be a whole number of 1000 to"):
            Rack([low])(noise(100), rate)
    with pytest.raises(UsageError, match="begins in silence"):
        Rack([low])(noise(100), RATE, reset=False)
    with pytest.raises(UsageError, match=r"slot 1 \(MP3Compressor\)"):
        Rack([slot("MP3Compressor")])(noise(1000, 6), RATE)
    with pytest.raises(UsageError, match="tail=-1"):
        Rack([low])(noise(100), RATE, tail_seconds=-1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 50), max_size=20), st.lists(st.integers(0, 60), max_size=30))
def test_what_waits_comes_out_in_order(puts: list[int], takes: list[int]) -> None:
    queue, put, taken = Queue(1), 0, []
    for n in puts:
        queue.put(np.arange(put, put + n, dtype=np.float32)[None])
        put += n
    for n in takes:
        taken += queue.take(n)[0].tolist()
    assert taken == list(range(min(put, sum(takes))))
    assert queue.n_frames == put - len(taken)


def test_the_sound_of_a_chain_file_is_found_beside_it(tmp_path: Path) -> None:
    import soundfile

    response = np.zeros(100, np.float32)
    response[10] = 0.5
    soundfile.write(tmp_path / "room.wav", response, RATE, subtype="FLOAT")
    rack = Rack([slot("Convolution", parameters={"impulse_response_filename": "room.wav"})], folder=tmp_path)
    samples = noise(5000)
    made = rack(samples, RATE)
    gain = float((made[:, 10:] * samples[:, :-10]).sum() / (samples[:, :-10] ** 2).sum())
    assert gain > 0.05  # the response is normalized
    assert made[:, 10:] == pytest.approx(gain * samples[:, :-10], abs=1e-5)
