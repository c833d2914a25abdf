"""The style in its place in a chain: everything around it is exact, and the ceiling comes last."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile
from cli_runner import Cli
from plugin_builder import built_plugin
from test_render import Passthrough, noise, references

import nast_fx
from nast_fx.analysis.loudness import measure_loudness
from nast_fx.audio import ArraySource, Audio, Samples, check_samples, load_audio
from nast_fx.chain.rack import Rack
from nast_fx.chain.spec_file import read_chain
from nast_fx.errors import UsageError
from nast_fx.methods import Method, build_method
from nast_fx.models import ChainSpec, RenderPlan, RenderRequest, SlotSpec, StyleReference, Tracking
from nast_fx.models.base import validated
from nast_fx.progress import drain
from nast_fx.render import Styled, render_file, style_in_chain, style_source
from nast_fx.render.facts import ScorePart
from nast_fx.render.in_chain import Placement, score_controllers

RATE = 44_100
STYLE = SlotSpec(plugin="style")
DOUBLE = {"gain_db": 20 * np.log10(2)}


def slot(plugin: str, **more: Any) -> SlotSpec:
    return validated(SlotSpec, {"plugin": plugin, **more})


def late() -> SlotSpec:
    return slot("NastGain.vst3", path=str(built_plugin("NastGain")))


def render(
    samples: Samples,
    slots: list[SlotSpec],
    method: Method[Any] | None = None,
    *,
    plan: RenderPlan | None = None,
    tail_seconds: float = 0.0,
    **more: Any,
) -> tuple[Samples, Styled]:
    content = ArraySource(Audio(samples, RATE))
    placement = Placement(ChainSpec(slots=tuple(slots)), tail_seconds=tail_seconds)
    with ExitStack() as stack:
        steps = style_in_chain(
            content,
            check_samples(content, "content"),
            references(),
            method or Passthrough(),
            plan or RenderPlan(segment_seconds=1.0),
            stack,
            placement,
            **more,
        )
        styled = drain(steps)
        return styled.source.read(0, styled.source.n_frames), styled


def infinite() -> Method[Any]:
    return build_method("infinite", {"max_iterations": 3})


def test_what_the_slots_undo_is_undone_across_the_style() -> None:
    samples = noise(2, 100_000)
    up, down = slot("Gain", parameters=DOUBLE), slot("Gain", parameters={"gain_db": -DOUBLE["gain_db"]})
    made, _ = render(samples, [up, late(), STYLE, late(), down])
    np.testing.assert_allclose(made, samples, atol=1e-6)


def test_without_a_style_slot_the_style_comes_last() -> None:
    samples, loud = noise(2, 60_000), slot("Gain", parameters=DOUBLE)
    np.testing.assert_allclose(render(samples, [loud])[0], 2 * samples, atol=1e-6)
    np.testing.assert_array_equal(render(samples, [loud])[0], render(samples, [loud, STYLE])[0])


def test_a_chain_that_does_nothing_changes_no_sample() -> None:
    samples, plan = noise(2, 60_000), RenderPlan()
    content = ArraySource(Audio(samples, RATE))
    with ExitStack() as stack:
        stats = check_samples(content, "content")
        plain = drain(style_source(content, stats, references(), infinite(), plan, stack))
        expected = plain.source.read(0, 60_000)
    idle = [slot("Reverb", bypass=True), STYLE, slot("Delay", mix=0)]
    made, styled = render(samples, idle, infinite(), plan=plan)
    np.testing.assert_array_equal(made, expected)
    assert styled.notes == plain.notes


@pytest.mark.parametrize("own", [{"bypass": True}, {"mix": 0}])
def test_without_the_style_only_the_effects_are_heard(own: dict[str, Any]) -> None:
    samples = noise(2, 60_000)
    before, after = slot("HighpassFilter"), slot("Delay")
    made, styled = render(samples, [before, slot("style", **own), after], infinite())
    np.testing.assert_allclose(made, Rack([before, after])(samples, RATE), atol=1e-6)
    assert not styled.records


def test_dry_and_styled_are_mixed_in_time() -> None:
    samples = noise(2, 60_000)
    wet, _ = render(samples, [STYLE], infinite())
    mixed, _ = render(samples, [slot("style", mix=0.25, gain_db=6.0)], infinite())
    expected = 0.75 * samples + 0.25 * 10 ** (6 / 20) * wet
    np.testing.assert_allclose(mixed, expected, atol=2e-5)  # the last gain is near 1
    assert np.abs(wet - samples).max() > 0.01


def test_the_amount_follows_its_points() -> None:
    samples = noise(2, 3 * RATE)
    points = slot("style", automation={"amount": {"points": [[1.0, 0.0], [1.2, 1.0]]}})
    tracking = Tracking(loudness_follow=0.0)
    made, _ = render(samples, [points], infinite(), tracking=tracking)
    whole, _ = render(samples, [STYLE], infinite(), tracking=tracking)
    changed = np.abs(made - samples).max(axis=0)
    assert changed[: RATE - 1000].max() < 1e-3 < 0.02 < changed[int(1.3 * RATE) :].max()
    late_part = slice(int(1.3 * RATE), None)
    ratio = np.linalg.norm(made[:, late_part]) / np.linalg.norm(whole[:, late_part])
    np.testing.assert_allclose(made[:, late_part], ratio * whole[:, late_part], atol=1e-3)


def test_a_tail_rings_on_before_and_after_the_style() -> None:
    samples = noise(2, 50_000)
    samples[:, 40_000:] = 0
    delay = slot("Delay", parameters={"delay_seconds": 0.3, "mix": 0.5})
    for chain in ([delay, STYLE], [STYLE, delay]):
        made, _ = render(samples, chain, tail_seconds=0.5)
        assert made.shape[1] == 50_000 + RATE // 2
        np.testing.assert_allclose(made, Rack([delay])(samples, RATE, tail_seconds=0.5), atol=1e-6)
        assert np.abs(made[:, 50_000:]).max() > 0.01


def test_what_comes_after_the_style_decides_the_loudness_and_the_ceiling_is_last() -> None:
    samples = noise(2, 3 * RATE, level=0.2)
    own = drain(measure_loudness(ArraySource(Audio(samples, RATE)), "content"))
    quiet = slot("Gain", parameters={"gain_db": -10.0})
    _, styled = render(samples, [STYLE, quiet], infinite())
    integrated = styled.tracked.leveled.loudness.integrated_lufs
    assert integrated == pytest.approx(own.integrated_lufs - 10, abs=0.3)
    _, styled = render(samples, [STYLE, quiet], infinite(), tracking=Tracking(loudness=-20.0))
    assert styled.tracked.leveled.loudness.integrated_lufs == pytest.approx(-20, abs=0.1)
    loud = slot("Gain", parameters={"gain_db": 24.0})
    _, styled = render(samples, [STYLE, loud], infinite(), tracking=Tracking(ceiling=-2.0))
    assert styled.tracked.leveled.loudness.true_peak_dbtp <= -2.0
    assert any("ceiling" in note for note in styled.notes) or styled.tracked.leveled.gain_db < -6


def test_key_and_loudness_are_those_of_what_enters_the_style() -> None:
    samples = noise(2, 2 * RATE)
    _, styled = render(samples, [slot("Gain", parameters={"gain_db": -12.0}), STYLE], infinite())
    own = drain(measure_loudness(ArraySource(Audio(samples, RATE)), "content")).integrated_lufs
    assert own is not None
    assert styled.tracked.content is not None
    assert styled.tracked.content.loudness.integrated_lufs == pytest.approx(own - 12, abs=0.01)
    assert styled.tracked.leveled.loudness.integrated_lufs == pytest.approx(own - 12, abs=0.3)


def test_messages_count_slots_over_the_whole_chain() -> None:
    gone = slot("Gone.vst3", name="exciter")
    with pytest.raises(Exception, match=r"^slot 3 \(exciter\): there is no plugin"):
        Placement(ChainSpec(slots=(slot("Gain"), STYLE, gone))).check(RATE, 2)
    follows = slot("style", automation={"amount": {"controller": 1, "low": 0.0, "high": 1.0}})
    with pytest.raises(Exception, match="the style slot: amount follows controller 1, which no score moves"):
        Placement(ChainSpec(slots=(follows,))).check(RATE, 2)


def test_controllers_begin_where_the_content_does(tmp_path: Path) -> None:
    from nast_fx.audio.score import read_score

    track = mido.MidiTrack([mido.Message("control_change", control=11, value=0, time=0)])
    track.append(mido.Message("control_change", control=11, value=127, time=1920))  # 2 s at 120 bpm
    track.append(mido.MetaMessage("end_of_track", time=1920))
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(tmp_path / "a.mid")
    held = score_controllers(ScorePart(read_score(tmp_path / "a.mid"), 1.5), 10.0)[11]
    assert [held(0.0), held(0.48), held(0.52), held(99.0)] == [0.0, 0.0, 1.0, 1.0]


# The command line


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


CHAIN = """
schema = 1

[[slots]]
plugin = "HighpassFilter"
[slots.parameters]
cutoff_frequency_hz = 100

[[slots]]
plugin = "style"
mix = 0.8

[[slots]]
plugin = "Delay"
[slots.parameters]
delay_seconds = 0.1
"""


def test_a_render_runs_through_a_chain_file(cli: Cli) -> None:
    (cli.folder / "chain.toml").write_text(CHAIN)
    ended = cli.render(
        "--chain", "chain.toml", "--tail", "0.5", "-o", "out.wav", "--json", "--report", "r.html"
    )
    assert ended.code == 0, ended.err
    result = ended.objects[-1]
    own, made = soundfile.info(cli.folder / "song.wav"), soundfile.info(cli.folder / "out.wav")
    assert made.frames == own.frames + 4000 == result["frames"]
    assert result["effects"] == ["HighpassFilter", "style", "Delay"]
    assert "HighpassFilter, style, Delay" in (cli.folder / "r.html").read_text()
    looked = cli.render("--chain", "chain.toml", "--dry-run", "--overwrite", "overwrite")
    assert any("HighpassFilter, style, Delay" in line for line in looked.err)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must begin with schema = 1"),
        ('schema = 1\n[[slots]]\nplugin = "Reverv"\n', "did you mean 'Reverb'"),
        ('schema = 1\n[[slots]]\nplugin = "Gone.vst3"\n', "there is no plugin 'Gone.vst3'"),
        (
            'schema = 1\n[[slots]]\nplugin = "Convolution"\n'
            '[slots.parameters]\nimpulse_response_filename = "no.wav"\n',
            "no.wav",
        ),
    ],
)
def test_a_wrong_chain_is_refused_before_any_work(cli: Cli, text: str, message: str) -> None:
    (cli.folder / "chain.toml").write_text(text)
    before, code = cli.files(), 1 if "no.wav" in text else 2
    cli.refuses(cli.render("--chain", "chain.toml", "-o", "out.wav"), code, message, before=before)


def test_a_score_is_played_by_a_plugin_and_styled(cli: Cli) -> None:
    synth = built_plugin("NastSynth")
    track = mido.MidiTrack([mido.Message("note_on", note=69, velocity=100, time=0)])
    track.append(mido.Message("note_off", note=69, velocity=0, time=960))
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(cli.folder / "a.mid")
    (cli.folder / "chain.toml").write_text(CHAIN)
    ended = cli.run("chain", "run", "a.mid", "--instrument", synth, "--chain", "chain.toml", "-o", "dry.wav")
    assert ended.code == 0, ended.err
    samples, rate = soundfile.read(cli.folder / "dry.wav")
    spectrum = np.abs(np.fft.rfft(samples[:rate, 0]))
    assert np.argmax(spectrum) * rate / rate == pytest.approx(440, abs=1)
    ended = cli.render("--instrument", synth, "--chain", "chain.toml", "-o", "wet.wav", content="a.mid")
    assert ended.code == 0, ended.err
    assert len(soundfile.read(cli.folder / "wet.wav")[0]) == len(samples)


def test_points_count_from_the_beginning_of_the_file(cli: Cli) -> None:
    cli.write("long.wav", noise(2, 16_000, level=0.1))
    text = 'schema = 1\n[[slots]]\nplugin = "style"\n[[slots]]\nplugin = "Gain"\n'
    (cli.folder / "fade.toml").write_text(text + "[slots.automation.gain_db]\npoints = [[0, 0], [2, -60]]\n")
    levels = []
    for more in ((), ("--snippet", "1:1")):
        out = ("-o", f"out{len(levels)}.wav", "--bits", "32f", "--chain", "fade.toml", "--amount", 0)
        assert cli.render(*out, *more, content="long.wav").code == 0
        made, _ = soundfile.read(cli.folder / f"out{len(levels)}.wav")
        levels.append(np.sqrt(np.mean(made[-2000:] ** 2)))
    assert levels[1] == pytest.approx(levels[0], rel=0.2)


def test_effects_are_heard_where_nothing_is_styled_and_else_the_file_comes_back(cli: Cli) -> None:
    (cli.folder / "chain.toml").write_text(CHAIN)
    assert cli.render("--chain", "chain.toml", "--amount", 0, "-o", "wet.wav").code == 0
    own, wet = (soundfile.read(cli.folder / name, dtype="int16")[0] for name in ("song.wav", "wet.wav"))
    assert np.abs(own.astype(int) - wet).max() > 1000
    off = 'schema = 1\n[[slots]]\nplugin = "Reverb"\nbypass = true\n[[slots]]\nplugin = "style"\nname = "x"\n'
    for number, own_text in enumerate(("bypass = true\n", "mix = 0.0\n", "")):
        (cli.folder / "off.toml").write_text(f'{off}{own_text}[[slots]]\nplugin = "Delay"\nmix = 0.0\n')
        amount = ("--amount", 0) if not own_text else ()
        assert cli.render("--chain", "off.toml", "-o", f"same{number}.wav", *amount).code == 0
        made = soundfile.read(cli.folder / f"same{number}.wav", dtype="int16")[0]
        np.testing.assert_array_equal(made, own)


def test_what_is_skipped_is_told_and_what_fails_is_counted_over_the_whole_chain(cli: Cli) -> None:
    faulty = built_plugin("NastFault")
    text = 'schema = 1\n[[slots]]\nplugin = "Gone.vst3"\nif_missing = "skip"\n[[slots]]\nplugin = "style"\n'
    (cli.folder / "gone.toml").write_text(text)
    ended = cli.render("--chain", "gone.toml", "-o", "out.wav", "--json")
    assert any("is skipped" in note for note in ended.objects[-1]["notes"])
    assert ended.objects[-1]["effects"] == []
    bad = f'[[slots]]\nplugin = "NastFault.vst3"\npath = "{faulty}"\nparameters = {{ fault = "nan" }}\n'
    (cli.folder / "bad.toml").write_text(text + bad)
    before = cli.files()
    ended = cli.render("--chain", "bad.toml", "-o", "none.wav", "-q")
    cli.refuses(ended, 1, "slot 3 (NastFault.vst3): NastFault: the plugin writes", before=before)


def test_a_controller_moves_a_parameter_in_a_render(cli: Cli) -> None:
    track = mido.MidiTrack([mido.Message("control_change", control=11, value=0, time=0)])
    track.append(mido.Message("control_change", control=11, value=127, time=480))
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(cli.folder / "a.mid")
    text = 'schema = 1\n[[slots]]\nplugin = "style"\n[[slots]]\nplugin = "Gain"\n[slots.automation.gain_db]\n'
    (cli.folder / "fade.toml").write_text(text + "controller = 11\nlow = -80\nhigh = 0\n")
    assert cli.render("--chain", "fade.toml", "--midi", "a.mid", "-o", "out.wav").code == 0
    made, _ = soundfile.read(cli.folder / "out.wav")
    assert np.abs(made[:3400]).max() < 1e-3 < np.abs(made[4600:]).max()


def test_the_python_call_takes_a_rack_a_spec_and_a_file(cli: Cli, caplog: pytest.LogCaptureFixture) -> None:
    (cli.folder / "chain.toml").write_text(CHAIN)
    spec = read_chain(cli.folder / "chain.toml")
    made = [
        nast_fx.render(
            cli.folder / "song.wav",
            cli.folder / "rain.wav",
            settings={"max_iterations": 2},
            chain=chain,
            tail_seconds=0.25,
        )
        for chain in (Rack(spec), spec, cli.folder / "chain.toml")
    ]
    assert made[0].n_frames == 10_000
    for other in made[1:]:
        np.testing.assert_array_equal(other.samples, made[0].samples)
    gone = SlotSpec(plugin="Gone.vst3", if_missing="skip")
    nast_fx.render(
        cli.folder / "song.wav",
        cli.folder / "rain.wav",
        plan=RenderPlan(amount=0.0),
        chain=Rack([gone]),
    )
    assert "it is skipped" in caplog.text


# Stems


def test_a_stem_has_the_key_the_length_and_the_gain_of_its_mix(cli: Cli) -> None:
    cli.write("stem.wav", np.pad(noise(2, 8000, level=0.02), ((0, 0), (8000, 0))).astype(np.float32))
    cli.write("mix.wav", noise(2, 24_000, seed=1, level=0.1))
    request = RenderRequest(
        content=cli.folder / "stem.wav",
        mix=cli.folder / "mix.wav",
        styles=(StyleReference(path=cli.folder / "rain.wav"),),
        settings={"max_iterations": 2},
        tracking=Tracking(loudness=-20.0),
        output=cli.folder / "out.wav",
    )
    rendered = drain(render_file(request))
    assert rendered.frames == 24_000
    assert rendered.tracked.facts is not None
    mix = ArraySource(load_audio(cli.folder / "mix.wav"))
    whole = drain(measure_loudness(mix, "mix")).integrated_lufs
    own = rendered.tracked.facts.analysis.loudness.integrated_lufs
    assert whole is not None
    assert own is not None
    assert own < whole - 10
    assert rendered.tracked.leveled.target_lufs == pytest.approx(-20 + own - whole, abs=0.01)
    assert rendered.tracked.content is not None
    assert rendered.tracked.content.seconds == 3.0
    cli.write("fast.wav", noise(2, 8000), rate=16_000)
    request = request.model_copy(update={"overwrite": "overwrite"})
    with pytest.raises(UsageError, match=r"fast\.wav: is of 16000 Hz, the stem .*stem\.wav of 8000 Hz"):
        drain(render_file(request.model_copy(update={"mix": cli.folder / "fast.wav"})))
