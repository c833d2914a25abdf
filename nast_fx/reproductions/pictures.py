"""Charts of measured numbers; built without pyplot, matplotlib imported when one is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nast_fx.evaluate.plots import LIGHT, LINES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Panel", "chart"]

Points = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Panel:
    """One chart.

    Attributes
    ----------
    title, x_label, y_label : str
    lines : mapping
        Name to (x, y). A bar chart takes one group a name, with `categories` for x.
    categories : sequence of str
        Names of the places of a bar chart; makes it one.
    log : str
        Which axes are logarithmic: ``x``, ``y``, ``xy`` or none.
    marked : mapping
        Name to y of horizontal lines to compare with.
    """

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, Points]
    categories: Sequence[str] = ()
    log: Literal["", "x", "y", "xy"] = ""
    marked: Mapping[str, float] = field(default_factory=dict)
    with_points: bool = True
    with_lines: bool = True


def chart(panels: Sequence[Panel], *, n_columns: int = 2) -> Figure:
    """Draw panels from left to right and from top to bottom."""
    from matplotlib.figure import Figure

    n_columns = min(n_columns, len(panels))
    n_rows = -(-len(panels) // n_columns)
    width = 8.4 if n_columns == 1 else 4.6 * n_columns
    figure = Figure(figsize=(width, 3.2 * n_rows), layout="constrained", facecolor=LIGHT.page)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).flatten().tolist()
    for panel, place in zip(panels, axes, strict=False):
        _draw(panel, place)
    for place in axes[len(panels) :]:
        place.set_axis_off()
    return figure


def _draw(panel: Panel, place: Axes) -> None:
    if panel.categories:
        _bars(panel, place)
    else:
        for number, (name, (x, y)) in enumerate(panel.lines.items()):
            place.plot(
                x,
                y,
                color=LINES[number % len(LINES)],
                linestyle=("-" if number < len(LINES) else "--") if panel.with_lines else "none",
                linewidth=1.6,
                marker="o" if panel.with_points else None,
                markersize=3.5,
                label=name,
            )
    for name, value in panel.marked.items():
        place.axhline(value, color=LIGHT.text, linewidth=0.9, linestyle=":", label=name)
    if "x" in panel.log:
        _log_x(panel, place)
    if "y" in panel.log:
        place.set_yscale("log")
    place.set_title(panel.title, loc="left", fontsize=10, fontweight="bold", color=LIGHT.text)
    place.set_xlabel(panel.x_label, fontsize=8, color=LIGHT.text)
    place.set_ylabel(panel.y_label, fontsize=8, color=LIGHT.text)
    place.tick_params(colors=LIGHT.text, which="both", labelsize=7.5, length=3, color=LIGHT.faint)
    place.grid(True, axis="y", color=LIGHT.faint, linewidth=0.6, alpha=0.6)
    place.spines[["top", "right"]].set_visible(False)
    place.spines[:].set_color(LIGHT.faint)
    if len(panel.lines) + len(panel.marked) > 1:
        place.legend(frameon=False, fontsize=7, labelcolor=LIGHT.text, ncols=2 if len(panel.lines) > 4 else 1)


def _log_x(panel: Panel, place: Axes) -> None:
    """Label the measured places themselves: a decade has too few labels, or too many."""
    place.set_xscale("log")
    places = sorted({float(value) for x, _ in panel.lines.values() for value in x})
    place.set_xticks(places, [f"{value:.2g}" for value in places])
    place.set_xticks([], minor=True)


def _bars(panel: Panel, place: Axes) -> None:
    width = 0.8 / max(len(panel.lines), 1)
    place.margins(y=0.08 + 0.08 * len(panel.lines))  # room for the legend above the bars
    for number, (name, (_, values)) in enumerate(panel.lines.items()):
        shift = (number - (len(panel.lines) - 1) / 2) * width
        x = [index + shift for index in range(len(values))]
        place.bar(x, values, width, color=LINES[number % len(LINES)], label=name)
    long = max((len(name) for name in panel.categories), default=0) > 9
    place.set_xticks(
        range(len(panel.categories)),
        panel.categories,
        rotation=35 if long else 0,
        ha="right" if long else "center",
    )
