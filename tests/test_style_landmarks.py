"""Which runs stand for a recording: nearest weights, nearest runs, and the error that a network sees."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from nast_fx.audio import Audio
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.networks import Architecture, InfiniteNetwork, Runs
from nast_fx.progress import drain
from nast_fx.styles import LearntStyle, recording_of
from nast_fx.styles.landmarks import choose_landmarks, relative_error, simplex_weights
from nast_fx.styles.learn import learn

RATE = 8000


def noise(seconds: float, seed: int = 0, *, bright: bool = True, n_channels: int = 1) -> np.ndarray:
    """White noise (channel, frame), or what is below 800 Hz of it."""
    samples = np.random.default_rng(seed).normal(size=(n_channels, round(seconds * RATE)))
    if not bright:
        spectrum = np.fft.rfft(samples)
        spectrum[:, int(0.2 * spectrum.shape[1]) :] = 0
        samples = np.fft.irfft(spectrum, samples.shape[1])
    return np.asarray(0.1 * samples / samples.std(), dtype=np.float32)


def learnt(*sounds: np.ndarray, seconds: float = 3.0, rates: Sequence[int] = (), **more: str) -> LearntStyle:
    known = [*rates, *[RATE] * len(sounds)]
    recordings = [recording_of(Audio(one, rate), "one.wav") for one, rate in zip(sounds, known, strict=False)]
    return drain(learn(recordings, name="style", seconds=seconds, **more))


def kernel_of(count: int, seed: int = 0) -> np.ndarray:
    points = np.random.default_rng(seed).uniform(size=(count, 5))
    return np.asarray((points @ points.T) ** 2)


@pytest.mark.parametrize("seed", range(5))
def test_weights_are_the_nearest_ones(seed):
    kernel = kernel_of(4, seed)
    wanted = kernel @ np.random.default_rng(seed + 9).dirichlet(np.ones(4) * 0.3)
    found = simplex_weights(kernel, wanted)
    assert found.sum() == pytest.approx(1)
    assert found.min() >= 0

    def loss(weights: np.ndarray) -> float:
        return float(weights @ kernel @ weights - 2 * weights @ wanted)

    steps = np.linspace(0, 1, 21)
    grid = (w for w in itertools.product(steps, repeat=4) if abs(sum(w) - 1) < 1e-9)
    assert loss(found) <= min(loss(np.array(w)) for w in grid) + 1e-9


def test_more_landmarks_are_nearer_and_all_of_them_are_there():
    kernel, shares = kernel_of(12), np.full(12, 1 / 12)
    energy = shares @ kernel @ shares
    errors = []
    for count in (1, 2, 4, 12):
        indices, weights = choose_landmarks(kernel / energy, shares, count)
        assert len(indices) <= count
        assert (weights > 0).all()
        some = np.ix_(indices, indices)
        errors.append(relative_error(weights, (kernel / energy)[some], (kernel @ shares / energy)[indices]))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3 < errors[0]


def test_two_sounds_get_one_run_each_in_their_proportion():
    style = learnt(np.concatenate([noise(9.0), noise(27.0, 1, bright=False)], axis=1))
    facts = style.facts
    assert len(facts.run_frames) == 2
    # What share of a run's energy is in the upper half of the band says which of the two it is of.
    above = []
    for run in style.runs:
        power = (run[0].astype(float) ** 2).sum(axis=1)
        above.append(power[len(power) // 2 :].sum() / power.sum())
    weight = {share > 0.3: weight for share, weight in zip(above, facts.weights, strict=True)}
    assert weight == {True: pytest.approx(0.25, abs=0.05), False: pytest.approx(0.75, abs=0.05)}


def test_the_error_is_the_distance_of_gram_matrices():
    # One run of a recording of two: by the method's own network, which knows nothing of landmarks.
    style = learnt(noise(3.2) * np.linspace(0.2, 1.0, round(3.2 * RATE), dtype=np.float32), seconds=1.5)
    facts = style.facts
    assert len(facts.weights) == 1
    audio = noise(3.2) * np.linspace(0.2, 1.0, round(3.2 * RATE), dtype=np.float32)
    leveled = torch.from_numpy(audio * (0.08 / np.sqrt(np.mean(audio**2))))
    from nast_fx.representations import LogMagnitude

    view = LogMagnitude(RATE, facts.n_fft, facts.hop_length)
    length = (facts.run_frames[0] - 1) * facts.hop_length
    starts = [*range(0, leveled.shape[1] - length, length // 2), leveled.shape[1] - length]
    specs = [view.forward(leveled[:, start : start + length]) for start in starts]
    assert len(specs) == facts.learning.candidates
    network = InfiniteNetwork(Architecture())
    runs = Runs(tuple(spec.shape[-1] for spec in specs), (1 / len(specs),) * len(specs))
    target = network.target(torch.cat(specs, dim=-1), runs)
    own = torch.log1p(torch.from_numpy(style.magnitudes.astype(np.float32)))[None]
    distance = float(network.gram_distance(network.embed(own), target) / target.gram_energy) ** 0.5
    assert facts.learning.error == pytest.approx(distance, rel=0.02)
    assert facts.learning.error > 0.05


def test_silence_teaches_nothing():
    silence = np.zeros((1, 20 * RATE), dtype=np.float32)
    style = learnt(np.concatenate([silence, noise(4.0), silence], axis=1), seconds=2.0)
    # A handful of runs have any sound, of about seventy.
    assert style.facts.learning.candidates <= 9
    levels = [(run[0].astype(float) ** 2).sum(axis=0) for run in style.runs]
    assert all(np.median(level) > 0.1 * level.max() for level in levels)


def test_a_short_recording_is_kept_whole():
    style = learnt(noise(2.5, n_channels=2), seconds=3.0)
    facts = style.facts
    assert facts.learning.error == pytest.approx(0, abs=1e-3)
    assert facts.learning.error_with_phases < 0.05
    assert facts.seconds == pytest.approx(2.5, abs=facts.hop_length / RATE)
    assert facts.parts == ("mid", "side")
    assert facts.levels[0] == pytest.approx(0.1 / np.sqrt(2), rel=0.03)


def test_an_offset_stays_on_one_side_of_zero():
    # Bin 0 has no phase but a sign: were it drawn, an offset would jump from frame to frame for ever.
    facts = learnt(noise(4.0) + np.float32(0.3), seconds=3.0).facts
    assert facts.learning.error_with_phases < facts.learning.error + 0.02


def test_what_is_mono_costs_no_side():
    mono, twice = noise(6.0), np.repeat(noise(6.0), 2, axis=0)
    panned = np.concatenate([noise(6.0), np.zeros((1, 6 * RATE), dtype=np.float32)])
    opposite = np.concatenate([noise(6.0), -noise(6.0)])
    one = learnt(mono)
    for other in (twice, opposite):
        style = learnt(other)
        assert style.facts.parts == ("mid",)
        np.testing.assert_array_equal(style.magnitudes, one.magnitudes)
    # A recording on the left alone is as much side as mid.
    assert learnt(panned).facts.parts == ("mid", "side")


def test_recordings_of_one_style():
    fast = np.random.default_rng(3).normal(size=(1, 44_100 * 4)).astype(np.float32)
    style = learnt(fast, noise(4.0, 2, bright=False), np.float32(0.01) * noise(0.4), rates=(44_100,))
    facts = style.facts
    assert facts.sample_rate == RATE
    assert [one.sample_rate for one in facts.recordings] == [44_100, RATE, RATE]
    assert facts.learning.seconds == pytest.approx(8.4, abs=0.01)
    # A quiet recording and a loud one are heard alike.
    powers = [float((run.astype(float) ** 2).mean()) for run in style.runs]
    assert max(powers) < 4 * min(powers)


def test_a_long_recording_is_thinned():
    style = learnt(noise(200.0))
    assert style.facts.learning.candidates == 192


def test_learning_is_repeatable():
    first, again = (learnt(noise(6.0, 4), created="2030-01-31") for _ in range(2))
    assert first.facts == again.facts
    np.testing.assert_array_equal(first.magnitudes, again.magnitudes)
    assert first.picture == again.picture


@pytest.mark.parametrize(
    ("sound", "more", "error", "words"),
    [
        (np.zeros((2, RATE), dtype=np.float32), {}, AudioFileError, "is silent"),
        (np.full((1, RATE), np.nan, dtype=np.float32), {}, AudioFileError, "not a finite number"),
        (noise(2.0), {"seconds": 1.0}, UsageError, "seconds=1.0 must be at least 1.5"),
        (noise(2.0), {"rates": (6000,)}, UsageError, "6000 Hz cannot be learnt"),
        (noise(2.0), {"author": "x" * 201}, UsageError, "must be at most 200 characters"),
    ],
)
def test_what_cannot_be_learnt(sound, more, error, words):
    with pytest.raises(error, match=words):
        learnt(sound, **more)


def test_what_would_not_fit_into_a_file():
    stereo = np.random.default_rng(0).normal(size=(2, 48_000 * 12)).astype(np.float32)
    with pytest.raises(UsageError, match=r"at 48000 Hz in stereo it holds at most 10\."):
        learnt(stereo, seconds=12.0, rates=(48_000,))
