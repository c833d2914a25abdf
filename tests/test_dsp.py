"""Transforms: exact inverse, circles that are circles, phases that are found."""

from __future__ import annotations

import math

import pytest
import torch

from nast_fx.dsp import Stft, griffin_lim, n_spectrum_frames
from nast_fx.errors import UsageError
from nast_fx.progress import drain
from nast_fx.representations import REPRESENTATIONS, LogMagnitude


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("n_frames", [1024, 1025, 5000, 12_345])
def test_inverse_is_exact(n_frames):
    stft = Stft(1024, 256)
    x = noise(2, n_frames)
    spectrum = stft.forward(x)
    assert spectrum.shape == (2, 513, n_spectrum_frames(n_frames, 256))
    torch.testing.assert_close(stft.inverse(spectrum, n_frames), x, atol=1e-5, rtol=0)


def test_a_loop_has_no_beginning():
    stft = Stft(512, 128, loop=True)
    x = noise(1, 128 * 20)
    turned = stft.forward(torch.roll(x, 5 * 128, 1))
    torch.testing.assert_close(turned.abs(), torch.roll(stft.forward(x).abs(), 5, 2), atol=1e-4, rtol=0)
    torch.testing.assert_close(stft.inverse(stft.forward(x), x.shape[1]), x, atol=1e-5, rtol=0)


def test_a_tone_is_in_its_bin():
    n = torch.arange(22_050)
    tone = torch.sin(2 * math.pi * 440.0 * n / 22_050)[None]
    spec = LogMagnitude(22_050, 2048, 512).forward(tone)
    assert int(spec[0, 0, :, 20].argmax()) == round(440.0 * 2048 / 22_050)


def test_the_log_magnitude_of_silence_has_a_gradient():
    silence = torch.zeros(1, 4096, requires_grad=True)
    spec = LogMagnitude(22_050, 1024, 256).forward(silence)
    (gradient,) = torch.autograd.grad(spec.sum(), silence)
    assert torch.isfinite(gradient).all()
    assert float(spec.detach().max()) < 1e-4


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_every_representation_has_its_shape_and_a_gradient(name):
    representation = REPRESENTATIONS[name](16_000, 1024, 256)
    x = noise(2, 8000).requires_grad_()
    spec = representation.forward(x)
    assert spec.shape[0] == 2
    assert spec.shape[2] == representation.n_bins
    assert spec.shape[3] == n_spectrum_frames(8000, 256)
    (gradient,) = torch.autograd.grad(spec.square().sum(), x)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0


def test_a_hop_beyond_half_the_window_is_refused():
    with pytest.raises(UsageError, match="hop_length=300"):
        Stft(512, 300)


def test_griffin_lim_finds_a_signal_of_the_magnitude():
    n = torch.arange(8192)
    x = torch.sin(0.05 * n + 30 * torch.sin(0.0007 * n))[None] * 0.3
    stft = Stft(1024, 256)
    magnitude = stft.forward(x).abs()
    phase = 6.283 * torch.rand(magnitude.shape, generator=torch.Generator().manual_seed(0))

    def error(n_iterations: int) -> float:
        y = drain(griffin_lim(stft, magnitude, phase, n_frames=8192, n_iterations=n_iterations))
        return float((stft.forward(y).abs() - magnitude).norm() / magnitude.norm())

    assert error(100) < 0.3 * error(1)


def test_griffin_lim_keeps_what_is_pinned():
    x = noise(1, 8192)
    stft = Stft(1024, 256)
    magnitude = stft.forward(x).abs()
    share = torch.zeros(8192)
    share[:2000] = 1.0
    steps = griffin_lim(
        stft, magnitude, torch.zeros_like(magnitude), n_frames=8192, n_iterations=5, pinned=(x, share)
    )
    y = drain(steps)
    torch.testing.assert_close(y[:, :2000], x[:, :2000])
    assert not torch.allclose(y[:, 4000:], x[:, 4000:])


@pytest.mark.parametrize("loop", [False, True])
def test_the_transform_is_the_same_with_and_without_a_gradient(loop):
    # Two ways to compute it, one of which has no gradient: a result must not depend on the way.
    stft, x = Stft(512, 128, loop=loop), noise(2, 128 * 40)
    spectrum = stft.forward(x)
    assert torch.equal(spectrum, stft.forward(x.clone().requires_grad_()).detach())
    inverse = stft.inverse(spectrum.clone().requires_grad_(), x.shape[1]).detach()
    assert torch.equal(stft.inverse(spectrum, x.shape[1]), inverse)


def test_accelerated_phases_are_nearer_after_as_many_steps():
    n = torch.arange(22_050) / 22_050
    chord = sum(torch.sin(2 * math.pi * hz * n) * torch.exp(-2 * n) for hz in (220.0, 277.2, 1318.5))[None]
    stft = Stft(2048, 512)
    magnitude = stft.forward(chord).abs()
    phase = 2 * math.pi * torch.rand(magnitude.shape, generator=torch.Generator().manual_seed(0))
    errors = []
    for acceleration in (0.0, 0.99):
        steps = griffin_lim(
            stft,
            magnitude,
            phase,
            n_frames=chord.shape[1],
            n_iterations=30,
            acceleration=acceleration,
        )
        errors.append(float(torch.dist(stft.forward(drain(steps)).abs(), magnitude) / magnitude.norm()))
    assert errors[1] < 0.6 * errors[0]
