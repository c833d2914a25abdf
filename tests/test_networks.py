"""The closed form against the finite network, against gradcheck, and against what must hold."""

from __future__ import annotations

import math

import pytest
import torch

from nast_fx.networks import Architecture, FiniteNetwork, InfiniteNetwork, Runs, build_network
from nast_fx.networks.arc_cosine import arc_cosine, diagonal_sum
from nast_fx.networks.tiled import filter_spectrum, tiled_convolution

ARCHITECTURES = {
    "one layer": Architecture(kernel_width=3),
    "deep": Architecture(kernel_width=2, n_layers=3),
    "dilated": Architecture(kernel_width=2, n_layers=3, dilation=2),
    "residual": Architecture(kernel_width=3, n_layers=3, dilation=2, residual=True),
    "selu": Architecture(kernel_width=3, activation="selu"),
    "selu deep": Architecture(kernel_width=2, n_layers=3, activation="selu"),
    "selu residual": Architecture(
        kernel_width=4, n_layers=3, branch_width=3, branch_steps=(2, 3), residual=True, activation="selu"
    ),
}
N_BINS = 5
N_SEEDS = 48


def spec(n_frames: int, seed: int, batch: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 1, N_BINS, n_frames, generator=generator, dtype=torch.float64)


@pytest.fixture(params=ARCHITECTURES)
def architecture(request):
    return ARCHITECTURES[request.param]


def finite(architecture: Architecture, n_filters: int, seed: int, form: str = "auto") -> FiniteNetwork:
    wide = Architecture(**{**vars(architecture), "n_filters": n_filters})
    return FiniteNetwork(wide, N_BINS, seed=seed, dtype=torch.float64, form=form)


def test_gradients_of_both_distances(architecture):
    network = InfiniteNetwork(architecture)
    style, content = network.target(spec(9, 1, 2)), network.target(spec(10, 2, 2))
    x = spec(10, 3, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: network.gram_distance(network.embed(z), style), x)
    assert torch.autograd.gradcheck(lambda z: network.content_distance(network.embed(z), content), x)


def test_kernel_equals_the_integral_it_stands_for():
    generator = torch.Generator().manual_seed(0)
    q_x, q_y, covariance = 0.7, 1.9, 0.6
    z = torch.randn(2, 4_000_000, generator=generator, dtype=torch.float64)
    u = math.sqrt(q_x) * z[0]
    v = covariance / math.sqrt(q_x) * z[0] + math.sqrt(q_y - covariance**2 / q_x) * z[1]
    sampled = 2 * (u.relu() * v.relu()).mean()
    closed = arc_cosine(*(torch.tensor(value, dtype=torch.float64) for value in (covariance, q_x, q_y)))
    assert float(closed) == pytest.approx(float(sampled), rel=5e-3)


@pytest.mark.parametrize(
    "architecture",
    [
        pytest.param(name, marks=pytest.mark.slow if one.n_layers > 2 else ())
        for name, one in ARCHITECTURES.items()
    ],
    indirect=True,
)
def test_finite_networks_approach_the_limit_as_one_over_the_root_of_their_width(architecture):
    limit = InfiniteNetwork(architecture)
    style, content, x = spec(9, 1), spec(10, 2), spec(10, 3)

    def distances(network):
        embedding = network.embed(x)
        gram = network.gram_distance(embedding, network.target(style))
        return torch.cat([gram, network.content_distance(embedding, network.target(content))]).flatten()

    exact = distances(limit)
    errors = {
        width: torch.stack([distances(finite(architecture, width, seed)) - exact for seed in range(N_SEEDS)])
        for width in (256, 1024)
    }
    spread = {width: error.square().mean(dim=0).sqrt() for width, error in errors.items()}
    # Four times the filters: half the error, as far as so many seeds can tell.
    ratio = spread[256] / spread[1024]
    assert (ratio > 1.35).all(), ratio
    assert (ratio < 3.0).all(), ratio
    # No bias: the mean error is within what chance allows.
    chance = spread[1024] / N_SEEDS**0.5
    assert (errors[1024].mean(dim=0).abs() < 4 * chance).all()


def test_the_forms_of_the_gram_distance_agree(architecture):
    values = []
    for form in ("filters", "positions"):
        network = finite(architecture, 7, seed=3, form=form)
        runs = Runs((12, 14), (0.3, 0.7))
        target = network.target(spec(26, 1, 2), runs)
        values.append(network.gram_distance(network.embed(spec(10, 2, 2)), target))
    torch.testing.assert_close(*values)


@pytest.mark.parametrize("n_filters", [float("inf"), 32])
def test_a_signal_is_at_no_distance_from_itself(architecture, n_filters):
    described = Architecture(**{**vars(architecture), "n_filters": n_filters})
    network = build_network(described, N_BINS, seed=0)
    x = spec(12, 1).float().requires_grad_()
    target = network.target(x.detach())
    embedding = network.embed(x)
    gram = network.gram_distance(embedding, target) / target.gram_energy
    content = network.content_distance(embedding, target) / target.energy
    assert gram.abs().max() < 1e-5
    assert content.abs().max() < 1e-5
    (slope,) = torch.autograd.grad((gram + content).sum(), x)
    other = spec(12, 2).float().requires_grad_()
    away = network.content_distance(network.embed(other), target) / target.energy
    (typical,) = torch.autograd.grad(away.sum(), other)
    assert slope.norm() < 1e-2 * typical.norm()


@pytest.mark.parametrize("n_filters", [float("inf"), 16])
def test_a_mixture_is_the_weighted_sum_of_its_styles_up_to_a_constant(n_filters):
    described = Architecture(n_filters, kernel_width=3)
    network = build_network(described, N_BINS, seed=0)
    first, second = spec(15, 1).float(), spec(20, 2).float()
    both = network.target(torch.cat([first, second], dim=-1), Runs((15, 20), (0.25, 0.75)))
    apart = [network.target(style) for style in (first, second)]

    def difference(seed):
        embedding = network.embed(spec(11, seed).float())
        one, two = (network.gram_distance(embedding, target) for target in apart)
        return network.gram_distance(embedding, both) - (0.25 * one + 0.75 * two)

    torch.testing.assert_close(difference(5), difference(6), rtol=1e-3, atol=1e-6)


def test_positions_that_straddle_two_excerpts_have_no_weight():
    weights = Runs((5, 6), (1.0, 3.0)).position_weights(Architecture(kernel_width=3).field(0), 9)
    expected = [1 / 3] * 3 + [0.0] * 2 + [3 / 4] * 4
    torch.testing.assert_close(weights * 4, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("width", [3, 4])
def test_padded_layers_do_not_look_across_excerpts(width):
    """Change one excerpt: positions that count for the other one must not move."""
    described = Architecture(8, kernel_width=width, n_layers=3, dilation=2, residual=True)
    network = FiniteNetwork(described, N_BINS, seed=0, dtype=torch.float64)
    before = spec(70, 1)
    after = before.clone()
    after[..., 40:] = spec(30, 2)
    for layer, features in enumerate(zip(network.embed(before), network.embed(after), strict=True)):
        weights = Runs((40, 30), (0.5, 0.5)).position_weights(described.field(layer), features[0].shape[-1])
        moved = (features[0] - features[1]).abs().sum(dim=(0, 1, 2)) > 1e-12
        first = torch.arange(len(weights)) < 40 - described.reach(layer) + described.padded_before(layer)
        assert not moved[first & (weights > 0)].any()
        assert float(weights[first].sum()) == pytest.approx(0.5)


def test_an_excerpt_that_is_shorter_than_a_padded_stack_sees_keeps_its_weight():
    described = Architecture(kernel_width=11, n_layers=3, dilation=2, residual=True)
    for layer in range(3):
        field = described.field(layer)
        weights = Runs((130, 60), (0.1, 0.9)).position_weights(field, 190 - field.n_lost)
        assert float(weights[125:].sum()) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("silent", ["signal", "style", "both"])
def test_silence_has_a_value_and_a_gradient(architecture, silent):
    network = InfiniteNetwork(architecture)
    x = spec(12, 1).float() * (silent == "style")
    style = spec(12, 2).float() * (silent == "signal")
    x.requires_grad_()
    target = network.target(style)
    embedding = network.embed(x)
    loss = network.gram_distance(embedding, target).sum() + network.content_distance(embedding, target).sum()
    (gradient,) = torch.autograd.grad(loss, x)
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize(("width", "step"), [(1, 1), (2, 3), (7, 1), (11, 1), (5, 2), (8, 1)])
def test_diagonal_sum_is_the_sum_along_diagonals(width, step):
    matrix = torch.randn(2, 25, 23, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    reach = (width - 1) * step
    rows, columns = 25 - reach, 23 - reach
    naive = sum(matrix[:, j * step : j * step + rows, j * step : j * step + columns] for j in range(width))
    torch.testing.assert_close(diagonal_sum(matrix, width, step), naive)


def test_rows_of_a_batch_do_not_see_each_other(architecture):
    for network in (InfiniteNetwork(architecture), finite(architecture, 8, seed=0)):
        style, x = spec(12, 1, 3), spec(12, 2, 3)
        target = network.target(style)
        whole = network.gram_distance(network.embed(x), target)
        one = network.gram_distance(network.embed(x[1:2]), network.select(target, [1]))
        torch.testing.assert_close(whole[:, 1:2], one)


def test_several_blocks_are_those_of_the_paper():
    """Barry & Kim's stack written down as they have it, with its own widths and steps."""
    n, widths, steps = 12, (5, 3), (2, 4)
    for start in ("before", "after"):
        described = Architecture(
            n,
            widths[0],
            n_layers=3,
            residual=True,
            branch_width=widths[1],
            branch_steps=steps,
            residual_start=start,
            activation="selu",
        )
        network = FiniteNetwork(described, N_BINS, seed=0, dtype=torch.float64)
        x = spec(20, 1)
        total = torch.conv1d(x[:, 0], network.first[:, :, 0])
        d = [torch.selu(total)]
        if start == "after":
            total = d[0]
        for block, step in enumerate(steps):
            h = torch.selu(
                torch.conv1d(d[-1], network.branches[block][:, :, 0], padding="same", dilation=step)
            )
            total = total + torch.conv1d(h, network.mixers[block][:, :, 0])
            d.append(torch.selu(total))
        for ours, theirs in zip(network.embed(x), d, strict=True):
            torch.testing.assert_close(ours[:, :, 0], theirs)


def test_selu_weights_are_lecun_normal():
    """A white input of variance 1 keeps it, whatever the size of the network."""
    described = Architecture(400, 11, n_layers=2, activation="selu", branch_width=5)
    network = FiniteNetwork(described, 60, seed=0)
    x = torch.randn(1, 1, 60, 200, generator=torch.Generator().manual_seed(0))
    for features in network.embed(x):
        assert float(features.mean()) == pytest.approx(0.0, abs=0.05)
        assert float(features.var()) == pytest.approx(1.0, abs=0.1)


def plane(n_layers: int, **options) -> FiniteNetwork:
    described = Architecture(
        6,
        3,
        n_layers=n_layers,
        kernel_height=4,
        residual=True,
        branch_steps=(2, 4)[: n_layers - 1],
        activation="selu",
        **options,
    )
    return FiniteNetwork(described, 1, seed=0, dtype=torch.float64)


def test_a_network_over_bins_and_frames_moves_with_both():
    """Shift a spec by two bins and three frames: features inside shift by as much."""
    network = plane(1)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 1, 30, 40, generator=generator, dtype=torch.float64)
    moved = torch.roll(x, (2, 3), (2, 3))
    (here,), (there,) = network.embed(x), network.embed(moved)
    assert here.shape == (1, 6, 27, 38)
    torch.testing.assert_close(here, torch.selu(torch.conv2d(x, network.first)))
    torch.testing.assert_close(there[..., 2:, 3:], here[..., :-2, :-3])


@pytest.mark.parametrize(
    ("size", "step", "shape"),
    [((11, 11), 1, (30, 40)), ((11, 11), 4, (25, 90)), ((5, 3), 3, (40, 33)), ((16, 16), 1, (60, 70))],
)
@pytest.mark.parametrize("max_tiles", [1, 256])
def test_convolution_by_tiles_is_convolution(size, step, shape, max_tiles, monkeypatch):
    monkeypatch.setattr("nast_fx.networks.tiled.MAX_TILES", max_tiles)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, *shape, generator=generator, dtype=torch.float64).requires_grad_()
    weight = torch.randn(5, 3, *size, generator=generator, dtype=torch.float64)
    direct = torch.conv2d(x, weight, dilation=(1, step))
    tiled = tiled_convolution(x, filter_spectrum(weight), size, step)
    torch.testing.assert_close(tiled, direct)
    along = torch.randn(direct.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(*(torch.autograd.grad((way * along).sum(), x)[0] for way in (tiled, direct)))


def test_large_filters_over_many_channels_take_the_way_of_tiles():
    """And give the same features as the convolution written down."""
    described = Architecture(
        32, 9, n_layers=2, kernel_height=9, residual=True, branch_steps=(2,), activation="selu"
    )
    network = FiniteNetwork(described, 1, seed=0)
    assert network._spectra[0] is not None
    x = torch.rand(1, 1, 25, 60, generator=torch.Generator().manual_seed(0))
    first, second = network.embed(x)
    total = torch.conv2d(x, network.first)
    branch = torch.conv2d(first, network.branches[0], padding="same", dilation=(1, 2))
    total = total + torch.conv2d(torch.selu(branch), network.mixers[0])
    torch.testing.assert_close(second, torch.selu(total), rtol=1e-4, atol=1e-4)


def test_the_gram_over_both_axes_does_not_see_a_shift_in_pitch():
    network = plane(3)
    generator = torch.Generator().manual_seed(0)
    x = torch.zeros(1, 1, 60, 40, dtype=torch.float64)
    x[:, :, 20:35] = torch.rand(1, 1, 15, 40, generator=generator, dtype=torch.float64)
    other = torch.zeros_like(x)
    other[:, :, 20:35] = torch.rand(1, 1, 15, 40, generator=generator, dtype=torch.float64)
    target = network.target(x)

    def distance(y):
        return network.gram_distance(network.embed(y), target) / target.gram_energy

    assert distance(torch.roll(x, 4, 2)).max() < 1e-9
    assert distance(other).min() > 1e-4


def test_pooling_makes_the_content_less_sensitive_to_key():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 1, 60, 40, generator=generator, dtype=torch.float64)
    moved, other = torch.roll(x, 1, 2), torch.rand(1, 1, 60, 40, generator=generator, dtype=torch.float64)
    shares = []
    for pooling in (1, 2, 6):
        network = plane(1, content_pooling=pooling)
        target = network.target(x)
        near, far = (network.content_distance(network.embed(y), target) for y in (moved, other))
        assert network.content_distance(network.embed(x), target).max() < 1e-12
        shares.append(float(near / far))
    assert shares[0] > shares[1] > shares[2]


def test_distances_over_bins_and_frames_have_gradients():
    network = plane(2, content_pooling=2)
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand(1, 1, 9, 8, generator=generator, dtype=torch.float64) for _ in range(2))
    target = network.target(y)
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: network.gram_distance(network.embed(z), target), x)
    assert torch.autograd.gradcheck(lambda z: network.content_distance(network.embed(z), target), x)


def test_instance_normalization_takes_the_level_away():
    described = Architecture(8, 3, activation="selu", normalized=True)
    network = FiniteNetwork(described, N_BINS, seed=0, dtype=torch.float64)
    quiet, loud = network.embed(10 * spec(40, 1)), network.embed(100 * spec(40, 1))
    torch.testing.assert_close(quiet[0], loud[0], rtol=1e-3, atol=1e-4)
    before = network.embed(10 * spec(40, 1))[0]
    assert before.std() > 0.5


@pytest.mark.parametrize(
    "options",
    [{"kernel_height": 3}, {"residual_start": "after"}, {"normalized": True}, {"parts": "rows"}],
    ids=str,
)
def test_what_has_no_closed_form_is_refused(options):
    with pytest.raises(ValueError, match="closed form"):
        InfiniteNetwork(Architecture(residual=True, n_layers=2, **options))
