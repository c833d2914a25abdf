"""Image networks and their weights as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from safetensors.torch import save_file
from torch.nn import functional

from nast_fx.errors import AudioFileError, UsageError
from nast_fx.networks.image import (
    INSTRUMENTS,
    SOUNDS,
    ImageArchitecture,
    ImageLayer,
    ImageStack,
    random_weights,
)
from nast_fx.networks.weight_file import KEY
from nast_fx.networks.weights import (
    TrainedWeights,
    WeightsInfo,
    load_weights,
    save_weights,
    weights_hash,
)

SHAPE = ImageArchitecture((ImageLayer(3, stride=2, pool=3), ImageLayer(4)))
INFO = WeightsInfo(
    task="sounds",
    sample_rate=8000,
    n_fft=256,
    hop_length=128,
    seconds=0.5,
    classes=("a", "b"),
    accuracy=0.75,
    n_held_out=12,
    split="by file",
    data="none",
    licence="none",
    command="nast-fx train sounds -o FOLDER",
)


def trained(seed: int = 0) -> TrainedWeights:
    return TrainedWeights(SHAPE, tuple(random_weights(SHAPE, seed)), INFO)


def test_published_shapes() -> None:
    assert [layer.n_filters for layer in SOUNDS.layers] == [5, 10, 20, 30]
    assert INSTRUMENTS.n_layers == 5
    assert {layer.kernel for layer in (*SOUNDS.layers, *INSTRUMENTS.layers)} == {3}


def test_a_map_is_the_convolution_after_its_activation() -> None:
    weights = random_weights(SHAPE, 0)
    weights = [(weight, torch.linspace(-0.2, 0.2, len(bias))) for weight, bias in weights]
    spec = torch.rand(2, 1, 41, 30)
    first = functional.relu(functional.conv2d(spec, weights[0][0], weights[0][1], stride=2, padding=1))
    pooled = functional.max_pool2d(first, 3, 2, padding=1, ceil_mode=True)
    second = functional.relu(functional.conv2d(pooled, weights[1][0], weights[1][1], padding=1))
    maps = ImageStack(SHAPE, weights).feature_maps(spec)
    torch.testing.assert_close(maps, [first, second])


@pytest.mark.parametrize("architecture", [INSTRUMENTS, SOUNDS])
def test_a_map_stays_where_its_sound_is(architecture: ImageArchitecture) -> None:
    """A dot far from the edges moves every map's center by the strides, and by nothing else."""
    weights = [(weight.abs(), bias) for weight, bias in random_weights(architecture, 0)]
    stack = ImageStack(architecture, weights)
    centers = []
    for place in (96, 128):
        spec = torch.zeros(1, 1, 257, 257)
        spec[..., place, place] = 1.0
        shares = [image.sum(dim=(0, 1)) / image.sum() for image in stack.feature_maps(spec)]
        centers.append([(share.sum(dim=1) * torch.arange(len(share))).sum().item() for share in shares])
    step = 1
    for (first, second), layer in zip(zip(*centers, strict=True), architecture.layers, strict=True):
        step *= layer.stride
        assert second - first == pytest.approx(32 / step, abs=1e-3)
        assert first * step == pytest.approx(96, abs=2 * step)
        step *= 2 if layer.pool > 1 else 1


@pytest.mark.parametrize("architecture", [INSTRUMENTS, SOUNDS])
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (130, 7)])
def test_any_size_goes_through_with_gradients(architecture: ImageArchitecture, size: tuple[int, int]) -> None:
    spec = torch.rand(1, 1, *size).requires_grad_()
    weights = [(w.requires_grad_(), b.requires_grad_()) for w, b in random_weights(architecture, 0)]
    maps = ImageStack(architecture, weights).feature_maps(spec)
    assert [image.shape[1] for image in maps] == [layer.n_filters for layer in architecture.layers]
    sum(image.sum() for image in maps).backward()
    assert spec.grad is not None
    assert all(w.grad is not None and b.grad is not None for w, b in weights)


def test_random_weights_keep_the_scale_and_follow_the_seed() -> None:
    one, two, other = (random_weights(INSTRUMENTS, seed) for seed in (0, 0, 1))
    assert weights_hash(one) == weights_hash(two) != weights_hash(other)
    maps = ImageStack(INSTRUMENTS, one).feature_maps(torch.randn(1, 1, 128, 128))
    sizes = [image[..., 2:-2, 2:-2].square().mean().item() for image in maps]
    assert 0.25 < sizes[-1] / sizes[0] < 16  # pooling takes the larger ones


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    saved = trained()
    save_weights(tmp_path / "mine.safetensors", saved)
    loaded = load_weights(tmp_path / "mine.safetensors")
    assert (loaded.architecture, loaded.info, loaded.hash) == (SHAPE, INFO, saved.hash)
    for ours, theirs in zip(saved.weights, loaded.weights, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    save_weights(tmp_path / "again.safetensors", loaded)
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "mine.safetensors").read_bytes()
    with pytest.raises(AudioFileError, match="exists already"):
        save_weights(tmp_path / "mine.safetensors", saved)


def test_the_hash_is_of_values_alone() -> None:
    weights = trained().weights
    turned = [(weight.contiguous(memory_format=torch.channels_last), bias) for weight, bias in weights]
    assert weights_hash(turned) == weights_hash(weights)
    changed = [(weights[0][0] + 1e-6, weights[0][1]), weights[1]]
    assert weights_hash(changed) != weights_hash(weights)


def test_a_wrong_name_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"weights=instrumens must be instruments or sounds, .*'instruments'"
    ):
        load_weights("instrumens")
    with pytest.raises(UsageError, match="a file of weights"):
        load_weights(tmp_path)


def rewrite(path: Path, *, facts: dict[str, Any] | None = None, **tensors: torch.Tensor | None) -> None:
    """Save a valid file again with other facts or tensors; None takes one away."""
    with safetensors.safe_open(path, "pt") as file:
        metadata = json.loads(file.metadata()[KEY])
        found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    found |= tensors  # type: ignore[arg-type]
    kept = {key: tensor for key, tensor in found.items() if tensor is not None}
    save_file(kept, path, {KEY: json.dumps(metadata | (facts or {}))})


@pytest.mark.parametrize(
    "change",
    [
        {"facts": {"format": 2}},
        {"facts": {"architecture": {"layers": [{"n_filters": 5}], "n_channels": 1}}},
        {"facts": {"info": {"task": "sounds"}}},
        {"1.weight": None},
        {"2.weight": torch.zeros(1)},
        {"0.weight": torch.zeros(3, 1, 5, 5)},
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "mine.safetensors"
    save_weights(path, trained())
    rewrite(path, **change)
    with pytest.raises(AudioFileError, match="is no file of weights made by nast-fx train"):
        load_weights(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    for content in (b"", b"RIFF" + bytes(100), b"\xff" * 64):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(AudioFileError, match="is no file of weights"):
            load_weights(tmp_path / "x")
    save_file({"a": torch.zeros(3)}, tmp_path / "x")
    with pytest.raises(AudioFileError, match="is no file of weights"):
        load_weights(tmp_path / "x")


def test_a_changed_weight_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_weights(path, trained())
    rewrite(path, **{"1.bias": torch.ones(4)})
    with pytest.raises(AudioFileError, match="is damaged"):
        load_weights(path)
