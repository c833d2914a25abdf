"""Barry & Kim 2018: the six cells of Table 1, equation 7, receptive fields, and what each setting does."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from nast_fx.errors import UsageError
from nast_fx.losses import Objective
from nast_fx.methods import LEVEL, Segment, StyleSound, build_method
from nast_fx.methods.barry_kim import BarryKim
from nast_fx.models import BarryKimSettings
from nast_fx.networks import FiniteNetwork, InfiniteNetwork
from nast_fx.optimize import WaveformCanvas
from nast_fx.progress import drain
from nast_fx.representations import LogConstantQ, LogMel

RATE = 8_000
CPU = torch.device("cpu")
SMALL = {
    "max_iterations": 15,
    "stft_filters": 64,
    "mel_filters": 32,
    "cqt_filters": 8,
    "mel_width": 10,
    "mel_branch_width": 5,
    "cqt_width": 3,
    "n_fft": 512,
}


def sound(seconds: float, seed: int, pitch: float) -> torch.Tensor:
    """Make a row of repeated notes in noise, at `LEVEL`."""
    t = torch.arange(round(seconds * RATE)) / RATE
    notes = sum(torch.sin(2 * math.pi * k * pitch * t) / k for k in range(1, 6)) * torch.exp(-6 * (t % 0.25))
    noise = torch.randn(1, len(t), generator=torch.Generator().manual_seed(seed))
    mixed = notes + 0.1 * noise
    return mixed * (LEVEL / mixed.square().mean().sqrt())


CONTENT, STYLE = sound(1.5, 1, 220.0), sound(1.2, 2, 333.0)


def prepared(style=STYLE, **settings):
    method = build_method("barry-kim", {**SMALL, **settings})
    return method, method.prepare(StyleSound((style,), (1.0,)), sample_rate=RATE, seed=3, device=CPU)


def transfer(content=CONTENT, style=STYLE, **settings):
    method, targets = prepared(style, **settings)
    n_frames = CONTENT.shape[1] if content is None else content.shape[1]
    return drain(method.transfer(Segment(content, n_frames, (0,)), targets))


STFT, KEYLESS = {"content-stft": 1.0}, {"content-mel": 1.0, "content-cqt": 1.0}
SHORT = {"style-stft": 50.0}
LONG = {**SHORT, "style-mel": 50.0}
ALL = {**LONG, "style-cqt": 50.0}


@pytest.mark.parametrize(
    ("configuration", "gammas", "n_blocks"),
    [
        (1, {**STFT, **SHORT}, (0, 0)),
        (2, {**STFT, **LONG}, (0, 0)),
        (3, {**STFT, **ALL}, (2, 3)),
        (4, {**KEYLESS, **SHORT}, (0, 0)),
        (5, {**KEYLESS, **LONG}, (0, 0)),
        (6, {**KEYLESS, **ALL}, (2, 3)),
    ],
)
def test_the_configurations_are_the_cells_of_table_1(configuration, gammas, n_blocks):
    settings = BarryKimSettings(configuration=configuration)
    assert settings.gammas() == gammas
    assert tuple(settings.style_blocks(net) for net in ("mel", "cqt")) == n_blocks
    method = BarryKim(settings)
    for term in gammas:
        described = method.architecture(term)
        source, net = term.split("-")
        deep = {"mel": n_blocks[0], "cqt": n_blocks[1], "stft": 0}[net] if source == "style" else 0
        assert described.n_layers == 1 + deep
        assert described.content_pooling == (2 if term == "content-cqt" else 1)
        assert described.n_filters == {"stft": 4096, "mel": 1025, "cqt": 256}[net]
        assert described.kernel_width == {"stft": 11, "mel": 50, "cqt": 11}[net]
        assert described.kernel_height == (11 if net == "cqt" else None)


def test_what_is_set_goes_over_the_configuration():
    settings = BarryKimSettings(
        configuration=4,
        gamma_content_mel=0.0,
        gamma_style_mel=7.0,
        mel_blocks=1,
        content_weight=3.0,
        style_weight=0.5,
    )
    assert settings.gammas() == {"content-cqt": 3.0, "style-stft": 25.0, "style-mel": 3.5}
    assert settings.style_blocks("mel") == 1
    assert BarryKimSettings(content_weight=0.0).gammas().keys() == {"style-stft", "style-mel"}


@pytest.mark.parametrize(("dilation", "seconds"), [("paper", 4.5), ("released", 2.8)])
def test_two_mel_blocks_see_seconds(dilation, seconds):
    """The paper says up to 4 s; the released steps give less."""
    method = build_method("barry-kim", {"configuration": 6, "dilation": dilation})
    described = method.architecture("style-mel")
    assert (described.reach(2) + 1) * 512 / 22_050 == pytest.approx(seconds, abs=0.05)


def test_one_block_is_not_dilated_in_the_paper():
    steps = [
        BarryKim(BarryKimSettings(mel_blocks=n, dilation=dilation)).architecture("style-mel").branch_steps
        for n, dilation in ((1, "paper"), (3, "paper"), (1, "released"), (3, "released"))
    ]
    assert steps == [(1,), (2, 4, 8), (1,), (1, 2, 4)]


def test_each_view_is_as_set():
    _, targets = prepared(configuration=6, style_bands=40, content_bands=9, content_f_max=2_000.0)
    style, content = (targets.views[name].representation for name in ("style-mel", "content-mel"))
    assert isinstance(style, LogMel)
    assert isinstance(content, LogMel)
    assert (style.n_bins, style.f_max) == (40, 4_000.0)
    assert (content.n_bins, content.f_max) == (9, 2_000.0)
    assert isinstance(targets.views["content-cqt"].representation, LogConstantQ)


@pytest.mark.parametrize("balance_at", ["level", "start"])
@pytest.mark.parametrize("configuration", [2, 6])
def test_every_term_pulls_as_hard_as_its_gamma(configuration, balance_at):
    """Equations 7 and 8, at the fixed noise."""
    method, targets = prepared(configuration=configuration, balance_at=balance_at)
    level = LEVEL if balance_at == "level" else 1e-3
    noise = level * torch.randn(1, STYLE.shape[1], generator=torch.Generator().manual_seed(0))
    expected = {**method.settings.gammas(), "sparsity": 0.1}
    terms = method._terms(STYLE, targets)
    assert {term.name for term in terms} == expected.keys()
    for term in terms:
        variable = noise.clone().requires_grad_()
        total, _ = Objective([term])(WaveformCanvas(noise), variable)
        (gradient,) = torch.autograd.grad(total.sum(), variable)
        assert float(gradient.norm()) == pytest.approx(expected[term.name], rel=1e-3)


@pytest.mark.parametrize("configuration", [1, 6])
def test_silent_content_has_a_finite_result(configuration):
    solution = transfer(torch.zeros_like(CONTENT), configuration=configuration, max_iterations=5)
    assert torch.isfinite(solution.waveform).all()
    assert all(math.isfinite(loss) for loss in solution.history[-1].values())


@pytest.mark.parametrize("configuration", range(1, 7))
def test_every_configuration_brings_its_loss_down(configuration):
    solution = transfer(configuration=configuration)
    assert torch.isfinite(solution.waveform).all()
    assert solution.history[-1]["loss"] < 0.5 * solution.history[0]["loss"]
    for name in BarryKimSettings(configuration=configuration).gammas():
        if name.startswith("style"):
            assert solution.history[-1][name] < solution.history[0][name], name


def test_content_and_style_share_the_network_of_the_stft():
    _, targets = prepared(configuration=1)
    assert targets.views["content-stft"] is targets.views["style-stft"]


@pytest.mark.parametrize("activation", ["selu", "relu"])
def test_the_closed_form_is_the_limit_of_the_ensemble(activation):
    """Distances of the STFT and the deep mel network, many filters against infinitely many."""
    common = {
        "configuration": 3,
        "activation": activation,
        "residual_start": "before",
        "gamma_style_cqt": 0.0,
    }
    _, limit = prepared(width="infinite", **common)
    _, many = prepared(stft_filters=4096, mel_filters=2048, **common)
    for name in ("style-stft", "style-mel"):
        values = []
        for targets, cls in ((limit, InfiniteNetwork), (many, FiniteNetwork)):
            view = targets.views[name]
            assert isinstance(view.network, cls)
            embedding = view.network.embed(view.representation.forward(CONTENT))
            values.append(view.network.gram_distance(embedding, view.style) / view.style.gram_energy)
        torch.testing.assert_close(values[1], values[0], rtol=0.15, atol=0)


@pytest.mark.parametrize(
    "settings",
    [
        {"configuration": 4},
        {"activation": "relu"},
        {"width": "infinite"},
        {"normalized": True},
        {"balance_at": "start"},
        {"style_bands": 16},
        {"content_bands": 16},
        {"content_f_max": 2_000.0},
        {"pooling": 4},
        {"mel_blocks": 2, "dilation": "paper"},
        {"mel_blocks": 2, "dilation": "released"},
        {"mel_blocks": 1, "residual_start": "before"},
        {"mel_blocks": 1, "residual_start": "after"},
        {"mel_blocks": 1, "mel_branch_width": 3},
        {"gamma_style_cqt": 50.0, "cqt_blocks": 1},
        {"gamma_content_stft": 1.0},
        {"sparsity_weight": 5.0},
        {"content_weight": 20.0},
        {"start": "content"},
        {"cqt_height": 5},
        {"cqt_width": 5},
        {"mel_width": 5},
        {"stft_width": 3},
    ],
    ids=str,
)
def test_each_setting_changes_the_result(settings):
    default, changed = transfer(max_iterations=4), transfer(max_iterations=4, **settings)
    assert torch.isfinite(changed.waveform).all()
    assert not torch.allclose(changed.waveform, default.waveform, atol=1e-4)


def test_steps_and_starts_of_blocks_are_not_the_same():
    """Paper and released blocks differ from each other, not only from no blocks."""
    results = [
        transfer(max_iterations=3, mel_blocks=2, **options).waveform
        for options in (
            {"dilation": "paper", "residual_start": "before"},
            {"dilation": "paper", "residual_start": "after"},
            {"dilation": "released", "residual_start": "after"},
        )
    ]
    assert not torch.allclose(results[0], results[1], atol=1e-4)
    assert not torch.allclose(results[1], results[2], atol=1e-4)


def test_more_sparsity_leaves_less_between_the_partials():
    means = [
        float(transfer(sparsity_weight=weight, max_iterations=30).waveform.abs().mean())
        for weight in (0.0, 30.0)
    ]
    assert means[1] < 0.8 * means[0]


def test_it_starts_where_it_says():
    for start, level in (("noise", 1e-3), ("content", LEVEL)):
        solution = transfer(start=start, max_iterations=0)
        assert float(solution.waveform.square().mean().sqrt()) == pytest.approx(level, rel=0.05)


def test_rows_measure_their_own_gradients():
    method = build_method("barry-kim", {**SMALL, "configuration": 5})
    both = torch.cat([STYLE, 0.3 * STYLE])
    targets = method.prepare(StyleSound((both,), (1.0,)), sample_rate=RATE, seed=0, device=CPU)
    norms = targets.norms["style-stft"]
    assert norms.shape == (2,)
    assert abs(float(norms[0] / norms[1]) - 1) > 0.01
    one = targets.select([1])
    assert torch.equal(one.norms["style-stft"], norms[1:])
    assert replace(one).views["style-stft"].style.energy.shape[1] == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": "infinite", "residual_start": "after"}, "residual_start=after needs width=finite"),
        ({"width": "infinite", "normalized": True}, "normalized=true needs width=finite"),
        ({"configuration": 7}, "configuration=7 must be at least 1 and at most 6"),
        ({"pooling": 0}, "pooling=0 must be at least 1"),
        ({"gamma_style_mell": 1}, "did you mean 'gamma_style_mel'"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(UsageError, match=message):
        build_method("barry-kim", settings)


@pytest.mark.parametrize(
    ("sample_rate", "settings", "most"),
    [(150, {"cqt_height": 30, "n_fft": 64}, 13), (RATE, {"cqt_height": 60, "pooling": 30}, 54)],
)
def test_too_few_notes_are_named(sample_rate, settings, most):
    method = build_method("barry-kim", {**SMALL, "configuration": 4, **settings})
    with pytest.raises(UsageError, match=f"cqt_height={settings['cqt_height']} must be at most {most}"):
        method.prepare(StyleSound((STYLE,), (1.0,)), sample_rate=sample_rate, seed=0, device=CPU)


def test_without_any_term_nothing_is_left_to_do() -> None:
    with pytest.raises(UsageError, match="no term is left"):
        build_method("barry-kim", {"content_weight": 0, "style_weight": 0})


def test_norms_are_measured_on_as_much_as_the_widest_filter_sees() -> None:
    """200 windows of 8192 samples are longer than the ten seconds that usually suffice."""
    settings = {"configuration": 2, "width": "infinite", "n_fft": 8192, "mel_width": 200, "max_iterations": 1}
    method = build_method("barry-kim", settings)
    n_frames = method.min_frames(8000)
    assert n_frames > 10 * 8000
    style = 0.08 * torch.randn(1, n_frames, generator=torch.Generator().manual_seed(0))
    targets = method.prepare(
        StyleSound((style,), (1.0,)), sample_rate=8000, seed=0, device=torch.device("cpu")
    )
    assert all(torch.isfinite(norm).all() and (norm > 0).all() for norm in targets.norms.values())
