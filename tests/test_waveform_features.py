"""Waveforms at 16 kHz, the WaveNet autoencoder and its training, a user's encoder; sounds made here."""

from __future__ import annotations

import logging
import math
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from cli_runner import Cli

from nast_fx.dsp.mu_law import N_CODES, compand, decode, encode, expand
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.losses import ContentTerm, GramTerm, Objective
from nast_fx.models.training import TrainingSettings
from nast_fx.networks import Runs
from nast_fx.networks.user_encoder import FACTS, UserEncoder
from nast_fx.networks.waveform_features import WaveformFeatures, layer_names, waveform_features
from nast_fx.networks.wavenet import WaveNet, WaveNetArchitecture, random_wavenet_weights
from nast_fx.networks.wavenet_file import TrainedWaveNet, WaveNetInfo, load_wavenet, save_wavenet
from nast_fx.optimize import WaveformCanvas, lbfgs, minimize
from nast_fx.progress import drain
from nast_fx.representations.waveform import Waveform, resample_band_limited
from nast_fx.train.autoencoder import train_autoencoder
from nast_fx.train.autoencoder_card import publish_autoencoder
from nast_fx.train.clips import Clip, ClipSet
from nast_fx.train.linear_predictor import fit_linear_predictor, fit_scale, signal_to_noise_db
from nast_fx.train.loop import LAST
from nast_fx.train.prediction import sample_bits

SMALL = WaveNetArchitecture(
    n_channels=6,
    n_embedding=3,
    n_skip=8,
    pool=64,
    first_width=8,
    encoder_dilations=(1, 2, 4),
    decoder_dilations=(1, 2, 4, 1, 2),
)
INFO = WaveNetInfo(
    bits=4.0,
    embedding_bits=0.25,
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


def small_network(seed: int = 0) -> WaveNet:
    return WaveNet(SMALL, random_wavenet_weights(SMALL, seed))


def noise(*shape: int, seed: int = 0, level: float = 0.1) -> torch.Tensor:
    return level * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def sine(frequency: float, rate: int, seconds: float = 0.5) -> torch.Tensor:
    time = torch.arange(round(rate * seconds), dtype=torch.float64) / rate
    return (0.5 * torch.sin(2 * math.pi * frequency * time))[None]


def db(x: torch.Tensor) -> float:
    return 10 * math.log10(float(x.double().square().mean()) + 1e-30)


# Mu-law


def test_companding_is_undone_and_is_steepest_at_silence() -> None:
    x = torch.linspace(-1.5, 1.5, 1001, dtype=torch.float64)
    torch.testing.assert_close(expand(compand(x)), x)
    assert float(compand(torch.tensor(1.0))) == pytest.approx(1.0)
    silence = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(compand(silence).sum(), silence)
    torch.testing.assert_close(slope, torch.full_like(slope, 255 / math.log(256)))
    assert torch.autograd.gradcheck(compand, noise(20).double().requires_grad_())


def test_codes_are_their_own_values_and_loud_samples_are_clipped() -> None:
    codes = torch.arange(N_CODES)
    assert torch.equal(encode(decode(codes)), codes)
    assert encode(torch.tensor([-3.0, 3.0])).tolist() == [0, 255]


# The representation


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000, 22_051])
def test_a_tone_stays_that_tone_at_16_khz(rate: int) -> None:
    made = resample_band_limited(sine(440.0, rate), rate, 16_000)
    wanted = sine(440.0, 16_000)
    assert made.shape == wanted.shape
    middle = slice(800, -800)
    assert db(made[:, middle] - wanted[:, middle]) < db(wanted) - 60


def test_a_tone_above_the_new_band_dies() -> None:
    made = resample_band_limited(sine(10_000.0, 44_100), 44_100, 16_000)
    assert db(made[:, 800:-800]) < -80


def test_a_click_rings_for_less_than_20_ms() -> None:
    click = torch.zeros(1, 44_100, dtype=torch.float64)
    click[0, 22_050] = 1.0
    made = resample_band_limited(click, 44_100, 16_000)[0]
    assert int(made.argmax()) == 8000
    far = torch.cat([made[: 8000 - 320], made[8000 + 320 :]])
    assert float(far.abs().max()) < 1e-5 * float(made.max())


def test_the_waveform_is_differentiable_at_any_rate() -> None:
    view = Waveform(22_050)
    x = noise(2, 60).double().requires_grad_()
    assert view.forward(x).shape == (2, 1, 1, view.n_frames(60))
    assert torch.autograd.gradcheck(view.forward, x)


def test_a_waveform_says_how_many_samples_its_frames_need() -> None:
    view = Waveform(44_100)
    assert (view.hop_length, view.n_fft) == (2, 1411)
    n_samples = view.n_samples(1000)
    assert view.forward(noise(1, n_samples)).shape[-1] == view.n_frames(n_samples) >= 1000
    linear = Waveform(16_000, mu_law=False)
    x = noise(1, 100)
    torch.testing.assert_close(linear.forward(x)[:, 0, 0], x)
    with pytest.raises(UsageError, match="sample_rate=0 must be above 0"):
        Waveform(0)


# The network


def test_the_decoder_hears_the_past_only_and_no_further_than_it_says() -> None:
    net, n_frames, place = small_network(), 128, 80
    x = noise(1, n_frames).requires_grad_()
    embedding = net.embedding(net.encoder_maps(x)[-1]).detach()
    (seen,) = torch.autograd.grad(net.logits(x, embedding)[0, :, place].square().sum(), x)
    heard = seen[0].nonzero()
    assert int(heard[-1]) == place - 1
    assert int(heard[0]) == place - SMALL.decoder_reach


def test_the_embedding_changes_what_the_decoder_expects() -> None:
    net, x = small_network(), noise(1, 128)
    embedding = net.embedding(net.encoder_maps(x)[-1])
    changed = embedding.clone()
    changed[:, :, 1] += 0.5
    difference = (net.logits(x, embedding) - net.logits(x, changed)).abs().amax(dim=(0, 1))
    # The second block is told; the first one cannot know.
    assert float(difference[:64].max()) == 0
    assert float(difference[64:].min()) > 0


@pytest.mark.parametrize("name", layer_names(SMALL))
def test_a_column_sees_exactly_the_frames_of_its_field(name: str) -> None:
    features = WaveformFeatures(small_network(), [name])
    field = features.field(0)
    # Several noises: in one of them a ReLU may be shut.
    spec = noise(16, 1, 1, 640).requires_grad_()
    maps = features.embed(spec)[0]
    column = 5 if name == "embedding" else 321
    (gradient,) = torch.autograd.grad(maps[:, :, 0, column].square().sum(), spec)
    seen = gradient[:, 0, 0].abs().sum(dim=0).nonzero()
    first = column * field.stride - field.before
    last = first + field.reach
    assert int(seen[0]) >= first
    assert int(seen[-1]) <= last
    if not name.startswith("decoder"):
        # Where in its block a column lies is not known to a field: it covers all places.
        assert (int(seen[0]), int(seen[-1])) == (first, last)


@pytest.mark.parametrize("layer", ["encoder.2", "embedding", "decoder.4"])
def test_columns_with_weight_are_those_of_an_excerpt_alone(layer: str) -> None:
    features = WaveformFeatures(small_network(), [layer])
    parts = [noise(1, 1, 1, 448, seed=seed) for seed in (1, 2)]
    runs = Runs((448, 448), (0.25, 0.75))
    target = features.target(torch.cat(parts, dim=-1), runs)
    weights = target.weights[0]
    half = len(weights) // 2
    assert float(weights[:half].sum()) == pytest.approx(0.25)
    assert float(weights[half:].sum()) == pytest.approx(0.75)
    alone = torch.cat([features.embed(part)[0].flatten(2) for part in parts], dim=-1)
    mixed = target.embedding.features[0]
    weighed = weights > 0
    torch.testing.assert_close(mixed[..., weighed], alone[..., weighed])
    assert not torch.equal(mixed, alone)  # at the joint they do differ


def test_only_the_layers_that_are_asked_for_are_computed() -> None:
    net = small_network()
    spec = noise(1, 1, 1, 128)
    both = WaveformFeatures(net, ["decoder.1", "encoder.0"])
    decoder, encoder = both.embed(spec)
    assert both.min_frames == 1 + max(both.field(0).reach, both.field(1).reach)
    torch.testing.assert_close(encoder[:, :, 0], net.encoder_maps(spec[:, 0, 0])[0].relu())
    assert decoder.shape == (1, 6, 1, 128)
    lean = WaveNet(
        SMALL, {k: v for k, v in net.weights.items() if k.startswith(("encoder.0", "encoder.first"))}
    )
    torch.testing.assert_close(WaveformFeatures(lean, ["encoder.0"]).embed(spec)[0], encoder)


def test_an_unknown_layer_is_named() -> None:
    with pytest.raises(UsageError, match=r"no layer 'encodr.1'.*did you mean 'encoder.1'"):
        WaveformFeatures(small_network(), ["encodr.1"])
    with pytest.raises(UsageError, match="at least one layer"):
        WaveformFeatures(small_network(), [])


# Files


def trained_small(info: WaveNetInfo = INFO) -> TrainedWaveNet:
    return TrainedWaveNet(SMALL, random_wavenet_weights(SMALL, 3), info)


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    path, made = tmp_path / "mine.safetensors", trained_small()
    save_wavenet(path, made)
    loaded = load_wavenet(path)
    assert (loaded.architecture, loaded.info, loaded.hash) == (made.architecture, made.info, made.hash)
    assert all(torch.equal(loaded.weights[name], made.weights[name]) for name in made.weights)
    other = trained_small()
    other.weights["decoder.codes.bias"][0] += 1e-3
    assert other.hash != made.hash


def test_a_damaged_file_and_a_foreign_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_wavenet(path, trained_small())
    content = bytearray(path.read_bytes())
    content[-1] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match="is damaged"):
        load_wavenet(path)
    path.write_bytes(b"no weights")
    with pytest.raises(AudioFileError, match="is no file of weights"):
        load_wavenet(path)
    with pytest.raises(UsageError, match="did you mean 'wavenet'"):
        load_wavenet("wavnet")


@pytest.mark.parametrize(
    ("worse", "warns"),
    [({}, False), ({"bits": 4.5}, True), ({"snr_db": 9.0}, True), ({"embedding_bits": 0.8}, True)],
)
def test_a_network_that_foretells_no_better_than_linear_says_so(
    worse: dict[str, float], warns: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mine.safetensors"
    save_wavenet(path, trained_small(replace(INFO, **worse)))
    with caplog.at_level(logging.WARNING):
        WaveformFeatures.load(path, layers=["encoder.0"])
    assert ("is not usable as a feature network" in caplog.text) == warns


# The shipped network


def harmonic_tone(frequency: float, n_frames: int) -> torch.Tensor:
    time = torch.arange(n_frames, dtype=torch.float64) / 16_000
    partials = [torch.sin(2 * math.pi * k * frequency * time + k) / k for k in range(1, 9)]
    tone = torch.stack(partials).sum(dim=0) * torch.exp(-2 * time)
    return (tone * 0.08 / tone.square().mean().sqrt()).float()[None]


def test_the_shipped_network_beats_the_linear_predictor_and_foretells_a_tone() -> None:
    trained = load_wavenet("wavenet")
    assert trained.info.beats_linear
    net = trained.network()
    codes = encode(compand(harmonic_tone(233.1, 8192)))
    with torch.no_grad():
        heard = decode(codes)
        bits = sample_bits(net.logits(heard, net.embedding(net.encoder_maps(heard)[-1])), codes)
    counts = torch.bincount(codes[0], minlength=N_CODES).double()
    share = counts[counts > 0] / counts.sum()
    entropy = float(-(share * share.log2()).sum())
    assert float(bits[:, 1024:].mean()) < entropy - 2


def test_a_transfer_with_the_shipped_features_lowers_its_loss_and_reaches_the_waveform() -> None:
    view, network = waveform_features("wavenet", sample_rate=22_050, layers=["encoder.3", "embedding"])
    content = resample_band_limited(harmonic_tone(220.0, 8192), 16_000, 22_050)
    style = resample_band_limited(noise(1, 8192, seed=5, level=0.08), 16_000, 22_050)
    terms = [
        GramTerm("style", view, 1.0, network, network.target(view.forward(style))),
        ContentTerm("content", view, 0.1, network, network.target(view.forward(content))),
    ]
    canvas = WaveformCanvas(noise(1, content.shape[1], seed=1, level=1e-3))
    steps = minimize(
        canvas, Objective(terms), lambda x, scale: lbfgs(x, history=10, step_scale=scale), max_iterations=8
    )
    minimum = drain(steps)
    assert minimum.history[-1]["loss"] < 0.8 * minimum.history[0]["loss"]
    assert torch.isfinite(minimum.variable).all()


# A user's encoder


class Strided(torch.nn.Module):
    """Channels first, or columns first; two outputs."""

    def __init__(self, columns_first: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv1d(1, 8, 64, stride=32)
        self.deep = torch.nn.Conv1d(8, 5, 3)
        self.columns_first = columns_first

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        first = self.conv(x)
        second = self.deep(torch.tanh(first))
        return (first.transpose(1, 2), second) if self.columns_first else (first, second)


class Bare(torch.nn.Module):
    """(batch, frame) to (batch, channel): a mean over all time."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 4, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.conv(x.unsqueeze(1))).mean(dim=2)


def save_script(module: torch.nn.Module, path: Path, *, shape: tuple[int, ...], facts: str = "") -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        script = torch.jit.trace(module.eval(), torch.zeros(shape))
        torch.jit.save(script, str(path), _extra_files={FACTS: facts} if facts else {})


@pytest.mark.parametrize("columns_first", [False, True])
def test_torchscript_lies_where_its_convolutions_do(columns_first: bool, tmp_path: Path) -> None:
    path, module = tmp_path / "encoder.ts", Strided(columns_first)
    save_script(module, path, shape=(1, 1, 4000))
    view, network = waveform_features(path, sample_rate=16_000)
    assert isinstance(network, UserEncoder)
    assert (view.network_rate, view.mu_law, network.n_layers) == (16_000, False, 2)
    first, second = network.field(0), network.field(1)
    assert (first.reach, first.before, first.stride) == (63, 0, 32)
    assert (second.reach, second.before, second.stride) == (63 + 64, 0, 32)
    x = noise(2, 5000)
    maps = network.embed(view.forward(x))
    wanted = [m.detach() for m in Strided()(x[:, None])]
    for made, want in zip(maps, wanted, strict=True):
        torch.testing.assert_close(made[:, :, 0], want)


def test_an_encoder_that_hears_everything_at_once_has_one_column(tmp_path: Path) -> None:
    path = tmp_path / "encoder.ts"
    save_script(Bare(), path, shape=(2, 4000), facts='{"sample_rate": 8000, "mu_law": true}')
    view, network = waveform_features(path, sample_rate=16_000)
    assert (view.network_rate, view.mu_law) == (8000, True)
    maps = network.embed(view.forward(noise(3, 6000)))
    assert [m.shape for m in maps] == [(3, 4, 1, 1)]


@pytest.mark.parametrize("is_fixed", [False, True])
def test_an_exported_program_is_used_at_any_length(is_fixed: bool, tmp_path: Path) -> None:
    path, module = tmp_path / "encoder.pt2", Strided().eval()
    length = {2: torch.export.Dim("n", min=256, max=10**7)}
    program = torch.export.export(
        module, (torch.zeros(1, 1, 1024),), dynamic_shapes=None if is_fixed else (length,)
    )
    torch.export.save(program, path, extra_files={FACTS: '{"sample_rate": 22050}'})
    network = UserEncoder.load(path)
    assert network.sample_rate == 22_050
    x = noise(2, 2500)
    first = network.embed(x[:, None, None])[0][:, :, 0]
    if is_fixed:
        # Pieces of 1024, the last one filled with zeros.
        pieces = torch.nn.functional.pad(x, (0, 572)).split(1024, dim=1)
        wanted = torch.cat([module(piece[:, None])[0] for piece in pieces], dim=2)
    else:
        assert network.field(0).stride == 32
        wanted = module(x[:, None])[0]
    torch.testing.assert_close(first, wanted.detach())


def test_a_transfer_reaches_the_waveform_through_a_users_encoder(tmp_path: Path) -> None:
    path = tmp_path / "encoder.ts"
    save_script(Strided(), path, shape=(1, 1, 4000))
    view, network = waveform_features(path, sample_rate=44_100)
    x = noise(1, 20_000).requires_grad_()
    target = network.target(view.forward(noise(1, 20_000, seed=1)))
    (gradient,) = torch.autograd.grad(network.gram_distance(network.embed(view.forward(x)), target).sum(), x)
    assert float(gradient.abs().max()) > 0
    assert torch.isfinite(gradient).all()


def test_what_an_encoder_sees_before_its_columns_is_found() -> None:
    network = UserEncoder(torch.nn.Conv1d(1, 4, 10, stride=5, padding=3).requires_grad_(False))
    field = network.field(0)
    assert (field.reach, field.before, field.stride) == (9, 3, 5)


class Deaf(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x > 0).float()


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    junk = tmp_path / "junk.ts"
    junk.write_bytes(b"junk")
    with pytest.raises(AudioFileError, match="is no file of TorchScript"):
        UserEncoder.load(junk)
    with pytest.raises(UsageError, match="must be a file of TorchScript"):
        UserEncoder.load(tmp_path / "none.ts")
    save_script(Strided(), junk, shape=(1, 1, 4000), facts='{"rate": 1}')
    with pytest.raises(AudioFileError, match="must hold sample_rate in Hz"):
        UserEncoder.load(junk)
    with pytest.raises(UsageError, match="features that have a gradient"):
        UserEncoder(Deaf())
    with pytest.raises(UsageError, match="must take waveforms"):
        UserEncoder(torch.nn.Conv1d(3, 4, 5))
    with pytest.raises(UsageError, match="layers= can be chosen of an autoencoder only"):
        waveform_features(junk, sample_rate=16_000, layers=["encoder.0"])


# The linear predictor


def resonance(n_clips: int, n_frames: int, seed: int = 0) -> torch.Tensor:
    """Noise through two poles: x_t = 1.6 x_(t-1) - 0.9 x_(t-2) + e_t, with e of deviation 0.02."""
    excitation = np.random.default_rng(seed).normal(0, 0.02, (n_clips, n_frames))
    x = np.zeros((n_clips, n_frames))
    for t in range(2, n_frames):
        x[:, t] = 1.6 * x[:, t - 1] - 0.9 * x[:, t - 2] + excitation[:, t]
    return torch.from_numpy(x)


def test_the_linear_predictor_finds_two_poles_and_their_prediction_gain() -> None:
    x = resonance(20, 8000)
    codes = encode(compand(x))
    predictor = fit_linear_predictor(codes, 2)
    torch.testing.assert_close(
        predictor.coefficients, torch.tensor([1.6, -0.9], dtype=torch.float64), atol=0.01, rtol=0
    )
    gain = 10 * math.log10(float(x.square().mean()) / 0.02**2)
    quantized = expand(decode(codes).double())
    made = signal_to_noise_db(quantized[:, 100:], predictor.predict(codes)[:, 100:])
    assert made == pytest.approx(gain, abs=0.5)
    each = fit_linear_predictor(codes, 2, each=True)
    assert each.coefficients.shape == (20, 2)
    torch.testing.assert_close(
        each.predict(codes)[3], replace(each, coefficients=each.coefficients[3]).predict(codes[3:4])[0]
    )


def test_the_probabilities_of_all_codes_sum_to_one() -> None:
    codes = encode(compand(resonance(1, 300)))
    predictor = fit_linear_predictor(codes, 2)
    every = codes.repeat(N_CODES, 1)
    every[:, -1] = torch.arange(N_CODES)
    assert float((2 ** -predictor.bits(every)[:, -1]).sum()) == pytest.approx(1, abs=1e-6)


def test_a_fitted_scale_needs_fewer_bits_and_the_future_is_not_seen() -> None:
    codes = encode(compand(resonance(8, 2000)))
    predictor = fit_linear_predictor(codes, 2)
    fitted = fit_scale(predictor, codes)
    assert float(fitted.bits(codes).mean()) < float(predictor.bits(codes).mean())
    changed = codes.clone()
    changed[:, 1000:] = 128
    torch.testing.assert_close(fitted.bits(changed)[:, :1000], fitted.bits(codes)[:, :1000])
    assert not torch.equal(fitted.predict(changed)[:, 1001], fitted.predict(codes)[:, 1001])


# Training


class Tones(ClipSet):
    """Plucked tones of eight pitches, two of them held out."""

    clips = tuple(Clip("tone", f"pitch {pitch}") for pitch in range(8) for _ in range(2))
    held_out = frozenset({"pitch 2", "pitch 5"})
    split, data, licence = "by pitch", "16 tones", "none"

    def waveforms(self, sample_rate: int, seconds: float):
        yield from ()
        n_frames = round(sample_rate * seconds)
        tones = [harmonic_tone(150.0 * 1.1 ** (k // 2), n_frames)[0] for k in range(len(self.clips))]
        return torch.stack(tones).numpy()


def run(folder: Path, *, resume: bool = False, epochs: int = 2):
    folder.mkdir(exist_ok=True)
    settings = TrainingSettings(epochs=epochs, seed=3)
    return train_autoencoder(Tones(), settings, folder, resume=resume)


@pytest.mark.slow
def test_a_training_that_was_stopped_gives_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nast_fx.train.prediction.ORDERS", (2, 32))
    whole = drain(run(tmp_path / "whole"))
    assert [figures["epoch"] for figures in whole.history] == [1, 2]
    assert whole.history[1]["bits"] < whole.history[0]["bits"]
    assert (whole.n_training, whole.n_held_out) == (12, 4)
    steps = run(tmp_path / "stopped")
    while not (tmp_path / "stopped" / LAST).exists():
        next(steps)
    steps.close()
    again = drain(run(tmp_path / "stopped", resume=True))
    assert again.history == whole.history
    assert again.figures == whole.figures
    published = publish_autoencoder(tmp_path / "whole", Tones(), whole, command="nast-fx train autoencoder")
    assert (
        load_wavenet(published.weights_path).hash
        == TrainedWaveNet(again.architecture, again.weights, INFO).hash
    )
    # Two epochs of a dozen tones: linear prediction is far ahead, and the card says so.
    assert not published.trained.info.beats_linear
    card = published.card_path.read_text(encoding="utf-8")
    assert "does not beat the linear predictor" in card
    assert published.trained.hash in card
    with pytest.raises(UsageError, match="was trained with epochs=2, not epochs=3"):
        drain(run(tmp_path / "whole", resume=True, epochs=3))


def test_the_command_line_trains_an_autoencoder_on_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nast_fx.train.prediction.ORDERS", (2, 32))
    cli = Cli(tmp_path, capsys, monkeypatch)
    for index in range(6):
        name = "even" if index % 2 == 0 else "odd"
        (tmp_path / "data" / name).mkdir(parents=True, exist_ok=True)
        cli.write(f"data/{name}/{index}.wav", harmonic_tone(200.0 + 30 * index, 16_384).numpy(), 16_000)
    options = ("--data", "data", "--epochs", "1", "--batch-size", "2")
    ended = cli.run("train", "autoencoder", "-o", "run", *options, "--json")
    assert ended.code == 0, ended.err
    result = ended.objects[-1]
    trained = load_wavenet(tmp_path / "run" / "wavenet.safetensors")
    assert trained.hash == result["hash"]
    assert trained.info.beats_linear == result["beats_linear"]
    assert trained.info.command == (
        "nast-fx train autoencoder -o FOLDER --data data --epochs 1 --batch-size 2"
    )
    assert result["n_training"] + result["n_held_out"] == 6
    names = {"wavenet.safetensors", "wavenet.md", "history.csv", "last.safetensors"}
    assert {path.name for path in (tmp_path / "run").iterdir()} == names
    assert cli.run("train", "autoencoder", "-o", "run", *options).code == 2
    assert "did you mean 'autoencoder'" in cli.run("train", "autoencodr", "-o", "other").err[-1]
