"""The benchmark: its page, its judge, and the ratio that it exists to show."""

from __future__ import annotations

import os

import pytest
import torch

from nast_fx.methods import StyleSound
from nast_fx.progress import drain
from nast_fx.studies import bench as study
from nast_fx.studies.bench_page import bench_page
from nast_fx.studies.race import Race, Run
from nast_fx.studies.recordings import Pair, find_pairs
from nast_fx.studies.sounds import rain, song
from nast_fx.studies.speed import Speed

SPEED = Speed(0.03, 0.01, 0.01, 1.6e11, 0.4, 1.2, 1_300_000_000, "a machine")


def test_the_page_says_what_was_measured():
    reached = Race(
        "a -> b", Run(100, 80.0, 0.05, 0.02), Run(20, 0.5, 0.049, 0.018), Run(100, 3.0, 0.04, 0.01)
    )
    page = bench_page([reached], SPEED, quick=True)
    assert "| a -> b | 80.0 | 0.0500 | 0.0200 | 20 iterations | 0.50 | 160 | 3.0 | 0.0400 | 0.0100 |" in page
    assert "**160 times sooner**" in page
    assert "| evaluation over that floor | 1.50 |" in page
    assert "1300 MB" in page


def test_a_race_that_is_lost_is_said_to_be():
    lost = Race("a -> b", Run(100, 80.0, 0.05, 0.02), None, Run(100, 3.0, 0.06, 0.03))
    assert lost.ratio is None
    page = bench_page([lost], SPEED, quick=True)
    assert "never" in page
    assert "not reached by all" in page


def test_the_judge_sees_content_and_style_as_they_are():
    content, style = (
        torch.from_numpy(row) for row in Pair("", song(3.0), rain(3.0)).mono(study.RATE, 2.0, 2.0)
    )
    judge = study._make_judge(content, StyleSound((style,), (1.0,)))
    judged, style_loss = judge(content)
    assert judged == pytest.approx(style_loss)  # the content is at no distance from itself
    assert style_loss > 0.05
    judged, style_loss = judge(style)
    assert abs(style_loss) < 1e-4


def test_pairs_are_there_with_or_without_recordings(monkeypatch):
    monkeypatch.setattr("nast_fx.studies.recordings.REAL_PAIRS", ())
    pairs = find_pairs(2, seconds=2.0)
    assert [pair.name for pair in pairs] == ["song -> bells", "song -> rain"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_closed_form_is_far_sooner_than_the_naive_finite_network():
    """A small race: 40 iterations of the finite network (100 and 300 are `nast-fx bench`)."""
    if (os.cpu_count() or 1) < 2:
        pytest.skip("needs two cores")
    pair = find_pairs(1)[0]
    race = drain(study.race(pair, 40))
    assert race.ratio is not None
    assert race.ratio > 20
    assert race.final.style < race.finite.style
