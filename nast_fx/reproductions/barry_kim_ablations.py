"""Barry & Kim 2018: what each of their choices does, one changed at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nast_fx.audio import Audio
from nast_fx.progress import Steps
from nast_fx.reproductions.base import Cell, Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.judged import Judge, Judged
from nast_fx.reproductions.materials import groove, seen, user_sound
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.scores import anthem
from nast_fx.reproductions.spectra import block_copy
from nast_fx.reproductions.transfers import RATE, Run, how_they_ended, run_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

BANDS = (16, 64, 256)
POOLINGS = (1, 2, 4, 8)
NOISIER = 1.1  # times as flat

SELU = Claim(
    "SELU increases quality and reduces convergence time over ReLU.",
    "",
    "after the same iterations SELU has the lower style residual without a higher content error, and its own "
    "loss has fallen to a smaller share of its start",
)
INSTANCE = Claim(
    "Instance normalization introduces a noticeable amount of noise.",
    "",
    f"the spectral flatness is at least {NOISIER:g} times that without it",
)
BREATH = Claim(
    "The L1 penalty restrains the breathy quality of a mel content.",
    "",
    f"the spectral flatness without the penalty is at least {NOISIER:g} times that with it",
)
MASH_UP = Claim(
    "More mel channels behave like a mash-up: portions of the style are placed over the content.",
    "",
    f"a second of the result is more like a second of the style at {BANDS[-1]} bands than at {BANDS[0]}, "
    "with two residual blocks",
)
POOLING = Claim(
    "A wider pooling is more invariant and loses more information.",
    "stride 2",
    "the chroma agreement with the content falls at every step of the pooling width: pitch is what is pooled",
)
PHASE = Claim(
    "Optimizing the waveform finds phases on which Griffin-Lim fails.",
    "",
    "under one network and one number of iterations the waveform has the lower style residual and the lower "
    "content error",
)


def run(setup: Setup) -> Steps[Result]:
    """Run the reference and each change of it."""
    seconds = 2.5 if setup.is_quick else 8.0
    content = user_sound(
        setup,
        "content",
        seconds,
        play(anthem(), "voice", seconds=seconds, sample_rate=RATE, seed=setup.seed),
    )
    style = user_sound(setup, "style", seconds, groove(seconds, RATE, setup.seed))
    runs = [
        Run(name, method, settings, style, content, seed=setup.seed)
        for name, (method, settings) in _runs(setup).items()
    ]
    made = yield from run_all(runs)
    judge = Judge(content, style)
    judged = {one.run.name: judge(one) for one in made}
    likeness = {name: block_copy(seen(one.made.audio), seen(style)) for name, one in judged.items()}
    return Result(
        tuple(_findings(judged, likeness)),
        Table.of([_row(one, likeness[name]) for name, one in judged.items()]),
        {"Every change": _picture(judged, likeness)},
        (
            f"Content is the anthem sung, style is drums and bass; {seconds:g} s. {players()}",
            "SELU, ReLU and instance normalization: configuration 2 with finite networks "
            + (
                "(256 STFT and 128 mel filters; 4096 and 1025 published)."
                if setup.is_quick
                else "as published."
            ),
            "Penalty, bands and pooling: configurations 5 and 4 with the closed form of the 1-D networks and "
            f"ReLU{', from the content' if setup.is_quick else ''}. All else is from noise. "
            f"{_iterations(setup)} iterations throughout (published: 300 to 15 000).",
            "Phase: ulyanov-lebedev with 4096 filters on the spectrogram and on the waveform.",
            how_they_ended(made),
        ),
        _sounds(content, style, judged),
    )


REPRODUCTION = Reproduction(
    "barry-kim-ablations",
    "Activation, normalization, penalty, bands, pooling and phase",
    "Barry & Kim 2018, Style Transfer for Musical Audio Using Multiple Time-Frequency Representations, 3, 4",
    run,
    frozenset({"content", "style"}),
)


def _iterations(setup: Setup) -> int:
    return 60 if setup.is_quick else 500


def _runs(setup: Setup) -> dict[str, tuple[str, dict[str, Any]]]:
    base: dict[str, Any] = {"max_iterations": _iterations(setup)}
    finite = {**base, "configuration": 2, "sparsity_weight": 0.0}
    if setup.is_quick:
        finite |= {"stft_filters": 256, "mel_filters": 128}
    cqt = {"cqt_filters": 16 if setup.is_quick else 256}
    start = {"start": "content" if setup.is_quick else "noise"}
    limit = {**base, **cqt, **start, "width": "infinite", "activation": "relu", "sparsity_weight": 0.0}
    mel_only = {**limit, "configuration": 5, "gamma_content_cqt": 0.0}
    pooled = {**limit, "configuration": 4, "gamma_content_mel": 0.0}
    settings: dict[str, dict[str, Any]] = {
        "SELU": finite,
        "ReLU": {**finite, "activation": "relu"},
        "instance norm": {**finite, "normalized": True},
        "no penalty": mel_only,
        "penalty": {**mel_only, "sparsity_weight": 0.1},
        **{f"{bands} bands": {**mel_only, "style_bands": bands, "mel_blocks": 2} for bands in BANDS},
        **{f"pooling {width}": {**pooled, "pooling": width} for width in POOLINGS},
    }
    runs = {name: ("barry-kim", own) for name, own in settings.items()}
    theirs = {**base, "griffin_lim_iterations": 100 if setup.is_quick else 500}
    runs["Griffin-Lim"] = ("ulyanov-lebedev", theirs)
    runs["waveform"] = ("ulyanov-lebedev", {**theirs, "canvas": "waveform"})
    return runs


def _findings(judged: dict[str, Judged], likeness: dict[str, float]) -> list[Finding]:
    selu, relu = judged["SELU"], judged["ReLU"]
    poolings = [judged[f"pooling {width}"].kept.chroma for width in POOLINGS]
    waveform, spectrum = judged["waveform"], judged["Griffin-Lim"]
    bands = [likeness[f"{count} bands"] for count in BANDS]
    falling = sum(later < earlier for earlier, later in pairwise(poolings))
    return [
        SELU.found(
            "; ".join(
                f"{one.made.run.name}: {_words(one)}, loss to {_fall(one):.2g}" for one in (selu, relu)
            ),
            holds=selu.style_residual < relu.style_residual
            and selu.kept.error <= relu.kept.error
            and _fall(selu) < _fall(relu),
            because=f"the style residual is {selu.style_residual:.2f} against {relu.style_residual:.2f} with "
            f"ReLU, the content error {selu.kept.error:.2f} against {relu.kept.error:.2f}, the loss falls to "
            f"{_fall(selu):.2g} against {_fall(relu):.2g}",
        ),
        _flatter(INSTANCE, judged["instance norm"], selu),
        _flatter(BREATH, judged["no penalty"], judged["penalty"]),
        MASH_UP.found(
            ", ".join(f"{count}: {value:.2f}" for count, value in zip(BANDS, bands, strict=True)),
            holds=bands[-1] > bands[0],
            because=f"the likeness goes from {bands[0]:.2f} to {bands[-1]:.2f}",
        ),
        POOLING.found(
            "chroma agreement "
            + ", ".join(f"{width}: {value:.3f}" for width, value in zip(POOLINGS, poolings, strict=True))
            + "; content error "
            + ", ".join(f"{width}: {judged[f'pooling {width}'].kept.error:.2f}" for width in POOLINGS),
            holds=falling == len(POOLINGS) - 1,
            because=f"the chroma agreement falls at {falling} of {len(POOLINGS) - 1} steps, from "
            f"{poolings[0]:.2f} to {poolings[-1]:.2f}",
        ),
        PHASE.found(
            f"waveform: {_words(waveform)}; Griffin-Lim: {_words(spectrum)}",
            holds=waveform.style_residual < spectrum.style_residual
            and waveform.kept.error < spectrum.kept.error,
            because=f"the style residual is {waveform.style_residual:.2f} against "
            f"{spectrum.style_residual:.2f}, the content error {waveform.kept.error:.2f} against "
            f"{spectrum.kept.error:.2f}",
        ),
    ]


def _flatter(claim: Claim, with_noise: Judged, without: Judged) -> Finding:
    ratio = with_noise.flatness / max(without.flatness, 1e-12)
    return claim.found(
        f"flatness {with_noise.flatness:.2g} ({with_noise.made.run.name}), {without.flatness:.2g} "
        f"({without.made.run.name})",
        holds=ratio >= NOISIER,
        because=f"{with_noise.made.run.name} is {ratio:.2g} times as flat as {without.made.run.name}",
    )


def _fall(one: Judged) -> float:
    return one.made.loss() / one.made.loss(at=0)


def _words(one: Judged) -> str:
    return f"style residual {one.style_residual:.2f}, content error {one.kept.error:.2f}"


def _row(one: Judged, likeness: float) -> dict[str, Cell]:
    return {**one.row(), "block likeness to style": likeness}


def _sounds(content: Audio, style: Audio, judged: dict[str, Judged]) -> dict[str, Audio]:
    return {"content": content, "style": style, **{name: one.made.audio for name, one in judged.items()}}


def _picture(judged: dict[str, Judged], likeness: dict[str, float]) -> Figure:
    figures = {
        "content error": ((), [one.kept.error for one in judged.values()]),
        "style residual": ((), [one.style_residual for one in judged.values()]),
        "likeness to style": ((), list(likeness.values())),
    }
    curves = {}
    for name in ("SELU", "ReLU", "instance norm"):
        losses = [step["loss"] for step in judged[name].made.history]
        curves[name] = range(len(losses)), [loss / losses[0] for loss in losses]
    return chart(
        [
            Panel("Figures", "", "figure", figures, categories=list(judged)),
            Panel("Loss over its start", "step", "share", curves, log="y", with_points=False),
        ]
    )
