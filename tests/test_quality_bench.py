"""The bench of sound quality: its pairs, what is kept of it, and its page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from nast_fx.evaluate import evaluate
from nast_fx.methods.infinite import Infinite
from nast_fx.progress import drain
from nast_fx.studies.duel import Duel, duel
from nast_fx.studies.published import BareRenders
from nast_fx.studies.quality_pairs import KINDS, BenchPair, Struck, bench_pairs
from nast_fx.studies.recordings import Pair
from nast_fx.studies.results import Result
from nast_fx.studies.results_page import results_page
from nast_fx.studies.sounds import rain, song

QUICK = {"max_iterations": 2, "texture": 0.0}


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair("song -> rain", song(2.0), rain(2.0))


def test_the_bench_has_36_pairs_and_12_are_held_out() -> None:
    pairs = list(bench_pairs())
    assert Counter(pair.kind for pair in pairs) == dict.fromkeys(KINDS, 6)
    assert Counter(pair.kind for pair in pairs if pair.is_held_out) == dict.fromkeys(KINDS, 2)
    assert {pair.sample_rate for pair in pairs} == {44_100, 48_000}
    assert len({pair.name for pair in pairs}) >= 35  # one pair stands for two kinds


def test_pairs_that_are_installed_are_stereo_and_of_one_length() -> None:
    there = [pair for pair in bench_pairs() if pair.content.is_there() and pair.style.is_there()]
    if not there:
        pytest.skip("needs the Debian package sonic-pi-samples or wesnoth-1.16-music")
    for pair in there[::7]:
        loaded = pair.load()
        assert loaded.content.samples.shape == loaded.style.samples.shape == (2, 6 * pair.sample_rate)
        assert np.isfinite(loaded.content.samples).all()


def test_a_render_is_made_once(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = drain(BareRenders(tmp_path).render(pair, "infinite", QUICK))
    assert made.samples.shape == (1, 2 * 22_050)

    def fail(*_: object) -> None:
        raise AssertionError("it was optimized again")

    monkeypatch.setattr(Infinite, "transfer", fail)
    again = drain(BareRenders(tmp_path).render(pair, "infinite", QUICK))
    np.testing.assert_array_equal(again.samples, made.samples)
    with pytest.raises(AssertionError, match="again"):
        drain(BareRenders(tmp_path).render(pair, "infinite", {**QUICK, "content_weight": 0.2}))


def test_a_duel_is_fought_at_equal_content_error(pair: Pair, tmp_path: Path) -> None:
    class Renders(BareRenders):
        def render(self, pair, name, settings=None):  # type: ignore[no-untyped-def]
            settings = {"n_filters": 64, "max_iterations": 3} if name != "infinite" else {**settings, **FEW}
            return super().render(pair, name, settings)

    FEW = {"max_iterations": 10}
    fought = drain(duel(pair, "ulyanov-lebedev", Renders(tmp_path)))
    assert fought.our_error <= fought.content_error + 0.01
    assert 0 < fought.ours < 1
    assert not Duel("x", 0.5, 0.3, 0.4, 1.0, 0.5).is_won
    assert not Duel("x", 0.5, 0.3, 0.2, 1.0, 0.6).is_won
    assert Duel("x", 0.5, 0.3, 0.2, 1.0, 0.5).is_won


def test_the_page_says_which_bounds_hold(pair: Pair) -> None:
    silence = Struck("hits", ("bd_haus",), 1.0, 0.3)
    made = [
        Result(BenchPair("silence", silence, silence, 44_100, held, True), evaluation, {}, [])
        for held, evaluation in (
            (True, evaluate(pair.content, pair.style, pair.content)),
            (False, evaluate(pair.content, pair.style, pair.style)),
        )
    ]
    page, best, worst = results_page(made)
    assert best == worst == "hits -> hits"
    held_out, tuned = page.split("## On the pairs that settings were chosen on")
    assert "| texture residual | 1 | at most 0.7 | **no** | 0 of 1 |" in held_out
    assert "| onset agreement | 1 | at least 0.95 | yes | 1 of 1 |" in held_out
    assert "| texture residual | 0 | at most 0.7 | yes | 1 of 1 |" in tuned
    assert "| ulyanov-lebedev | 0 | - | - | - | - | not rendered yet |" in held_out
