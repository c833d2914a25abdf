"""The picture of an analysis: loudness, peaks and keys over time."""

from __future__ import annotations

import colorsys
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.analyze import CLEAR_BEAT, Analysis
from nast_fx.analysis.key import SAFE_CONFIDENCE
from nast_fx.analysis.loudness import POINT_SECONDS, Loudness
from nast_fx.evaluate.files import write_whole
from nast_fx.evaluate.plots import LIGHT, LINES, Theme, png, style_panel
from nast_fx.models.key import Key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["analysis_figure", "save_analysis"]

LOWEST_LUFS, HIGHEST_LUFS = -60.0, 0.0
LOWEST_PEAK_DB = -30.0
N_COLUMNS = 1600  # of a curve: no picture shows more
HEIGHTS = (4.0, 1.7, 0.55)  # inches of loudness, peaks and keys
TICK_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
MOST_TICKS = 12
NAME_WIDTH = 0.009  # of the picture, that a letter of a key's name needs
NAME_COLOR = LIGHT.text  # on the colors of keys, which are light on any page

Curve = npt.NDArray[np.float64]


def analysis_figure(analysis: Analysis, *, title: str, theme: Theme = LIGHT) -> Figure:
    """Draw momentary and short-term loudness with the integrated one, true peaks, and keys.

    What is uncertain is pale, with a question mark.

    Parameters
    ----------
    title : str
        Name of the recording; its key and tempo are put beside it.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    figure = Figure(figsize=(9.0, sum(HEIGHTS) + 0.9), layout="constrained", facecolor=theme.page)
    loud, peaks, keys = figure.subplots(3, 1, sharex=True, height_ratios=HEIGHTS)
    _draw_loudness(loud, analysis.loudness, theme)
    _draw_peaks(peaks, analysis.loudness, theme)
    _draw_keys(keys, analysis, theme)
    for panel in (loud, peaks, keys):
        style_panel(panel, theme)
    keys.grid(False)
    seconds = max(analysis.seconds, POINT_SECONDS)
    keys.set_xlim(0, seconds)
    ticks = (step for step in TICK_SECONDS if step * MOST_TICKS >= seconds)
    keys.xaxis.set_major_locator(MultipleLocator(next(ticks, seconds / MOST_TICKS)))
    keys.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _clock(seconds)))
    keys.set_xlabel("time", color=theme.text, fontsize=9)
    heading = {"color": theme.text, "fontsize": 11, "fontweight": "bold", "parse_math": False}
    figure.suptitle(_headline(analysis, title), x=0.01, ha="left", **heading)
    return figure


def save_analysis(
    path: str | PathLike[str], analysis: Analysis, *, title: str, theme: Theme = LIGHT, dpi: int = 130
) -> None:
    """Write `analysis_figure` as a PNG file, whole or not at all.

    Raises
    ------
    AudioFileError
        The file cannot be written.
    """
    write_whole(path, png(analysis_figure(analysis, title=title, theme=theme), dpi=dpi))


def _headline(analysis: Analysis, title: str) -> str:
    key, tempo = analysis.key, analysis.tempo
    facts = [" ".join(title.split())]
    if key.key is not None:
        facts.append(f"{key.key}{_doubt(key.confidence, SAFE_CONFIDENCE)}")
    if tempo.bpm is not None:
        facts.append(f"{tempo.bpm:.1f} BPM{_doubt(tempo.confidence, CLEAR_BEAT)}")
    return ", ".join(facts)


def _doubt(confidence: float, sure: float) -> str:
    return "" if confidence >= sure else "?"


def _draw_loudness(panel: Axes, loudness: Loudness, theme: Theme) -> None:
    for name, curve, color, width in (
        ("momentary", loudness.momentary, LINES[1], 0.8),
        ("short-term", loudness.short_term, LINES[0], 1.8),
    ):
        panel.plot(*_columns(curve), color=color, linewidth=width, alpha=0.9, label=name)
    if (whole := loudness.integrated_lufs) is not None:
        panel.axhline(
            whole, color=theme.text, linewidth=1, linestyle="--", label=f"integrated {whole:.1f} LUFS"
        )
    loudest = loudness.momentary_max_lufs
    panel.set_ylim(LOWEST_LUFS, max(HIGHEST_LUFS, 0.0 if loudest is None else loudest + 2))
    panel.set_ylabel("LUFS", color=theme.text, fontsize=9)


def _draw_peaks(panel: Axes, loudness: Loudness, theme: Theme) -> None:
    with np.errstate(divide="ignore"):
        seconds, peaks = _columns(20 * np.log10(loudness.true_peaks))
    panel.fill_between(
        seconds, LOWEST_PEAK_DB, np.maximum(peaks, LOWEST_PEAK_DB), color=LINES[3], linewidth=0
    )
    panel.axhline(0, color=LINES[0], linewidth=1)
    highest = loudness.true_peak_dbtp
    if highest is not None:
        panel.text(
            1,
            1.02,
            f"true peak {highest:.1f} dBTP",
            transform=panel.transAxes,
            ha="right",
            color=theme.text,
            fontsize=9,
        )
    panel.set_ylim(LOWEST_PEAK_DB, max(3.0, 0.0 if highest is None else highest + 1))
    panel.set_ylabel("dBTP", color=theme.text, fontsize=9)


def _draw_keys(panel: Axes, analysis: Analysis, theme: Theme) -> None:
    for span in analysis.key.spans:
        begin, end = span.start_seconds, span.end_seconds
        doubt = _doubt(span.confidence, SAFE_CONFIDENCE)
        panel.axvspan(begin, end, color=_color(span.key), linewidth=0, alpha=0.4 if doubt else 1)
        panel.axvline(begin, color=theme.page, linewidth=1)
        room = (end - begin) / max(analysis.seconds, POINT_SECONDS) / NAME_WIDTH
        names = (f"{span.key.name}{doubt}", f"{span.key.camelot}{doubt}")
        if name := next((name for name in names if len(name) <= room), ""):
            panel.text((begin + end) / 2, 0.5, name, ha="center", va="center", color=NAME_COLOR, fontsize=9)
    if not analysis.key.spans:
        panel.text(0.5, 0.5, "no key", transform=panel.transAxes, ha="center", va="center", color=theme.text)
    panel.set_ylim(0, 1)
    panel.set_yticks([])
    panel.set_ylabel("key", color=theme.text, fontsize=9)


def _columns(curve: Curve) -> tuple[Curve, Curve]:
    """Thin a curve (point,) out to its maximum in each column; time in seconds, and what is drawn there."""
    width = max(1, -(-len(curve) // N_COLUMNS))
    starts = np.arange(0, len(curve), width)
    levels: Curve = np.maximum.reduceat(curve, starts)
    levels[np.isneginf(levels)] = np.nan
    return np.asarray((starts + width / 2) * POINT_SECONDS), levels


def _color(key: Key) -> tuple[float, float, float]:
    """Neighbors on the circle of fifths have neighboring hues; minor is darker."""
    hue = (7 * key.relative_major % 12) / 12
    return colorsys.hsv_to_rgb(hue, 0.35, 0.97 if key.mode == "major" else 0.82)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    return f"{minutes:.0f}:{rest:02.0f}" if rest == round(rest) else f"{minutes:.0f}:{rest:05.2f}"
