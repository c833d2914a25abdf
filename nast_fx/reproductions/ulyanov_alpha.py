"""Ulyanov & Lebedev 2016: alpha, the weight of the content, chooses between content and style."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from nast_fx.evaluate import Figures, evaluate
from nast_fx.progress import Steps
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.materials import user_sound
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.transfers import RATE, Made, Run, how_they_ended, run_all
from nast_fx.studies.sounds import bells, song

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

ALPHAS = (1e-1, 1e-2, 1e-3, 1e-4)
ROUNDING = 0.01  # two figures this near are alike

CONTENT = Claim(
    "A smaller alpha keeps less of the content.",
    "a comment in the released code",
    f"the content error rises (or stays within {ROUNDING:g}) at every step of alpha from 1e-1 to 1e-4, and "
    "is higher at the end than at the start",
)
STYLE = Claim(
    "A smaller alpha gives more of the style (1e-3 instead of 1e-2).",
    "a comment in the released code",
    f"the style residual falls (or stays within {ROUNDING:g}) at every step of alpha, and is lower at the "
    "end than at the start",
)
LOGGED = Claim("The final loss is 565.25 after 301 iterations.", "565.25 (imperial to usa)")


def run(setup: Setup) -> Steps[Result]:
    """Transfer one pair at every alpha."""
    seconds = 3.0 if setup.is_quick else 9.98
    settings = {
        "max_iterations": 100 if setup.is_quick else 300,
        "griffin_lim_iterations": 100 if setup.is_quick else 500,
    }
    content = user_sound(setup, "content", seconds, song(seconds, RATE, setup.seed))
    style = user_sound(setup, "style", seconds, bells(seconds, RATE, setup.seed))
    made = yield from run_all(
        [
            Run(
                f"{alpha:.0e}",
                "ulyanov-lebedev",
                {**settings, "content_weight": alpha},
                style,
                content,
                seed=setup.seed,
            )
            for alpha in ALPHAS
        ]
    )
    figures = [evaluate(content, style, one.audio).output for one in made]
    errors, residuals = _values(figures, "content_error"), _values(figures, "style_residual")
    return Result(
        (
            _moves(CONTENT, "content error", errors, rises=True),
            _moves(STYLE, "style residual", residuals, rises=False),
            LOGGED.untestable("the authors' two recordings are needed for it"),
        ),
        Table.of([_row(*both) for both in zip(made, figures, strict=True)]),
        {"Content and style against alpha": _picture(errors, residuals)},
        (
            f"Content is {'your file' if 'content' in setup.files else 'song'}, style is "
            f"{'your file' if 'style' in setup.files else 'bells'}; {seconds:g} s at {RATE} Hz.",
            f"4096 filters as published, {settings['max_iterations']} iterations (300 published), "
            f"{settings['griffin_lim_iterations']} of Griffin-Lim (500).",
            "The style loss itself, which the weights of the terms do not touch, ends at "
            + ", ".join(f"{one.loss('style'):.3g} for {one.run.name}" for one in made)
            + ": the lower it is, the nearer is the spectrogram to the style before its phase is found.",
            how_they_ended(made),
        ),
        {"content": content, "style": style, **{f"alpha {one.run.name}": one.audio for one in made}},
    )


REPRODUCTION = Reproduction(
    "ulyanov-alpha",
    "Content against style by alpha",
    "Ulyanov & Lebedev 2016, Audio texture synthesis and style transfer",
    run,
    frozenset({"content", "style"}),
)


def _values(figures: list[Figures], name: str) -> list[float]:
    return [getattr(one, name) if getattr(one, name) is not None else float("nan") for one in figures]


def _moves(claim: Claim, name: str, values: list[float], *, rises: bool) -> Finding:
    sign = 1 if rises else -1
    steps = [sign * (later - earlier) for earlier, later in pairwise(values)]
    against = sum(not step > -ROUNDING for step in steps)
    way = "rises" if rises else "falls"
    return claim.found(
        f"{name} " + ", ".join(f"{value:.2f}" for value in values),
        holds=against == 0 and sign * (values[-1] - values[0]) > ROUNDING,
        because=f"from alpha 1e-1 to 1e-4 the {name} goes from {values[0]:.2f} to {values[-1]:.2f}"
        + (
            f", and moves against what is claimed at {against} of {len(steps)} steps"
            if against
            else f": it {way}"
        ),
    )


def _row(one: Made, figures: Figures) -> dict[str, str | float | None]:
    return {
        "alpha": float(one.run.name),
        "content error": figures.content_error,
        "style residual": figures.style_residual,
        "onset agreement": figures.onset_agreement,
        "chroma agreement": figures.chroma_agreement,
        "copy": figures.copy,
        "final loss": one.loss(),
        "final style loss": one.loss("style"),
        "seconds": one.seconds,
    }


def _picture(errors: list[float], residuals: list[float]) -> Figure:
    lines = {"content error": (ALPHAS, errors), "style residual": (ALPHAS, residuals)}
    return chart([Panel("What is kept and what is reached", "alpha", "figure", lines, log="x")], n_columns=1)
