"""A render with a learnt style is near to one with the recording: the tolerance of docs/styles.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nast_fx.audio import Audio, load_audio
from nast_fx.evaluate import evaluate
from nast_fx.progress import drain
from nast_fx.studies.sounds import SOUNDS, song
from nast_fx.studies.style_bench import render_with
from nast_fx.styles import LearntStyle, recording_of
from nast_fx.styles.learn import learn

RATE = 16_000
TOLERANCE = 0.08  # of the style residual, beyond that of a render with the recording itself


def mono(audio: Audio, seconds: float) -> Audio:
    n_frames = round(seconds * audio.sample_rate)
    return Audio(audio.samples[:, :n_frames].mean(axis=0, keepdims=True), audio.sample_rate)


def learnt(audio: Audio) -> LearntStyle:
    return drain(learn([recording_of(audio, "style")], name="style"))


@pytest.mark.parametrize("name", ["rain", pytest.param("bells", marks=pytest.mark.slow)])
def test_a_render_with_a_learnt_style_is_near_to_one_with_the_recording(name):
    recording, content = mono(SOUNDS[name](14.0, RATE), 14.0), mono(song(2.5, RATE), 2.5)
    style = learnt(recording)
    residuals = []
    for reference in (recording, style):
        styled = drain(render_with(reference, content, "infinite"))
        residuals.append(evaluate(content, recording, styled).output.style_residual)
    assert residuals[1] < residuals[0] + TOLERANCE
    assert residuals[1] < 0.75  # and it did go there


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loop_garzul", "loop_safari", "guit_em9", "loop_tabla"])
@pytest.mark.parametrize("method", ["infinite", "ulyanov-lebedev"])
def test_so_it_is_with_real_loops(real_loop: Callable[[str], Path], name, method):
    recording = mono(load_audio(real_loop(name)), 60.0)
    content = mono(load_audio(real_loop("loop_amen_full")), 5.0)
    style = learnt(recording)
    with_recording, with_style = (
        evaluate(content, recording, drain(render_with(one, content, method))).output.style_residual
        for one in (recording, style)
    )
    assert with_style < with_recording + TOLERANCE
