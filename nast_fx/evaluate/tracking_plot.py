"""The loudness curves of a content and its result, over the keys that the style was brought to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nast_fx.analysis import Loudness
from nast_fx.evaluate.plots import LIGHT, LINES, Theme, style_panel
from nast_fx.render.tracked import Tracked

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["tracking_figure"]

LOWEST_LUFS = -60.0
MOST_POINTS = 4000  # of a curve


def tracking_figure(tracked: Tracked, *, theme: Theme = LIGHT) -> Figure:
    """Draw short-term loudness before and after, momentary loudness faintly behind it, and the target.

    Keys are named along the top where the style follows one.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.2), layout="constrained", facecolor=theme.page)
    panel = figure.subplots()
    loudnesses = {"Result": tracked.leveled.loudness}
    if tracked.content is not None:
        loudnesses = {"Content": tracked.content.loudness, **loudnesses}
    for color, (name, loudness) in zip(LINES[1::-1], reversed(loudnesses.items()), strict=False):
        _draw(panel, name, loudness, color)
    if tracked.leveled.target_lufs is not None:
        target = tracked.leveled.target_lufs
        panel.axhline(
            target, color=theme.text, linewidth=0.8, linestyle=":", label=f"target {target:.1f} LUFS"
        )
    seconds = max(tracked.leveled.loudness.seconds, 1e-3)
    _name_keys(panel, tracked, seconds, theme)
    panel.set_xlim(0, seconds)
    panel.set_ylim(LOWEST_LUFS, 0)
    panel.set_xlabel("time in seconds", color=theme.text, fontsize=9)
    panel.set_ylabel("LUFS", color=theme.text, fontsize=9)
    style_panel(panel, theme)
    return figure


def _draw(panel: Axes, name: str, loudness: Loudness, color: str) -> None:
    step = max(1, len(loudness.power) // MOST_POINTS)
    times = np.arange(1, len(loudness.power) + 1)[::step] / 100
    momentary, short = loudness.momentary[::step], loudness.short_term[::step]
    with np.errstate(invalid="ignore"):
        panel.plot(times, np.maximum(momentary, LOWEST_LUFS), color=color, linewidth=0.6, alpha=0.35)
        panel.plot(times, np.maximum(short, LOWEST_LUFS), color=color, linewidth=1.8, label=name)


def _name_keys(panel: Axes, tracked: Tracked, seconds: float, theme: Theme) -> None:
    for region in tracked.transposition.regions:
        if region.key is None:
            continue
        end = min(region.end_seconds, seconds)
        if region.start_seconds > 0:
            panel.axvline(region.start_seconds, color=theme.faint, linewidth=1)
        middle = (region.start_seconds + end) / 2
        if math.isfinite(middle):
            panel.text(middle, -2, region.key.name, color=theme.text, fontsize=8, ha="center", va="top")
