"""The loudness curves of a content and its result, over the keys that the style was brought to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nast_fx.analysis.loudness import MOMENTARY, POINT_SECONDS, SHORT_TERM, Loudness
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
    if tracked.content is not None:
        _draw(panel, "Content", tracked.content.loudness, LINES[1], width=4.0)
    _draw(panel, "Result", tracked.leveled.loudness, LINES[0], width=1.6)
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


def _draw(panel: Axes, name: str, loudness: Loudness, color: str, *, width: float) -> None:
    """Draw short-term loudness, and momentary faintly; neither before its first window is full."""
    step = max(1, len(loudness.power) // MOST_POINTS)
    times = (np.arange(len(loudness.power)) + 1) * POINT_SECONDS
    for curve, first, look in (
        (loudness.momentary, MOMENTARY, {"linewidth": 0.3 * width, "alpha": 0.35}),
        (loudness.short_term, SHORT_TERM, {"linewidth": width, "label": name}),
    ):
        shown = slice(first - 1, None, step)
        panel.plot(times[shown], np.maximum(curve[shown], LOWEST_LUFS), color=color, **look)


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
