"""Mital 2017: activations of a WaveNet decoder, or of an NSynth encoder, as features of the waveform.

The authors' networks are Magenta's, trained on 300 000 notes, and cannot be had here. Ours is the small
autoencoder of `nast-fx train autoencoder`; so a verdict is about the idea, not about their weights. The
same network with random weights stands beside it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nast_fx.audio import Audio
from nast_fx.networks.wavenet import random_wavenet_weights
from nast_fx.networks.wavenet_file import TrainedWaveNet, WaveNetInfo, load_wavenet, save_wavenet
from nast_fx.progress import Steps
from nast_fx.representations.waveform import NETWORK_RATE
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.judged import REACHED, Judge, Judged
from nast_fx.reproductions.materials import mono_row, user_sound
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.scores import anthem
from nast_fx.reproductions.transfers import Run, run_all
from nast_fx.studies.sounds import strings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

PARTS = {
    "encoder": "encoder.1+encoder.3+encoder.5+encoder.7",
    "decoder": "decoder.3+decoder.7+decoder.11+decoder.15",
    "embedding": "embedding",
}
"""Layers of each run, from receptive fields of a few samples to all."""
RANDOM = "random encoder"

SETTINGS = {"content_weight": 0.1, "solver": "lbfgs"}
DROPPED = 0.1  # of the loss at the start, which is near silence

RULE = (
    "no run through these layers retains both: a content error and onsets nearer to the content than the "
    f"style recording's own, and a style residual below {REACHED:g}"
)
DECODER = Claim("The activations of a WaveNet decoder give no meaningful synthesis.", "", RULE)
ENCODER = Claim("The activations of an NSynth encoder give no meaningful synthesis.", "", RULE)
AUTHORS = Claim("So it is with Magenta's own networks.")


def run(setup: Setup) -> Steps[Result]:
    """Transfer one pair through each part of the network."""
    seconds, n_iterations = (1.0, 60) if setup.is_quick else (4.0, 300)
    notes = play(anthem(), "piano", seconds=seconds, sample_rate=NETWORK_RATE, seed=setup.seed)
    content = _heard(user_sound(setup, "content", seconds, notes))
    style = _heard(user_sound(setup, "style", seconds, strings(seconds, NETWORK_RATE, setup.seed)))
    trained = load_wavenet("wavenet")
    with tempfile.TemporaryDirectory(prefix="nast-fx-") as folder:
        features = {name: ("wavenet", layers) for name, layers in PARTS.items()}
        features[RANDOM] = _random_weights(trained, setup.seed, Path(folder)), PARTS["encoder"]
        runs = [
            Run(
                name,
                "mital",
                {**SETTINGS, "max_iterations": n_iterations, "features": source, "layers": layers},
                style,
                content,
                seed=setup.seed,
                sample_rate=NETWORK_RATE,
            )
            for name, (source, layers) in features.items()
        ]
        made = yield from run_all(runs)
    judge = Judge(content, style)
    judged = {one.run.name: judge(one) for one in made}
    return Result(
        _findings(judged, trained.info),
        Table.of([{**one.row(), "loss dropped to": _drop(one)} for one in judged.values()]),
        {"Loss and outcome of each part": _picture(judged)},
        _done(setup, trained.info, seconds, n_iterations),
        {"content": content, "style": style, **{name: one.made.audio for name, one in judged.items()}},
    )


REPRODUCTION = Reproduction(
    "mital-waveform",
    "A WaveNet's activations as features",
    "Mital 2017, Time Domain Neural Audio Style Transfer",
    run,
    frozenset({"content", "style"}),
)


def _heard(audio: Audio) -> Audio:
    """Give a sound as the networks hear it."""
    return Audio(mono_row(audio, NETWORK_RATE).numpy(), NETWORK_RATE)


def _done(setup: Setup, info: WaveNetInfo, seconds: float, n_iterations: int) -> tuple[str, ...]:
    return (
        f"Content is {_whose(setup, 'content', 'the anthem')}, style is "
        f"{_whose(setup, 'style', 'strings')}; {seconds:g} s at {NETWORK_RATE} Hz, mu-law. {players()}",
        f"The method mital with features=wavenet, L-BFGS from noise, {n_iterations} iterations; Grams and "
        f"contents of up to four layers a run, content at {SETTINGS['content_weight']:g}.",
        f"The network on held-out notes: {info.bits:.2f} bits a sample and {info.embedding_bits:.2f} for the "
        f"embedding, against {info.linear_bits:.2f} of a linear predictor; {info.snr_db:.1f} dB against "
        f"{info.linear_snr_db:.1f}.",
    )


def _whose(setup: Setup, role: str, otherwise: str) -> str:
    return "your file" if role in setup.files else otherwise


def _random_weights(trained: TrainedWaveNet, seed: int, folder: Path) -> str:
    """Write the same network with weights that have learned nothing."""
    info = replace(trained.info, bits=8.0, snr_db=0.0, data="none: random weights")
    drawn = random_wavenet_weights(trained.architecture, seed)
    path = folder / "random-weights.safetensors"
    save_wavenet(path, TrainedWaveNet(trained.architecture, drawn, info))
    return str(path)


def _drop(judged: Judged) -> float:
    return judged.made.loss() / judged.made.loss(at=0)


def _findings(judged: Mapping[str, Judged], info: WaveNetInfo) -> tuple[Finding, ...]:
    if not info.beats_linear:
        missing = "our network foretells held-out notes no better than a linear predictor"
        return DECODER.untestable(missing), ENCODER.untestable(missing)
    random = judged[RANDOM]
    beside = f"; the encoder with random weights: {_outcome(random)}"
    return (
        _finding(DECODER, {"decoder": judged["decoder"]}, ""),
        _finding(ENCODER, {name: judged[name] for name in ("encoder", "embedding")}, beside),
        AUTHORS.untestable("Magenta's weights cannot be had; ours is some hundred times smaller"),
    )


def _finding(claim: Claim, runs: Mapping[str, Judged], beside: str) -> Finding:
    return claim.found(
        "; ".join(f"{name}: {_figures(one)}" for name, one in runs.items()),
        holds=not any(one.works for one in runs.values()),
        because="; ".join(f"through the {name} {_outcome(one)}" for name, one in runs.items()) + beside,
    )


def _figures(one: Judged) -> str:
    return (
        f"loss to {_drop(one):.2g}, content error {one.kept.error:.2f}, onsets {one.kept.onsets:.2f}, "
        f"style residual {one.style_residual:.2f}, flatness {one.flatness:.2g}"
    )


def _outcome(one: Judged) -> str:
    drop = "drops" if _drop(one) < DROPPED else "hardly drops"
    content = "survives" if one.content_survives else "does not survive"
    style = "is reached" if one.style_is_reached else "is not reached"
    return f"the loss {drop} (to {_drop(one):.2g}), the content {content} and the style {style}"


def _picture(judged: Mapping[str, Judged]) -> Figure:
    curves = {}
    for name, one in judged.items():
        losses = [step["loss"] for step in one.made.history]
        curves[name] = range(len(losses)), [loss / losses[0] for loss in losses]
    values = {
        "content error": [one.kept.error for one in judged.values()],
        "style residual": [one.style_residual for one in judged.values()],
    }
    bars = {name: (range(len(heights)), heights) for name, heights in values.items()}
    return chart(
        [
            Panel("Loss over its start", "step", "share", curves, log="y", with_points=False),
            Panel("Content and style", "", "figure", bars, categories=list(judged)),
        ]
    )
