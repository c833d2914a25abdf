"""The last stage: loudness follows the content, nothing passes the ceiling, and what was lost is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nast_fx.analysis.loudness import Loudness, measure_loudness
from nast_fx.audio import ArraySource, Audio, Samples
from nast_fx.models import Tracking
from nast_fx.progress import drain
from nast_fx.render.curves import Curve
from nast_fx.render.leveling import Leveled, ceiling_of, follow_gains, level
from nast_fx.render.limiter import limiter_gains
from nast_fx.render.sources import Scaled

RATE = 16_000


def noise(seconds: float, *, n_channels: int = 2, seed: int = 0) -> Samples:
    generator = np.random.default_rng(seed)
    return 0.1 * generator.standard_normal((n_channels, round(seconds * RATE))).astype(np.float32)


def source(samples: Samples) -> ArraySource:
    return ArraySource(Audio(samples, RATE))


def measured(samples: Samples) -> Loudness:
    return drain(measure_loudness(source(samples)))


def leveled(result: Samples, content: Samples | None, **tracking: object) -> tuple[Samples, Leveled]:
    own = None if content is None else measured(content)
    found = drain(level(source(result), own, Tracking(**tracking)))
    return found.source.read(0, result.shape[1]), found


def stepped(samples: Samples, *gains_db: float) -> Samples:
    """Parts of equal length at the given levels."""
    parts = np.array_split(samples, len(gains_db), axis=1)
    return np.concatenate([part * 10 ** (db / 20) for part, db in zip(parts, gains_db, strict=True)], axis=1)


def test_a_flat_result_gets_the_contents_short_term_curve() -> None:
    content, flat = stepped(noise(24), -20, 0, -10), noise(24, seed=1)
    made, found = leveled(flat, content)
    own, after = measured(content), measured(made)
    # Away from the steps, which a smooth gain crosses slowly.
    for second in (6, 14, 22):
        assert after.short_term[second * 100] == pytest.approx(own.short_term[second * 100], abs=1.0)
    assert after.integrated_lufs == pytest.approx(own.integrated_lufs, abs=0.1)
    assert found.loudness.integrated_lufs == pytest.approx(after.integrated_lufs, abs=0.01)


def test_following_by_half_goes_half_way_and_by_nothing_nowhere() -> None:
    content, flat = measured(stepped(noise(20), -8, 0)), measured(noise(20, seed=1))
    whole, half, none = (follow_gains(content, flat, share, -70.0) for share in (1.0, 0.5, 0.0))
    assert 20 * np.log10(whole[400]) == pytest.approx(-8, abs=0.3)
    assert 20 * np.log10(half[400]) == pytest.approx(-4, abs=0.15)
    assert (none == 1).all()


def test_the_gain_runs_straight_through_silence() -> None:
    content = noise(12)
    content[:, 4 * RATE : 8 * RATE] = 0
    gains = follow_gains(measured(content), measured(noise(12, seed=1)), 1.0, -70.0)
    assert np.abs(20 * np.log10(gains)).max() < 3  # no rush upward where there is nothing to follow


def test_a_signal_that_equals_its_content_is_not_touched() -> None:
    content = stepped(noise(6), -30, 0, -12)
    made, found = leveled(content, content)
    assert np.array_equal(made, content)
    assert (found.gain_db, found.limited_db, found.shortfall_lu) == (0, 0, 0)


@pytest.mark.parametrize("target", [-30.0, -23.0, -16.0])
def test_a_target_is_reached(target: float) -> None:
    made, found = leveled(noise(5), noise(5, seed=2), loudness=target)
    assert measured(made).integrated_lufs == pytest.approx(target, abs=0.05)
    assert found.target_lufs == target
    assert found.notes == ()


def clicks(seconds: float) -> Samples:
    """Quiet noise with a loud click every half second: much peak, little loudness."""
    samples = 0.02 * noise(seconds)
    samples[:, RATE // 4 :: RATE // 2] = 0.5
    return samples


def test_where_target_and_ceiling_conflict_the_ceiling_wins_and_the_report_says_by_how_much() -> None:
    made, found = leveled(clicks(6), None, loudness=-14.0, ceiling=-3.0)
    after = measured(made)
    assert after.true_peak_dbtp <= -3.0 + 1e-3
    assert found.shortfall_lu == pytest.approx(-14.0 - after.integrated_lufs, abs=0.02)
    assert found.shortfall_lu > 3
    assert f"{found.shortfall_lu:.1f} LU below" in found.notes[0]
    assert "-3.0 dBTP" in found.notes[0]


def test_rare_peaks_are_limited_and_the_loudness_is_kept() -> None:
    content, result = noise(6), noise(6, seed=1)
    result[:, 3 * RATE] = 1.6
    made, found = leveled(result, content)
    after, own = measured(made), measured(content)
    assert 2 < found.limited_db <= 6.0 + 1e-6
    assert after.integrated_lufs == pytest.approx(own.integrated_lufs, abs=0.1)
    assert after.true_peak_dbtp <= -1.0 + 1e-3
    assert found.shortfall_lu < 0.05
    away = np.r_[: 2 * RATE, 4 * RATE : 6 * RATE]
    ratio = made[0, away] / result[0, away]
    assert ratio.std() / ratio.mean() < 0.15  # nothing is clipped, and far from the peak nothing dips


def test_the_ceiling_is_the_contents_own_peak_where_that_is_higher() -> None:
    loud, soft = noise(1), noise(1)
    loud[0, 800] = 1.2
    assert ceiling_of(Tracking(), measured(soft)) == -1.0
    assert ceiling_of(Tracking(), measured(loud)) > 20 * np.log10(1.2) - 0.01
    assert ceiling_of(Tracking(ceiling=-6), measured(loud)) == -6
    assert ceiling_of(Tracking(), None) == -1.0


def test_an_integer_file_holds_nothing_above_full_scale() -> None:
    hot = noise(2)
    hot[0, 800] = 1.3
    own = measured(hot)
    for fits, most in ((False, 1.3), (True, 1.0)):
        found = drain(level(source(hot), own, Tracking(), fits_integers=fits))
        assert np.abs(found.source.read(0, hot.shape[1])).max() == pytest.approx(most, abs=1e-3)
        assert np.abs(found.source.read(0, hot.shape[1])).max() <= most * (1 + 1e-6)


@pytest.mark.parametrize("seconds", [0.05, 0.3])
def test_what_is_too_short_for_loudness_keeps_the_contents_power(seconds: float) -> None:
    content, result = noise(seconds), 0.3 * noise(seconds, seed=1)
    made, found = leveled(result, content)
    assert np.sqrt((made**2).mean()) == pytest.approx(np.sqrt((content**2).mean()), rel=0.1)
    assert found.target_lufs is None
    assert found.loudness.integrated_lufs is None


def test_silence_stays_silent_and_nothing_is_made_of_nothing() -> None:
    nothing = np.zeros((2, RATE), np.float32)
    made, _ = leveled(nothing, noise(1))
    assert not made.any()
    made, found = leveled(noise(1), nothing)
    assert np.isfinite(made).all()
    assert found.shortfall_lu == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.floats(0.1, 4.0), st.integers(0, 2**32 - 1), st.booleans())
def test_the_limiter_never_lets_anything_pass(count: int, gain: float, seed: int, circular: bool) -> None:
    limits = 10 ** np.random.default_rng(seed).uniform(-1, 1, count)
    gains = limiter_gains(limits, gain, circular=circular)
    assert gains.shape == limits.shape
    assert (gains <= 1).all()
    # Straight between points: the neighbors' limits hold for a point too.
    lowest = np.minimum(limits, np.minimum(np.r_[limits[1:], np.inf], np.r_[np.inf, limits[:-1]]))
    assert (gains * gain <= lowest * (1 + 1e-9)).all()


def test_a_circular_limiter_looks_around_the_end() -> None:
    limits = np.full(50, 10.0)
    limits[0] = 0.5
    assert limiter_gains(limits, 1.0, circular=True)[-1] < 1
    assert limiter_gains(limits, 1.0)[-1] == 1


def test_a_curve_runs_straight_between_its_points_wherever_a_block_begins() -> None:
    curve = Curve(np.array([0.0, 1.0, 1.0, 0.0]))
    whole = curve.at(0, 4 * RATE // 100, RATE)
    assert whole[0] == 0
    assert whole[RATE // 100] == pytest.approx(0.5, abs=0.01)  # between the middles of the first two points
    assert np.array_equal(whole[100:300], curve.at(100, 200, RATE))
    scaled = Scaled(source(np.ones((1, whole.size), np.float32)), curve)
    assert np.array_equal(scaled.read(0, whole.size)[0], whole)
