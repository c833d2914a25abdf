"""Finished segments are kept: what was stopped goes on, a new mix is quick, and nothing stale is used."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from cli_runner import Cli, noise, song

from nast_fx.audio import ArraySource, Audio, Samples, check_samples
from nast_fx.methods import build_method
from nast_fx.methods.infinite import Infinite
from nast_fx.models import RenderPlan, Tracking
from nast_fx.optimize import Outcome
from nast_fx.progress import drain
from nast_fx.render import Reference, References, SegmentFiles, Styled, make_texture, style_source
from nast_fx.render.store import KeptSegment

RATE = 8000
CONTENT = np.asarray(song(5.0, RATE), dtype=np.float32)
STYLE = np.asarray(noise(2.0, RATE), dtype=np.float32)
PLAN = RenderPlan(segment_seconds=2.0, overlap_seconds=0.2)


class Stopped(Exception):
    """What ends a render here."""


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Segments that were optimized; one that begins when `most` is reached is stopped."""
    seen: list[int] = []
    transfer = Infinite.transfer

    def counted(self: Infinite, *parts: Any) -> Any:
        seen.append(len(seen))
        return (yield from transfer(self, *parts))

    monkeypatch.setattr(Infinite, "transfer", counted)
    return seen


def render(
    store: SegmentFiles | None,
    plan: RenderPlan = PLAN,
    style: Samples = STYLE,
    tracking: Tracking | None = None,
    **settings: Any,
) -> tuple[Samples, Styled]:
    content = ArraySource(Audio(CONTENT, RATE))
    references = References((Reference(ArraySource(Audio(style, RATE)), "style", 1.0),), 30.0)
    method = build_method("infinite", {"max_iterations": 3, **settings})
    with ExitStack() as stack:
        stats = check_samples(content, "content")
        steps = style_source(content, stats, references, method, plan, stack, tracking=tracking, store=store)
        styled = drain(steps)
        return styled.source.read(0, content.n_frames), styled


def test_a_second_render_optimizes_nothing_and_is_the_same(tmp_path: Path, count: list[int]) -> None:
    plain, first = render(None)
    n_segments = len(count)
    assert n_segments == 3
    kept, second = render(SegmentFiles(tmp_path))
    assert len(count) == 2 * n_segments
    again, third = render(SegmentFiles(tmp_path))
    assert len(count) == 2 * n_segments
    np.testing.assert_array_equal(kept, plain)
    np.testing.assert_array_equal(again, plain)
    assert third.losses == second.losses == first.losses
    assert third.outcome == first.outcome
    assert any("3 of 3 segments were finished before" in note for note in third.notes)
    assert second.notes == first.notes


def test_a_stopped_render_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, _ = render(None)
    begun: list[int] = []
    transfer = Infinite.transfer

    def stops(self: Infinite, *parts: Any) -> Any:
        begun.append(len(begun))
        if len(begun) == 3:
            raise Stopped
        return (yield from transfer(self, *parts))

    monkeypatch.setattr(Infinite, "transfer", stops)
    with pytest.raises(Stopped):
        render(SegmentFiles(tmp_path))
    made, styled = render(SegmentFiles(tmp_path))
    assert len(begun) == 4
    np.testing.assert_array_equal(made, expected)
    assert any("2 of 3 segments" in note for note in styled.notes)


def test_what_comes_after_the_segments_changes_freely(tmp_path: Path, count: list[int]) -> None:
    store = SegmentFiles(tmp_path)
    render(store)
    n_segments = len(count)
    for plan, tracking in (
        (PLAN.model_copy(update={"amount": 0.3}), None),
        (PLAN.model_copy(update={"follow": 0.5}), Tracking(loudness=-30.0)),
    ):
        made, _ = render(store, plan, tracking=tracking)
        assert len(count) == n_segments
        expected, _ = render(None, plan, tracking=tracking)
        np.testing.assert_array_equal(made, expected)
        del count[n_segments:]


@pytest.mark.parametrize(
    "change",
    [
        {"plan": PLAN.model_copy(update={"seed": 1})},
        {"plan": PLAN.model_copy(update={"strength": 0.9})},
        {"plan": PLAN.model_copy(update={"channels": "left-right"})},
        {"plan": PLAN.model_copy(update={"overlap_seconds": 0.3})},
        {"style": STYLE * np.float32(0.5) + np.float32(1e-3)},
        {"content_weight": 0.2},
        {"max_iterations": 4},
    ],
)
def test_whatever_goes_into_a_segment_makes_it_anew(
    tmp_path: Path, count: list[int], change: dict[str, Any]
) -> None:
    store = SegmentFiles(tmp_path)
    render(store, start_noise=0.1)
    n_segments = len(count)
    _, styled = render(store, start_noise=0.1, **change)
    assert len(count) == n_segments + len(styled.records)


def test_another_number_of_threads_makes_all_anew(tmp_path: Path, count: list[int]) -> None:
    before = torch.get_num_threads()
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            render(SegmentFiles(tmp_path))
    finally:
        torch.set_num_threads(before)
    assert len(count) == 6


def test_a_texture_is_kept_too(tmp_path: Path, count: list[int]) -> None:
    references = References((Reference(ArraySource(Audio(STYLE, RATE)), "style", 1.0),), 30.0)
    made = []
    for _ in range(2):
        with ExitStack() as stack:
            method = build_method("infinite", {"max_iterations": 2, "start": "noise"})
            steps = make_texture(references, 3 * RATE, method, PLAN, stack, store=SegmentFiles(tmp_path))
            made.append(drain(steps).source.read(0, 3 * RATE))
    np.testing.assert_array_equal(made[0], made[1])
    assert len(count) == 2


@pytest.mark.parametrize("damage", [b"", b"\x00" * 64, None])
def test_a_damaged_file_is_made_anew(tmp_path: Path, count: list[int], damage: bytes | None) -> None:
    expected, _ = render(SegmentFiles(tmp_path))
    for path in tmp_path.rglob("*.segment"):
        path.write_bytes(path.read_bytes()[:-7] if damage is None else damage)
    made, _ = render(SegmentFiles(tmp_path))
    np.testing.assert_array_equal(made, expected)
    assert len(count) == 6
    render(SegmentFiles(tmp_path))
    assert len(count) == 6


def test_there_is_a_bound_and_the_oldest_go(tmp_path: Path) -> None:
    store = SegmentFiles(tmp_path, most_bytes=100_000)
    segment = KeptSegment(np.zeros((1, 5000), np.float32), (Outcome.CONVERGED,), (), np.zeros((0, 0)), 1)
    for number in range(12):
        store.put(f"{number:064d}", segment)
        os.utime(next(tmp_path.rglob(f"{number:064d}.segment")), (number, number))
        if number > 1:
            assert store.get(f"{1:064d}") is not None  # what is used stays
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.segment")) <= 100_000
    assert store.get(f"{11:064d}") is not None
    assert store.get(f"{2:064d}") is None


def test_a_place_that_cannot_be_written_does_not_stop_a_render(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    expected, _ = render(None)
    made, _ = render(SegmentFiles(tmp_path / "in the way"))
    np.testing.assert_array_equal(made, expected)


# The command line


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def test_a_new_amount_is_quick_and_fresh_makes_all_anew(cli: Cli, count: list[int]) -> None:
    assert cli.render("-o", "a.wav").code == 0
    assert len(count) == 1
    ended = cli.render("-o", "b.wav", "--amount", "0.5")
    assert (ended.code, len(count)) == (0, 1)
    assert any("The segment was finished before" in line for line in ended.err)
    assert cli.render("-o", "c.wav", "--amount", "0.5", "--fresh").code == 0
    assert len(count) == 2
    assert (cli.folder / "b.wav").read_bytes() == (cli.folder / "c.wav").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_killed_render_goes_on_where_it_was(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", CONTENT[:, : 3 * RATE].T, RATE)
    soundfile.write(tmp_path / "rain.wav", STYLE.T, RATE)
    command = [sys.executable, "-m", "nast_fx", "render", "song.wav", "--style", "rain.wav"]
    command += ["--segment", "0.5", "--overlap", "0.1", "--set", "max_iterations=8", "-o", "out.wav"]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    options: dict[str, Any] = {"cwd": tmp_path, "env": environment, "stderr": subprocess.PIPE}
    killed = subprocess.Popen(command, **options)
    assert killed.stderr is not None
    limit = time.monotonic() + 60
    with killed.stderr:
        while not list(tmp_path.rglob("*.segment")) and time.monotonic() < limit:
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    n_kept = len(list(tmp_path.rglob("*.segment")))
    assert 1 <= n_kept < 7
    assert not (tmp_path / "out.wav").exists()
    done = subprocess.run(command, check=True, text=True, **options)
    assert f"{n_kept} of " in done.stderr
    resumed = (tmp_path / "out.wav").read_bytes()
    subprocess.run([*command, "--fresh", "--overwrite", "overwrite"], check=True, **options)
    assert (tmp_path / "out.wav").read_bytes() == resumed
    assert not list(tmp_path.glob(".nast-fx-*"))
