"""Mital 2017: a part of the search over frame, hop, width, height, depth and alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nast_fx.progress import Steps
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.judged import REACHED, Judge, Judged
from nast_fx.reproductions.materials import seen, user_sound
from nast_fx.reproductions.onsets import onset_times
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.scores import anthem
from nast_fx.reproductions.transfers import RATE, Run, how_they_ended, run_all
from nast_fx.studies.sounds import strings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

BASELINE = "ulyanov-lebedev"
RISE = 0.05  # of the content error: less is no effect
# What is varied, one at a time, around the paper's values.
QUICK_GRID: dict[str, tuple[Any, ...]] = {
    "n_fft": (1024, 2048),
    "hop_length": (128, 512),
    "kernel_width": (4, 16),
    "n_layers": (2, 3),
    "content_weight": (0.1, 0.05, 0.001),
}
FULL_GRID: dict[str, tuple[Any, ...]] = {
    "n_fft": (1024, 4096, 8192),
    "hop_length": (128, 512),
    "kernel_width": (4, 16),
    "n_layers": (2, 3),
    "content_weight": (0.1, 0.05, 0.005, 0.001, 0.0005, 0.0001),
}

HEIGHT = Claim(
    "The three components must be seen together (kernel height 3).",
    "the only network with a meaningful result",
    "with kernel height 3 the content error and onsets are nearer to the content than those of the style "
    f"recording itself and the style residual is below {REACHED:g}; with kernel height 1 that is not so",
)
LESS_NOISE = Claim(
    "It produces much less noise than Ulyanov's approach.",
    "",
    "the spectral flatness of the result is below that of ulyanov-lebedev on the same pair",
)
BUSIER = Claim(
    "It often includes quicker and busier temporal changes than Ulyanov's network.",
    "",
    "more onsets a second than in the result of ulyanov-lebedev on the same pair",
)
ALPHA = Claim(
    "Alpha is searched from 0.1 to 0.0001 for a balance of content and style.",
    "0.01 is used",
    f"along falling alpha the content error rises by {RISE:g} or more, and some alpha retains both",
)


def run(setup: Setup) -> Steps[Result]:
    """Run the paper's values, what is around them, and the baseline."""
    seconds = 1.5 if setup.is_quick else 5.0
    content = user_sound(
        setup,
        "content",
        seconds,
        play(anthem(), "piano", seconds=seconds, sample_rate=RATE, seed=setup.seed),
    )
    style = user_sound(setup, "style", seconds, strings(seconds, RATE, setup.seed))
    runs = [
        Run(name, method, settings, style, content, seed=setup.seed)
        for name, (method, settings) in _settings(setup).items()
    ]
    made = yield from run_all(runs)
    judge = Judge(content, style)
    judged = {one.run.name: judge(one) for one in made}
    return Result(
        tuple(_findings(judged, seconds)),
        Table.of([{**one.row(), "onsets a second": _onset_rate(one, seconds)} for one in judged.values()]),
        {"Content and style over alpha": _picture(judged)},
        (
            f"Content is the anthem, style is strings; {seconds:g} s at {RATE} Hz. {players()}",
            "One value is varied at a time around "
            + ", ".join(f"{name}={value}" for name, value in _base(setup).items())
            + ".",
            "The runs k_h=1 and k_h=3 have finite filters (512 quick, 4096 full), all others the limit.",
            how_they_ended(made),
        ),
        {"content": content, "style": style, **{name: one.made.audio for name, one in judged.items()}},
    )


REPRODUCTION = Reproduction(
    "mital-grid",
    "A part of the search over frame, hop, width, height, depth and alpha",
    "Mital 2017, Time Domain Neural Audio Style Transfer",
    run,
    frozenset({"content", "style"}),
)


def _base(setup: Setup) -> dict[str, Any]:
    base: dict[str, Any] = {"n_filters": "inf", "n_fft": 2048, "hop_length": 256, "content_weight": 0.01}
    if setup.is_quick:
        base |= {"max_iterations": 60, "learning_rate": 5e-3}
    return base


def _settings(setup: Setup) -> dict[str, tuple[str, dict[str, Any]]]:
    base = _base(setup)
    runs: dict[str, tuple[str, dict[str, Any]]] = {"paper": ("mital", base)}
    for key, values in (QUICK_GRID if setup.is_quick else FULL_GRID).items():
        for value in values:
            if base.get(key) != value:
                runs[f"{key}={value}"] = ("mital", {**base, key: value})
    finite = {**base, "n_filters": 512 if setup.is_quick else 4096}
    runs["k_h=3"] = ("mital", finite)
    runs["k_h=1"] = ("mital", {**finite, "kernel_height": "one"})
    iterations = {"max_iterations": 60, "griffin_lim_iterations": 100} if setup.is_quick else {}
    runs[BASELINE] = (BASELINE, iterations)
    return runs


def _findings(judged: dict[str, Judged], seconds: float) -> list[Finding]:
    high, low, paper, theirs = (judged[name] for name in ("k_h=3", "k_h=1", "paper", BASELINE))
    rates = {one.made.run.name: _onset_rate(one, seconds) for one in (paper, theirs)}
    alphas = _by_alpha(judged)
    errors = [one.kept.error for one in alphas.values()]
    working = [f"{alpha:g}" for alpha, one in alphas.items() if one.works]
    return [
        HEIGHT.found(
            f"height 3: {_words(high)}; height 1: {_words(low)}",
            holds=high.works and not low.works,
            because=f"with height 3 content and style are {'' if high.works else 'not '}both retained, with "
            f"height 1 {'they are too' if low.works else 'they are not'}",
        ),
        LESS_NOISE.found(
            f"flatness {paper.flatness:.2g}, Ulyanov's {theirs.flatness:.2g}",
            holds=paper.flatness < theirs.flatness,
            because=f"it is {paper.flatness / max(theirs.flatness, 1e-12):.2g} times as flat as Ulyanov's",
        ),
        BUSIER.found(
            f"{rates['paper']:.1f} onsets a second, Ulyanov's {rates[BASELINE]:.1f}",
            holds=rates["paper"] > rates[BASELINE],
            because=f"there are {rates['paper']:.1f} onsets a second against {rates[BASELINE]:.1f}",
        ),
        ALPHA.found(
            "; ".join(f"{alpha:g}: {_words(one)}" for alpha, one in alphas.items()),
            holds=errors[-1] >= errors[0] + RISE and bool(working),
            because=f"the content error goes from {errors[0]:.2f} to {errors[-1]:.2f}, and "
            + (f"both are retained at {', '.join(working)}" if working else "no alpha retains both"),
        ),
    ]


def _by_alpha(judged: dict[str, Judged]) -> dict[float, Judged]:
    found = {0.01: judged["paper"]}
    for name, one in judged.items():
        key, _, value = name.partition("=")
        if key == "content_weight":
            found[float(value)] = one
    return dict(sorted(found.items(), reverse=True))


def _onset_rate(one: Judged, seconds: float) -> float:
    return onset_times(seen(one.made.audio)).size / seconds


def _words(one: Judged) -> str:
    return f"content error {one.kept.error:.2f}, style residual {one.style_residual:.2f}"


def _picture(judged: dict[str, Judged]) -> Figure:
    alphas = _by_alpha(judged)
    over_alpha = {
        "content error": (list(alphas), [one.kept.error for one in alphas.values()]),
        "style residual": (list(alphas), [one.style_residual for one in alphas.values()]),
    }
    others = [name for name in judged if not name.startswith("content_weight")]
    bars = {
        "content error": ((), [judged[name].kept.error for name in others]),
        "style residual": ((), [judged[name].style_residual for name in others]),
    }
    return chart(
        [
            Panel("Over alpha", "alpha", "figure", over_alpha, log="x"),
            Panel("What else was varied", "", "figure", bars, categories=others),
        ]
    )
