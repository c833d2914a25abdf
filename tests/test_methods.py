"""What every method must do; the tests iterate over `METHODS`."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from nast_fx.errors import UsageError
from nast_fx.methods import LEVEL, METHODS, Segment, StyleSound, build_method
from nast_fx.models import METHOD_SETTINGS
from nast_fx.optimize import Outcome, Pinned
from nast_fx.progress import drain

RATE = 8_000
QUICK = {
    "infinite": {"max_iterations": 10},
    "ulyanov-lebedev": {"max_iterations": 10, "n_filters": 64, "griffin_lim_iterations": 20},
    "barry-kim": {
        "max_iterations": 10,
        "configuration": 6,
        "stft_filters": 64,
        "mel_filters": 32,
        "cqt_filters": 8,
        "mel_width": 10,
        "mel_branch_width": 5,
        "cqt_width": 3,
        "cqt_blocks": 1,
        "sparsity_weight": 0.0,
        "n_fft": 512,
    },
    "mital": {"max_iterations": 10, "n_filters": 32, "n_fft": 256, "hop_length": 64},
    "verma-smith": {"max_iterations": 10, "weights": "random", "griffin_lim_iterations": 20},
    "vedak-bhatia": {
        "max_iterations": 10,
        "weights": "random",
        "start": "noise",
        "learning_rate": 0.1,
        "griffin_lim_iterations": 20,
    },
}
CPU = torch.device("cpu")


def sound(seconds: float, seed: int, pitch: float = 220.0) -> torch.Tensor:
    """Make two rows of a plucked tone in noise, at `LEVEL`."""
    n_frames = round(seconds * RATE)
    t = torch.arange(n_frames) / RATE
    tone = torch.sin(2 * math.pi * pitch * t) * torch.exp(-4 * (t % 0.4))
    noise = torch.randn(2, n_frames, generator=torch.Generator().manual_seed(seed))
    mixed = tone + 0.1 * noise
    return mixed * (LEVEL / mixed.square().mean(dim=1, keepdim=True).sqrt())


@pytest.fixture(params=METHODS)
def name(request):
    return request.param


def transfer(name, content, style, *, seed=0, pinned=None, loop=False, n_frames=None, **settings):
    method = build_method(name, {**QUICK[name], **settings})
    targets = method.prepare(StyleSound((style,), (1.0,)), sample_rate=RATE, seed=seed, device=CPU)
    n_frames = n_frames or content.shape[1]
    return drain(method.transfer(Segment(content, n_frames, (seed, seed + 1), pinned, loop), targets))


def test_every_method_has_settings_a_title_and_a_paper():
    assert METHODS.keys() == METHOD_SETTINGS.keys()
    for settings in METHOD_SETTINGS.values():
        assert settings.title
        assert settings.paper
        for key, field in settings.model_fields.items():
            assert field.description.endswith("."), key


def test_shape_and_finite(name):
    content = sound(2.0, 1)
    solution = transfer(name, content, sound(1.5, 2, 330.0))
    assert solution.waveform.shape == content.shape
    assert torch.isfinite(solution.waveform).all()
    assert solution.outcome is Outcome.MAX_ITERATIONS
    assert solution.n_steps == 10
    assert solution.history[-1]["loss"] < solution.history[0]["loss"]


def test_the_same_seed_is_the_same_result_and_another_is_not(name):
    content, style = sound(1.5, 1), sound(1.5, 2, 330.0)
    settings = {"start": "noise"}
    first, again, other = (
        transfer(name, content, style, seed=seed, **settings).waveform for seed in (5, 5, 6)
    )
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_content_that_is_the_style_is_at_its_end_already(name):
    content = sound(2.0, 1)
    solution = transfer(name, content, content, start="content", max_iterations=3)
    far = transfer(name, content, sound(2.0, 2, 330.0), start="content", max_iterations=3)
    assert abs(solution.history[0]["loss"]) < 1e-4 * far.history[0]["loss"]
    if name == "infinite":  # no phase to find: the samples are left alone, and the bands within 0.2 dB
        assert (solution.waveform - content).abs().max() < 0.02 * content.abs().max()


@pytest.mark.parametrize(("method", "factor"), [("infinite", 4.0), ("ulyanov-lebedev", 10.0)])
def test_from_noise_the_loss_falls(method, factor):
    solution = transfer(method, sound(2.0, 1), sound(2.0, 2, 330.0), start="noise", max_iterations=40)
    assert solution.history[-1]["loss"] * factor < solution.history[0]["loss"]


def test_texture_has_any_length(name):
    # Few filters let the spectrogram escape below zero, where there is no sound: a real number of them.
    wide = {"n_filters": 1024} if name == "ulyanov-lebedev" else {}
    texture = transfer(name, None, sound(1.5, 2), n_frames=20_001, max_iterations=30, **wide).waveform
    assert texture.shape == (2, 20_001)
    assert torch.isfinite(texture).all()
    assert texture.square().mean().sqrt() > 0.2 * LEVEL


def test_a_loop_has_no_seam(name):
    """The step from the end to the beginning is like any other, also in its spectrum."""
    settings = {"max_iterations": 40}
    if "griffin_lim_iterations" in METHOD_SETTINGS[name].model_fields:
        settings["griffin_lim_iterations"] = 80
    style = sound(2.0, 2, 330.0)
    loop = transfer(name, None, style, n_frames=17_000, loop=True, **settings).waveform[0]
    twice = torch.cat([loop, loop])
    steps = twice.diff().abs()
    at_seam = steps[16_900:17_100].mean()
    assert at_seam < 2.5 * steps.mean()
    inside = torch.cat([steps[:16_990], steps[17_010:]])
    assert steps[16_999] <= inside.max()
    flux = torch.stft(twice, 512, 128, window=torch.hann_window(512), return_complex=True).abs()
    flux = flux.diff(dim=1).square().sum(dim=0).sqrt()
    seam = flux[17_000 // 128 - 2 : 17_000 // 128 + 3].max()
    assert seam <= 1.05 * flux[8:120].max()


def test_what_is_pinned_is_kept(name):
    content, finished = sound(2.0, 1), sound(2.0, 3, 500.0)
    share = torch.zeros(content.shape[1])
    share[:4000] = 1.0
    share[4000:6000] = torch.linspace(1, 0, 2000)
    result = transfer(name, content, sound(2.0, 2), pinned=Pinned(finished, share)).waveform
    torch.testing.assert_close(result[:, :4000], finished[:, :4000], atol=1e-5, rtol=0)
    assert not torch.allclose(result[:, 6000:], finished[:, 6000:], atol=1e-2)


@pytest.mark.parametrize(
    ("name", "settings"), [(name, {}) for name in METHODS] + [("infinite", {"balance": "gradient"})]
)
def test_rows_do_not_see_each_other(name, settings):
    content, style = sound(1.5, 1), sound(1.5, 2, 330.0)
    method = build_method(name, {**QUICK[name], **settings})
    targets = method.prepare(StyleSound((style,), (1.0,)), sample_rate=RATE, seed=0, device=CPU)
    n_frames = content.shape[1]
    both = drain(method.transfer(Segment(content, n_frames, (7, 8)), targets)).waveform
    one = drain(method.transfer(Segment(content[1:], n_frames, (8,)), targets.select([1]))).waveform
    torch.testing.assert_close(both[1:], one, atol=2e-3, rtol=0)


def test_several_excerpts_have_their_weights():
    """All weight on one of two styles is that style alone."""
    content, first, second = sound(1.5, 1), sound(1.0, 2, 330.0), sound(1.2, 3, 600.0)
    method = build_method("infinite", QUICK["infinite"])

    def result(*styles):
        excerpts, weights = zip(*styles, strict=True)
        targets = method.prepare(StyleSound(excerpts, weights), sample_rate=RATE, seed=0, device=CPU)
        return drain(method.transfer(Segment(content, content.shape[1], (0, 1)), targets)).waveform

    alone = result((first, 1.0))
    torch.testing.assert_close(result((first, 1.0), (second, 1e-9)), alone, atol=3e-3, rtol=0)
    assert not torch.allclose(result((first, 1.0), (second, 1.0)), alone, atol=1e-2)


@pytest.mark.parametrize(
    "settings",
    [
        {"n_filters": 32},
        {"n_layers": 3, "kernel_width": 3, "dilation": 2},
        {"n_layers": 2, "kernel_width": 3, "residual": True},
        {"envelope_weight": 1.0},
        {"sparsity_weight": 0.1},
        {"balance": "scale"},
        {"balance": "gradient"},
        {"texture": 0.5},
        {"tone": 0.0},
        {"solver": "adam"},
        {"start_noise": 0.1},
        {"start": "noise"},
    ],
    ids=str,
)
def test_each_setting_of_the_infinite_method_changes_the_result(settings):
    content, style = sound(1.5, 1), sound(1.5, 2, 330.0)
    default = transfer("infinite", content, style)
    changed = transfer("infinite", content, style, **settings)
    assert torch.isfinite(changed.waveform).all()
    assert changed.history[-1]["loss"] < changed.history[0]["loss"]
    assert not torch.allclose(changed.waveform, default.waveform, atol=1e-4)


def test_the_envelope_term_keeps_the_energy_over_time():
    from nast_fx.losses import energy_envelope
    from nast_fx.representations import LogMagnitude

    content, style = sound(2.0, 1), sound(2.0, 2, 330.0)
    envelopes = []
    for weight in (0.0, 10.0):
        settings = {"envelope_weight": weight, "max_iterations": 30, "texture": 0.0}
        result = transfer("infinite", content, style, **settings).waveform
        specs = (LogMagnitude(RATE, 512, 128).forward(w) for w in (result, content))
        result_envelope, own = (energy_envelope(spec, "time") for spec in specs)
        envelopes.append(float((result_envelope - own).square().mean()))
    assert envelopes[1] < 0.3 * envelopes[0]


def test_gradient_balance_gives_both_terms_one_norm_at_noise():
    from nast_fx.losses import ContentTerm, GramTerm, Objective, gradient_norms
    from nast_fx.networks import Architecture, InfiniteNetwork
    from nast_fx.optimize import WaveformCanvas
    from nast_fx.representations import LogMagnitude

    representation, network = LogMagnitude(RATE, 512, 128), InfiniteNetwork(Architecture())
    targets = [network.target(representation.forward(sound(1.5, seed))) for seed in (1, 2)]
    terms = [
        ContentTerm("content", representation, 2.0, network, targets[0]),
        GramTerm("style", representation, 3.0, network, targets[1]),
    ]
    noise = LEVEL * torch.randn(2, 12_000, generator=torch.Generator().manual_seed(0))
    canvas = WaveformCanvas(noise)
    norms = gradient_norms(Objective(terms), canvas, noise)
    for term, gamma in zip(terms, (2.0, 3.0), strict=True):
        variable = noise.clone().requires_grad_()
        loss = Objective([replace(term, norm=norms[term.name])])(canvas, variable)[0].sum()
        by_row = torch.autograd.grad(loss, variable)[0].norm(dim=1)
        torch.testing.assert_close(by_row, torch.full((2,), gamma), rtol=1e-4, atol=0)


def test_a_term_without_a_gradient_keeps_its_weight(caplog):
    from nast_fx.losses import Objective, SparsityTerm, gradient_norms
    from nast_fx.optimize import WaveformCanvas
    from nast_fx.representations import LogMagnitude

    class Constant(SparsityTerm):
        def distance(self, views):
            return 0.0 * super().distance(views)

    noise = sound(1.0, 1)
    objective = Objective([Constant("nothing", LogMagnitude(RATE, 512, 128), 1.0)])
    assert gradient_norms(objective, WaveformCanvas(noise), noise)["nothing"].tolist() == [1.0, 1.0]
    assert "'nothing'" in caplog.text


def test_printing_an_objective_prints_its_recipe():
    from nast_fx.losses import GramTerm, Objective, SparsityTerm
    from nast_fx.networks import Architecture, InfiniteNetwork
    from nast_fx.representations import LogMagnitude

    representation, network = LogMagnitude(RATE, 512, 128), InfiniteNetwork(Architecture())
    target = network.target(representation.forward(sound(1.0, 1)))
    terms = [
        GramTerm("style", representation, 1.0, network, target),
        SparsityTerm("sparsity", representation, 0.5),
        SparsityTerm("left out", representation, 0.0),
    ]
    text = str(Objective(terms))
    assert text == "1 x style (infinite filters of width 11, 1 layer) + 0.5 x sparsity"


def test_ulyanov_lebedev_minimizes_the_published_sums():
    """Their loss, written down as they have it, against ours."""
    content, style = sound(1.5, 1)[:1], sound(1.5, 2, 330.0)[:1]
    n_filters, width, alpha = 16, 11, 1e-2
    method = build_method("ulyanov-lebedev", {**QUICK["ulyanov-lebedev"], "n_filters": n_filters})
    targets = method.prepare(StyleSound((style,), (1.0,)), sample_rate=RATE, seed=3, device=CPU)
    representation = targets.representation
    spec_x, spec_c, spec_s = (representation.forward(w) for w in (sound(1.5, 9, 100.0)[:1], content, style))
    std = math.sqrt(2) * math.sqrt(2 / ((representation.n_bins + n_filters) * width))
    filters = targets.views["style"].network.first[:, :, 0] * math.sqrt(width) * std

    def features(spec):
        return torch.relu(torch.nn.functional.conv1d(spec[:, 0], filters))[0]

    def gram(spec):
        return features(spec) @ features(spec).T / spec.shape[-1]

    content_loss = alpha * (features(spec_x) - features(spec_c)).square().sum()
    style_loss = (gram(spec_x) - gram(spec_s)).square().sum()

    from nast_fx.losses import Objective
    from nast_fx.optimize import SpectrumCanvas

    segment = Segment(content, content.shape[1], (0,))
    canvas = SpectrumCanvas(spec_x)
    _, losses = Objective(method._terms(segment, targets))(canvas, canvas.start)
    assert float(losses["content"]) == pytest.approx(float(content_loss), rel=1e-4)
    assert float(losses["style"]) == pytest.approx(float(style_loss), rel=1e-4)


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("infinit", {}, "did you mean 'infinite'"),
        ("infinite", {"kernel_widht": 3}, "did you mean 'kernel_width'"),
        ("infinite", {"kernel_width": 0}, "kernel_width=0 must be at least 1 and at most 200"),
        ("infinite", {"start": "style"}, "start=style must be one of content, noise"),
        ("infinite", {"n_filters": "many"}, "n_filters=many must be inf, or a whole number"),
    ],
)
def test_wrong_names_and_values_are_named(method, settings, message):
    with pytest.raises(UsageError, match=message):
        build_method(method, settings)


def test_quality_scales_the_iterations_unless_they_are_set():
    assert build_method("infinite", quality="draft").settings.max_iterations == 12
    assert build_method("mital", quality="draft").settings.max_iterations == 45
    assert build_method("ulyanov-lebedev").settings.max_iterations == 300
    assert build_method("infinite", {"max_iterations": 7}, quality="high").settings.max_iterations == 7


def test_a_stereo_track_of_several_segments_is_the_same_again(name):
    """Whole, finite, stitched, at the track's own length and channels; and bit for bit."""
    import nast_fx

    draw = np.random.default_rng(0)
    t = np.arange(int(5.3 * RATE)) / RATE
    tone = 0.2 * np.sin(2 * np.pi * 220 * t) * np.exp(-4 * (t % 0.4))
    content = nast_fx.Audio((tone + 0.02 * draw.standard_normal((2, len(t)))).astype(np.float32), RATE)
    style = nast_fx.Audio(
        0.1 * draw.standard_normal((1, 3 * RATE)).cumsum(axis=1).astype(np.float32) / 9, RATE
    )
    settings = {**QUICK[name], "max_iterations": 2}
    plan = nast_fx.RenderPlan(segment_seconds=2.5, seed=3)
    first, again = (
        nast_fx.render(content, style, method=name, settings=settings, plan=plan) for _ in range(2)
    )
    assert first.samples.shape == content.samples.shape
    assert np.isfinite(first.samples).all()
    assert np.array_equal(first.samples, again.samples)
    assert not np.allclose(first.samples, content.samples, atol=1e-3)
