"""The SELU kernel against the integral it stands for, at all scales, and its gradient."""

from __future__ import annotations

import math

import pytest
import torch

from nast_fx.networks.selu import selu_kernel, selu_variance

SCALES = [1e-6, 1e-3, 0.1, 1.0, 4.0, 30.0, 1e3, 1e6]


def integral(scale_x: float, scale_y: float, correlation: float) -> float:
    """E[selu(u) selu(v)] on a grid that is cut where either factor has its kink."""
    z = torch.linspace(-9, 9, 2_001, dtype=torch.float64)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    step = float(z[1] - z[0])
    other = correlation * z[:, None] + math.sqrt(1 - correlation**2) * z[None, :]
    inner = (torch.selu(scale_y * other) * density).sum(dim=1) * step
    return float((torch.selu(scale_x * z) * density * inner).sum() * step)


def kernel(scale_x: float, scale_y: float, correlation: float) -> float:
    numbers = (correlation * scale_x * scale_y, scale_x**2, scale_y**2)
    return float(selu_kernel(*(torch.tensor(number, dtype=torch.float64) for number in numbers)))


@pytest.mark.parametrize(("scale_x", "scale_y"), [(0.05, 0.05), (1.0, 1.0), (0.3, 4.0), (12.0, 30.0)])
@pytest.mark.parametrize("correlation", [-0.95, -0.5, 0.0, 0.4, 0.8, 0.95, 0.99])
def test_kernel_equals_the_integral_it_stands_for(scale_x, scale_y, correlation):
    power = math.sqrt(integral(scale_x, scale_x, 0.9999) * integral(scale_y, scale_y, 0.9999))
    assert kernel(scale_x, scale_y, correlation) == pytest.approx(
        integral(scale_x, scale_y, correlation), abs=2e-3 * power
    )


@pytest.mark.parametrize("scale", SCALES)
def test_the_variance_is_exact(scale):
    z = torch.linspace(-9, 9, 2_000_001, dtype=torch.float64)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    exact = float((torch.selu(scale * z).square() * density).sum() * (z[1] - z[0]))
    q = torch.tensor(scale**2, dtype=torch.float64)
    assert float(selu_variance(q)) == pytest.approx(exact, rel=1e-4)
    assert kernel(scale, scale, 1.0) == pytest.approx(exact, rel=1e-4)


def test_unit_variance_is_kept():
    """What SELU is for: (mean 0, variance 1) is a fixed point."""
    assert float(selu_variance(torch.tensor(1.0, dtype=torch.float64))) == pytest.approx(1.0, abs=1e-6)
    assert kernel(1.0, 1.0, 0.0) == pytest.approx(0.0, abs=1e-6)


def test_gradients():
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(2, 3, 8, generator=generator, dtype=torch.float64) * 2 for _ in range(2))
    inputs = ((x @ y.transpose(1, 2)), x.square().sum(2), y.square().sum(2))
    inputs = tuple(value.requires_grad_() for value in inputs)
    assert torch.autograd.gradcheck(
        lambda s, q_x, q_y: selu_kernel(s, q_x[:, :, None], q_y[:, None, :]), inputs
    )
    assert torch.autograd.gradcheck(lambda q: selu_kernel(0.3 * q, q, 2 * q), (inputs[1],))
    assert torch.autograd.gradcheck(selu_variance, (inputs[1],))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_silence_is_0_and_has_a_gradient(dtype):
    q_x = torch.tensor([0.0, 1.0, 1e-12], dtype=dtype).requires_grad_()
    covariance = torch.zeros(3, 3, dtype=dtype)
    values = selu_kernel(covariance, q_x[:, None], q_x[None, :])
    assert (values[0] == 0).all()
    (gradient,) = torch.autograd.grad(values.sum() + selu_variance(q_x).sum(), q_x)
    assert torch.isfinite(gradient).all()


def test_the_kernel_is_positive():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 40, 5, generator=generator, dtype=torch.float64)
    x *= torch.logspace(-3, 3, 40, dtype=torch.float64)[:, None]
    q = x.square().sum(2)
    matrix = selu_kernel(x @ x.transpose(1, 2), q[:, :, None], q[:, None, :], same=True)[0]
    normed = matrix / matrix.diagonal().sqrt()[:, None] / matrix.diagonal().sqrt()[None, :]
    assert torch.linalg.eigvalsh(normed).min() > -1e-9
