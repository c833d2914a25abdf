"""Mital 2017: activations of a WaveNet decoder, or of an NSynth encoder, as features of the waveform.

The authors' networks are Magenta's, trained on 300 000 notes, and cannot be had here. Ours is the small
autoencoder of `nast-fx train autoencoder`; so a verdict is about the idea, not about their weights. The
same network with random weights stands beside it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from nast_fx.audio import Audio
from nast_fx.losses import ContentTerm, GramTerm, Objective
from nast_fx.methods.base import random_rows
from nast_fx.networks.waveform_features import WaveformFeatures
from nast_fx.networks.wavenet import WaveNet, random_wavenet_weights
from nast_fx.networks.wavenet_file import TrainedWaveNet, WaveNetInfo, load_wavenet
from nast_fx.optimize import WaveformCanvas, lbfgs, minimize
from nast_fx.progress import Progress, Steps
from nast_fx.representations.waveform import NETWORK_RATE, Waveform
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.judged import REACHED, Judge, Judged
from nast_fx.reproductions.materials import mono_row, user_sound
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.scores import anthem
from nast_fx.reproductions.transfers import TRANSFER_SHARE, Made, Run
from nast_fx.studies.sounds import strings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

LAYERS = {
    "encoder": ("encoder.1", "encoder.3", "encoder.5", "encoder.7"),
    "decoder": ("decoder.3", "decoder.7", "decoder.11", "decoder.15"),
    "embedding": ("embedding",),
}
"""Layers of each run, from receptive fields of a few samples to all."""
RANDOM = "random encoder"

CONTENT_WEIGHT = 0.1  # of a relative distance, to a style of 1
START_LEVEL = 1e-3  # standard deviation of the start
HISTORY = 10
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
    seconds, n_iterations = (1.0, 40) if setup.is_quick else (4.0, 150)
    notes = play(anthem(), "piano", seconds=seconds, sample_rate=NETWORK_RATE, seed=setup.seed)
    content = _heard(user_sound(setup, "content", seconds, notes))
    style = _heard(user_sound(setup, "style", seconds, strings(seconds, NETWORK_RATE, setup.seed)))
    trained = load_wavenet("wavenet")
    info = trained.info
    networks = _networks(trained, setup.seed)
    judge = Judge(content, style)
    judged = {}
    for index, (name, network) in enumerate(networks.items()):
        start = Run(name, "mital", {"layers": network.layers}, style, content, seed=setup.seed)
        made = yield from _transfer(start, network, n_iterations, index / len(networks), len(networks))
        judged[name] = judge(made)
    return Result(
        _findings(judged, info),
        Table.of([{**one.row(), "loss dropped to": _drop(one)} for one in judged.values()]),
        {"Loss and outcome of each part": _picture(judged)},
        (
            f"Content is {_whose(setup, 'content', 'the anthem')}, style is "
            f"{_whose(setup, 'style', 'strings')}; {seconds:g} s at {NETWORK_RATE} Hz, mu-law. {players()}",
            f"L-BFGS from noise of deviation {START_LEVEL:g} on the waveform, {n_iterations} iterations; "
            f"Grams and contents of up to four layers a run, each relative to its target, content at "
            f"{CONTENT_WEIGHT:g}.",
            f"The network on held-out notes: {info.bits:.2f} bits a sample and {info.embedding_bits:.2f} for "
            f"the embedding, against {info.linear_bits:.2f} of a linear predictor; {info.snr_db:.1f} dB "
            f"against {info.linear_snr_db:.1f}.",
        ),
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


def _whose(setup: Setup, role: str, otherwise: str) -> str:
    return "your file" if role in setup.files else otherwise


def _networks(trained: TrainedWaveNet, seed: int) -> dict[str, WaveformFeatures]:
    made = {name: WaveformFeatures(trained.network(), layers) for name, layers in LAYERS.items()}
    net = trained.architecture
    drawn = WaveNet(net, random_wavenet_weights(net, seed))
    return {**made, RANDOM: WaveformFeatures(drawn, LAYERS["encoder"])}


def _transfer(
    start: Run, network: WaveformFeatures, n_iterations: int, done: float, n_runs: int
) -> Steps[Made]:
    """Minimize both distances on the waveform."""
    view = Waveform(NETWORK_RATE)
    content, style = (_row(sound) for sound in (start.content, start.style))
    terms = [
        GramTerm("style", view, 1.0, network, network.target(view.forward(style))),
        ContentTerm("content", view, CONTENT_WEIGHT, network, network.target(view.forward(content))),
    ]
    noise = START_LEVEL * random_rows([start.seed], content.shape[1], device=content.device)
    canvas = WaveformCanvas(noise)
    began = time.perf_counter()
    steps = minimize(
        canvas,
        Objective(terms),
        lambda point, scale: lbfgs(point, history=HISTORY, step_scale=scale),
        max_iterations=n_iterations,
    )
    while True:
        try:
            progress = next(steps)
        except StopIteration as stop:
            minimum = stop.value
            break
        share = done + progress.step / n_iterations / n_runs
        yield Progress(
            "transfer",
            step=progress.step,
            n_steps=n_iterations,
            losses=progress.losses,
            share=TRANSFER_SHARE * min(1.0, share),
            note=start.name,
        )
    samples = canvas.waveform(minimum.variable).detach().numpy()
    seconds = time.perf_counter() - began
    outcome = minimum.outcomes[0].value
    return Made(start, Audio(samples, NETWORK_RATE), minimum.history, seconds, outcome)


def _row(sound: Audio | None) -> Tensor:
    if sound is None:
        raise ValueError("this study has both a content and a style")
    return mono_row(sound, NETWORK_RATE)


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
