"""Training of the WaveNet autoencoder on notes, and the figures that say what it is worth.

A step takes a short stretch of some notes, at their drawn gain, and minimizes the bits of each mu-law code
given those before it and the embedding. Everything that is drawn follows from (seed, epoch), so that a
training that was stopped and goes on gives the same weights as one that was not.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nast_fx.dsp.mu_law import compand, decode, encode
from nast_fx.models.training import TrainingSettings
from nast_fx.networks.wavenet import WaveNet, WaveNetArchitecture, random_wavenet_weights
from nast_fx.progress import Progress, Steps
from nast_fx.representations.waveform import NETWORK_RATE
from nast_fx.train.checkpoint import read_checkpoint, write_checkpoint
from nast_fx.train.clips import SILENT, ClipSet, Split, leveled, rms_of, split_by_group
from nast_fx.train.loop import LAST
from nast_fx.train.prediction import Figures, held_out_stretches, measure, sample_bits

__all__ = ["AutoencoderTraining", "TrainedAutoencoder", "train_autoencoder"]

SECONDS = 1.024  # of each note
CROP = 2048  # samples of a note in a step
WATCHED = 64  # held-out notes that are looked at after each epoch, drawn
WARM_UP_STEPS = 100
MIN_RATE = 0.01  # of the learning rate, at the end
MAX_NORM = 1.0  # of the gradient

DEFAULTS = {"epochs": 2, "batch_size": 2, "learning_rate": 8e-3}


@dataclass(frozen=True)
class TrainedAutoencoder:
    """What came of a training.

    Attributes
    ----------
    architecture, weights
        See `WaveNet`.
    figures : Figures
        On the held-out notes.
    n_training, n_held_out : int
        Notes.
    history : list of dict
        ``epoch, bits, held_out_bits`` of each epoch.
    """

    architecture: WaveNetArchitecture
    weights: dict[str, Tensor]
    figures: Figures
    n_training: int
    n_held_out: int
    history: list[dict[str, float]]


class AutoencoderTraining(nn.Module):
    """The weights while they learn."""

    def __init__(self, architecture: WaveNetArchitecture, *, seed: int) -> None:
        super().__init__()
        self.architecture = architecture
        self.names = tuple(architecture.weight_shapes())
        drawn = random_wavenet_weights(architecture, seed)
        self.kernels = nn.ParameterList([drawn[name] for name in self.names])

    def network(self, *, detached: bool = False) -> WaveNet:
        """Give the network as it is now."""
        kernels = [kernel.detach() for kernel in self.kernels] if detached else list(self.kernels)
        return WaveNet(self.architecture, dict(zip(self.names, kernels, strict=True)))

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute the bits of each sample (batch, frame) of linear waveforms."""
        codes = encode(compand(waveforms))
        net, heard = self.network(), decode(codes)
        return sample_bits(net.logits(heard, net.embedding(net.encoder_maps(heard)[-1])), codes)


@dataclass
class _Run:
    """The parts of a training under way."""

    settings: TrainingSettings
    waveforms: Tensor  # (clip, frame), leveled
    split: Split
    recipe: dict[str, Any]
    n_epochs: int
    history: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.model = AutoencoderTraining(WaveNetArchitecture(), seed=self.settings.seed)
        rate = self.settings.learning_rate
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=rate, betas=(0.9, 0.99))
        self.batch_size = min(self.settings.batch_size, len(self.split.training))
        self.n_steps = len(self.split.training) // self.batch_size
        self.began, self.first = time.monotonic(), 0
        held_out = torch.from_numpy(self.split.validation)
        self.held_out = held_out_stretches(self.waveforms[held_out], seed=self.settings.seed)


def train_autoencoder(
    clips: ClipSet, settings: TrainingSettings, folder: Path, *, resume: bool = False
) -> Steps[TrainedAutoencoder]:
    """Train the autoencoder, keep where it stands in `folder`, and measure it.

    Parameters
    ----------
    clips : ClipSet
    settings : TrainingSettings
        Of what is not set, `DEFAULTS` are taken.
    folder : path
        Gets ``last.safetensors`` after each epoch.
    resume : bool
        Go on from ``last.safetensors``.

    Raises
    ------
    UsageError
        The clips cannot be split, or the checkpoint is of another training.
    AudioFileError
        A clip cannot be read, or a checkpoint cannot be read or written.
    """
    unset = {name: value for name, value in DEFAULTS.items() if name not in settings.model_fields_set}
    with _exact(settings.threads):
        run = yield from _prepare(clips, settings.model_copy(update=unset))
        if resume:
            checkpoint = read_checkpoint(folder / LAST)
            checkpoint.check(run.recipe, folder / LAST)
            checkpoint.restore(run.model, run.optimizer)
            run.history, run.first = checkpoint.history, len(checkpoint.history)
        for epoch in range(run.first, run.n_epochs):
            bits = yield from _epoch(run, epoch)
            run.history.append({"epoch": epoch + 1, "bits": bits, "held_out_bits": _held_out_bits(run)})
            write_checkpoint(folder / LAST, run.model, run.optimizer, run.recipe, run.history)
        net = run.model.network(detached=True)
        training = run.waveforms[torch.from_numpy(run.split.training)]
        figures = yield from measure(net, training, run.held_out)
    n_training, n_held_out = len(run.split.training), len(run.split.validation)
    return TrainedAutoencoder(net.architecture, net.weights, figures, n_training, n_held_out, run.history)


def _prepare(clips: ClipSet, settings: TrainingSettings) -> Steps[_Run]:
    """Read, split and level the clips."""
    waveforms = yield from clips.waveforms(NETWORK_RATE, SECONDS)
    is_audible = rms_of(waveforms) > SILENT
    kept = [clip for clip, audible in zip(clips.clips, is_audible, strict=True) if audible]
    groups = {name.strip() for name in settings.held_out.split(",") if name.strip()}
    split = split_by_group(
        kept, share=settings.held_out_share, seed=settings.seed, held_out=groups or clips.held_out
    )
    n_epochs = settings.epochs or DEFAULTS["epochs"]
    recipe = {
        **settings.model_dump(mode="json"),
        "task": "autoencoder",
        "epochs": n_epochs,
        "data": clips.data,
        "n_clips": len(kept),
    }
    return _Run(settings, torch.from_numpy(leveled(waveforms[is_audible])), split, recipe, int(n_epochs))


def _epoch(run: _Run, epoch: int) -> Steps[float]:
    """Take a stretch of each training clip once; gives the mean bits."""
    key = int(np.random.SeedSequence((run.settings.seed, epoch)).generate_state(1)[0])
    generator = torch.Generator().manual_seed(key)
    order = torch.randperm(len(run.split.training), generator=generator)
    total = 0.0
    for step in range(run.n_steps):
        chosen = order[step * run.batch_size : (step + 1) * run.batch_size]
        waveforms = run.waveforms[torch.from_numpy(run.split.training)[chosen]]
        for group in run.optimizer.param_groups:
            group["lr"] = _learning_rate(run, epoch * run.n_steps + step)
        run.optimizer.zero_grad()
        bits = run.model(_crops(waveforms, run.settings.gain_db, generator)).mean()
        bits.backward()
        nn.utils.clip_grad_norm_(run.model.parameters(), MAX_NORM)
        run.optimizer.step()
        total += bits.item()
        yield _progress(run, epoch, step + 1, total / (step + 1))
    return total / run.n_steps


@torch.no_grad()
def _held_out_bits(run: _Run) -> float:
    # Notes come instrument by instrument: a regular choice could hear one stroke of each only.
    order = torch.randperm(len(run.held_out), generator=torch.Generator().manual_seed(run.settings.seed))
    watched = run.held_out[order[:WATCHED]]
    return torch.cat([run.model(part) for part in torch.split(watched, 8)]).mean().item()


def _crops(waveforms: Tensor, gain_db: float, generator: torch.Generator) -> Tensor:
    """Draw a stretch and a level of each clip (clip, frame)."""
    starts = torch.randint(0, waveforms.shape[1] - CROP + 1, (len(waveforms),), generator=generator)
    gains_db = gain_db * (2 * torch.rand(len(waveforms), 1, generator=generator) - 1)
    crops = [row[start : start + CROP] for row, start in zip(waveforms, starts.tolist(), strict=True)]
    return torch.stack(crops) * 10 ** (gains_db / 20)


def _learning_rate(run: _Run, step: int) -> float:
    """Rise linearly, then fall as half a cosine."""
    fall = 0.5 * (1 + math.cos(math.pi * step / (run.n_epochs * run.n_steps)))
    rise = min(1.0, (step + 1) / WARM_UP_STEPS)
    return run.settings.learning_rate * rise * (MIN_RATE + (1 - MIN_RATE) * fall)


def _progress(run: _Run, epoch: int, step: int, bits: float) -> Progress:
    n_all, n_done = run.n_epochs * run.n_steps, epoch * run.n_steps + step
    pace = (time.monotonic() - run.began) / (n_done - run.first * run.n_steps)
    return Progress(
        "train",
        segment=epoch,
        n_segments=run.n_epochs,
        step=step,
        n_steps=run.n_steps,
        losses={"bits": bits},
        share=0.95 * n_done / n_all,
        seconds_left=pace * (n_all - n_done),
    )


@contextlib.contextmanager
def _exact(n_threads: int) -> Iterator[None]:
    """Set the threads, and flush denormal numbers: gradients of saturated gates are full of them."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)
