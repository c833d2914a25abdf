"""Mital 2017: the components of the transform that can be optimized through."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from nast_fx.models.methods_random import COMPONENTS
from nast_fx.progress import Steps
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.judged import REACHED, Judge, Judged
from nast_fx.reproductions.materials import user_sound
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.players import play, players
from nast_fx.reproductions.scores import anthem
from nast_fx.reproductions.transfers import RATE, Run, how_they_ended, run_all
from nast_fx.studies.sounds import strings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

MEANINGFUL, NOISY = "real+imaginary+magnitude", "magnitude+unwrapped-difference"
DROPPED = 0.1  # of the loss at the start, which is near silence

ONLY = Claim(
    "Real, imaginary and magnitude together give a meaningful result, with content and style retained.",
    "a spectrogram",
    f"its loss falls below {DROPPED:g} of its start, its content error and onsets are nearer to the content "
    f"than those of the style recording itself, and its style residual is below {REACHED:g}",
)
RECOGNIZABLE = Claim(
    "Magnitude with unwrapped phase differential is recognizable, though with considerable noise.",
    "",
    "its loss falls below half of its start, its style residual is below that of the untouched content (1), "
    "its content error is below 1 (the content's own size), and its spectral flatness is above that of "
    f"{MEANINGFUL}",
)
OTHERS = Claim(
    "Every other combination tends towards white noise and does not appear to drop in loss.",
    "",
    f"no other combination has a loss that falls below {DROPPED:g} of its start",
)
TRAINED = Claim("A WaveNet decoder or an NSynth encoder gives no meaningful synthesis.")


def run(setup: Setup) -> Steps[Result]:
    """Transfer one pair through every combination."""
    seconds = 1.2 if setup.is_quick else 5.0
    # The closed form stands for 4096 filters: as they grow, the losses tend to its.
    settings = {"n_filters": "inf", "content_weight": 0.05}
    if setup.is_quick:
        settings |= {"n_fft": 1024, "hop_length": 256, "max_iterations": 60, "learning_rate": 5e-3}
    notes = play(anthem(), "piano", seconds=seconds, sample_rate=RATE, seed=setup.seed)
    content = user_sound(setup, "content", seconds, notes)
    style = user_sound(setup, "style", seconds, strings(seconds, RATE, setup.seed))
    runs = [
        Run(names, "mital", {**settings, "components": names}, style, content, seed=setup.seed)
        for names in _combinations()
    ]
    made = yield from run_all(runs)
    judge = Judge(content, style)
    judged = {one.run.name: judge(one) for one in made}
    return Result(
        (
            *_findings(judged),
            TRAINED.untestable(
                "the authors' weights cannot be had; mital-waveform tries a network of our own"
            ),
        ),
        Table.of([{**one.row(), "loss dropped to": _drop(one)} for one in judged.values()]),
        {"Loss and outcome of every combination": _picture(judged)},
        (
            f"Content is the anthem, style is strings; {seconds:g} s at {RATE} Hz. {players()}",
            "The network is the closed form of the published one (width 8, all components seen together); "
            + (
                "frames of 1024 (2048 published), 60 iterations (150), a step of 0.005."
                if setup.is_quick
                else "frames of 2048, hop 256, 150 iterations as published."
            ),
            "Alpha is 0.05, the released examples' (the paper: 0.01).",
            how_they_ended(made),
        ),
        {
            "content": content,
            "style": style,
            **{name: judged[name].made.audio for name in (MEANINGFUL, NOISY)},
        },
    )


REPRODUCTION = Reproduction(
    "mital-components",
    "Every combination of the components of the transform",
    "Mital 2017, Time Domain Neural Audio Style Transfer",
    run,
    frozenset({"content", "style"}),
    is_pictured=True,
)


def _combinations() -> list[str]:
    return [
        "+".join(chosen)
        for count in range(1, len(COMPONENTS) + 1)
        for chosen in combinations(COMPONENTS, count)
    ]


def _drop(judged: Judged) -> float:
    return judged.made.loss() / judged.made.loss(at=0)


def _findings(judged: dict[str, Judged]) -> list[Finding]:
    best, noisy = judged[MEANINGFUL], judged[NOISY]
    others = [one for name, one in judged.items() if name not in (MEANINGFUL, NOISY)]
    dropped = [one for one in others if _drop(one) < DROPPED]
    working = sum(one.works for one in others)
    is_like_both = noisy.style_residual < 1 and noisy.kept.error < 1
    recognizable = _drop(noisy) < 0.5 and is_like_both and noisy.flatness > best.flatness
    return [
        ONLY.found(_figures(best), holds=_drop(best) < DROPPED and best.works, because=_outcome(best)),
        RECOGNIZABLE.found(_figures(noisy), holds=recognizable, because=_outcome(noisy)),
        OTHERS.found(
            f"{len(dropped)} of {len(others)} drop, {working} retain content and style",
            holds=not dropped,
            because=_who_drops(dropped, len(others)),
        ),
    ]


def _who_drops(dropped: list[Judged], n_others: int) -> str:
    """Say which of the others drop in loss, and whether a phase is what tells them from the rest."""
    if not dropped:
        return f"none of the {n_others} others drops in loss"
    names = [one.made.run.name for one in dropped]
    with_phase = [name for name in names if "phase" in name or "difference" in name]
    listed = ", ".join(names[:8]) + (" and more" if len(names) > 8 else "")
    phases = f"{len(with_phase)} of them with" if with_phase else "all of them without"
    return f"{len(names)} of the {n_others} others drop in loss, {phases} a phase in any form: {listed}"


def _figures(one: Judged) -> str:
    return (
        f"loss to {_drop(one):.2g}, content error {one.kept.error:.2f}, onsets "
        f"{one.kept.onsets:.2f}, style residual {one.style_residual:.2f}, flatness "
        f"{one.flatness:.2g}"
    )


def _outcome(one: Judged) -> str:
    content = "survives" if one.content_survives else "does not survive"
    style = "is reached" if one.style_is_reached else "is not reached"
    return f"the loss falls to {_drop(one):.2g} of its start, the content {content} and the style {style}"


def _picture(judged: dict[str, Judged]) -> Figure:
    named = (MEANINGFUL, NOISY, "magnitude", "phase", "unwrapped-difference", "+".join(COMPONENTS))
    curves = {}
    for name in named:
        losses = [step["loss"] for step in judged[name].made.history]
        curves[_short(name)] = range(len(losses)), [loss / losses[0] for loss in losses]
    groups: dict[str, tuple[list[float], list[float]]] = {}
    for one in judged.values():
        kind = "both retained" if one.works else "content only" if one.content_survives else None
        kind = kind or ("style only" if one.style_is_reached else "neither")
        x, y = groups.setdefault(kind, ([], []))
        x.append(one.kept.error)
        y.append(one.style_residual)
    return chart(
        [
            Panel("Loss over its start", "step", "share", curves, log="y", with_points=False),
            Panel("All combinations", "content error", "style residual", groups, with_lines=False),
        ]
    )


def _short(name: str) -> str:
    words = {"imaginary": "imag", "magnitude": "mag", "unwrapped-difference": "unwrapped"}
    return (
        "all"
        if name.count("+") == len(COMPONENTS) - 1
        else "+".join(words.get(part, part) for part in name.split("+"))
    )
