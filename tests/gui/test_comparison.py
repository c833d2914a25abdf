"""Fair comparisons: gains, blind trials, differences; all in what the player is asked to do."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QObject

from nast_fx_gui.playback.comparison import Comparison
from nast_fx_gui.playback.matching import Level, difference_gain_db, matched_gains_db
from nast_fx_gui.playback.trials import Trials

DB = st.floats(-60, 0)
PEAKS = st.floats(-40, 6)


class FakePlayer(QObject):
    """Keeps what it was asked last."""

    def __init__(self) -> None:
        super().__init__()
        self.sources = {}
        self.gains = {}

    def set_sources(self, sources):
        self.sources = dict(sources)

    def hear(self, gains):
        self.gains = dict(gains)


@pytest.fixture
def player(qapp):
    return FakePlayer()


@pytest.fixture
def comparison(player):
    found = Comparison(player, toss=lambda: False)
    found.set_file("content", Path("c.wav"))
    found.set_file("result", Path("r.wav"), start_seconds=2.0)
    return found


def db(value: float) -> float:
    return 10 ** (value / 20)


@given(DB, DB, DB, PEAKS, PEAKS)
def test_both_are_at_the_softer_ones_loudness_and_never_louder(a, b, c, peak_a, peak_b):
    gain_a, gain_b, others = matched_gains_db(Level(a, peak_a), Level(b, peak_b), {"style": Level(c)})
    assert max(gain_a, gain_b, others["style"]) <= 1e-9
    assert a + gain_a == pytest.approx(b + gain_b, abs=1e-6)
    assert a + gain_a <= min(a, b) + 1e-6
    assert max(peak_a + gain_a, peak_b + gain_b) <= 1e-6, "nothing clips"
    if max(peak_a, peak_b) <= 0:
        assert a + gain_a == pytest.approx(min(a, b), abs=1e-6)
    assert c + others["style"] <= max(c, a + gain_a) + 1e-6


@given(PEAKS, PEAKS, st.floats(-30, 0), st.floats(-30, 0))
def test_a_difference_cannot_clip(peak_a, peak_b, gain_a, gain_b):
    gain = difference_gain_db(Level(-20, peak_a), Level(-20, peak_b), (gain_a, gain_b))
    assert gain <= 0
    assert db(gain) * (db(peak_a + gain_a) + db(peak_b + gain_b)) <= 1 + 1e-9


def test_levels_that_are_not_known_stay_as_they_are(comparison, player):
    comparison.hear("B")
    assert player.gains == {"result": 1.0}
    assert "being measured" in comparison.sentence
    comparison.set_level("content", -20.0, -3.0)
    comparison.set_level("result", None, None)
    assert "too short or too soft" in comparison.sentence
    assert player.gains == {"result": 1.0}


def test_a_b_and_the_words_for_it(comparison, player):
    comparison.set_level("content", -14.0, -1.0)
    comparison.set_level("result", -20.0, -3.0)
    comparison.hear("A")
    assert player.gains == {"content": pytest.approx(db(-6))}
    comparison.hear("B")
    assert player.gains == {"result": pytest.approx(1.0)}
    assert comparison.sentence == "Matched: content -6.0 dB, result 0.0 dB; both at -20.0 LUFS."
    comparison.set_matched(False)
    comparison.hear("A")
    assert player.gains == {"content": 1.0}
    assert comparison.sentence == "Not matched: the result is 6.0 LU softer."


def test_the_difference_has_the_gains_of_both(comparison, player):
    comparison.set_level("content", -14.0, 0.0)
    comparison.set_level("result", -20.0, 0.0)
    comparison.hear("difference")
    ratio = player.gains["content"] / player.gains["result"]
    assert ratio == pytest.approx(-db(-6))
    assert player.gains["result"] - player.gains["content"] == pytest.approx(1.0), (
        "their peaks sum to full scale"
    )
    assert "cannot clip" in comparison.sentence


def test_a_new_file_is_not_measured_yet(comparison, player):
    comparison.set_level("content", -14.0, -1.0)
    comparison.set_level("result", -20.0, -3.0)
    comparison.hear("B")
    comparison.set_file("result", Path("other.wav"))
    assert not comparison.is_known
    assert player.sources["result"].path == Path("other.wav")
    comparison.set_file("result", None)
    assert comparison.choice == "content"
    assert "needed" in comparison.sentence


def test_files_stand_where_they_belong(comparison, player):
    comparison.set_file("style", Path("s.wav"))
    assert player.sources["result"].start_seconds == 2.0
    assert player.sources["style"].wraps
    assert not player.sources["content"].wraps


def test_x_is_drawn_anew_and_heard_as_what_it_is(player):
    coin = iter([True, False, False, True])
    comparison = Comparison(player, toss=lambda: next(coin))
    comparison.set_file("content", Path("c.wav"))
    comparison.set_file("result", Path("r.wav"))
    comparison.hear("X")
    assert comparison.choice == "content", "there is no X without a blind test"
    comparison.begin_trials()
    assert comparison.choice == "X"
    assert list(player.gains) == ["content"]
    assert comparison.answer("A")
    assert list(player.gains) == ["result"], "the next X is heard at once"
    assert not comparison.answer("A")
    assert comparison.answer("B")
    assert comparison.score.startswith(
        "2 of 3 right; guessing does as well 50.0% of the time. That may be chance."
    )
    comparison.end_trials()
    assert comparison.choice == "content"
    assert comparison.score == ""


def test_gains_of_x_do_not_tell_what_it_is(comparison):
    comparison.set_level("content", -14.0, -1.0)
    comparison.set_level("result", -20.0, -3.0)
    comparison.begin_trials()
    as_b = (comparison.sentence, comparison.score)
    comparison.trials.x = "A"
    assert (comparison.sentence, comparison.score) == as_b


@pytest.mark.parametrize(
    ("right", "of", "p"), [(0, 0, 1.0), (8, 10, 56 / 1024), (9, 10, 11 / 1024), (12, 16, 2517 / 65536)]
)
def test_p_is_the_tail_of_the_binomial_distribution(right, of, p):
    trials = Trials(lambda: True)
    for number in range(of):
        trials.answer("A" if number < right else "B")
    assert trials.p == pytest.approx(p)


def test_x_is_fair(qapp):
    player = FakePlayer()
    comparison = Comparison(player)
    comparison.set_file("content", Path("c.wav"))
    comparison.set_file("result", Path("r.wav"))
    comparison.begin_trials()
    drawn = []
    for _ in range(400):
        drawn.append(comparison.trials.x)
        comparison.answer("A")
    assert 140 < drawn.count("A") < 260  # six standard deviations
    assert sum(one == other for one, other in itertools.pairwise(drawn)) < 280
