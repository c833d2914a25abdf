"""The training loop: Adam on cross-entropy, a checkpoint after each epoch, the best one kept.

Everything that is drawn follows from (seed, epoch), so that a training that was stopped and goes on gives
the same weights as one that was not. One thread by default: sums in another order are other sums.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nast_fx.models.training import TrainingSettings
from nast_fx.progress import Progress, Steps
from nast_fx.representations import LogMagnitude
from nast_fx.train.checkpoint import read_checkpoint, write_checkpoint
from nast_fx.train.classifier import Classifier
from nast_fx.train.clips import SILENT, ClipSet, Split, leveled, rms_of, split_by_group
from nast_fx.train.tasks import Task

__all__ = ["BEST", "LAST", "Trained", "train"]

LAST, BEST = "last.safetensors", "best.safetensors"
VALIDATION_BATCH = 64
WARM_UP = 0.15  # of all steps: the learning rate rises
MIN_RATE = 0.01  # of the learning rate, at the end


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    Attributes
    ----------
    classifier : Classifier
        Of the best epoch, in evaluation mode.
    classes : tuple of str
    accuracy : float
        Top-1 on held-out clips, 0 ... 1.
    class_accuracy : float
        Mean over classes of the share of their clips that is right.
    n_training, n_held_out : int
        Clips.
    history : list of dict
        ``epoch, loss, accuracy, class_accuracy`` of each epoch.
    """

    classifier: Classifier
    classes: tuple[str, ...]
    accuracy: float
    class_accuracy: float
    n_training: int
    n_held_out: int
    history: list[dict[str, float]]


@dataclass
class _Run:
    """The parts of a training under way."""

    task: Task
    settings: TrainingSettings
    folder: Path
    waveforms: Tensor  # (clip, frame), leveled
    targets: Tensor  # (clip,)
    split: Split
    classes: tuple[str, ...]
    recipe: dict[str, Any]
    n_epochs: int
    history: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.classifier = Classifier(self.task.architecture, len(self.classes), seed=self.settings.seed)
        self.optimizer = torch.optim.Adam(self.classifier.parameters(), lr=self.settings.learning_rate)
        self.view = LogMagnitude(self.task.sample_rate, self.task.n_fft, self.task.hop_length)
        counts = torch.bincount(self.targets[self.split.training], minlength=len(self.classes))
        # A class counts the same however many clips it has.
        self.class_weights = counts.sum() / (len(self.classes) * counts)
        self.batch_size = min(self.settings.batch_size, len(self.split.training))
        self.n_steps = len(self.split.training) // self.batch_size


def train(
    task: Task, clips: ClipSet, settings: TrainingSettings, folder: Path, *, resume: bool = False
) -> Steps[Trained]:
    """Train a network, and keep where it stands in `folder`.

    Parameters
    ----------
    task : Task
    clips : ClipSet
    settings : TrainingSettings
    folder : path
        Gets ``last.safetensors`` after each epoch, and ``best.safetensors``.
    resume : bool
        Go on from ``last.safetensors``.

    Raises
    ------
    UsageError
        The clips cannot be split, or the checkpoint is of another training.
    AudioFileError
        A clip cannot be read, or a checkpoint cannot be read or written.
    """
    with _threads(settings.threads):
        run = yield from _prepare(task, clips, settings, folder)
        if resume:
            checkpoint = read_checkpoint(folder / LAST)
            checkpoint.check(run.recipe, folder / LAST)
            checkpoint.restore(run.classifier, run.optimizer)
            run.history = checkpoint.history
        began, first = time.monotonic(), len(run.history)
        for epoch in range(first, run.n_epochs):
            loss = yield from _epoch(run, epoch, began, first)
            figures = yield from _validate(run)
            run.history.append({"epoch": epoch + 1, "loss": loss, **figures})
            # The best first: were the last one there alone, a resumed training would miss this epoch's.
            if _best(run.history) == epoch:
                write_checkpoint(folder / BEST, run.classifier, run.optimizer, run.recipe, run.history)
            write_checkpoint(folder / LAST, run.classifier, run.optimizer, run.recipe, run.history)
        read_checkpoint(folder / BEST).restore(run.classifier)
    best = run.history[_best(run.history)]
    return Trained(
        run.classifier.eval(),
        run.classes,
        best["accuracy"],
        best["class_accuracy"],
        len(run.split.training),
        len(run.split.validation),
        run.history,
    )


def _prepare(task: Task, clips: ClipSet, settings: TrainingSettings, folder: Path) -> Steps[_Run]:
    """Read, split and level the clips."""
    waveforms = yield from clips.waveforms(task.sample_rate, task.seconds)
    is_audible = rms_of(waveforms) > SILENT
    kept = [clip for clip, audible in zip(clips.clips, is_audible, strict=True) if audible]
    groups = {name.strip() for name in settings.held_out.split(",") if name.strip()}
    split = split_by_group(
        kept, share=settings.held_out_share, seed=settings.seed, held_out=groups or clips.held_out
    )
    n_epochs = settings.epochs or task.epochs
    recipe = {
        **settings.model_dump(mode="json"),
        "task": task.name,
        "epochs": n_epochs,
        "data": clips.data,
        "n_clips": len(kept),
        "classes": list(clips.classes),
    }
    return _Run(
        task,
        settings,
        folder,
        torch.from_numpy(leveled(waveforms[is_audible])),
        torch.from_numpy(clips.targets[is_audible]),
        split,
        clips.classes,
        recipe,
        n_epochs,
    )


def _epoch(run: _Run, epoch: int, began: float, first: int) -> Steps[float]:
    """Go once through the training clips; gives the mean loss."""
    generator = torch.Generator().manual_seed(_key(run.settings.seed, epoch))
    order = torch.randperm(len(run.split.training), generator=generator)
    run.classifier.train()
    total = 0.0
    for step in range(run.n_steps):
        chosen = run.split.training[order[step * run.batch_size : (step + 1) * run.batch_size].numpy()]
        with torch.no_grad():
            spec = run.view.forward(_augmented(run.waveforms[chosen], run, generator))
        rate = _learning_rate(run, epoch * run.n_steps + step)
        for group in run.optimizer.param_groups:
            group["lr"] = rate
        run.optimizer.zero_grad()
        loss = functional.cross_entropy(run.classifier(spec), run.targets[chosen], weight=run.class_weights)
        loss.backward()  # type: ignore[no-untyped-call]
        run.optimizer.step()
        total += loss.item()
        yield _progress(run, epoch, step + 1, total / (step + 1), began, first)
    return total / run.n_steps


def _augmented(waveforms: Tensor, run: _Run, generator: torch.Generator) -> Tensor:
    """Change the level of each clip (clip, frame), and let it begin a little later."""
    settings = run.settings
    gains_db = settings.gain_db * (2 * torch.rand(len(waveforms), 1, generator=generator) - 1)
    result = torch.zeros_like(waveforms)
    n_shift = round(settings.shift_seconds * run.task.sample_rate)
    shifts = torch.randint(0, n_shift + 1, (len(waveforms),), generator=generator)
    for row, shift in enumerate(shifts.tolist()):
        result[row, shift:] = waveforms[row, : waveforms.shape[1] - shift]
    return result * 10 ** (gains_db / 20)


def _validate(run: _Run) -> Steps[dict[str, float]]:
    """Accuracy on the held-out clips, over clips and over classes."""
    run.classifier.eval()
    held_out = torch.from_numpy(run.split.validation)
    hits = []
    for part in torch.split(held_out, VALIDATION_BATCH):
        yield replace(_place(run, len(run.history) + 1, 0), stage="validate")
        with torch.no_grad():
            logits = run.classifier(run.view.forward(run.waveforms[part]))
        hits.append(logits.argmax(dim=1) == run.targets[part])
    is_right, targets = torch.cat(hits).double(), run.targets[held_out]
    shares = [is_right[targets == label].mean().item() for label in torch.unique(targets).tolist()]
    return {"accuracy": is_right.mean().item(), "class_accuracy": float(np.mean(shares))}


def _learning_rate(run: _Run, step: int) -> float:
    """Rise linearly, then fall as half a cosine."""
    done = (step + 1) / (run.n_epochs * run.n_steps)
    if done < WARM_UP:
        return run.settings.learning_rate * done / WARM_UP
    fall = 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))
    return run.settings.learning_rate * (MIN_RATE + (1 - MIN_RATE) * fall)


def _best(history: list[dict[str, float]]) -> int:
    """Index of the first epoch with the highest accuracy."""
    return max(range(len(history)), key=lambda index: (history[index]["accuracy"], -index))


def _place(run: _Run, epoch: int, step: int) -> Progress:
    """Say how much is done: steps of all epochs, and the last figures."""
    n_done, n_all = epoch * run.n_steps + step, run.n_epochs * run.n_steps
    losses = {key: run.history[-1][key] for key in ("accuracy",) if run.history}
    return Progress("train", step=n_done, n_steps=n_all, losses=losses, share=n_done / n_all)


def _progress(run: _Run, epoch: int, step: int, loss: float, began: float, first: int) -> Progress:
    place = _place(run, epoch, step)
    pace = (time.monotonic() - began) / (place.step - first * run.n_steps)
    return replace(
        place, losses={"loss": loss, **place.losses}, seconds_left=pace * (place.n_steps - place.step)
    )


def _key(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint64)[0] >> np.uint64(1))


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
