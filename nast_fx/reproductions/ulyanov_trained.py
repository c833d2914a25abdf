"""Ulyanov & Lebedev 2016: do trained networks do better than random ones, under a fresh judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nast_fx.audio import Audio
from nast_fx.progress import Steps
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.judged import Judge, Judged
from nast_fx.reproductions.materials import groove, user_sound
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.scores import anthem
from nast_fx.reproductions.trained import weights_or_random
from nast_fx.reproductions.transfers import RATE, Run, how_they_ended, run_all
from nast_fx.studies.sounds import strings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

ALIKE = 0.1  # of the sum of content error and style residual

# Weights and the method that they are shipped for.
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "instruments": ("verma-smith", {"spectral_weight": 0.0, "temporal_weight": 0.0}),
    "sounds": ("vedak-bhatia", {"model": "trained"}),
}
RULE = (
    f"its sum of content error and style residual is within {ALIKE:g}, or within the spread of three random "
    "networks of the same shape, of their mean"
)
CLAIMS = {
    name: Claim(
        "I tried to train different kind of nets, but they seem to perform similarly to random ones "
        f"(our network that knows {name}).",
        "",
        RULE,
    )
    for name in NETWORKS
}


@dataclass(frozen=True)
class Comparison:
    """Results of one network with trained weights (None: not installed) and with random ones."""

    trained: Judged | None
    random: tuple[Judged, ...]


def run(setup: Setup) -> Steps[Result]:
    """Transfer with trained and with random weights."""
    seconds = 2.0 if setup.is_quick else 5.0
    pairs = _pairs(setup, seconds)
    runs = [
        Run(
            f"{name}, {'random' if weights == 'random' else 'trained'} {seed}, {pair}",
            NETWORKS[name][0],
            {**_settings(setup, name), "weights": weights},
            style,
            content,
            seed=seed,
        )
        for name in NETWORKS
        for pair, (content, style) in pairs.items()
        for weights, seed in _weights(setup, name)
    ]
    made = yield from run_all(runs)
    judges = {pair: Judge(content, style) for pair, (content, style) in pairs.items()}
    judged = [judges[one.run.name.rpartition(", ")[2]](one) for one in made]
    compared = {name: _compare(name, judged) for name in NETWORKS}
    return Result(
        tuple(_finding(CLAIMS[name], one) for name, one in compared.items()),
        Table.of([one.row() for one in judged]),
        {"Trained and random weights": _picture(judged)},
        (
            f"Pairs: {', '.join(pairs)}; {seconds:g} s. {players()}",
            "Each network is run with its trained weights and with three random draws of the same shape; the "
            "judge is a fresh random network of another shape that no run has seen.",
            f"{_iterations(setup)} iterations.",
            how_they_ended(made),
        ),
        {one.run.name: one.audio for one in made},
    )


REPRODUCTION = Reproduction(
    "ulyanov-trained",
    "Trained against random networks under a fresh judge",
    "Ulyanov & Lebedev 2016, Audio texture synthesis and style transfer",
    run,
    frozenset({"content", "style"}),
)


def _pairs(setup: Setup, seconds: float) -> dict[str, tuple[Audio, Audio]]:
    piano = play(anthem(), "piano", seconds=seconds, sample_rate=RATE, seed=setup.seed)
    content = user_sound(setup, "content", seconds, piano)
    pairs = {"anthem in strings": (content, strings(seconds, RATE, setup.seed))}
    if "style" in setup.files:
        return {"your style": (content, user_sound(setup, "style", seconds, piano))}
    if not setup.is_quick:
        pairs["anthem in drums"] = content, groove(seconds, RATE, setup.seed)
    return pairs


def _weights(setup: Setup, name: str) -> list[tuple[str, int]]:
    trained = weights_or_random(name)
    own = [] if trained == "random" else [(trained, setup.seed)]
    return own + [("random", setup.seed + number) for number in range(3)]


def _iterations(setup: Setup) -> int:
    return 80 if setup.is_quick else 1000


def _settings(setup: Setup, name: str) -> dict[str, Any]:
    settings = {**NETWORKS[name][1], "max_iterations": _iterations(setup)}
    if setup.is_quick:
        settings |= {"griffin_lim_iterations": 60}
        settings |= {"learning_rate": 0.05} if name == "sounds" else {}
    return settings


def _compare(name: str, judged: list[Judged]) -> Comparison:
    own = [one for one in judged if one.made.run.name.startswith(f"{name}, ")]
    trained = [one for one in own if ", trained" in one.made.run.name]
    # Over several pairs the first one decides; the others are in the table.
    random = [one for one in own if ", random" in one.made.run.name][:3]
    return Comparison(trained[0] if trained else None, tuple(random))


def _sum(one: Judged) -> float:
    return one.kept.error + one.style_residual


def _finding(claim: Claim, compared: Comparison) -> Finding:
    if compared.trained is None:
        return claim.untestable("the trained weights are not installed; the table has random weights only")
    sums = [_sum(one) for one in compared.random]
    mean, spread = sum(sums) / len(sums), max(sums) - min(sums)
    difference = _sum(compared.trained) - mean
    return claim.found(
        f"trained {_sum(compared.trained):.2f}, random {', '.join(f'{one:.2f}' for one in sums)}",
        holds=abs(difference) <= max(ALIKE, spread),
        because=f"the trained network's sum is {difference:+.2f} from the random ones' mean, whose spread is "
        f"{spread:.2f}",
    )


def _picture(judged: list[Judged]) -> Figure:
    names = [one.made.run.name.rpartition(", ")[0] for one in judged]
    figures = {
        "content error": ((), [one.kept.error for one in judged]),
        "style residual": ((), [one.style_residual for one in judged]),
    }
    return chart([Panel("Content and style", "", "figure", figures, categories=names)])
