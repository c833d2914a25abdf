"""Learnt styles in a render: near to what the recording does, in any method, in the key that was learnt."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import torch

import nast_fx
from nast_fx.audio import ArraySource, Audio
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.evaluate import evaluate
from nast_fx.models import METHOD_SETTINGS, RenderPlan, Tracking, parse_key, parse_style
from nast_fx.progress import drain
from nast_fx.render import References, checked_reference, open_references
from nast_fx.render.keys import plan_transposition
from nast_fx.render.learnt import learnt_reference
from nast_fx.studies.sounds import SOUNDS, song
from nast_fx.styles import (
    LearntStyle,
    find_style,
    list_styles,
    named_style,
    read_style,
    recording_of,
    write_style,
)
from nast_fx.styles.find import FACTORY_FOLDER
from nast_fx.styles.learn import learn
from nast_fx.styles.sound import StyleSource, find_phases

FACTORY = ("bells", "breath", "metal", "rain", "strings", "tape-hum")
RATE = 16_000


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and a user of this test alone."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("nast_fx.styles.find.user_folder", lambda: tmp_path / "own")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mono(audio: Audio, seconds: float) -> Audio:
    n_frames = round(seconds * audio.sample_rate)
    return Audio(audio.samples[:, :n_frames].mean(axis=0, keepdims=True), audio.sample_rate)


def learnt(audio: Audio, seconds: float = 8.0, name: str = "style") -> LearntStyle:
    return drain(learn([recording_of(audio, name)], name=name, seconds=seconds))


def test_six_factory_styles_come_with_the_program():
    assert tuple(style.name for style in list_styles()) == FACTORY
    sizes = {style.name: style.path.stat().st_size for style in list_styles()}
    assert max(sizes.values()) < 1e6
    assert sum(sizes.values()) < 3e6
    for name in FACTORY:
        found = find_style(name)
        assert (found.layer, found.path.parent) == ("factory", FACTORY_FOLDER)
        facts = read_style(found.path).facts
        assert facts.name == name
        assert "CC0" in facts.license


def test_the_factory_can_be_made_again():
    # The script makes them of these sounds; a short one, learnt again, has the sound of what is shipped.
    shipped = read_style(find_style("rain").path)
    rain = SOUNDS["rain"](30.0, 32_000)
    again = learnt(Audio(rain.samples.mean(axis=0, keepdims=True), 32_000), 2.6)
    assert again.facts.run_frames == shipped.facts.run_frames
    a, b = (torch.from_numpy(one.magnitudes.astype(np.float32)) for one in (shipped, again))
    assert float(torch.dist(a, b) / torch.linalg.norm(a)) < 0.01


@pytest.mark.parametrize("name", FACTORY)
def test_every_factory_style_renders(name):
    content = mono(song(2.0, RATE), 2.0)
    styled = nast_fx.render(content, name, plan=RenderPlan(quality="draft"), tracking=Tracking(key="off"))
    assert styled.samples.shape == content.samples.shape
    assert np.isfinite(styled.samples).all()
    found = evaluate(content, SOUNDS[name](12.0, RATE), styled)
    assert found.output.style_residual is not None
    assert found.output.style_residual < 0.75  # of the way from the content is left, at draft quality


@pytest.mark.parametrize("method", METHOD_SETTINGS)
def test_every_method_takes_a_learnt_style(method):
    content = mono(song(1.5, RATE), 1.5)
    small = {"n_filters": 32} if "n_filters" in METHOD_SETTINGS[method].model_fields else {}
    settings = {"max_iterations": 2, **({} if method == "infinite" else small)}
    plan, tracking = RenderPlan(), Tracking(key="off")
    styled = nast_fx.render(content, "rain", method=method, settings=settings, plan=plan, tracking=tracking)
    assert styled.samples.shape == content.samples.shape
    assert np.isfinite(styled.samples).all()
    assert np.abs(styled.samples - content.samples).max() > 1e-3


def test_a_render_costs_the_same_however_long_the_recording_was():
    noise = np.random.default_rng(0).normal(size=(1, 60 * RATE)).astype(np.float32)
    short, long = (StyleSource(learnt(Audio(noise[:, : n * RATE], RATE))) for n in (12, 60))
    assert short.n_frames == long.n_frames
    assert len(short.spans) == len(long.spans)


def test_runs_have_their_weights_and_the_levels_of_the_recording():
    style = learnt(mono(SOUNDS["bells"](20.0, RATE), 20.0), 4.0)
    references = References((learnt_reference(style, "bells", 2.0),), 30.0)
    sound = references.sound(("mid", "side"), RATE, 1000)
    assert sum(sound.weights) == pytest.approx(2.0)
    assert [weight / 2 for weight in sound.weights] == pytest.approx(list(style.facts.weights))
    assert len(sound.excerpts) == len(style.facts.weights)
    # Loud runs stay louder than soft ones, at the level that the whole recording is brought to.
    for excerpt, waveform in zip(sound.excerpts, find_phases(style), strict=True):
        torch.testing.assert_close(excerpt[0], waveform[0], atol=1e-5, rtol=0)
    powers = [float(excerpt[0].square().mean()) ** 0.5 for excerpt in sound.excerpts]
    assert abs(np.mean(powers) / 0.08 - 1) > 0.01
    # Of a style of one channel the mid stands in for the side.
    assert torch.equal(sound.excerpts[0][0], sound.excerpts[0][1])
    assert references.levels(("mid",), 1.0) == pytest.approx(style.facts.levels[0])


def test_a_shift_of_one_run_does_not_smear_into_the_next():
    style = learnt(mono(song(20.0, RATE), 20.0), 4.0)
    reference = learnt_reference(style, "song")
    spans = reference.spans(30.0, 0.3)
    whole = [reference.read_shifted(span.start, span.n_frames, 3.0) for span in spans]
    for number, span in enumerate(spans):
        alone = np.zeros((2, reference.source.n_frames), dtype=np.float32)
        alone[:, span.start : span.start + span.n_frames] = reference.read(span.start, span.n_frames)
        apart = checked_reference(ArraySource(Audio(alone, RATE)), "one")
        np.testing.assert_array_equal(
            whole[number], apart.read_shifted(span.start, span.n_frames, 3.0), strict=True
        )


def test_the_key_is_the_one_that_was_learnt():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nast_fx.render.keys.detect_key", lambda mono: pytest.fail("listened again"))
        reference = learnt_reference(read_style(find_style("strings").path), "strings")
        plan = drain(plan_transposition(None, [reference], Tracking(key="E minor")))
    (found,) = plan.styles
    assert found is not None
    assert found.key == parse_key("D minor")
    assert plan.regions[0].semitones == (pytest.approx(2, abs=0.3),)


def test_phases_are_found_once_and_the_same_in_any_company():
    style = learnt(mono(SOUNDS["metal"](12.0, RATE), 12.0), 4.0)
    source = StyleSource(style)
    first = source.read(0, source.n_frames)
    np.testing.assert_array_equal(first, StyleSource(style).read(0, source.n_frames))
    gap = first[:, source.spans[0].n_frames : source.spans[1].start]
    assert gap.shape[1] >= RATE // 4
    assert not gap.any()
    assert not source.read(-100, 100).any()


def test_styles_and_recordings_are_mixed(write_wav, own_folders):
    wav = write_wav("b.wav", np.random.default_rng(0).normal(size=(2, RATE)).astype(np.float32) * 0.1, RATE)
    write_style(own_folders / "a.naststyle", learnt(mono(SOUNDS["metal"](6.0, RATE), 6.0), 3.0))
    with ExitStack() as stack:
        styles = [parse_style(text) for text in ("a.naststyle=0.7", f"{wav}=0.3", "rain=0.5")]
        opened = open_references(styles, stack, style_seconds=30.0)
        sound = opened.sound(("mid",), RATE, 2048)
    assert [item.name for item in opened.items] == ["a.naststyle", "b.wav", "rain"]
    counts = [len(item.spans(10.0, 0.2)) for item in opened.items]
    ends = np.cumsum(counts)[:-1]
    assert [part.sum() for part in np.split(sound.weights, ends)] == pytest.approx([0.7, 0.3, 0.5])
    assert opened.notes(0.2) == []


def test_a_file_of_that_name_comes_before_a_style(own_folders, write_wav):
    write_wav("bells.wav", np.full((1, RATE), 0.1), RATE).rename(own_folders / "bells")
    with ExitStack() as stack:
        (item,) = open_references([parse_style("bells")], stack, style_seconds=30.0).items
    assert (item.learnt, item.source.n_frames) == ((), RATE)
    (own_folders / "bells").unlink()
    with ExitStack() as stack:
        (item,) = open_references([parse_style("bells")], stack, style_seconds=30.0).items
    assert len(item.learnt) == 4


def test_a_style_of_ones_own_comes_before_one_of_the_program(own_folders):
    (own_folders / "own").mkdir()
    write_style(own_folders / "own" / "bells.naststyle", read_style(find_style("rain").path))
    found = named_style("bells")
    assert found is not None
    assert (found.layer, found.shadows) == ("user", True)
    assert [style.layer for style in list_styles()] == ["user", *["factory"] * 6]
    assert named_style("folder/bells") is None
    assert named_style("bells.naststyle") == found


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("bels", UsageError, "there is no style bels, as a file or by name; did you mean 'bells'"),
        ("none.naststyle", UsageError, "there is no style none.naststyle"),
        ("bells@0:2", UsageError, "bells: is a learnt style, of which no part can be used"),
        ("none.wav", AudioFileError, "none.wav: there is no such file"),
    ],
)
def test_what_is_no_style(text, error, words):
    with ExitStack() as stack, pytest.raises(error, match=words):
        open_references([parse_style(text)], stack, style_seconds=30.0)


def test_a_texture_from_a_learnt_style_has_its_level():
    texture = nast_fx.texture("rain", seconds=2.0, plan=RenderPlan(quality="draft"))
    facts = read_style(find_style("rain").path).facts
    assert (texture.n_channels, texture.sample_rate) == (1, 32_000)
    assert float(np.sqrt(np.mean(texture.samples**2))) == pytest.approx(facts.levels[0], rel=0.02)
