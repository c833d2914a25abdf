"""Mital 2017: frames, components, the published sums, the limiter and the published size."""

from __future__ import annotations

import math
import resource
import subprocess
import sys
import warnings

import pytest
import torch

from nast_fx.dsp import Frames, limit
from nast_fx.errors import UsageError
from nast_fx.losses import Objective
from nast_fx.methods import LEVEL, Segment, StyleSound, build_method
from nast_fx.networks.wavenet import WaveNetArchitecture, random_wavenet_weights
from nast_fx.networks.wavenet_file import TrainedWaveNet, WaveNetInfo, save_wavenet
from nast_fx.optimize import FramesCanvas, WaveformCanvas
from nast_fx.progress import drain
from nast_fx.representations import Components
from nast_fx.representations.components import COMPONENTS

RATE = 8_000
CPU = torch.device("cpu")
SMALL = {"n_filters": 24, "n_fft": 128, "hop_length": 32, "kernel_width": 3, "max_iterations": 10}


def noise(n_frames, seed, dtype=torch.float32):
    return LEVEL * torch.randn(1, n_frames, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def prepared(style, **settings):
    method = build_method("mital", {**SMALL, **settings})
    return method, method.prepare(StyleSound((style,), (1.0,)), sample_rate=RATE, seed=3, device=CPU)


def transfer(content, style, **settings):
    method, targets = prepared(style, **settings)
    return drain(method.transfer(Segment(content, content.shape[1], (0,)), targets))


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize(("size", "hop", "n_frames"), [(128, 32, 1000), (100, 30, 990), (64, 32, 64)])
def test_frames_add_up_to_their_signal(size, hop, n_frames, loop):
    n_frames -= n_frames % hop if loop else 0
    waveform, frames = noise(n_frames, 1), Frames(size, hop, loop=loop)
    cut = frames.split(waveform)
    assert cut.shape == (1, frames.count(n_frames), size)
    torch.testing.assert_close(frames.join(cut, n_frames), waveform, atol=1e-6, rtol=0)


def test_every_sample_is_seen_by_as_many_frames():
    """The windows of a constant add up to the same at the edges and inside."""
    frames = Frames(128, 32)
    cut = frames.split(torch.ones(1, 999))
    assert float(cut.sum()) == pytest.approx(999 * 128 / (2 * 32), rel=1e-6)


@pytest.mark.parametrize("n_dft", [64, 128, 256])
def test_components_are_the_frames_correlations_with_sinusoids(n_dft):
    """The transform as the paper has it: a product with cosines and sines as long as the frame."""
    representation = Components(RATE, 128, 32, n_dft, ["real", "imaginary", "magnitude"])
    waveform = noise(700, 1, torch.float64)
    spec = representation.forward(waveform)
    frames = Frames(128, 32).split(waveform)[0]
    angle = 2 * math.pi / n_dft * torch.arange(128.0).double()[:, None] * torch.arange(n_dft // 2).double()
    real, imaginary = frames @ angle.cos(), -(frames @ angle.sin())
    torch.testing.assert_close(spec[0, 0], real.T)
    torch.testing.assert_close(spec[0, 1], imaginary.T)
    torch.testing.assert_close(spec[0, 2], (real**2 + imaginary**2).sqrt().T)


def test_a_steady_tone_has_a_steady_unwrapped_difference():
    """In the tone's own bin it is the phase that passes in a hop, whatever the phase wraps to."""
    frequency, hop = 800.0, 30  # three turns a hop
    t = torch.arange(4000).double() / RATE
    waveform = torch.sin(2 * math.pi * frequency * t)[None]
    parts = ["phase", "phase-difference", "unwrapped-difference"]
    spec = Components(RATE, 120, hop, 240, parts).forward(waveform)[0, :, 24, 10:-10]
    steady = 2 * math.pi * frequency * hop / RATE % (2 * math.pi)
    for part in (1, 2):
        turned = torch.remainder(spec[part] - steady + math.pi, 2 * math.pi) - math.pi
        assert turned.abs().max() < 1e-6

    # A tone off the bin, which wraps: the difference as it is jumps by whole turns, the unwrapped one not.
    waveform = torch.sin(2 * math.pi * 863.0 * t)[None]
    spec = Components(RATE, 120, hop, 240, parts).forward(waveform)[0, :, 26, 10:-10]
    assert spec[1].max() - spec[1].min() > 5
    assert spec[2].max() - spec[2].min() < 1e-3


@pytest.mark.parametrize("part", COMPONENTS)
def test_components_have_gradients(part):
    representation = Components(RATE, 16, 4, 32, [part])
    waveform = noise(40, 1, torch.float64).mul_(10).requires_grad_()
    assert torch.autograd.gradcheck(representation.forward, waveform)
    silence = torch.zeros(1, 40, requires_grad=True)
    representation.forward(silence).square().sum().backward()
    assert torch.isfinite(silence.grad).all()


def test_the_published_sums_are_minimized():
    """The loss of the released code, written down as it has it, against ours."""
    content, style, point = noise(1500, 1), noise(1500, 2), noise(1500, 9)
    alpha = 0.05
    method, targets = prepared(style, content_weight=alpha, n_layers=2, components="real+imaginary+magnitude")
    s, view = method.settings, targets.views["style"]
    rep, net = targets.representation, view.network
    n_bins, k, n = rep.n_bins, s.kernel_width, 24
    kernels = [
        net.first.reshape(n, -1, k) * math.sqrt(k) * math.sqrt(2) * math.sqrt(2 / ((n_bins + n) * k)),
        net.branches[0].reshape(n, n, k) * math.sqrt(k * n) * math.sqrt(2) * math.sqrt(2 / ((n + n) * k)),
    ]

    def maps(waveform):
        layers = [rep.forward(waveform).flatten(1, 2)]
        for kernel in kernels:
            layers.append(torch.relu(torch.nn.functional.conv1d(layers[-1], kernel)))
        return layers

    def gram(features, n_frames):
        return features[0] @ features[0].T / n_frames

    x, c, y = maps(point), maps(content), maps(style)
    n_frames = x[0].shape[-1]
    content_loss = sum(float((a - b).square().sum()) for a, b in zip(x, c, strict=True))
    grams = [(x[0][:, 2 * n_bins :], y[0][:, 2 * n_bins :]), *zip(x[1:], y[1:], strict=True)]
    style_loss = sum(float((gram(a, n_frames) - gram(b, n_frames)).square().sum()) for a, b in grams)

    canvas = WaveformCanvas(point)
    objective = Objective(method._terms(Segment(content, content.shape[1], (0,)), targets))
    _, losses = objective(canvas, canvas.start)
    ours = {
        kind: sum(float(v) for k, v in losses.items() if k.startswith(kind)) for kind in ("content", "style")
    }
    assert ours["content"] == pytest.approx(alpha * content_loss, rel=1e-3)
    assert ours["style"] == pytest.approx(style_loss, rel=1e-3)


def test_one_component_a_filter_is_the_same_filter_on_each():
    """k_h = 1: swapping two components of the content swaps rows of the features, and no number."""
    style = noise(1500, 2)
    _, targets = prepared(style, kernel_height="one", components="real+imaginary")
    net = targets.views["style"].network
    spec = targets.representation.forward(noise(1500, 1))
    (features,), (swapped,) = net.embed(spec), net.embed(spec.flip(1))
    assert features.shape[2] == 2
    torch.testing.assert_close(swapped, features.flip(2))


@pytest.mark.parametrize(
    "settings",
    [
        {"components": "real"},
        {"components": "magnitude+unwrapped-difference"},
        {"components": "phase+phase-difference"},
        {"kernel_height": "one"},
        {"kernel_width": 4},
        {"n_layers": 3},
        {"n_filters": "inf"},
        {"dft": "half"},
        {"solver": "lbfgs"},
        {"canvas": "waveform"},
        {"start": "content"},
        {"learning_rate": 1e-2},
        {"hop_length": 16},
    ],
    ids=str,
)
def test_each_setting_changes_the_result(settings):
    content, style = noise(1500, 1), noise(1500, 2)
    default, changed = transfer(content, style), transfer(content, style, **settings)
    assert torch.isfinite(changed.waveform).all()
    assert changed.history[-1]["loss"] < changed.history[0]["loss"]
    assert not torch.allclose(changed.waveform, default.waveform, atol=1e-5)


def test_the_closed_form_is_the_limit_of_the_filters():
    """Content and style under 4096 filters are within a few per cent of those of infinitely many."""
    content, style, point = noise(1500, 1), noise(1500, 2), noise(1500, 9)
    found = []
    for n_filters in (4096, "inf"):
        method, targets = prepared(style, n_filters=n_filters)
        objective = Objective(method._terms(Segment(content, content.shape[1], (0,)), targets))
        canvas = WaveformCanvas(point)
        found.append(objective(canvas, canvas.start)[1])
    for name, value in found[1].items():
        assert float(found[0][name]) == pytest.approx(float(value), rel=0.05), name


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"components": "reel"}, "did you mean 'real'"),
        ({"n_filters": "inf", "kernel_height": "one"}, "n_filters=inf needs kernel_height=all"),
        ({"layers": "encoder.1"}, "layers=encoder.1 needs features=wavenet"),
        ({"n_layers": 4}, "n_layers=4 must be at least 1 and at most 3"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(UsageError, match=message):
        build_method("mital", settings)


def test_components_come_in_one_order():
    assert build_method("mital", {"components": "magnitude + real"}).settings.components == "real+magnitude"


def test_frames_do_not_know_of_each_other():
    """A change of one frame moves the columns that see it, and the samples under it, alone."""
    frames = Frames(64, 16)
    start = frames.split(noise(640, 1))
    canvas = FramesCanvas(start, frames, 640)
    moved = start.clone()
    moved[:, 10] += 1.0
    before, after = (canvas.waveform(f.flatten(1)) for f in (start, moved))
    changed = (before != after)[0].nonzero()[:, 0]
    first = 10 * 16 - frames.margin
    assert changed.min() >= first
    assert changed.max() < first + 64


def naive_limiter(signal):
    envelope, gain, line, result = 0.0, 1.0, [0.0] * 40, []
    for index, sample in enumerate(signal):
        line[index % 40] = sample
        envelope = max(abs(sample), envelope * 0.9995)
        target = 0.9 / envelope if envelope > 0.9 else 1.0
        gain = gain * 0.9 + target * 0.1
        result.append(line[(index + 1) % 40] * gain)
    return result


def test_the_limiter_is_the_recursion_it_says():
    signal = 0.8 * torch.randn(3000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    signal[:200] *= 0.01
    expected = torch.tensor(naive_limiter([*signal.tolist(), *([0.0] * 39)]), dtype=torch.float64)[39:]
    torch.testing.assert_close(limit(signal[None])[0], expected, atol=1e-9, rtol=0)


def test_the_limiter_leaves_what_is_below_its_threshold():
    quiet = noise(2000, 1)
    torch.testing.assert_close(limit(quiet), quiet)
    assert limit(30 * quiet).abs().max() < 1.5 * 0.9


class Encoder(torch.nn.Module):
    """A user's: 8 channels, 32 samples apart."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 8, 64, stride=32)

    def forward(self, x):
        return torch.relu(self.conv(x))


@pytest.fixture(params=["autoencoder", "script"])
def features(request, tmp_path):
    """Weights of an autoencoder, and an encoder as TorchScript."""
    torch.manual_seed(0)
    if request.param == "script":
        path = tmp_path / "encoder.ts"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.jit.save(torch.jit.trace(Encoder().eval(), torch.zeros(1, 1, 4000)), str(path))
        return str(path)
    net = WaveNetArchitecture(
        n_channels=6,
        n_embedding=3,
        n_skip=8,
        pool=64,
        first_width=8,
        encoder_dilations=(1, 2, 4, 8, 16, 1, 2, 4),
        decoder_dilations=(1, 2, 4),
    )
    info = WaveNetInfo(
        bits=4.0,
        embedding_bits=0.2,
        snr_db=12.0,
        linear_order=16,
        linear_bits=4.7,
        linear_snr_db=10.0,
        n_held_out=5,
        split="by pitch",
        data="tones",
        licence="none",
        command="nast-fx train autoencoder",
    )
    path = tmp_path / "mine.safetensors"
    save_wavenet(path, TrainedWaveNet(net, random_wavenet_weights(net, 3), info))
    return str(path)


def test_a_network_on_the_waveform_takes_the_place_of_the_transform(features):
    content, style = noise(8000, 1), noise(8000, 2).cumsum(dim=1)
    style *= LEVEL / style.square().mean().sqrt()
    settings = {"features": features, "max_iterations": 15, "solver": "lbfgs", "start": "content"}
    made = transfer(content, style, **settings)
    again = transfer(content, style, **settings)
    assert made.waveform.shape == content.shape
    assert torch.equal(made.waveform, again.waveform)
    assert made.history[-1]["style"] < 0.7 * made.history[0]["style"]
    assert not torch.allclose(made.waveform, content, atol=1e-3)


def test_a_network_that_is_not_there_is_named():
    with pytest.raises(UsageError, match=r"encoder\.ts"):
        prepared(noise(8000, 1), features="nowhere/encoder.ts")
    with pytest.raises(UsageError, match=r"features=wavnet must be dft, wavenet.*did you mean 'wavenet'"):
        prepared(noise(8000, 1), features="wavnet")


PUBLISHED = """
import torch
from nast_fx.methods import Segment, StyleSound, build_method
from nast_fx.progress import drain
method = build_method("mital", {"max_iterations": 1, "kernel_width": 16})
draw = torch.Generator().manual_seed(0)
content, style = (0.08 * torch.randn(1, 220_500, generator=draw) for _ in range(2))
targets = method.prepare(StyleSound((style,), (1.0,)), sample_rate=22_050, seed=0, device=torch.device("cpu"))
assert targets.views["style"].network.first.numel() == 4096 * 3 * 2048 * 16
result = drain(method.transfer(Segment(content, 220_500, (0,)), targets))
assert torch.isfinite(result.waveform).all()
assert result.n_evaluations >= 1
"""


@pytest.mark.slow
def test_the_published_size_fits_in_6_gb():
    """4096 filters over 3 x 2048 bins, 16 frames wide, on 10 s; 1.6 GB of weights."""
    subprocess.run([sys.executable, "-c", PUBLISHED], check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # kB, of the largest child so far
    assert 1.6e6 < peak < 6e6
