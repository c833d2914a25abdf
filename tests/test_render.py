"""Segments, stereo, levels: a method that changes nothing must change nothing."""

from __future__ import annotations

import math
from contextlib import ExitStack
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nast_fx.audio import ArraySource, Audio, ScratchFile, check_samples
from nast_fx.errors import UsageError
from nast_fx.methods import Method, Targets, build_method
from nast_fx.models import MethodSettings, RenderPlan, Tracking
from nast_fx.optimize import Outcome, Solution
from nast_fx.progress import drain
from nast_fx.render import Reference, References, make_texture, style_source
from nast_fx.render.curves import Curve
from nast_fx.render.keys import Region, Transposition
from nast_fx.render.segments import in_order, plan_segments, segments_at
from nast_fx.render.sources import Follower
from nast_fx.render.stereo import StereoLayout
from nast_fx.render.targets import StyleTargets
from nast_fx.render.track import Journey, style_track


class _NoTargets(Targets):
    def __init__(self):
        pass

    def select(self, rows):
        return self


class Passthrough(Method):
    """Gives the content back; it guards everything around a method."""

    name = "passthrough"

    def __init__(self, least: int = 1000):
        super().__init__(MethodSettings())
        self.least = least
        self.segments = []

    def min_frames(self, sample_rate):
        return self.least

    def prepare(self, style, *, sample_rate, seed, device):
        return _NoTargets()

    def transfer(self, segment, targets):
        self.segments.append(segment)
        yield from ()
        return Solution(segment.content, [Outcome.CONVERGED], [{"loss": 0.0}], 1, 1, 0.0)


def noise(n_channels: int, n_frames: int, seed: int = 0, level: float = 0.1) -> np.ndarray:
    return (level * np.random.default_rng(seed).standard_normal((n_channels, n_frames))).astype(np.float32)


def references(rate: int = 44_100, n_channels: int = 2, seconds: float = 2.0) -> References:
    audio = Audio(noise(n_channels, round(seconds * rate), seed=9), rate)
    return References((Reference(ArraySource(audio), "style", 1.0),), 30.0)


def render(samples: np.ndarray, rate: int, method: Method, plan: RenderPlan, style=None, **more):
    content = ArraySource(Audio(samples, rate))
    stats = check_samples(content, "content")
    with ExitStack() as stack:
        styled = drain(style_source(content, stats, style or references(rate), method, plan, stack, **more))
        return styled.source.read(0, content.n_frames), styled


@settings(max_examples=60, deadline=None)
@given(
    n_frames=st.integers(1, 60_000),
    rate=st.sampled_from([8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 50_000, 96_000, 192_000]),
    n_channels=st.integers(1, 8),
    channels=st.sampled_from(["mid-side", "left-right", "mono"]),
    segment=st.floats(0.5, 3.0),
    overlap=st.floats(0.0, 0.4),
    amount=st.floats(0.01, 1.0),
    follow=st.floats(0.0, 1.0),
    least=st.integers(1, 5_000),
    seed=st.integers(0, 3),
)
def test_passthrough_is_exact(
    n_frames, rate, n_channels, channels, segment, overlap, amount, follow, least, seed
):
    plan = RenderPlan(
        segment_seconds=segment,
        overlap_seconds=overlap * segment,
        channels=channels,
        amount=amount,
        follow=follow,
    )
    samples = noise(n_channels, n_frames, seed)
    result, styled = render(samples, rate, Passthrough(least), plan, references(max(rate, 48_000)))
    assert result.shape == samples.shape
    np.testing.assert_allclose(result, samples, atol=1e-6, rtol=0)
    assert styled.working_rate <= 48_000


def test_passthrough_is_exact_with_silences_and_a_style_of_a_lower_rate():
    samples = noise(2, 100_000)
    samples[:, 30_000:60_000] = 0
    samples[1, 80_000:] = 0
    plan = RenderPlan(segment_seconds=0.6, overlap_seconds=0.1)
    result, styled = render(samples, 44_100, Passthrough(), plan, references(16_000))
    np.testing.assert_allclose(result, samples, atol=1e-6, rtol=0)
    assert styled.working_rate == 16_000
    assert "above 8 kHz stays the content's" in " ".join(styled.notes)


@settings(deadline=None)
@given(n_frames=st.integers(1, 10**7), segment=st.integers(100, 10**6), share=st.floats(0, 0.4))
def test_segments_cover_everything_and_only_neighbors_meet(n_frames, segment, share):
    overlap = int(share * segment)
    spans = plan_segments(n_frames, segment, overlap)
    assert spans[0].start == 0
    assert spans[-1].start + spans[-1].n_frames == n_frames
    assert all(span.n_frames <= segment for span in spans)
    for left, right in pairwise(spans):
        assert left.start + left.n_frames - right.start == left.n_after == right.n_before >= overlap
    for left, right in zip(spans, spans[2:], strict=False):
        assert left.start + left.n_frames <= right.start
    order = [span.index for span in in_order(spans)]
    assert order == sorted(order, key=lambda index: (index % 2, index))


def test_cross_fades_sum_to_one():
    for span in plan_segments(10_000, 3_000, 700)[1::2]:
        share = span.own_share()
        before = share[: span.n_before]
        np.testing.assert_allclose(before + before[::-1], 1.0, atol=1e-6)


def test_odd_segments_begin_at_and_are_held_to_their_neighbors():
    method = Passthrough()
    plan = RenderPlan(segment_seconds=0.5, overlap_seconds=0.1)
    render(noise(1, 60_000), 44_100, method, plan)
    n_spans = len(method.segments)
    assert n_spans > 3
    evens, odds = method.segments[: (n_spans + 1) // 2], method.segments[(n_spans + 1) // 2 :]
    assert all(segment.pinned is None for segment in evens)
    for segment in odds:
        share = segment.pinned.share
        assert float(share[0]) > 0.99
        held = share > 0
        # The passthrough's neighbors are the content itself.
        torch.testing.assert_close(segment.pinned.waveform[:, held], segment.content[:, held])


@pytest.mark.parametrize("policy", ["mid-side", "left-right", "mono"])
@pytest.mark.parametrize("n_channels", range(1, 9))
def test_stereo_layouts_are_invertible(policy, n_channels):
    layout = StereoLayout(n_channels, policy)
    block = noise(n_channels, 100)
    rows = layout.encode(block)
    assert len(rows) == len(layout.rows)
    np.testing.assert_allclose(layout.decode(rows, block), block, atol=1e-6)


def test_surround_is_pairs_and_singles_and_leaves_the_lfe_alone():
    layout = StereoLayout(6, "mid-side")
    assert layout.rows == ("mid", "side", "mid", "side", "mid")
    block = noise(6, 50)
    changed = layout.decode(layout.encode(block) * 0, block)
    assert not changed[[0, 1, 2, 4, 5]].any()
    np.testing.assert_array_equal(changed[3], block[3])
    assert "LFE" in layout.describe()


class Noise(Passthrough):
    """Replaces everything by noise at full level: the worst method."""

    def transfer(self, segment, targets):
        yield from ()
        generator = torch.Generator().manual_seed(segment.keys[0])
        made = 0.08 * torch.randn(len(segment.keys), segment.n_frames, generator=generator)
        return Solution(made, [Outcome.CONVERGED], [{"loss": 0.0}], 1, 1, 0.0)


def test_following_keeps_silence_silent_and_the_level_curve():
    rate = 44_100
    samples = noise(2, 4 * rate)
    samples[:, rate : 2 * rate] = 0
    samples[:, 3 * rate :] *= 0.05
    result, _ = render(samples, rate, Noise(), RenderPlan())
    assert np.abs(result[:, rate + 2000 : 2 * rate - 2000]).max() < 1e-6
    for part in (slice(2 * rate + 2000, 3 * rate - 2000), slice(3 * rate + 2000, 4 * rate)):
        ratio = np.std(result[:, part]) / np.std(samples[:, part])
        assert 20 * abs(np.log10(ratio)) < 0.5
    loose, _ = render(samples, rate, Noise(), RenderPlan(follow=0.0))
    assert np.abs(loose[:, rate + 2000 : 2 * rate - 2000]).max() < 1e-6  # silence stays silent in any case
    assert np.std(loose[:, 3 * rate + 2000 :]) > 1.5 * np.std(samples[:, 3 * rate + 2000 :])


def test_overall_level_is_the_contents_without_following():
    samples = noise(2, 88_200, level=0.02)
    result, _ = render(samples, 44_100, Noise(), RenderPlan(follow=0.0))
    assert np.std(result) == pytest.approx(np.std(samples), rel=0.01)


def test_following_does_not_depend_on_where_blocks_begin():
    content = ArraySource(Audio(noise(2, 30_000), 44_100))
    result = ArraySource(Audio(noise(2, 30_000, seed=1), 44_100))
    layout = StereoLayout(2, "mid-side")
    levels = np.array([1.3, 0.8])
    quiet = Curve(np.linspace(0.0, 1.0, 69))
    follower = Follower(content, result, layout, share=0.7, silence=quiet, levels=levels, ceiling=0.3)
    whole = follower.read(0, 30_000)
    parts = np.concatenate([follower.read(s, min(777, 30_000 - s)) for s in range(0, 30_000, 777)], axis=1)
    np.testing.assert_allclose(parts, whole, atol=1e-6)


CEILING = 10 ** (-1 / 20)


def test_following_keeps_peaks_under_the_ceiling_without_turning_the_rest_down():
    samples = noise(1, 88_200, level=0.2).clip(-0.4, 0.4)
    samples[0, 40_000:40_400] *= 2
    result, styled = render(samples, 44_100, Noise(), RenderPlan(), tracking=Tracking(key="off"))
    assert np.abs(result).max() <= CEILING + 1e-6
    assert not styled.notes
    assert np.std(result) == pytest.approx(np.std(samples), rel=0.05)


def test_without_following_peaks_are_limited_and_the_loudness_is_the_contents():
    samples = noise(1, 88_200, level=0.35).clip(-0.8, 0.8)
    result, styled = render(samples, 44_100, Noise(), RenderPlan(follow=0.0))
    facts = styled.tracked.as_dict(["style"])["loudness"]
    assert np.abs(result).max() <= 10 ** (facts["ceiling_dbtp"] / 20)
    assert facts["limited_db"] > 0.2
    reached = facts["result"]["integrated_lufs"] + facts["shortfall_lu"]
    assert reached == pytest.approx(facts["content"]["integrated_lufs"], abs=0.1)


LEVEL_ONLY = Tracking(loudness_follow=0.0)  # one gain for the whole


def gain_of(styled):
    return 10 ** (styled.tracked.leveled.gain_db / 20)


def test_styling_the_mid_alone_leaves_the_side_alone():
    samples = noise(2, 88_200, level=0.05)
    for follow in (0.0, 1.0):
        plan = RenderPlan(channels="mono", follow=follow)
        result, styled = render(samples, 44_100, Noise(), plan, tracking=LEVEL_ONLY)
        side = gain_of(styled) * (samples[0] - samples[1])
        np.testing.assert_allclose(result[0] - result[1], side, atol=1e-6)
        assert np.std(result - samples) > 0.01


def test_the_mono_sum_follows_too():
    samples = noise(1, 88_200, level=0.1).repeat(2, axis=0)  # no side at all
    samples[1] += noise(1, 88_200, seed=5, level=0.01)[0]
    result, _ = render(samples, 44_100, Noise(), RenderPlan())
    for part in (lambda x: x[0] + x[1], lambda x: x[0] - x[1]):
        assert np.std(part(result)) == pytest.approx(np.std(part(samples)), rel=0.05)


def test_silent_content_stays_silent():
    result, styled = render(np.zeros((2, 50_000), np.float32), 44_100, Noise(), RenderPlan())
    assert not result.any()
    assert styled.outcome is Outcome.SILENT
    assert any("silent" in note for note in styled.notes)


def test_the_band_above_the_working_rate_stays_the_contents():
    rate, n_frames = 192_000, 192_000
    t = np.arange(n_frames) / rate
    high = 0.1 * np.sin(2 * np.pi * 60_000 * t)[None].astype(np.float32)
    samples = high + 0.1 * np.sin(2 * np.pi * 1_000 * t)[None].astype(np.float32)
    result, styled = render(samples, rate, Noise(), RenderPlan(follow=0.0), tracking=LEVEL_ONLY)
    assert styled.working_rate == 48_000
    inner = slice(20_000, -20_000)

    def level(signal, frequency):
        n = np.arange(n_frames)[inner]
        return abs(np.mean(signal[0, inner] * np.exp(-2j * np.pi * frequency * n / rate)))

    assert level(result, 60_000) == pytest.approx(gain_of(styled) * level(samples, 60_000), rel=1e-3)
    assert level(result, 1_000) < 0.5 * level(samples, 1_000)


@pytest.mark.parametrize("rate", [7_999, 192_001])
def test_rates_out_of_range_are_refused(rate):
    with pytest.raises(UsageError, match="from 8000 to 192000 Hz"):
        render(noise(1, 1000), rate, Passthrough(), RenderPlan())


@pytest.mark.parametrize("method", ["infinite", "ulyanov-lebedev"])
def test_real_methods_through_several_segments(method):
    """Length and channels are kept, and nothing but the seed decides."""
    rate = 8_000
    quick = {"max_iterations": 4, "start": "noise"}
    if method == "ulyanov-lebedev":
        quick |= {"n_filters": 32, "griffin_lim_iterations": 10}
    samples = noise(2, 5 * rate)
    results = []
    for seed in (3, 3, 4):
        plan = RenderPlan(segment_seconds=2.0, overlap_seconds=0.4, seed=seed)
        results.append(render(samples, rate, build_method(method, quick), plan, references(rate))[0])
    assert results[0].shape == samples.shape
    np.testing.assert_array_equal(results[0], results[1])
    assert np.std(results[0] - results[2]) > 0.01
    assert np.std(results[0] - samples) > 0.01


def test_the_order_of_the_segments_does_not_change_a_sample(monkeypatch):
    rate = 8_000
    samples, plan = noise(2, 8 * rate), RenderPlan(segment_seconds=2.0, overlap_seconds=0.4)
    quick = {"max_iterations": 3, "start_noise": 0.2}
    straight = render(samples, rate, build_method("infinite", quick), plan, references(rate))[0]
    monkeypatch.setattr("nast_fx.render.track.in_order", lambda spans: spans[::2][::-1] + spans[1::2][::-1])
    turned = render(samples, rate, build_method("infinite", quick), plan, references(rate))[0]
    np.testing.assert_array_equal(straight, turned)


def test_texture_has_the_styles_level_and_the_asked_length():
    with ExitStack() as stack:
        style = references(8_000)
        plan = RenderPlan(segment_seconds=1.0, overlap_seconds=0.2)
        method = build_method("infinite", {"max_iterations": 10})
        styled = drain(make_texture(style, 20_011, method, plan, stack))
        texture = styled.source.read(0, 20_011)
    assert texture.shape == (2, 20_011)
    assert np.std(texture) == pytest.approx(0.1, rel=0.25)


def test_a_looped_texture_runs_in_a_circle():
    with ExitStack() as stack:
        plan = RenderPlan(loop=True, channels="left-right")
        method = build_method("infinite", {"max_iterations": 10})
        styled = drain(make_texture(references(8_000), 20_011, method, plan, stack))
        loop = styled.source.read(0, 20_011)
    twice = np.concatenate([loop, loop], axis=1)
    steps = np.abs(np.diff(twice))
    assert steps[:, 20_010].max() < np.percentile(steps, 99.9)
    assert len(styled.records) == 1


@pytest.mark.parametrize("seconds", [0.2, 121.0])
def test_loops_that_cannot_be_made_are_refused(seconds):
    with ExitStack() as stack:
        method = build_method("infinite")
        n_frames = round(seconds * 8_000)
        steps = make_texture(references(8_000), n_frames, method, RenderPlan(loop=True), stack)
        with pytest.raises(UsageError, match="a loop of"):
            drain(steps)


def test_a_style_of_nearly_the_same_rate_is_used_at_the_contents_own():
    samples = noise(1, 48_000)
    _, styled = render(samples, 48_000, Passthrough(), RenderPlan(), references(44_100))
    assert styled.working_rate == 48_000


def test_a_mono_style_serves_the_side_too():
    samples = noise(2, 16_000)
    method = build_method("infinite", {"max_iterations": 3})
    result, _ = render(samples, 8_000, method, RenderPlan(), references(8_000, n_channels=1))
    side, before = result[0] - result[1], samples[0] - samples[1]
    assert np.isfinite(result).all()
    assert np.std(side - before) > 1e-3


def test_long_references_are_sampled_evenly():
    rate = 8_000
    style = References((Reference(ArraySource(Audio(noise(1, 100 * rate), rate)), "long", 1.0),), 30.0)
    sound = style.sound(("mid",), rate, 1000)
    assert len(sound.excerpts) == 10
    assert sum(excerpt.shape[1] for excerpt in sound.excerpts) == 30 * rate
    assert "10 evenly spaced excerpts" in style.notes(0.1)[0]


def test_excerpts_hold_what_the_method_must_see():
    rate = 8_000
    style = References((Reference(ArraySource(Audio(noise(1, 100 * rate), rate)), "long", 1.0),), 30.0)
    assert {excerpt.shape[1] for excerpt in style.sound(("mid",), rate, 2 * rate).excerpts} == {8 * rate}


def test_excerpts_are_where_something_is():
    rate = 8_000
    samples = np.zeros((1, 60 * rate), dtype=np.float32)
    samples[:, round(3.5 * rate) : round(5.5 * rate)] = noise(1, 2 * rate)
    style = References((Reference(ArraySource(Audio(samples, rate)), "sparse", 1.0),), 30.0)
    assert all(excerpt.square().mean() > 0 for excerpt in style.sound(("mid",), rate, 1000).excerpts)


def test_a_style_whose_front_channels_are_silent_uses_the_loudest():
    samples = np.zeros((6, 16_000), dtype=np.float32)
    samples[4] = noise(1, 16_000)[0]
    style = References((Reference(ArraySource(Audio(samples, 8_000)), "rear", 1.0),), 30.0)
    sound = style.sound(("mid", "side"), 8_000, 1000)
    assert np.std(sound.excerpts[0].numpy()) == pytest.approx(0.08, rel=0.01)


@pytest.mark.parametrize(
    ("method", "plan", "message"),
    [
        ({"n_layers": 8, "dilation": 4}, {}, "these settings look at"),
        ({"n_fft": 128, "hop_length": 16}, {"segment_seconds": 60}, "windows of a segment"),
        ({"hop_length": 8000}, {}, "hop_length=8000 must be at most half of"),
        ({}, {"loop": True}, "loop=True is for textures"),
    ],
)
def test_what_cannot_be_done_is_said_first(method, plan, message):
    with pytest.raises(UsageError, match=message):
        render(noise(1, 400_000), 8_000, build_method("infinite", method), RenderPlan(**plan))


def test_no_segment_is_shorter_than_the_method_needs():
    assert [span.n_frames for span in plan_segments(4001, 4000, 0, least=2816)] == [4001]
    assert min(span.n_frames for span in plan_segments(20_000, 4000, 400, least=2816)) >= 2816


@settings(max_examples=100, deadline=None)
@given(
    places=st.lists(st.integers(0, 50_000), max_size=30).map(sorted),
    n_frames=st.integers(1, 50_000),
    overlap=st.integers(0, 5_000),
    least=st.integers(1, 3_000),
    longest=st.integers(4_000, 20_000),
)
@example(places=[4001], n_frames=6002, overlap=0, least=2001, longest=4000)
def test_segments_that_meet_at_places_cover_the_track(places, n_frames, overlap, least, longest):
    spans = segments_at(places, n_frames, overlap, least=least, longest=longest)
    assert spans[0].start == 0
    assert spans[-1].end == n_frames
    assert [span.index for span in spans] == list(range(len(spans)))
    for left, right in pairwise(spans):
        assert left.end - right.start == left.n_after == right.n_before <= overlap
    for first, third in zip(spans, spans[2:], strict=False):
        assert first.end <= third.start  # three never meet
    assert all(span.n_frames >= min(least, n_frames) for span in spans)
    assert all(span.n_frames <= max(longest, 2 * least) + overlap for span in spans)


def test_segments_meet_in_the_middle_of_their_overlap_at_the_place():
    spans = segments_at([3_000, 7_000, 7_100], 12_000, 500, least=1_000, longest=50_000)
    middles = [(left.end + right.start) // 2 for left, right in pairwise(spans)]
    assert middles == [3_000, 7_000]  # the third would leave too little between


class Stepped(Passthrough):
    """Gives the content times 2 where a segment is free, times 3 in a stitched one."""

    def transfer(self, segment, targets):
        yield from ()
        made = segment.content * (2.0 if segment.pinned is None else 3.0)
        held = made if segment.pinned is None else segment.pinned.hold(made)
        return Solution(held, [Outcome.CONVERGED], [{"loss": 0.0}], 1, 1, 0.0)


def test_the_cross_fade_is_a_straight_line():
    content = ArraySource(Audio(np.full((1, 10_000), 0.1, dtype=np.float32), 8_000))
    plan = RenderPlan(segment_seconds=0.5, overlap_seconds=0.1)
    with ScratchFile(8_000, 1, 10_000) as result:
        layout = StereoLayout(1, "mid-side")
        off = Transposition("off", None, 0.0, (), (Region(0.0, math.inf, None, ()),))
        targets = StyleTargets(Stepped(), References((), 30.0), off, ("mid",), 8_000, 0, torch.device("cpu"))
        journey = Journey(targets, plan, layout, result)
        drain(style_track(journey, content))
        odd = journey.spans()[1]
        found = result.read(odd.start, odd.n_frames)[0] / 0.1
    np.testing.assert_allclose(found, 2 + odd.own_share(), atol=1e-4)
