"""Barry & Kim 2018, section 4.1: rhythm in textures against the receptive field of the mel network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nast_fx.audio import Audio
from nast_fx.evaluate.content import copy_share
from nast_fx.progress import Steps
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.materials import groove, seen, user_sound
from nast_fx.reproductions.onsets import CURVE_RATE, onset_times
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.ranks import rank_correlation
from nast_fx.reproductions.rhythm import (
    autocorrelation_agreement,
    interval_distribution,
    interval_divergence,
    local_autocorrelation,
)
from nast_fx.reproductions.transfers import RATE, Made, Run, how_they_ended, run_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

FRAME_SECONDS = 512 / RATE
STFT_FRAMES = 11
# First width and residual blocks of the mel network.
FIELDS = ((11, 0), (25, 0), (50, 0), (50, 1), (50, 2))
STFT_ALONE = (STFT_FRAMES, 0)  # the baseline without a mel network
BRANCH_WIDTH = 25
TREND = -0.5  # rank correlation that counts as a fall
FLAT = 0.1  # spread of the cross-correlation that counts as none

DIVERGENCE = Claim(
    "The KL divergence of the inter-onset intervals from the source falls as the receptive field grows.",
    "Figure 4 (no numbers in the text)",
    f"the rank correlation of divergence and field is at most {TREND:g}, and the longest field has a lower "
    "divergence than the shortest",
)
AUTOCORRELATION = Claim(
    "The mean local autocorrelation shows more of the hierarchical rhythmic structure.",
    "Figure 4",
    f"the rank correlation of its agreement with the source's and the field is at least {-TREND:g}, and the "
    "longest field agrees better than the shortest",
)
NO_COPY = Claim(
    "The maximum cross-correlation with the source does not increase significantly.",
    "Figure 4",
    f"it spreads by less than {FLAT:g} over the fields",
)


@dataclass(frozen=True)
class Texture:
    """One texture and its figures; `net` is the network that has the field, ``mel`` or ``STFT`` alone."""

    made: Made
    net: str
    field_seconds: float
    divergence: float
    agreement: float
    copy: float


def run(setup: Setup) -> Steps[Result]:
    """Make textures with growing fields."""
    seconds = 6.0 if setup.is_quick else 12.0
    source = user_sound(setup, "style", seconds, groove(seconds, RATE, setup.seed))
    seeds = range(setup.seed, setup.seed + (1 if setup.is_quick else 3))
    nets = [("STFT", STFT_ALONE), *(("mel", field) for field in FIELDS)]
    places = [(net, field, seed) for net, field in nets for seed in seeds]
    runs = [
        Run(
            f"{net} {_field_seconds(field):.1f} s",
            "barry-kim",
            _settings(setup, net, field),
            source,
            None,
            seconds,
            seed,
        )
        for net, field, seed in places
    ]
    made = yield from run_all(runs)
    textures = [
        _texture(one, net, _field_seconds(field)) for one, (net, field, _) in zip(made, places, strict=True)
    ]
    kind = "your file" if "style" in setup.files else "groove (drums and bass, 112 beats a minute)"
    return Result(
        tuple(_findings(textures)),
        Table.of([_row(one) for one in textures]),
        {"Rhythm against the receptive field": _picture(source, textures)},
        (
            f"The source is {kind}, {seconds:g} s; {len(seeds)} texture(s) a field.",
            "The style terms are those of Table 1: STFT, and mel with growing depth, in the closed form of "
            f"their networks with ReLU; {_iterations(setup)} iterations from noise, no L1 penalty.",
            "The receptive field is that of the mel network: width, then residual blocks of width 25; the "
            "STFT network alone (0.3 s) is in the table and the picture only.",
            "Of its start each loss has left: "
            + ", ".join(f"{100 * one.loss() / one.loss(at=0):.1f} % ({one.run.name})" for one in made)
            + "; where more is left, a texture is further from what its network asks for.",
            how_they_ended(made),
        ),
        {"source": source, **{one.made.run.name: one.made.audio for one in textures}},
    )


REPRODUCTION = Reproduction(
    "barry-kim-texture",
    "Rhythm in textures against the receptive field",
    "Barry & Kim 2018, Style Transfer for Musical Audio Using Multiple Time-Frequency Representations, 4.1",
    run,
    frozenset({"style"}),
    is_pictured=True,
)


def _iterations(setup: Setup) -> int:
    return 250 if setup.is_quick else 1500


def _settings(setup: Setup, net: str, field: tuple[int, int]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "configuration": 2,
        "width": "infinite",
        "activation": "relu",
        "sparsity_weight": 0.0,
        "max_iterations": _iterations(setup),
    }
    if net == "STFT":
        return {**settings, "gamma_style_mel": 0.0}
    return {**settings, "mel_width": field[0], "mel_blocks": field[1], "mel_branch_width": BRANCH_WIDTH}


def _field_seconds(field: tuple[int, int]) -> float:
    """Length in seconds of what a position of the deepest network sees."""
    width, n_blocks = field
    steps = [(2 if n_blocks > 1 else 1) << block for block in range(n_blocks)]
    n_frames = width + sum((BRANCH_WIDTH - 1) * step for step in steps)
    return float(n_frames * FRAME_SECONDS)


def _texture(made: Made, net: str, field_seconds: float) -> Texture:
    source, texture = seen(made.run.style), seen(made.audio)
    return Texture(
        made,
        net,
        field_seconds,
        interval_divergence(source, texture),
        autocorrelation_agreement(source, texture),
        copy_share(texture, source),
    )


def _findings(textures: Sequence[Texture]) -> list[Finding]:
    textures = [one for one in textures if one.net == "mel"]
    fields = sorted({one.field_seconds for one in textures})
    means = {
        name: [
            float(np.mean([getattr(one, name) for one in textures if one.field_seconds == field]))
            for field in fields
        ]
        for name in ("divergence", "agreement", "copy")
    }
    falls, rises = (rank_correlation(fields, means[name]) for name in ("divergence", "agreement"))
    kl, alike, copies = means["divergence"], means["agreement"], means["copy"]
    return [
        DIVERGENCE.found(
            _series(fields, kl),
            holds=falls <= TREND and kl[-1] < kl[0],
            because=f"it goes from {kl[0]:.2f} to {kl[-1]:.2f} nats, with a rank correlation of {falls:.2f}",
        ),
        AUTOCORRELATION.found(
            _series(fields, alike),
            holds=rises >= -TREND and alike[-1] > alike[0],
            because=f"the agreement goes from {alike[0]:.2f} to {alike[-1]:.2f}, with a rank correlation of "
            f"{rises:.2f}",
        ),
        NO_COPY.found(
            _series(fields, copies),
            holds=max(copies) - min(copies) < FLAT,
            because=f"it is between {min(copies):.2f} and {max(copies):.2f}",
        ),
    ]


def _series(fields: Sequence[float], values: Sequence[float]) -> str:
    return ", ".join(f"{field:.1f} s: {value:.2f}" for field, value in zip(fields, values, strict=True))


def _row(one: Texture) -> dict[str, str | float | int | None]:
    return {
        "network": one.net,
        "receptive field in seconds": one.field_seconds,
        "seed": one.made.run.seed,
        "onsets": int(onset_times(seen(one.made.audio)).size),
        "interval divergence": one.divergence,
        "autocorrelation agreement": one.agreement,
        "max cross-correlation": one.copy,
        "loss at start": one.made.loss(at=0),
        "loss at end": one.made.loss(),
        "seconds": one.made.seconds,
    }


def _picture(source: Audio, textures: Sequence[Texture]) -> Figure:
    baseline = [one.divergence for one in textures if one.net == "STFT"]
    textures = [one for one in textures if one.net == "mel"]
    first = {one.field_seconds: one for one in reversed(textures)}
    shortest, longest = first[min(first)], first[max(first)]
    shown = {
        "source": seen(source),
        **{f"field {one.field_seconds:.1f} s": seen(one.made.audio) for one in (shortest, longest)},
    }
    intervals, correlations = {}, {}
    for name, signal in shown.items():
        share, curve = interval_distribution(onset_times(signal)), local_autocorrelation(signal)
        n_bins = round(1.0 * CURVE_RATE)
        intervals[name] = (np.arange(1, n_bins + 1) / CURVE_RATE).tolist(), share[:n_bins].tolist()
        correlations[name] = (np.arange(curve.size) / CURVE_RATE).tolist(), curve.tolist()
    fields = [one.field_seconds for one in textures]
    figures = {
        "interval divergence": (fields, [one.divergence for one in textures]),
        "autocorrelation agreement": (fields, [one.agreement for one in textures]),
        "max cross-correlation": (fields, [one.copy for one in textures]),
    }
    return chart(
        [
            Panel(
                "Figures",
                "receptive field in seconds",
                "figure",
                figures,
                log="x",
                marked={"divergence, STFT alone": float(np.mean(baseline))},
            ),
            Panel("Inter-onset intervals", "seconds", "share", intervals, with_points=False),
            Panel("Mean local autocorrelation", "lag in seconds", "", correlations, with_points=False),
        ],
        n_columns=3,
    )
