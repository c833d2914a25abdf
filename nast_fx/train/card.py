"""The results of a training: its weights, the model card, and the figures of each epoch."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from nast_fx.audio.atomic import AtomicFile
from nast_fx.networks.image import ImageArchitecture
from nast_fx.networks.weights import TrainedWeights, WeightsInfo, save_weights
from nast_fx.train.clips import LEVEL, ClipSet
from nast_fx.train.loop import Trained
from nast_fx.train.tasks import Task

__all__ = ["Published", "publish"]

COLUMNS = ("epoch", "loss", "accuracy", "class_accuracy")


@dataclass(frozen=True)
class Published:
    """Files of a finished training, and the weights that are in them."""

    weights_path: Path
    card_path: Path
    history_path: Path
    trained: TrainedWeights


def publish(folder: Path, task: Task, clips: ClipSet, trained: Trained, *, command: str) -> Published:
    """Write ``NAME.safetensors``, ``NAME.md`` and ``history.csv`` into `folder`.

    Parameters
    ----------
    folder : path
    task : Task
    clips : ClipSet
        What was trained on.
    trained : Trained
    command : str
        What repeats the training.

    Raises
    ------
    AudioFileError
        A place cannot be written.
    """
    info = WeightsInfo(
        task=task.name,
        sample_rate=task.sample_rate,
        n_fft=task.n_fft,
        hop_length=task.hop_length,
        seconds=task.seconds,
        classes=trained.classes,
        accuracy=round(trained.accuracy, 6),
        n_held_out=trained.n_held_out,
        split=clips.split,
        data=clips.data,
        licence=clips.licence,
        command=command,
    )
    weights = TrainedWeights(task.architecture, tuple(trained.classifier.folded()), info)
    published = Published(
        folder / f"{task.name}.safetensors", folder / f"{task.name}.md", folder / "history.csv", weights
    )
    save_weights(published.weights_path, weights, overwrite=True)
    _write(published.card_path, _card(task, trained, weights))
    _write(published.history_path, _table(trained.history))
    return published


def _card(task: Task, trained: Trained, weights: TrainedWeights) -> str:
    info = weights.info
    rows = {
        "network": _shape(task.architecture),
        "input": (
            f"mono at {info.sample_rate} Hz, RMS {LEVEL}; log(1 + magnitude) of a centered STFT, "
            f"n_fft {info.n_fft}, hop {info.hop_length}, periodic Hann; {info.seconds:g} s in training, "
            "any length in use"
        ),
        "data": info.data,
        "licence of the data": info.licence,
        "split": info.split,
        "clips": f"{trained.n_training} to learn from, {trained.n_held_out} held out",
        "accuracy": (
            f"{100 * trained.accuracy:.1f} % top-1 on the held-out clips, "
            f"{100 * trained.class_accuracy:.1f} % as the mean over classes "
            f"(chance: {100 / len(info.classes):.1f} %); the best of "
            f"{len(trained.history)} epochs by this figure"
        ),
        "command": f"`{info.command}`",
        "hash": f"`{weights.hash}`",
    }
    table = "\n".join(f"| {name} | {text} |" for name, text in rows.items())
    return f"""# {task.name}

{task.title}: the convolutions of a network that tells {len(info.classes)} classes apart, for style transfer
on spectrograms. After {task.paper}.

| | |
|---|---|
{table}

The hash is the SHA-256 of the tensors in their order, as little-endian float32. The same command gives it
again on the same machine with the same versions; elsewhere rounding differs, and with it the weights.
The classifier's last layer is not in the file: only the convolutions are used.

Classes: {", ".join(info.classes)}.
"""


def _shape(architecture: ImageArchitecture) -> str:
    layers = []
    for layer in architecture.layers:
        step = f", step {layer.stride}" if layer.stride > 1 else ""
        pool = f", then max-pooling {layer.pool}x{layer.pool} by 2" if layer.pool > 1 else ""
        layers.append(f"{layer.n_filters} of {layer.kernel}x{layer.kernel}{step}{pool}")
    return "convolutions with ReLU: " + "; ".join(layers)


def _table(history: list[dict[str, float]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    with AtomicFile(path, overwrite=True) as atomic:
        atomic.file.write(text.encode())
