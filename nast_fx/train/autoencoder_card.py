"""The results of training the autoencoder: its weights with their figures, the model card, the history."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from nast_fx.audio.atomic import AtomicFile
from nast_fx.networks.wavenet_file import TrainedWaveNet, WaveNetInfo, save_wavenet
from nast_fx.train.autoencoder import SECONDS, TrainedAutoencoder
from nast_fx.train.clips import LEVEL, ClipSet
from nast_fx.train.prediction import OWN_ORDER, Figures

__all__ = ["PublishedAutoencoder", "publish_autoencoder", "verdict"]

NAME = "wavenet"


@dataclass(frozen=True)
class PublishedAutoencoder:
    """Files of a finished training, and the weights that are in them."""

    weights_path: Path
    card_path: Path
    history_path: Path
    trained: TrainedWaveNet


def publish_autoencoder(
    folder: Path, clips: ClipSet, trained: TrainedAutoencoder, *, command: str
) -> PublishedAutoencoder:
    """Write ``wavenet.safetensors``, ``wavenet.md`` and ``history.csv`` into `folder`.

    Raises
    ------
    AudioFileError
        A place cannot be written.
    """
    figures, order = trained.figures, trained.figures.linear_order
    info = WaveNetInfo(
        bits=round(figures.bits, 4),
        embedding_bits=figures.embedding_bits,
        snr_db=round(figures.snr_db, 2),
        linear_order=order,
        linear_bits=round(figures.linear[order][0], 4),
        linear_snr_db=round(figures.linear[order][1], 2),
        n_held_out=trained.n_held_out,
        split=clips.split,
        data=clips.data,
        licence=clips.licence,
        command=command,
    )
    made = TrainedWaveNet(trained.architecture, trained.weights, info)
    published = PublishedAutoencoder(
        folder / f"{NAME}.safetensors", folder / f"{NAME}.md", folder / "history.csv", made
    )
    save_wavenet(published.weights_path, made, overwrite=True)
    for path, text in (
        (published.card_path, _card(made, trained)),
        (published.history_path, _table(trained.history)),
    ):
        with AtomicFile(path, overwrite=True) as atomic:
            atomic.file.write(text.encode())
    return published


def verdict(info: WaveNetInfo) -> str:
    """Say in a sentence whether the network beats the linear predictor."""
    does = "beats" if info.beats_linear else "does not beat"
    return (
        f"{info.bits:.2f} bits a sample and {info.embedding_bits:.2f} for the embedding, "
        f"{info.snr_db:.1f} dB: {does} the linear predictor of order {info.linear_order} "
        f"with {info.linear_bits:.2f} bits, {info.linear_snr_db:.1f} dB"
    )


def _card(made: TrainedWaveNet, trained: TrainedAutoencoder) -> str:
    info, net, figures = made.info, made.architecture, trained.figures
    rows = {
        "network": (
            f"{net.n_channels} channels; encoder of {len(net.encoder_dilations)} dilated layers, pooled over "
            f"{net.pool} samples to {net.n_embedding} numbers; decoder of {len(net.decoder_dilations)} gated "
            f"layers that sees {net.decoder_reach} samples; 256 codes"
        ),
        "input": f"mono at 16 kHz, RMS {LEVEL}, mu-law; any length",
        "data": info.data,
        "licence of the data": info.licence,
        "split": info.split,
        "notes": f"{trained.n_training} to learn from, {trained.n_held_out} held out; {SECONDS:g} s of each",
        "result": verdict(info),
        "usable as a feature network": "yes" if info.beats_linear else "no; loading it says so",
        "command": f"`{info.command}`",
        "hash": f"`{made.hash}`",
    }
    table = "\n".join(f"| {name} | {text} |" for name, text in rows.items())
    return f"""# {NAME}

A small WaveNet autoencoder of notes, whose activations serve as features of a waveform. After van den Oord
et al. 2016, Engel et al. 2017 (NSynth) and what Mital 2017 tried with both.

| | |
|---|---|
{table}

Held-out notes, teacher-forced: every sample is predicted from the quantized ones before it.

| predictor | bits a sample | SNR of one step, dB |
|---|---|---|
{_predictors(figures)}

The embedding is rounded to eight bits a number; its bits count against the network. A linear predictor is
fitted to the training notes, and what it leaves is logistic with a scale that follows the last errors; the
order that counts is the one that does best on the held-out notes themselves.

Told the embedding of another note, the network needs {figures.foreign_bits:.2f} bits, and the embedding's.
Linear predictors of order {OWN_ORDER}, each fitted to the very note that it predicts (their coefficients
not counted), need {figures.own_bits:.2f} bits: {_against_own(figures)}.

The hash is the SHA-256 of the tensors in their order, as little-endian float32. The same command gives it
again on the same machine with the same versions; elsewhere rounding differs, and with it the weights.
"""


def _predictors(figures: Figures) -> str:
    total = figures.bits + figures.embedding_bits
    lines = [
        f"| autoencoder | {figures.bits:.3f} + {figures.embedding_bits:.3f} = {total:.3f} "
        f"| {figures.snr_db:.2f} |"
    ]
    lines += [
        f"| linear, order {order} | {bits:.3f} | {snr_db:.2f} |"
        for order, (bits, snr_db) in sorted(figures.linear.items())
    ]
    return "\n".join(lines)


def _against_own(figures: Figures) -> str:
    does = "beats" if figures.bits + figures.embedding_bits < figures.own_bits else "does not beat"
    return f"the autoencoder {does} these"


def _table(history: list[dict[str, float]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
