from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from nast_fx.audio import Audio
from nast_fx.evaluate import Evaluation, Figures, evaluate, evaluate_texture
from nast_fx.evaluate import content as against
from nast_fx.evaluate.explanations import EXPLANATIONS
from nast_fx.evaluate.features import HOP_LENGTH, LEVEL, SAMPLE_RATE, at_level, judge_signal, magnitude_chunks
from nast_fx.evaluate.style import grams, style_distance, style_scale
from nast_fx.evaluate.texture import band_envelopes, texture_residual, texture_statistics

RATE = SAMPLE_RATE
SECONDS = 2.0
CONTENT_KEYS = [
    "content_error",
    "onset_agreement",
    "chroma_agreement",
    "content_dynamics_db",
    "silence_noise_db",
]
PLAIN_KEYS = {"frames", "peak", "finite"}


def audio(samples: np.ndarray, rate: int = RATE) -> Audio:
    return Audio(np.atleast_2d(samples).astype(np.float32), rate)


def noise(seed: int, seconds: float = SECONDS, rate: int = RATE) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def tone(hz: float, seconds: float = SECONDS, rate: int = RATE) -> np.ndarray:
    return 0.2 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def melody(semitones: float = 0.0, rate: int = RATE) -> np.ndarray:
    """Eight decaying notes with four partials each, shifted by some semitones."""
    notes = np.array([0, 4, 7, 12, 9, 5, 2, 0]) + semitones
    length = round(0.25 * rate)
    fade = np.exp(-np.arange(length) / (0.1 * rate))
    partials = [
        sum(tone(220 * 2 ** (note / 12) * n, 0.25, rate)[:length] / n for n in (1, 2, 3, 4)) for note in notes
    ]
    return np.concatenate([fade * partial for partial in partials])


def judged(samples: np.ndarray) -> np.ndarray:
    """Bring samples at 22 050 Hz to the judge's level; they must not be silent."""
    signal = judge_signal(audio(samples))
    assert signal is not None
    return signal


def seen(samples: np.ndarray) -> against.FrameView:
    return against.frame_view(judged(samples))


def clicks(offset: float = 0.0, rate: int = RATE) -> np.ndarray:
    """Clicks 0.3 s apart, the first at 0.1 s and some seconds later."""
    result = np.zeros(round(SECONDS * rate))
    result[(np.arange(0.1 + offset, SECONDS - 0.05, 0.3) * rate).astype(int)] = 1.0
    return result


def rain(seed: int, seconds: float = SECONDS, drops_a_second: float = 60, hz: float = 3000) -> np.ndarray:
    """A texture: many short damped tones around one frequency."""
    rng = np.random.default_rng(seed)
    impulses = np.zeros(round(seconds * RATE))
    places = rng.integers(0, impulses.size, round(drops_a_second * seconds))
    np.add.at(impulses, places, rng.standard_normal(places.size))
    time = np.arange(RATE // 50) / RATE
    drop = np.exp(-time / 0.003) * np.sin(2 * np.pi * hz * time)
    return np.convolve(impulses, drop)[: impulses.size]


@pytest.fixture(scope="module")
def pair() -> tuple[Audio, Audio]:
    return audio(melody()), audio(rain(1))


def test_a_result_that_is_the_style_has_its_style_and_copies_it(pair: tuple[Audio, Audio]) -> None:
    content, style = pair
    figures = evaluate(content, style, style).output
    assert figures.style_residual == pytest.approx(0, abs=1e-3)
    assert figures.texture_residual == pytest.approx(0, abs=1e-6)
    assert figures.copy == pytest.approx(1, abs=1e-3)
    assert figures.content_error is not None
    assert figures.content_error > 0.5


def test_the_untouched_content_is_one_style_away_and_keeps_all_of_itself(pair: tuple[Audio, Audio]) -> None:
    content, style = pair
    evaluation = evaluate(content, style, content)
    figures = evaluation.output
    assert figures == evaluation.content
    assert figures.style_residual == pytest.approx(1, abs=1e-6)
    assert figures.texture_residual == pytest.approx(1, abs=1e-6)
    assert figures.content_error == 0
    assert figures.onset_agreement == pytest.approx(1, abs=1e-6)
    assert figures.chroma_agreement == pytest.approx(1, abs=1e-6)
    assert figures.dynamics_db == figures.content_dynamics_db
    assert figures.copy is not None
    assert figures.copy < 0.3
    # The baseline comes nearer to the style without moving an onset.
    assert evaluation.match_eq.style_residual is not None
    assert evaluation.match_eq.style_residual < 0.8
    assert evaluation.match_eq.onset_agreement is not None
    assert evaluation.match_eq.onset_agreement > 0.9
    assert evaluation.match_eq.frames == content.n_frames


def test_volume_is_not_style() -> None:
    signal, target = judged(rain(2)), grams(judged(rain(1)))[0]
    same = style_distance(signal, target)
    louder = style_distance(np.float32(10 ** (1.5 / 20)) * signal, target)
    much_louder = style_distance(np.float32(10) * signal, target)
    assert louder == pytest.approx(same, rel=0.02)
    assert much_louder > 5 * same


def test_halves_of_a_steady_style_are_near_and_of_a_changing_one_far() -> None:
    content = judged(melody())
    near = style_scale(judged(rain(1)), content).floor
    far = style_scale(judged(np.concatenate([rain(1, 1.5), tone(500, 1.5)])), content).floor
    assert near is not None
    assert far is not None
    assert near < 0.4
    assert far > 2 * near


def test_gram_is_the_mean_outer_product_of_relu_features() -> None:
    # Twelve frames are two positions: small enough to write the definition out.
    signal = at_level(noise(3)[: 11 * HOP_LENGTH].astype(np.float32))
    assert signal is not None
    from nast_fx.evaluate import features

    spec = torch.log1p(next(magnitude_chunks(signal))).numpy()
    filters = features._filters().numpy()
    positions = [np.maximum(0, np.einsum("nbw,bw->n", filters, spec[:, t : t + 11])) for t in (0, 1)]
    expected = sum(np.outer(phi, phi) for phi in positions) / 2
    np.testing.assert_allclose(grams(signal)[0].numpy(), expected, rtol=1e-3, atol=1e-4)
    assert filters.std() == pytest.approx((2 / (11 * 1025)) ** 0.5, rel=1e-3)


def test_pieces_of_a_spectrum_are_the_spectrum() -> None:
    signal = noise(4).astype(np.float32)
    whole = torch.cat(list(magnitude_chunks(signal, chunk=10_000)), dim=1)
    pieces = torch.cat(list(magnitude_chunks(signal, chunk=7)), dim=1)
    overlapping = list(magnitude_chunks(signal, chunk=7, overlap=10))
    torch.testing.assert_close(pieces, whole)
    assert whole.shape == (1025, signal.size // HOP_LENGTH + 1)
    assert sum(piece.shape[1] - 10 for piece in overlapping) == whole.shape[1] - 10
    torch.testing.assert_close(overlapping[1], whole[:, 7:24])


def test_the_gain_of_a_long_signal_is_found_on_a_part_and_the_distance_on_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from nast_fx.evaluate import style

    signal, target = judged(np.concatenate([melody(), 0.5 * noise(1)])), grams(judged(rain(1)))[0]
    whole = style_distance(signal, target)
    monkeypatch.setattr(style, "magnitude_chunks", partial(magnitude_chunks, chunk=16))
    monkeypatch.setattr(style, "N_POSITIONS_TO_CHOOSE", 40)
    part = float(torch.dist(grams(signal, every=4)[0], target))
    assert abs(part - whole) > 0.01 * whole
    assert style_distance(signal, target) == pytest.approx(whole, rel=1e-3)


def test_pure_noise_is_not_the_content() -> None:
    content = judged(melody())
    unlike = against.content_error(judged(noise(5)[: content.size]), content)
    touched = against.content_error(judged(melody() + 0.01 * noise(5)[: content.size]), content)
    assert unlike is not None
    assert touched is not None
    assert unlike > 0.8
    assert 0 < touched < 0.2 * unlike


def test_clicks_that_come_late_lose_the_onsets() -> None:
    on_time = against.onset_agreement(seen(clicks()), seen(clicks()))
    late = against.onset_agreement(seen(clicks(0.15)), seen(clicks()))
    assert on_time == pytest.approx(1)
    assert late is not None
    assert late < 0.2


def test_a_tone_that_fades_out_is_no_onset() -> None:
    time = np.arange(round(SECONDS * RATE)) / RATE
    onset = seen(tone(440) * np.interp(time, [0, 0.5, 0.6, 1.2, 1.7], [0, 0, 1, 1, 0])).onset
    half = onset.size // 2
    assert onset[half:].max() < 0.2 * onset[:half].max()


def test_a_transposed_melody_loses_the_harmony() -> None:
    octave = against.chroma_agreement(seen(melody(12)), seen(melody()))
    tritone = against.chroma_agreement(seen(melody(6)), seen(melody()))
    assert octave is not None
    assert tritone is not None
    assert octave > 0.85
    assert tritone < octave - 0.15


def test_harmony_that_fell_silent_is_lost_and_harmony_over_silence_does_not_count() -> None:
    whole, half = tone(440), tone(440)
    half[half.size // 2 :] = 0
    assert against.chroma_agreement(seen(half), seen(whole)) == pytest.approx(0.5, abs=0.06)
    assert against.chroma_agreement(seen(whole), seen(half)) == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize(("hz", "pitch_class"), [(261.63, 0), (440.0, 9), (880.0, 9), (1975.53, 11)])
def test_a_note_is_its_own_pitch_class(hz: float, pitch_class: int) -> None:
    chroma = seen(tone(hz)).chroma
    assert (chroma[:, 5:-5].argmax(axis=0) == pitch_class).all()


def test_dynamics_are_the_step_between_two_levels() -> None:
    steady = noise(6, 4.0)
    steady[steady.size // 2 :] *= 10 ** (-20 / 20)
    assert against.dynamics_db(seen(steady)) == pytest.approx(20, abs=1.0)
    assert against.dynamics_db(seen(noise(6, 4.0))) < 1.5


def test_noise_in_a_pause_is_told_in_decibels() -> None:
    loud = noise(7, 4.0)
    gate = np.zeros_like(loud)
    gate[: loud.size // 2] = 1
    content = seen(gate * loud)
    floors = {db: seen((gate + (1 - gate) * 10 ** (db / 20)) * loud) for db in (-60, -40, -20)}
    told = {db: against.silence_noise_db(view, content) for db, view in floors.items()}
    # Half of the time is loud, so the mean level is 6 dB under the loud part's.
    assert told[-40] == pytest.approx(-40 + 6, abs=1.0)
    assert told[-20] is not None
    assert told[-40] is not None
    assert told[-60] is not None
    assert told[-40] - told[-60] == pytest.approx(20, abs=1.0)
    assert told[-20] - told[-40] == pytest.approx(20, abs=1.5)
    digital = against.silence_noise_db(content, content)
    assert digital is not None
    assert digital < -80


@pytest.mark.parametrize(("floor_db", "is_pause"), [(-40, False), (-50, True)])
def test_a_pause_is_45_decibels_under_the_loud_part(floor_db: float, is_pause: bool) -> None:
    samples = noise(7, 4.0)
    samples[samples.size // 2 :] *= 10 ** (floor_db / 20)
    view = seen(samples)
    assert (against.silence_noise_db(view, view) is not None) == is_pause


def test_without_a_pause_there_is_no_noise_in_it(pair: tuple[Audio, Audio]) -> None:
    assert against.silence_noise_db(seen(noise(8)), seen(noise(9))) is None


def test_one_texture_is_near_itself_and_far_from_another() -> None:
    drops = [texture_statistics(judged(rain(seed, 5))) for seed in (1, 2)]
    dense = texture_statistics(judged(rain(4, 5, drops_a_second=600, hz=1000)))
    hiss = texture_statistics(judged(noise(3, 5)))
    near, between = (texture_residual(other, drops[0], hiss) for other in (drops[1], dense))
    assert near is not None
    assert between is not None
    assert near < 0.25
    assert between > 2 * near


def test_a_tremolo_is_seen_in_its_modulation_band_and_ties_the_bands_together() -> None:
    tremolo = 1 + 0.9 * np.sin(2 * np.pi * 4 * np.arange(4 * RATE) / RATE)
    calm = texture_statistics(judged(noise(1, 4.0)))
    moving = texture_statistics(judged(noise(1, 4.0) * tremolo))
    # Edges are 0.5, 0.94, 1.78, 3.4, 6.3 ... Hz: the fourth band holds 4 Hz.
    assert moving["modulation"].reshape(20, 8).mean(axis=0).argmax() == 3
    assert moving["correlation"].mean() > calm["correlation"].mean() + 0.3
    assert set(calm) == {"log mean", "log deviation", "skewness", "kurtosis", "correlation", "modulation"}


def test_a_tone_lives_in_its_own_band() -> None:
    centers = np.geomspace(80, 9000, 22)[1:-1]
    loudest = int(band_envelopes(judged(tone(1000))).mean(axis=1).argmax())
    assert loudest == int(np.abs(np.log(centers / 1000)).argmin())


@pytest.mark.parametrize("lag", [-20_000, -1, 0, 777, 15_000])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_copy_is_found_at_any_shift(lag: int, sign: int) -> None:
    style = judged(noise(1))
    # What leaves at one end comes in at the other, so the larger part is found.
    share = against.copy_share(judged(sign * np.roll(style, lag)), style)
    assert share == pytest.approx(1 - abs(lag) / style.size, abs=0.02)
    assert against.copy_share(judged(noise(2)), style) < 0.05


def test_a_copy_does_not_wrap_around_the_end() -> None:
    # At a power of two a circular correlation would find both halves at one lag.
    style = judged(noise(1, 3.0)[: 1 << 16])
    assert against.copy_share(np.roll(style, 1 << 15), style) == pytest.approx(0.5, abs=0.02)


def test_an_excerpt_of_the_style_is_a_copy() -> None:
    style = judged(noise(1))
    assert against.copy_share(judged(style[10_000:30_000]), style) == pytest.approx(1, abs=0.02)


def test_rates_channels_and_lengths_may_differ() -> None:
    content = audio(np.stack([melody(rate=44_100)] * 2), 44_100)
    style = audio(rain(1))
    result = audio(melody(rate=48_000)[:-4800], 48_000)
    figures = evaluate(content, style, result).output
    assert figures.frames == result.n_frames
    assert figures.content_error is not None
    assert figures.content_error < 0.1
    assert figures.onset_agreement is not None
    assert figures.onset_agreement > 0.98


def test_a_texture_is_judged_against_white_noise() -> None:
    style = audio(rain(1))
    again = evaluate_texture(style, audio(rain(2)))
    white = evaluate_texture(style, audio(noise(11))).output
    assert all(getattr(again.output, key) is None for key in CONTENT_KEYS)
    assert again.match_eq == again.content == Figures()
    assert again.output.style_residual is not None
    assert again.output.style_residual < 0.5
    assert white.style_residual == pytest.approx(1, abs=0.05)
    assert white.texture_residual == pytest.approx(1, abs=0.1)
    assert again.output.dynamics_db is not None


Make = Callable[[], np.ndarray]
ODD: dict[str, Make] = {
    "silent": lambda: np.zeros(RATE),
    "empty": lambda: np.zeros((1, 0)),
    "shorter than a window": lambda: noise(1)[:300],
    "offset": lambda: np.full(RATE, 0.5),
    "one click": lambda: np.eye(1, RATE, 100)[0],
    "out of phase": lambda: np.stack([melody(), -melody()]),
}


def check_plain(evaluation: Evaluation) -> None:
    """As JSON it has every key, and no number that is none."""
    plain = json.loads(json.dumps(evaluation.as_dict(), allow_nan=False))
    assert list(plain) == ["output", "match_eq", "content"]
    assert all(list(figures) == list(EXPLANATIONS) for figures in plain.values())


@pytest.mark.parametrize("name", ODD)
def test_odd_files_give_figures_or_none(name: str) -> None:
    odd, content, style = audio(ODD[name]()), audio(melody()[:RATE]), audio(rain(1)[:RATE])
    for evaluation in (evaluate(odd, style, odd), evaluate(content, odd, style)):
        check_plain(evaluation)
        assert evaluation.output.frames is not None
        assert evaluation.output.finite


def test_a_texture_of_silence_gives_figures_or_none() -> None:
    silence, style = audio(np.zeros(RATE)), audio(rain(1)[:RATE])
    check_plain(evaluate_texture(silence, style))
    check_plain(evaluate_texture(style, silence))


def test_a_silent_result_has_facts_only(pair: tuple[Audio, Audio]) -> None:
    figures = evaluate(*pair, audio(np.zeros(RATE))).output.as_dict()
    told = {key for key, value in figures.items() if value is not None}
    assert told == PLAIN_KEYS | {"content_dynamics_db"}


def test_a_style_that_is_the_content_has_no_unit_of_distance() -> None:
    same = audio(melody())
    figures = evaluate(same, same, audio(noise(1))).output
    assert figures.style_residual is None
    assert figures.texture_residual is None
    assert figures.content_error is not None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_broken_result_is_called_so(pair: tuple[Audio, Audio], bad: float) -> None:
    samples = melody()
    samples[1000] = bad
    evaluation = evaluate(*pair, audio(samples))
    check_plain(evaluation)
    assert evaluation.output.finite is False
    assert evaluation.output.peak is None
    assert evaluation.output.style_residual is None


def test_facts_are_of_the_file_itself(pair: tuple[Audio, Audio]) -> None:
    result = audio(np.stack([1.5 * np.ones(96_000), np.zeros(96_000)]) * np.sin(np.arange(96_000)), 96_000)
    figures = evaluate(*pair, result).output
    assert figures.frames == 96_000
    assert figures.peak == pytest.approx(1.5, abs=1e-3)
    assert figures.finite is True


def test_every_signal_is_judged_at_one_level() -> None:
    signal, quiet = (judge_signal(audio(gain * noise(1, rate=48_000), 48_000)) for gain in (3, 3e-3))
    assert signal is not None
    assert quiet is not None
    np.testing.assert_allclose(signal, quiet, atol=1e-5)
    assert np.sqrt(np.mean(signal**2)) == pytest.approx(LEVEL, rel=1e-4)
    assert signal.size == pytest.approx(SECONDS * RATE, abs=1)


def test_figures_cannot_be_edited() -> None:
    with pytest.raises(AttributeError):
        Figures().copy = 1.0  # type: ignore[misc]
    assert replace(Figures(), copy=0.1).copy == 0.1
