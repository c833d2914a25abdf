"""`import nast_fx`: lazy, typed, about a dozen names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_runner import noise, song

import nast_fx

QUICK = {"max_iterations": 2}


@pytest.fixture
def content() -> nast_fx.Audio:
    return nast_fx.Audio(song(), 8000)


@pytest.fixture
def style() -> nast_fx.Audio:
    return nast_fx.Audio(noise(), 8000)


def test_render_in_memory_is_the_file_s(content: nast_fx.Audio, style: nast_fx.Audio, tmp_path: Path) -> None:
    nast_fx.save_audio(tmp_path / "song.wav", content, bits="32f")
    nast_fx.save_audio(tmp_path / "rain.wav", style, bits="32f")
    styled = nast_fx.render(content, style, settings=QUICK)
    assert (styled.samples.shape, styled.sample_rate) == (content.samples.shape, 8000)
    request = nast_fx.RenderRequest(
        content=tmp_path / "song.wav",
        styles=(nast_fx.StyleReference(path=tmp_path / "rain.wav"),),
        settings=QUICK,
    )
    seen: list[nast_fx.Progress] = []
    rendered = nast_fx.render_file(request, seen.append)
    assert rendered.output == tmp_path / "song.styled.wav"
    assert {"read", "analyze", "key", "transfer", "level", "write"} <= {progress.stage for progress in seen}
    np.testing.assert_array_equal(nast_fx.load_audio(rendered.output).samples, styled.samples)
    by_path = nast_fx.render(tmp_path / "song.wav", str(tmp_path / "rain.wav"), settings=QUICK)
    np.testing.assert_array_equal(by_path.samples, styled.samples)


def test_several_styles(content: nast_fx.Audio, style: nast_fx.Audio, tmp_path: Path) -> None:
    nast_fx.save_audio(tmp_path / "rain.wav", style)
    heavy = nast_fx.StyleReference(path=tmp_path / "rain.wav", weight=5.0)
    styled = nast_fx.render(content, [heavy, content, tmp_path / "rain.wav"], settings=QUICK)
    assert np.isfinite(styled.samples).all()
    with pytest.raises(nast_fx.NastFxError, match="at least one"):
        nast_fx.render(content, [])


def test_a_plan_is_followed(content: nast_fx.Audio, style: nast_fx.Audio) -> None:
    plan = nast_fx.RenderPlan(amount=0)
    np.testing.assert_array_equal(nast_fx.render(content, style, plan=plan).samples, content.samples)
    mono = nast_fx.render(content, style, settings=QUICK, plan=nast_fx.RenderPlan(channels="mono"))
    both = nast_fx.render(content, style, settings=QUICK)
    assert not np.array_equal(mono.samples, both.samples)


def test_texture(style: nast_fx.Audio) -> None:
    made = nast_fx.texture(style, seconds=1.5, settings=QUICK)
    assert made.samples.shape == (2, 12_000)
    plan = nast_fx.RenderPlan(loop=True, seed=3)
    assert nast_fx.texture([style, style], seconds=1, settings=QUICK, plan=plan).n_frames == 8000
    with pytest.raises(nast_fx.NastFxError, match="seconds=0"):
        nast_fx.texture(style, seconds=0)


def test_evaluate(content: nast_fx.Audio, style: nast_fx.Audio) -> None:
    figures = nast_fx.evaluate(content, style, content)
    assert figures.output.content_error == pytest.approx(0)


def test_errors_are_sentences(content: nast_fx.Audio, style: nast_fx.Audio, tmp_path: Path) -> None:
    silence = nast_fx.Audio(np.zeros((1, 8000)), 8000)
    broken = nast_fx.Audio(np.full((1, 8000), np.nan), 8000)
    for call, words in (
        (lambda: nast_fx.render(content, silence), "style 1: the style is silent"),
        (lambda: nast_fx.render(broken, style), "the content: a sample at 0.000 s"),
        (lambda: nast_fx.render(content, tmp_path / "no.wav"), "there is no such file"),
        (lambda: nast_fx.render(content, style, method="infinit"), "did you mean 'infinite'"),
        (lambda: nast_fx.render(content, style, settings={"layers": 2}), "did you mean 'n_layers'"),
    ):
        with pytest.raises(nast_fx.NastFxError, match=words):
            call()


def test_what_the_callback_raises_ends_the_work(content: nast_fx.Audio, style: nast_fx.Audio) -> None:
    def stop(progress: nast_fx.Progress) -> None:
        if progress.step == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        nast_fx.render(content, style, settings={"max_iterations": 100_000}, on_progress=stop)


def test_names() -> None:
    assert sorted(nast_fx.__all__) == nast_fx.__dir__()
    assert all(getattr(nast_fx, name) is not None for name in nast_fx.__all__)
    assert list(nast_fx.METHODS) == [
        "infinite",
        "ulyanov-lebedev",
        "mital",
        "barry-kim",
        "verma-smith",
        "vedak-bhatia",
    ]
    with pytest.raises(AttributeError, match="no attribute 'rendr'"):
        nast_fx.rendr  # noqa: B018


@pytest.mark.parametrize(
    "before",
    [
        "import nast_fx",
        "import nast_fx.render.job",
        "from nast_fx.evaluate import write_report",
        "import nast_fx.cli",
    ],
)
def test_two_names_are_function_and_sub_package(before: str) -> None:
    code = (
        f"{before}\nimport nast_fx, sys\n"
        "assert callable(nast_fx.render) and callable(nast_fx.evaluate)\n"
        "from nast_fx import render, evaluate\n"
        "from nast_fx.render import render_file\n"
        "assert nast_fx.render.render_file is render_file and callable(render) and callable(evaluate)\n"
        "try:\n    nast_fx.render('no.wav', 'no.wav')\n"
        "except nast_fx.NastFxError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "no.wav: there is no such file", done.stderr


def test_the_import_is_light() -> None:
    heavy = {"torch", "numpy", "soundfile"}
    code = f"import nast_fx, sys; nast_fx.RenderPlan; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
