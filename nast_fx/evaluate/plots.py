"""Pictures of a render: spectrograms on a log frequency axis, and the curve of its losses.

Figures are built without pyplot, so nothing global changes and no window ever opens. Matplotlib is
imported by the functions that draw, since it takes longer to import than a short render does.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nast_fx.audio import Audio
from nast_fx.evaluate.files import write_whole
from nast_fx.evaluate.spectrogram import F_MIN, log_spectrogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

__all__ = ["loss_figure", "png", "save_spectrograms", "spectrogram_figure", "style_panel"]

RANGE_DB = 80.0
SILENT_DB = -90.0
"""A picture that is nowhere above this, at an RMS of 1, shows silence and not its rounding noise."""
SHORTEST_SECONDS = 1e-3
TICKS_HZ = {50: "50", 100: "100", 200: "200", 500: "500", 1000: "1k", 2000: "2k", 5000: "5k", 10_000: "10k"}
COLOR_MAP = "magma"
LINES = ("#d1495b", "#2e86ab", "#e8a33d", "#5b8e7d", "#8367c7", "#7a7a7a")
SMALLEST_LOSS = 1e-5
"""Lower end of the log axis as a share of the largest loss."""
NOT_LOSSES = frozenset({"step", "segment", "seconds"})


@dataclass(frozen=True)
class Theme:
    """Colors of a picture: page, text, lines that stand back, and an empty panel."""

    page: str
    text: str
    faint: str
    field: str


LIGHT = Theme(page="#ffffff", text="#1d1d25", faint="#c9c9d2", field="#f3f3f6")
DARK = Theme(page="#17171d", text="#e6e6ec", faint="#44444f", field="#1e1e26")


def spectrogram_figure(
    audios: Mapping[str, Audio], *, shared_time: Collection[str] | None = None, theme: Theme = LIGHT
) -> Figure:
    """Draw the spectrograms of one or more recordings above one another.

    Frequency runs on one log axis from 40 Hz, color on one scale of 80 dB below the loudest point of
    all recordings, each brought to one RMS first.

    Parameters
    ----------
    audios : mapping of title to Audio
        From top to bottom.
    shared_time : collection of titles or None
        The panels that have one time axis; the others fill their width. None shares it among all.
    theme : Theme
        `LIGHT` or `DARK`.
    """
    from matplotlib.figure import Figure

    f_max = min(20_000.0, max(audio.sample_rate for audio in audios.values()) / 2)
    pictures = {title: log_spectrogram(audio, f_max) for title, audio in audios.items()}
    loudest = max(SILENT_DB, *(float(picture.max()) for picture in pictures.values()))
    shared = set(audios) if shared_time is None else set(shared_time)
    longest = max((audios[title].seconds for title in audios if title in shared), default=0.0)
    figure = Figure(figsize=(9.0, 0.75 + 2.05 * len(audios)), layout="constrained", facecolor=theme.page)
    panels = figure.subplots(len(audios), 1, squeeze=False)[:, 0].tolist()
    for panel, (title, picture) in zip(panels, pictures.items(), strict=True):
        seconds = audios[title].seconds
        image = _draw(panel, picture - loudest, seconds)
        panel.set_xlim(0, max(longest if title in shared else seconds, SHORTEST_SECONDS))
        _label_panel(panel, title, f_max, theme)
    panels[-1].set_xlabel("time in seconds", color=theme.text, fontsize=9)
    _add_scale(figure, panels, image, theme)
    return figure


def loss_figure(history: Sequence[Mapping[str, float]], *, theme: Theme = LIGHT) -> Figure:
    """Draw every loss of the history over its steps, on a log axis unless one is below 0.

    ``step`` gives the place on the axis where it only rises (otherwise the row's number does);
    ``segment`` and ``seconds`` are not drawn, nor is a value that is not a number, nor 0 on a log axis.
    """
    from matplotlib.figure import Figure

    steps: list[float] = [row.get("step", number) for number, row in enumerate(history)]
    if any(later <= earlier for earlier, later in pairwise(steps)):
        steps = [float(number) for number in range(len(history))]
    names = dict.fromkeys(name for row in history for name in row if name not in NOT_LOSSES)
    curves = np.array([[row.get(name, np.nan) for row in history] for name in names], dtype=np.float64)
    curves[~np.isfinite(curves)] = np.nan
    figure = Figure(figsize=(9.0, 2.9), layout="constrained", facecolor=theme.page)
    panel = figure.subplots()
    if (curves > 0).any() and not (curves < 0).any():
        curves[curves == 0] = np.nan
        panel.set_yscale("log")
        # A term that starts next to 0 must not flatten the others.
        panel.set_ylim(
            max(np.nanmin(curves) / 1.5, np.nanmax(curves) * SMALLEST_LOSS), np.nanmax(curves) * 1.5
        )
    for number, (name, curve) in enumerate(zip(names, curves, strict=True)):
        panel.plot(steps, curve, color=LINES[number % len(LINES)], linewidth=1.8, label=_plain(name))
    panel.set_xlabel("step", color=theme.text, fontsize=9)
    panel.set_ylabel("loss", color=theme.text, fontsize=9)
    style_panel(panel, theme)
    return figure


def style_panel(panel: Axes, theme: Theme) -> None:
    """Give a panel of curves its grid, colors and legend."""
    panel.grid(True, color=theme.faint, linewidth=0.6, alpha=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    _paint(panel, theme)
    if panel.get_legend_handles_labels()[1]:
        panel.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            frameon=False,
            labelcolor=theme.text,
            fontsize=9,
            ncols=len(LINES),
        )


def png(figure: Figure, *, dpi: int = 130) -> bytes:
    """Render a figure as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A title may hold characters that the font lacks; a box in their place is no failure.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        FigureCanvasAgg(figure).print_figure(buffer, format="png", dpi=dpi, facecolor=figure.get_facecolor())
    return buffer.getvalue()


def save_spectrograms(
    path: str | PathLike[str],
    audios: Mapping[str, Audio],
    *,
    shared_time: Collection[str] | None = None,
    theme: Theme = LIGHT,
    dpi: int = 130,
) -> None:
    """Write `spectrogram_figure` as a PNG file, whole or not at all.

    Raises
    ------
    AudioFileError
        The file cannot be written.
    """
    write_whole(path, png(spectrogram_figure(audios, shared_time=shared_time, theme=theme), dpi=dpi))


def _draw(panel: Axes, levels: NDArray[np.float64], seconds: float) -> AxesImage:
    """Show levels (row, column) in dB between 0 and `seconds`, 0 and 1."""
    return panel.imshow(
        levels,
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
        cmap=COLOR_MAP,
        vmin=-RANGE_DB,
        vmax=0,
        extent=(0, max(seconds, SHORTEST_SECONDS), 0, 1),
    )


def _label_panel(panel: Axes, title: str, f_max: float, theme: Theme) -> None:
    """Title, frequency ticks in Hz and plain time ticks."""
    ticks = {hz: label for hz, label in TICKS_HZ.items() if hz < f_max}
    panel.set_yticks([np.log(hz / F_MIN) / np.log(f_max / F_MIN) for hz in ticks], list(ticks.values()))
    panel.set_ylabel("Hz", color=theme.text, fontsize=9)
    panel.set_title(_plain(title), loc="left", color=theme.text, fontsize=11, fontweight="bold")
    panel.spines[:].set_visible(False)
    _paint(panel, theme)


def _paint(panel: Axes, theme: Theme) -> None:
    panel.tick_params(colors=theme.text, which="both", labelsize=8, length=3, color=theme.faint)
    panel.spines[:].set_color(theme.faint)
    panel.set_facecolor(theme.field)


def _plain(title: str) -> str:
    """Put what matplotlib would take for markup, or hide, as plain text on one line."""
    return " ".join(title.replace("$", r"\$").split()).removeprefix("_") or " "


def _add_scale(figure: Figure, panels: Sequence[Axes], image: AxesImage, theme: Theme) -> None:
    scale = figure.colorbar(image, ax=list(panels), pad=0.015, fraction=0.025, aspect=18 * len(panels))
    scale.set_ticks([-80, -60, -40, -20, 0])
    scale.ax.tick_params(colors=theme.text, labelsize=8, length=3, color=theme.faint)
    scale.set_label("dB below the loudest point", color=theme.text, fontsize=9)
    scale.outline.set_visible(False)
