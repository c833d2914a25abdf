"""Verma & Smith 2018 and Vedak & Bhatia: image networks, normalized Grams, energy envelopes, weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from nast_fx.errors import AudioFileError, UsageError
from nast_fx.losses import Objective, energy_envelope
from nast_fx.methods import LEVEL, Segment, StyleSound, build_method
from nast_fx.methods.spectrum import repeated
from nast_fx.networks import Runs
from nast_fx.networks.columns import ColumnNetwork
from nast_fx.networks.image import (
    INSTRUMENTS,
    SOUNDS,
    ImageArchitecture,
    ImageLayer,
    ImageStack,
    random_weights,
)
from nast_fx.networks.image_network import ImageNetwork, image_field
from nast_fx.networks.weights import TrainedWeights, WeightsInfo, load_weights, save_weights
from nast_fx.optimize import SpectrumCanvas
from nast_fx.progress import drain
from nast_fx.representations import LogMagnitude
from nast_fx.studies.instruments import plucked

RATE = 8_000
CPU = torch.device("cpu")
SMALL = {
    "verma-smith": {"max_iterations": 8, "weights": "random", "griffin_lim_iterations": 10},
    "vedak-bhatia": {
        "max_iterations": 8,
        "weights": "random",
        "start": "noise",
        "learning_rate": 0.05,
        "griffin_lim_iterations": 10,
    },
}
ARCHITECTURES = {
    "instruments": INSTRUMENTS,
    "sounds": SOUNDS,
    "pooled by two": ImageArchitecture(
        (ImageLayer(3, pool=2), ImageLayer(4, kernel=5, stride=2), ImageLayer(2))
    ),
    "pooled by three": ImageArchitecture(
        (ImageLayer(3, stride=2, pool=3), ImageLayer(4, pool=3), ImageLayer(2))
    ),
}


@pytest.fixture(params=ARCHITECTURES)
def architecture(request):
    return ARCHITECTURES[request.param]


def sound(seconds, seed, pitch=220.0, rate=RATE):
    """Make a row of a plucked tone with harmonics in noise, at `LEVEL`."""
    t = torch.arange(round(seconds * rate)) / rate
    tone = sum(torch.sin(2 * math.pi * pitch * k * t) / k for k in (1, 2, 3)) * torch.exp(-4 * (t % 0.4))
    mixed = tone + 0.05 * torch.randn(len(t), generator=torch.Generator().manual_seed(seed))
    return (mixed * (LEVEL / mixed.square().mean().sqrt()))[None]


def a_spec(n_bins, n_frames, seed, batch=1):
    return torch.rand(batch, 1, n_bins, n_frames, generator=torch.Generator().manual_seed(seed)).double()


def double_stack(architecture, seed=0):
    return ImageStack(architecture, [(w.double(), b.double()) for w, b in random_weights(architecture, seed)])


def prepared(name, style, *, seed=3, rate=RATE, **settings):
    method = build_method(name, {**SMALL[name], **settings})
    return method, method.prepare(StyleSound((style,), (1.0,)), sample_rate=rate, seed=seed, device=CPU)


def transfer(name, content, style, **settings):
    method, targets = prepared(name, style, **settings)
    return drain(method.transfer(Segment(content, content.shape[1], (0,)), targets))


def objective_of(name, content, style, **settings):
    """Give a method's objective and its representation."""
    method, targets = prepared(name, style, **settings)
    segment = Segment(content, content.shape[1], (0,))
    terms = method._terms(segment, targets, 0) if name == "verma-smith" else method._terms(segment, targets)
    return Objective(terms), targets


# Networks.


def test_a_field_is_what_a_column_sees(architecture):
    """A change of one frame moves the columns whose field holds it, and no others."""
    stack, n_frames = double_stack(architecture), 120
    spec = a_spec(20, n_frames, 1)
    before = stack.feature_maps(spec)
    seen = [torch.zeros(n_frames, features.shape[3], dtype=torch.bool) for features in before]
    for frame in range(40, 80):
        moved = spec.clone()
        moved[..., frame] += torch.rand(20, generator=torch.Generator().manual_seed(frame)).double() - 0.5
        for layer, after in enumerate(stack.feature_maps(moved)):
            seen[layer][frame] = (after != before[layer]).any(dim=2).any(dim=1)[0]
    for layer, columns in enumerate(seen):
        field = image_field(architecture, layer)
        first = torch.arange(columns.shape[1]) * field.stride - field.before
        frames = torch.arange(n_frames)[:, None]
        within = (frames >= first) & (frames <= first + field.reach)
        assert not (columns & ~within).any()
        # The outermost taps are seen by some column: the field is not too wide either.
        inner = within[40:80]
        assert (columns[40:80] == inner).float().mean() > 0.9


def naive_gram(features, *, by_energy):
    """Mean over positions of products of filters, written as sums; over its trace a filter if asked for."""
    n_filters = features.shape[0]
    gram = torch.zeros(n_filters, n_filters, dtype=features.dtype)
    for row in range(features.shape[1]):
        for column in range(features.shape[2]):
            gram += torch.outer(features[:, row, column], features[:, row, column])
    gram /= features.shape[1] * features.shape[2]
    return gram / (gram.trace() / n_filters) if by_energy else gram


@pytest.mark.parametrize("by_energy", [True, False])
@pytest.mark.parametrize("form", ["filters", "positions"])
def test_gram_distance_is_that_of_normalized_grams(by_energy, form):
    small = ImageArchitecture((ImageLayer(4, stride=2, pool=2), ImageLayer(5)))
    stack = double_stack(small)
    network = ImageNetwork(stack, normalized=by_energy)
    network.form = form
    x, s = a_spec(9, 12, 1), 2 * a_spec(9, 17, 2)
    target = network.target(s)
    found = network.gram_distance(network.embed(x), target)[:, 0]
    for layer, (fx, fs) in enumerate(zip(stack.feature_maps(x), stack.feature_maps(s), strict=True)):
        gx, gs = (naive_gram(f[0], by_energy=by_energy) for f in (fx, fs))
        expected = (gx - gs).square().sum() / len(gx) ** 2
        assert float(found[layer]) == pytest.approx(float(expected), rel=1e-9)
        norm = float(gs.square().sum()) / len(gs) ** 2
        assert float(target.gram_energy[layer, 0]) == pytest.approx(norm, rel=1e-9)


def test_normalized_grams_do_not_see_a_gain():
    """Random filters without bias are homogeneous: a gain of the spec is one of the features."""
    stack, spec = double_stack(SOUNDS), a_spec(30, 40, 1)
    for normalized in (True, False):
        network = ImageNetwork(stack, normalized=normalized)
        target = network.target(spec)
        distance = (network.gram_distance(network.embed(3 * spec), target) / target.gram_energy)[:, 0]
        assert (distance < 1e-12).all() if normalized else (distance > 1).all()


@pytest.mark.parametrize("normalized", [True, False])
def test_an_excerpt_counts_by_its_weight_where_it_is_seen_alone(normalized):
    """All weight on the first of two excerpts: the Grams of its columns that see nothing else."""
    stack = double_stack(INSTRUMENTS)
    network = ImageNetwork(stack, normalized=normalized)
    first, second, x = a_spec(33, 120, 1), 4 * a_spec(33, 160, 2), a_spec(33, 100, 3)
    target = network.target(torch.cat([first, second], dim=3), Runs((120, 160), (1.0, 0.0)))
    found = network.gram_distance(network.embed(x), target)[:, 0]
    for layer, (fx, fs) in enumerate(zip(stack.feature_maps(x), stack.feature_maps(first), strict=True)):
        field = network.field(layer)
        start = torch.arange(fs.shape[3]) * field.stride - field.before
        alone = fs[0, :, :, (start >= 0) & (start + field.reach < 120)]
        assert 0 < alone.shape[2] < fs.shape[3]
        grams = [torch.einsum("nrc,mrc->nm", f, f) / f[0].numel() for f in (fx[0], alone)]
        if normalized:
            grams = [gram / gram.trace() * len(gram) for gram in grams]
        expected = (grams[0] - grams[1]).square().mean()
        assert float(found[layer]) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("network", [ImageNetwork(double_stack(SOUNDS), normalized=True)], ids=str)
def test_gradients_of_both_distances(network):
    spec, target = a_spec(6, 11, 1).requires_grad_(), network.target(a_spec(6, 13, 2))
    fixed = network.target(a_spec(6, 11, 3))
    assert torch.autograd.gradcheck(lambda x: network.gram_distance(network.embed(x), target), spec)
    assert torch.autograd.gradcheck(lambda x: network.content_distance(network.embed(x), fixed), spec)


def test_columns_are_convolutions_over_frames():
    network = ColumnNetwork((6, 7), 3, 5, seed=1)
    spec = a_spec(5, 9, 1).float()
    first, second = network.embed(spec)
    assert first.shape == (1, 6, 1, 7)
    assert second.shape == (1, 7, 1, 5)
    patch = spec[0, 0, :, 2:5]
    expected = torch.relu((network.weights[0] * patch).sum(dim=(1, 2)))
    torch.testing.assert_close(first[0, :, 0, 2], expected)
    patch = first[0, :, 0, 1:4]
    expected = torch.relu((network.weights[1] * patch).sum(dim=(1, 2)))
    torch.testing.assert_close(second[0, :, 0, 1], expected)
    assert network.min_frames == 5
    # He's variance: no layer fades.
    wide = ColumnNetwork((256, 512, 1024), 3, 100, seed=0)
    noise = torch.randn(1, 1, 100, 40, generator=torch.Generator().manual_seed(0))
    for features in wide.embed(noise):
        assert float(features.square().mean()) == pytest.approx(1.0, rel=0.25)


# The view of sound.


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize(
    ("name", "known"), [("verma-smith", (16_000, 512, 160)), ("vedak-bhatia", (22_050, 2048, 512))]
)
def test_a_network_sees_the_magnitudes_of_its_training_at_any_rate(name, known, rate):
    """A tone of one loudness has one height at all rates, in bins and frames of one size."""
    peaks = []
    for at in (known[0], rate):
        _, targets = prepared(name, sound(1.0, 1, rate=at), rate=at)
        view = targets.representation
        t = torch.arange(at) / at
        spec = view.forward(0.1 * torch.sin(2 * math.pi * 1000 * t)[None])
        peaks.append(float(spec.max()))
        assert view.n_fft % 2 == 0
        assert view.n_fft / at == pytest.approx(known[1] / known[0], rel=0.01)
        assert view.hop_length / at == pytest.approx(known[2] / known[0], rel=0.01)
        assert (view.n_fft, view.hop_length) == build_method(name, SMALL[name]).settings.geometry(at)
        magnitude = view.magnitude(spec)
        assert float(magnitude.max()) == pytest.approx(
            0.1 * view.n_fft / 4, rel=0.05
        )  # its own, for the phase
    assert peaks[1] == pytest.approx(peaks[0], rel=0.02)


def test_a_course_is_played_again():
    course = torch.arange(5.0)[None]
    assert repeated(course, 12, loop=False)[0].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert repeated(course, 3, loop=False)[0].tolist() == [0, 1, 2]
    circle = repeated(torch.sin(2 * math.pi * torch.arange(50.0) / 50)[None], 114, loop=True)[0]
    expected = torch.sin(2 * math.pi * 2 * torch.arange(114.0) / 114)
    torch.testing.assert_close(circle, expected, atol=0.01, rtol=0)


# Verma & Smith.


def losses_at(objective, representation, waveform):
    canvas = SpectrumCanvas(representation.forward(waveform))
    return objective(canvas, canvas.start)[1]


@pytest.mark.parametrize("source", ["style", "content"])
def test_envelopes_are_relative_deviations_of_energy(source):
    """Le and Lt written down: sums of squared magnitudes over time and over frequency."""
    content, style, point = sound(1.2, 1), sound(1.0, 2, 330.0), sound(1.2, 3, 500.0)
    objective, targets = objective_of(
        "verma-smith", content, style, envelope_from=source, spectral_weight=2.0, temporal_weight=3.0
    )
    found = losses_at(objective, targets.representation, point)

    def power(waveform):
        return targets.representation.forward(waveform)[0, 0].expm1().square()

    own, n_frames = power(point), power(point).shape[1]
    fixed = power(style if source == "style" else content)
    over_time = torch.cat([fixed, fixed], dim=1)[:, :n_frames].sum(dim=0).log1p()
    over_frequency = (fixed.mean(dim=1) * n_frames).log1p()
    for name, weight, axis, target in (
        ("spectral envelope", 2.0, 1, over_frequency),
        ("temporal envelope", 3.0, 0, over_time),
    ):
        gap = (own.sum(dim=axis).log1p() - target).square().sum() / target.square().sum()
        assert float(found[name]) == pytest.approx(weight * float(gap), rel=1e-4)


def test_energies_of_several_excerpts():
    """Over frequency their weighted mean, over time one after the other; rows stay apart."""
    first, second = (torch.cat([sound(1.0, seed), sound(1.0, seed, 500.0)]) for seed in (1, 2))
    second = 2 * second[:, :6000]
    method = build_method("verma-smith", SMALL["verma-smith"])
    style = StyleSound((first, second), (3.0, 1.0))
    targets = method.prepare(style, sample_rate=RATE, seed=0, device=CPU)
    powers = [targets.representation.forward(w)[:, 0].expm1().square() for w in (first, second)]
    expected = 0.75 * powers[0].mean(dim=2) + 0.25 * powers[1].mean(dim=2)
    torch.testing.assert_close(targets.facts["energy over frequency"], expected)
    assert not torch.allclose(expected[0], expected[1], rtol=0.5)
    expected = torch.cat([power.sum(dim=1) for power in powers], dim=1)
    torch.testing.assert_close(targets.facts["energy over time"], expected)
    torch.testing.assert_close(targets.select([1]).facts["energy over time"], expected[1:])


def test_the_total_is_the_weighted_sum_over_the_chosen_layers():
    content, style, point = sound(1.0, 1), sound(1.0, 2, 330.0), sound(1.0, 3, 500.0)
    settings = {"content_layer": 3, "style_layers": "2+4", "content_weight": 5.0, "style_weight": 7.0}
    objective, targets = objective_of("verma-smith", content, style, **settings)
    found = losses_at(objective, targets.representation, point)
    stack = ImageStack(INSTRUMENTS, random_weights(INSTRUMENTS, 3))
    x, c, s = (stack.feature_maps(targets.representation.forward(w)) for w in (point, content, style))
    content_loss = (x[2] - c[2]).square().sum() / c[2].square().sum()
    style_loss = 0.0
    for layer in (1, 3):
        gx, gs = (naive_gram(f[layer][0], by_energy=True) for f in (x, s))
        style_loss += float((gx - gs).square().sum() / gs.square().sum()) / 2
    assert float(found["content"]) == pytest.approx(5 * float(content_loss), rel=1e-4)
    assert float(found["style"]) == pytest.approx(7 * style_loss, rel=1e-3)


def test_below_zero_there_is_no_energy():
    spec = torch.tensor([[[[1.0, -1.0], [-2.0, 0.5]]]])
    heard = torch.tensor([[[[1.0, 0.0], [0.0, 0.5]]]])
    for axis in ("time", "frequency"):
        assert torch.equal(energy_envelope(spec, axis), energy_envelope(heard, axis))


def test_envelopes_of_the_content_keep_the_performance():
    """The result's energy over time is nearer to the source that it is taken from."""
    content, style = sound(1.2, 1), sound(1.2, 2, 330.0)
    steady = 0.05 * torch.sin(2 * math.pi * 330 * torch.arange(style.shape[1]) / RATE)[None]
    distances = {}
    for source in ("style", "content"):
        result = transfer("verma-smith", content, steady, envelope_from=source, max_iterations=40)
        _, targets = prepared("verma-smith", steady)
        course = [
            energy_envelope(targets.representation.forward(w), "time") for w in (result.waveform, content)
        ]
        distances[source] = float((course[0] - course[1]).square().sum())
    assert distances["content"] < 0.5 * distances["style"]


@pytest.mark.parametrize(
    "settings",
    [
        {"content_weight": 10.0},
        {"style_weight": 10.0},
        {"spectral_weight": 0.0},
        {"temporal_weight": 10.0},
        {"envelope_from": "content"},
        {"content_layer": 3},
        {"style_layers": "1"},
        {"gram": "size"},
        {"start": "content"},
        {"solver": "adam"},
        {"solver": "adam", "learning_rate": 0.05},
        {"history": 1},
        {"griffin_lim_iterations": 11},
        {"n_fft": 128},
        {"hop_length": 40},
        {"max_iterations": 4},
    ],
    ids=str,
)
def test_each_setting_of_verma_smith_changes_the_result(settings):
    check_changes("verma-smith", settings, {"solver": "adam"} if "learning_rate" in settings else {})


def notes(tone, pitches, rate, seconds=2.56):
    """Play a tune with ``tone(pitch, seconds, rate)``, a row at `LEVEL`."""
    n_frames, step = round(seconds * rate), seconds / len(pitches)
    mix = np.zeros(2 * n_frames)
    for index, pitch in enumerate(pitches):
        start, played = round(index * step * rate), tone(pitch, step, rate)[:n_frames]
        mix[start : start + len(played)] += played
    row = torch.from_numpy(mix[None, :n_frames]).float()
    return row * (LEVEL / row.square().mean().sqrt())


def bandwidth(waveform, rate):
    """Twice the deviation of the power around its centroid, in Hz."""
    power = torch.fft.rfft(waveform[0].double()).abs().square()
    share, hertz = power / power.sum(), torch.fft.rfftfreq(waveform.shape[1], 1 / rate).double()
    return 2 * float((share @ (hertz - share @ hertz).square()).sqrt())


@pytest.mark.slow
def test_one_setting_narrows_and_widens():
    """Harp to tuning fork and back, at the defaults: over half of the way, and the content is still there."""
    rate, draw = 16_000, np.random.default_rng(0)
    harp = notes(lambda p, s, r: plucked(p, s + 1, r, draw), [60, 64, 67, 72, 76, 72, 67, 64], rate)
    fork = notes(lambda p, s, r: np.sin(2 * np.pi * 440 * np.arange(round(s * r)) / r), [69], rate)
    widths = {"harp": bandwidth(harp, rate), "fork": bandwidth(fork, rate)}
    assert widths["harp"] > 10 * widths["fork"]
    view = LogMagnitude(rate, 512, 160)
    for content, style, name in ((harp, fork, "fork"), (fork, harp, "harp")):
        method = build_method("verma-smith", {"max_iterations": 150, "griffin_lim_iterations": 100})
        targets = method.prepare(StyleSound((style,), (1.0,)), sample_rate=rate, seed=0, device=CPU)
        result = drain(method.transfer(Segment(content, content.shape[1], (0,)), targets)).waveform
        width = bandwidth(result, rate)
        middle = (widths["harp"] + widths["fork"]) / 2
        assert width < middle if name == "fork" else width > middle
        x, c, s = (view.forward(w)[0, 0] for w in (result, content, style))
        assert (x - c).norm() < 0.9 * (s - c).norm()


@pytest.mark.parametrize("name", ["verma-smith", "vedak-bhatia"])
def test_the_shipped_weights_are_what_a_method_takes(name):
    """At their own rate and geometry; they see other things than random filters."""
    known = {"verma-smith": (16_000, 512, 160), "vedak-bhatia": (22_050, 2048, 512)}[name]
    style = sound(1.2, 2, 330.0, rate=known[0])
    method = build_method(name)
    targets = method.prepare(StyleSound((style,), (1.0,)), sample_rate=known[0], seed=0, device=CPU)
    view = targets.representation
    assert (view.sample_rate, view.n_fft, view.hop_length, view.gain) == (*known, 1.0)
    shipped = load_weights(method.settings.weights)
    assert (shipped.info.sample_rate, shipped.info.n_fft, shipped.info.hop_length) == known
    assert torch.equal(targets.views["style"].network.stack.weights[0][0], shipped.weights[0][0])


# Vedak & Bhatia.


@pytest.mark.parametrize(
    "settings",
    [
        {"content_weight": 10.0},
        {"style_weight": 10.0},
        {"model": "base"},
        {"model": "base", "kernel_width": 3},
        {"model": "shallow", "n_filters": 32},
        {"model": "shallow", "n_filters": 32, "kernel_width": 3},
        {"model": "shallow", "n_filters": 48},
        {"model": "shallow", "shallow": "image"},
        {"start": "content", "learning_rate": 0.002},
        {"start": "style", "learning_rate": 0.002},
        {"learning_rate": 0.01},
        {"griffin_lim_iterations": 11},
        {"n_fft": 512},
        {"hop_length": 64},
        {"max_iterations": 4},
    ],
    ids=str,
)
def test_each_setting_of_vedak_bhatia_changes_the_result(settings):
    without = {key: value for key, value in settings.items() if key in ("model", "n_filters")}
    check_changes("vedak-bhatia", settings, without if len(without) < len(settings) else {})


def check_changes(name, settings, otherwise=None):
    content, style = sound(1.6, 1), sound(1.6, 2, 330.0)
    default = transfer(name, content, style, **(otherwise or {}))
    changed = transfer(name, content, style, **settings)
    assert torch.isfinite(changed.waveform).all()
    assert changed.history[-1]["loss"] < changed.history[0]["loss"]
    assert relative_difference(changed.waveform, default.waveform) > 1e-2


def relative_difference(first, second):
    return float((first - second).norm() / second.norm())


MODELS = {
    "base": {"model": "base"},
    "shallow columns": {"model": "shallow", "n_filters": 64},
    "shallow image": {"model": "shallow", "shallow": "image"},
    "trained": {},
}


@pytest.mark.parametrize("model", MODELS)
def test_the_report_s_losses_are_minimized(model):
    """Content at the first layer, Grams averaged over layers, each relative to its target."""
    content, style, point = sound(3.2, 1), sound(3.2, 2, 330.0), sound(3.2, 3, 500.0)
    objective, targets = objective_of(
        "vedak-bhatia", content, style, content_weight=5.0, style_weight=7.0, **MODELS[model]
    )
    found = losses_at(objective, targets.representation, point)
    network = targets.views["style"].network
    x, c, s = (network.embed(targets.representation.forward(w)) for w in (point, content, style))
    assert len(x) == {"base": 3, "shallow columns": 1, "shallow image": 2, "trained": 4}[model]
    content_loss = (x[0] - c[0]).square().sum() / c[0].square().sum()
    style_loss = 0.0
    for fx, fs in zip(x, s, strict=True):
        gx, gs = (torch.einsum("nrc,mrc->nm", f[0], f[0]) / f[0][0].numel() for f in (fx, fs))
        style_loss += float((gx - gs).square().sum() / gs.square().sum()) / len(x)
    assert float(found["content"]) == pytest.approx(5 * float(content_loss), rel=1e-4)
    assert float(found["style"]) == pytest.approx(7 * style_loss, rel=1e-3)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("start", ["content", "noise", "style"])
def test_every_model_runs_from_every_start(model, start):
    content, style = sound(3.2, 1), sound(2.9, 2, 330.0)
    settings = {**MODELS[model], "start": start, "max_iterations": 0}
    begun = transfer("vedak-bhatia", content, style, **settings)
    settings |= {"max_iterations": 15, "learning_rate": 0.002}
    done = transfer("vedak-bhatia", content, style, **settings)
    assert done.waveform.shape == content.shape
    assert done.history[-1]["loss"] < begun.history[0]["loss"]
    expected = {"content": "content", "style": "style"}.get(start)
    if expected:
        assert begun.history[0][expected] < 0.02 * max(begun.history[0].values())


# Weights.


def weights_file(path, architecture=SOUNDS, seed=11, known=(22_050, 2048, 512)):
    rate, n_fft, hop_length = known
    info = WeightsInfo(
        task="test",
        sample_rate=rate,
        n_fft=n_fft,
        hop_length=hop_length,
        seconds=3.0,
        classes=("a", "b"),
        accuracy=0.5,
        n_held_out=2,
        split="",
        data="",
        licence="",
        command="",
    )
    save_weights(path, TrainedWeights(architecture, tuple(random_weights(architecture, seed)), info))
    return str(path)


@pytest.mark.parametrize("name", ["verma-smith", "vedak-bhatia"])
def test_a_user_s_weights_come_by_path(name, tmp_path):
    """The file's own shape, geometry and weights are used, whatever the seed."""
    known = 8_000, 400, 100
    shape = ImageArchitecture((ImageLayer(3, pool=2), ImageLayer(6)))
    path = weights_file(tmp_path / "own.safetensors", shape, known=known)
    style = sound(1.6, 2, 330.0)
    for seed in (0, 1):
        _, targets = prepared(name, style, weights=path, seed=seed)
        view, stack = targets.representation, targets.views["style"].network.stack
        assert (view.n_fft, view.hop_length, view.gain) == (400, 100, 1.0)
        assert torch.equal(stack.weights[1][0], random_weights(shape, 11)[1][0])
    first, second = (
        transfer(name, sound(1.6, 1), style, weights=weights).waveform
        for weights in (path, weights_file(tmp_path / "other.safetensors", shape, 12, known))
    )
    assert relative_difference(first, second) > 1e-2


@pytest.mark.parametrize("name", ["verma-smith", "vedak-bhatia"])
def test_random_weights_follow_the_seed(name):
    weights = [
        prepared(name, sound(1.2, 2), seed=seed)[1].views["style"].network.stack.weights[0][0]
        for seed in (1, 1, 2)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.allclose(weights[0], weights[2])


def test_wrong_weights_and_layers_are_named(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'sounds'"):
        build_method("vedak-bhatia", {"weights": "sound"}).min_frames(RATE)
    (tmp_path / "no.safetensors").write_bytes(b"no weights")
    with pytest.raises(AudioFileError, match="is no file of weights"):
        build_method("verma-smith", {"weights": str(tmp_path / "no.safetensors")}).min_frames(RATE)
    with pytest.raises(UsageError, match="content_layer=6 must be at most 5"):
        build_method("verma-smith", {"weights": "random", "content_layer": 6}).min_frames(RATE)
    with pytest.raises(UsageError, match="style_layers=7 must be at most 5"):
        build_method("verma-smith", {"weights": "random", "style_layers": "1+7"}).min_frames(RATE)
    with pytest.raises(UsageError, match="style_layers=one must be all, or numbers of layers"):
        build_method("verma-smith", {"style_layers": "one"})
    assert build_method("verma-smith", {"style_layers": "3 + 1+3"}).settings.style_layers == "1+3"
