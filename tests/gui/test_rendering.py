from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from pytestqt.qtbot import QtBot

from nast_fx.errors import AudioFileError, NastFxError, UsageError
from nast_fx.models import StyleReference
from nast_fx_gui.model.checking import CHECK_WAIT_MS, Checking
from nast_fx_gui.model.copying import Copying
from nast_fx_gui.model.diagnostics import diagnostics
from nast_fx_gui.model.document import Document
from nast_fx_gui.model.rendering import PREVIEW_WAIT_MS, Made, Rendering


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def document() -> Document:
    document = Document()
    document.set_content(Path("song.flac"))
    document.set_styles([StyleReference(path=Path("bells"))])
    return document


@pytest.fixture
def rendering(engine: FakeEngine, document: Document) -> Rendering:
    return Rendering(engine, document)  # type: ignore[arg-type]


def test_a_render_is_asked_for_and_told(engine: FakeEngine, rendering: Rendering, document: Document) -> None:
    made: list[Made] = []
    ends: list[Any] = []
    rendering.made.connect(made.append)
    rendering.ended.connect(ends.append)
    document.set_plan(amount=0.4)
    rendering.render()
    request = engine.last("render").request
    assert (request.content, request.output, request.overwrite) == (Path("song.flac"), None, "rename")
    assert request.plan.amount == 0.4
    assert rendering.is_rendering
    engine.last("render").finish(output="song.styled.flac", device="cpu")
    assert not rendering.is_busy
    assert (made[0].path, made[0].is_preview, ends) == (Path("song.styled.flac"), False, [None])


def test_nothing_is_rendered_without_a_content(engine: FakeEngine) -> None:
    rendering = Rendering(engine, Document())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="content"):
        rendering.render()
    with pytest.raises(UsageError, match="content"):
        rendering.preview()
    assert not engine.jobs


def test_a_preview_follows_the_settings(
    qtbot: QtBot, engine: FakeEngine, rendering: Rendering, document: Document
) -> None:
    document.set_output(format="mp3")
    document.set_selection((2.0, 4.5))
    rendering.set_automatic(True)
    for amount in (0.9, 0.8, 0.7):
        document.set_plan(amount=amount)
    qtbot.waitUntil(lambda: len(engine.jobs) == 1, timeout=5 * PREVIEW_WAIT_MS)
    first = engine.jobs[0]
    assert (first.request.start_seconds, first.request.length_seconds) == (2.0, 2.5)
    assert (first.request.plan.amount, first.request.plan.quality) == (0.7, "draft")
    assert (first.request.output.suffix, first.request.format) == (".wav", None)
    document.set_plan(amount=0.1)
    qtbot.waitUntil(lambda: first.is_cancelled, timeout=5 * PREVIEW_WAIT_MS)
    assert len(engine.jobs) == 1  # the engine does one at a time
    first.fail()
    assert engine.jobs[1].request.plan.amount == 0.1
    assert engine.jobs[1].request.output != first.request.output


def test_words_make_no_preview(
    qtbot: QtBot, engine: FakeEngine, rendering: Rendering, document: Document
) -> None:
    rendering.set_automatic(True)
    document.set_words(notes="nobody hears this")
    qtbot.wait(PREVIEW_WAIT_MS + 100)
    assert not engine.jobs


def test_a_preview_gives_way_to_a_render(engine: FakeEngine, rendering: Rendering) -> None:
    rendering.preview()
    rendering.render()
    assert engine.jobs[0].is_cancelled
    engine.jobs[0].fail()
    assert engine.jobs[1].request.length_seconds is None
    with pytest.raises(UsageError, match="running"):
        rendering.preview()
    with pytest.raises(UsageError, match="running"):
        rendering.render()


def test_cancel_and_pause(engine: FakeEngine, rendering: Rendering) -> None:
    ends: list[NastFxError] = []
    rendering.ended.connect(ends.append)
    rendering.cancel()
    rendering.set_paused(True)
    assert not engine.is_paused
    rendering.render()
    rendering.set_paused(True)
    assert engine.is_paused
    rendering.cancel()
    assert not engine.is_paused
    assert engine.jobs[0].is_cancelled
    engine.jobs[0].fail()
    assert type(ends[0]).__name__ == "CancelledError"
    assert not rendering.is_busy


def test_a_dead_engine_ends_the_render_and_nothing_else(engine: FakeEngine, rendering: Rendering) -> None:
    ends: list[NastFxError] = []
    rendering.ended.connect(ends.append)
    rendering.render()
    engine.last("render").report(stage="transfer", step=3)
    engine.last("render").fail(NastFxError("the engine was ended (signal 9)"))
    assert "signal 9" in str(ends[0])
    rendering.render()
    assert len(engine.jobs) == 2


def test_old_previews_go(engine: FakeEngine, rendering: Rendering) -> None:
    paths = []
    for _ in range(4):
        rendering.preview()
        job = engine.last("render")
        job.request.output.write_bytes(b"RIFF")
        paths.append(job.request.output)
        job.finish(output=str(job.request.output))
    assert [path.exists() for path in paths] == [False, False, True, True]


def test_a_check_follows_every_change(qtbot: QtBot, engine: FakeEngine, document: Document) -> None:
    checking = Checking(engine, document)  # type: ignore[arg-type]
    facts: list[dict[str, Any]] = []
    faults: list[str] = []
    devices: list[str] = []
    checking.checked.connect(facts.append)
    checking.faulted.connect(faults.append)
    checking.device_known.connect(devices.append)
    document.set_plan(amount=0.5)
    qtbot.waitUntil(lambda: len(engine.jobs) == 1, timeout=5 * CHECK_WAIT_MS)
    assert engine.jobs[0].request["request"]["content"] == "song.flac"
    assert engine.jobs[0].request["request"]["overwrite"] == "rename"  # as the render itself does
    checking.check()
    assert engine.jobs[0].is_cancelled
    engine.jobs[0].finish(segments=9)  # too late: nobody asks for it any more
    engine.jobs[1].finish(segments=3, device="cpu, since no GPU was found")
    assert (facts[0]["segments"], devices) == (3, ["cpu, since no GPU was found"])
    checking.check()
    engine.jobs[2].fail(AudioFileError("song.flac: there is no such file"))
    assert faults == ["song.flac: there is no such file"]


def test_a_copy_is_whole_or_not_there(qtbot: QtBot, tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(b"x" * 1000)
    copying = Copying()
    with qtbot.waitSignal(copying.copied, timeout=5000):
        copying.copy(source, tmp_path / "ä.wav")
    assert (tmp_path / "ä.wav").read_bytes() == source.read_bytes()
    with qtbot.waitSignal(copying.failed, timeout=5000) as failed:
        copying.copy(source, tmp_path / "no folder" / "b.wav")
    assert "b.wav: cannot be written" in str(failed.args[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "ä.wav"]


def test_diagnostics_say_what_is_needed(document: Document) -> None:
    text = diagnostics(
        document.state,
        error=UsageError("amount=3 must be at most 1"),
        request=document.request(output=None),
        device="cpu, as asked",
        engine_said="Traceback ...",
    )
    for part in (
        "nast-fx 0",
        "Qt 6",
        "UsageError: amount=3",
        "cpu, as asked",
        "Traceback",
        "song.flac",
        "bells",
    ):
        assert part in text
