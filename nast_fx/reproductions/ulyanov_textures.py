"""Ulyanov & Lebedev 2016: textures by leaving the content out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nast_fx.audio import Audio
from nast_fx.evaluate import Figures, evaluate_texture
from nast_fx.progress import Steps
from nast_fx.reproductions.base import Claim, Finding, Reproduction, Result, Setup, Table
from nast_fx.reproductions.materials import groove, typing, user_sound
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.transfers import RATE, Made, Run, how_they_ended, run_all
from nast_fx.studies.sounds import bells, metal, rain, strings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["REPRODUCTION"]

FALL = 0.01  # of the Gram distance, from start to end
NEAR = 0.25  # style residual; 1 is white noise
COPIED = 0.3  # largest correlation with the source

SYNTHESIZED = Claim(
    "By setting content weight to zero we can synthesize textures.",
    "12 examples to listen to",
    f"for every texture the Gram loss falls below {FALL:g} of its start, and the style residual (0 the "
    f"source, 1 white noise) is at most {NEAR:g} or twice the distance between the source's own halves",
)
NEW = Claim(
    "The texture is new sound, not the source (implied).",
    "",
    f"the largest correlation of the waveforms over all lags is below {COPIED:g} for every texture",
)


def run(setup: Setup) -> Steps[Result]:
    """Make a texture of every source."""
    seconds = 3.0 if setup.is_quick else 9.98
    settings = {
        "content_weight": 0.0,
        "max_iterations": 60 if setup.is_quick else 300,
        "griffin_lim_iterations": 100 if setup.is_quick else 500,
    }
    sources = _sources(setup, seconds)
    made = yield from run_all(
        [
            Run(name, "ulyanov-lebedev", settings, source, seconds=seconds, seed=setup.seed)
            for name, source in sources.items()
        ]
    )
    figures = {one.run.name: evaluate_texture(one.run.style, one.audio).output for one in made}
    return Result(
        (_synthesized(made, figures), _new(figures)),
        Table.of([_row(one, figures[one.run.name]) for one in made]),
        {"Gram loss over the steps": _picture(made)},
        (
            f"Sources are {', '.join(sources)}; {seconds:g} s at {RATE} Hz.",
            f"4096 filters as published, {settings['max_iterations']} iterations (300 published), "
            f"{settings['griffin_lim_iterations']} of Griffin-Lim (500).",
            how_they_ended(made),
        ),
        {f"{one.run.name} {kind}": sound for one in made for kind, sound in _pair(one).items()},
    )


REPRODUCTION = Reproduction(
    "ulyanov-textures",
    "Textures from one layer of random filters",
    "Ulyanov & Lebedev 2016, Audio texture synthesis and style transfer",
    run,
    frozenset({"style"}),
)


def _sources(setup: Setup, seconds: float) -> dict[str, Audio]:
    if "style" in setup.files:
        return {"your file": user_sound(setup, "style", seconds, setup.files["style"])}
    makers = {"typing": typing, "rain": rain, "groove": groove}
    if not setup.is_quick:
        makers |= {"bells": bells, "strings": strings, "metal": metal}
    return {name: make(seconds, RATE, setup.seed) for name, make in makers.items()}


def _synthesized(made: list[Made], figures: dict[str, Figures]) -> Finding:
    falls = {one.run.name: one.loss("style") / one.loss("style", 0) for one in made}
    missed = [
        name
        for name, one in figures.items()
        if falls[name] > FALL
        or one.style_residual is None
        or one.style_residual > max(NEAR, 2 * (one.style_floor or 0.0))
    ]
    ours = "; ".join(
        f"{name}: loss to {falls[name]:.1g}, residual {one.style_residual or 0:.2f} "
        f"(halves {one.style_floor or 0:.2f})"
        for name, one in figures.items()
    )
    return SYNTHESIZED.found(
        ours,
        holds=not missed,
        because=f"{', '.join(missed)} is not reached" if missed else "every texture is reached",
    )


def _new(figures: dict[str, Figures]) -> Finding:
    copies = {name: one.copy or 0.0 for name, one in figures.items()}
    highest = max(copies, key=lambda name: copies[name])
    return NEW.found(
        f"at most {copies[highest]:.2f} ({highest})",
        holds=copies[highest] < COPIED,
        because=f"the most alike, {highest}, has a correlation of {copies[highest]:.2f} with its source",
    )


def _row(one: Made, figures: Figures) -> dict[str, str | float | None]:
    return {
        "texture": one.run.name,
        "gram loss at start": one.loss("style", 0),
        "gram loss at end": one.loss("style"),
        "style residual": figures.style_residual,
        "style floor": figures.style_floor,
        "texture residual": figures.texture_residual,
        "copy": figures.copy,
        "seconds": one.seconds,
    }


def _picture(made: list[Made]) -> Figure:
    lines = {one.run.name: (range(len(one.history)), [step["style"] for step in one.history]) for one in made}
    panel = Panel("Gram loss", "step", "loss", lines, log="y", with_points=False)
    return chart([panel])


def _pair(one: Made) -> dict[str, Audio]:
    return {"source": one.run.style, "texture": one.audio}
