"""The page of figures of portable styles, as Markdown, and the picture of its curves."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nast_fx.evaluate.files import write_whole
from nast_fx.evaluate.plots import LIGHT, LINES, png, style_panel
from nast_fx.studies.style_bench import (
    CONTENT_SECONDS,
    CURVE_SECONDS,
    DEFAULT_SECONDS,
    ITERATIONS,
    METHODS,
    Cost,
    Curve,
    Trial,
)

__all__ = ["StyleFigures", "save_curves", "style_page"]


@dataclass(frozen=True)
class StyleFigures:
    """All that was measured; `phases` has errors at `ITERATIONS` by the style's name."""

    curves: Sequence[Curve]
    trials: Sequence[Trial]
    phases: Mapping[str, Sequence[float]]
    costs: Sequence[Cost]


def style_page(figures: StyleFigures) -> str:
    """Write the page."""
    lines = [
        "# Portable styles, in figures",
        "",
        "Written by `nast-fx bench --styles`; what a style is, and how to use one: [styles](styles.md).",
        "",
        *_curve_lines(figures.curves),
        "",
        *_trial_lines(figures.trials),
        "",
        *_phase_lines(figures.phases),
        "",
        *_cost_lines(figures.costs),
        "",
    ]
    return "\n".join(lines)


def save_curves(path: Path, figures: StyleFigures) -> None:
    """Draw the errors over the seconds that are kept, as a PNG file.

    Raises
    ------
    AudioFileError
        The file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.6), layout="constrained", facecolor=LIGHT.page)
    panel = figure.subplots()
    for number, curve in enumerate(figures.curves):
        label = f"{curve.name}, {curve.seconds:.0f} s"
        dashes = "-" if number < len(LINES) else "--"
        errors = [100 * error for error in curve.errors]
        color = LINES[number % len(LINES)]
        panel.plot(
            CURVE_SECONDS, errors, color=color, linestyle=dashes, marker="o", markersize=3, label=label
        )
    panel.set_yscale("log")
    panel.set_xlabel("seconds kept", color=LIGHT.text, fontsize=9)
    panel.set_ylabel("% from the recording", color=LIGHT.text, fontsize=9)
    panel.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    style_panel(panel, LIGHT)
    panel.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, labelcolor=LIGHT.text, fontsize=9)
    write_whole(path, png(figure))


def _curve_lines(curves: Sequence[Curve]) -> list[str]:
    lines = [
        "## How near",
        "",
        "Distance of what is kept from its recording, with phases found, in % of the recording's own",
        "Gram matrix; beside it the distance between the recording's own halves.",
        "",
        "| recording | length | halves | " + " | ".join(f"{s:g} s" for s in CURVE_SECONDS) + " |",
        "|---|---|---|" + "---|" * len(CURVE_SECONDS),
    ]
    for curve in curves:
        halves = "-" if curve.halves is None else f"{100 * curve.halves:.0f}"
        cells = " | ".join(f"{100 * error:.1f}" for error in curve.errors)
        lines.append(f"| {curve.name} | {curve.seconds:.0f} s | {halves} | {cells} |")
    return [*lines, "", "![The curves](images/styles.png)"]


def _trial_lines(trials: Sequence[Trial]) -> list[str]:
    settings = [
        f"{name} {', '.join(f'{k}={v}' for k, v in s.items())}".strip() for name, s in METHODS.items()
    ]
    lines = [
        "## What a render with a learnt style loses",
        "",
        f"{CONTENT_SECONDS:g} s of content at draft quality, styles of {DEFAULT_SECONDS:g} s; residuals",
        f"against the recording (0 the style, 1 the untouched content). Methods: {'; '.join(settings)}.",
        "",
        "| style | method | with the recording | with the learnt style | difference |",
        "|---|---|---|---|---|",
    ]
    for one in trials:
        difference = one.with_style - one.with_recording
        figures = f"{one.with_recording:.3f} | {one.with_style:.3f} | {difference:+.3f}"
        lines.append(f"| {one.name} | {one.method} | {figures} |")
    differences = [one.with_style - one.with_recording for one in trials]
    largest, median = max(differences), statistics.median(differences)
    return [*lines, "", f"Largest difference {largest:+.3f}, median {median:+.3f}."]


def _phase_lines(phases: Mapping[str, Sequence[float]]) -> list[str]:
    lines = [
        "## What finding phases costs",
        "",
        "Distance of the runs with phases found from the same runs, in %, by the number of steps of the",
        "accelerated Griffin-Lim algorithm; 30 are taken.",
        "",
        "| style | " + " | ".join(map(str, ITERATIONS)) + " |",
        "|---|" + "---|" * len(ITERATIONS),
    ]
    return lines + [
        f"| {name} | " + " | ".join(f"{100 * error:.1f}" for error in errors) + " |"
        for name, errors in phases.items()
    ]


def _cost_lines(costs: Sequence[Cost]) -> list[str]:
    lines = [
        "## What learning costs",
        "",
        "Seconds of one core's work, on a recording of one channel at 44.1 kHz; then opening the style, and",
        f"a render of {CONTENT_SECONDS:g} s with it.",
        "",
        "| recording | learning | opening | render |",
        "|---|---|---|---|",
    ]
    return lines + [
        f"| {one.seconds:.0f} s | {one.learning:.1f} | {one.opening:.1f} | {one.rendering:.1f} |"
        for one in costs
    ]
