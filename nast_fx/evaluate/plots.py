"""Pictures of a render: spectrograms on a log frequency axis, and the curve of its losses.

Figures are built without pyplot, so nothing global changes and no window ever opens. Matplotlib is
imported by the functions that draw, since it takes longer to import than a short render does.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nast_fx.audio import Audio
from nast_fx.evaluate.features import magnitude_chunks
from nast_fx.evaluate.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

__all__ = ["log_spectrogram", "loss_figure", "png", "save_spectrograms", "spectrogram_figure"]

Array = NDArray[np.float64]

F_MIN = 40.0
N_ROWS = 320
N_COLUMNS = 1000
WINDOW_SECONDS = 0.093
RANGE_DB = 80.0
TICKS_HZ = {50: "50", 100: "100", 200: "200", 500: "500", 1000: "1k", 2000: "2k", 5000: "5k", 10_000: "10k"}
COLOR_MAP = "magma"
LINES = ("#d1495b", "#2e86ab", "#e8a33d", "#5b8e7d", "#8367c7", "#7a7a7a")
NOT_LOSSES = frozenset({"step", "segment", "seconds"})


@dataclass(frozen=True)
class Theme:
    """Colors of a picture: page, text, and lines that stand back."""

    page: str
    text: str
    faint: str


LIGHT = Theme(page="#ffffff", text="#1d1d25", faint="#c9c9d2")
DARK = Theme(page="#17171d", text="#e6e6ec", faint="#44444f")


def spectrogram_figure(
    audios: Mapping[str, Audio], *, shared_time: Collection[str] | None = None, theme: Theme = LIGHT
) -> Figure:
    """Draw the spectrograms of one or more recordings above one another.

    Frequency runs on one log axis from 40 Hz, color on one scale of 80 dB under the loudest spot of
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
    loudest = max(float(picture.max()) for picture in pictures.values())
    shared = set(audios) if shared_time is None else set(shared_time)
    longest = max((audios[title].seconds for title in audios if title in shared), default=0.0)
    figure = Figure(figsize=(9.0, 0.75 + 2.05 * len(audios)), layout="constrained", facecolor=theme.page)
    figure.get_layout_engine().set(h_pad=0.06, w_pad=0.08)  # type: ignore[union-attr]
    panels = figure.subplots(len(audios), 1, squeeze=False)[:, 0]
    for panel, (title, picture) in zip(panels, pictures.items(), strict=True):
        seconds = audios[title].seconds
        image = panel.imshow(
            picture - loudest,
            origin="lower",
            aspect="auto",
            interpolation="bilinear",
            cmap=COLOR_MAP,
            vmin=-RANGE_DB,
            vmax=0,
            extent=(0, max(seconds, 1e-3), 0, 1),
        )
        panel.set_xlim(0, max(longest if title in shared else seconds, 1e-3))
        _label_panel(panel, title, f_max, theme)
    panels[-1].set_xlabel("time in seconds", color=theme.text, fontsize=9)
    _add_scale(figure, panels, image, theme)
    return figure


def log_spectrogram(audio: Audio, f_max: float) -> Array:
    """Level in dB (320 rows, at most 1000 columns), log-spaced from 40 Hz to `f_max`.

    The recording is mixed to mono and brought to one RMS. A column holds the mean power of its stretch of time,
    so that a long file keeps its short sounds and costs no memory.
    """
    mono = audio.samples.mean(axis=0, dtype=np.float32)
    mono = np.nan_to_num(mono, posinf=0.0, neginf=0.0)
    mono = mono / max(float(np.sqrt(np.mean(mono**2))) if mono.size else 0.0, 1e-9)
    n_fft = 2 ** round(np.log2(WINDOW_SECONDS * audio.sample_rate))
    hop_length = max(1, min(n_fft // 8, max(mono.size // N_COLUMNS, n_fft // 32)))
    mono = np.pad(mono, (0, max(0, n_fft - mono.size)))
    n_frames = mono.size // hop_length + 1
    n_columns = min(N_COLUMNS, n_frames)
    power = np.zeros((n_fft // 2 + 1, n_columns))
    start = 0
    for magnitude in magnitude_chunks(mono, n_fft=n_fft, hop_length=hop_length):
        columns = (start + np.arange(magnitude.shape[1])) * n_columns // n_frames
        first = np.flatnonzero(np.diff(columns, prepend=-1))
        power[:, columns[first]] += np.add.reduceat(magnitude.square().double().numpy(), first, axis=1)
        start += magnitude.shape[1]
    counts = np.bincount(np.arange(n_frames) * n_columns // n_frames)
    rows = _log_rows(n_fft, audio.sample_rate, f_max) @ (power / counts)
    return np.asarray(10 * np.log10(np.maximum(rows / n_fft**2, 1e-20)))


def loss_figure(history: Sequence[Mapping[str, float]], *, theme: Theme = LIGHT) -> Figure:
    """Draw every loss of the history over its steps, on a log axis where all are above 0.

    ``step`` gives the place on the axis where it only rises (otherwise the row's number does);
    ``segment`` and ``seconds`` are not drawn, nor is a value that is not a number.
    """
    from matplotlib.figure import Figure

    steps: list[float] = [row.get("step", number) for number, row in enumerate(history)]
    if any(later <= earlier for earlier, later in zip(steps, steps[1:], strict=False)):
        steps = [float(number) for number in range(len(history))]
    figure = Figure(figsize=(9.0, 2.9), layout="constrained", facecolor=theme.page)
    panel = figure.subplots()
    names = dict.fromkeys(name for row in history for name in row if name not in NOT_LOSSES)
    drawn: list[float] = []
    for number, name in enumerate(names):
        values = [float(row.get(name, np.nan)) for row in history]
        drawn += [value for value in values if isfinite(value)]
        values = [value if isfinite(value) else np.nan for value in values]
        panel.plot(steps, values, color=LINES[number % len(LINES)], linewidth=1.8, label=_plain(name))
    if drawn and min(drawn) > 0:
        panel.set_yscale("log")
    panel.set_xlabel("step", color=theme.text, fontsize=9)
    panel.set_ylabel("loss", color=theme.text, fontsize=9)
    panel.grid(True, color=theme.faint, linewidth=0.6, alpha=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    _paint(panel, theme)
    if names:
        panel.legend(frameon=False, labelcolor=theme.text, fontsize=9, ncols=len(LINES))
    return figure


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
    dpi: int = 160,
) -> None:
    """Write `spectrogram_figure` as a PNG file, whole or not at all.

    Raises
    ------
    AudioFileError
        The file cannot be written.
    """
    write_whole(path, png(spectrogram_figure(audios, shared_time=shared_time, theme=theme), dpi=dpi))


def _log_rows(n_fft: int, sample_rate: int, f_max: float) -> Array:
    """Averages (row, bin): each row's band, or one bin's width around it where that is wider."""
    width = sample_rate / n_fft
    edges = np.geomspace(F_MIN, f_max, N_ROWS + 1)
    center = np.sqrt(edges[1:] * edges[:-1])[:, None]
    half = np.maximum(np.diff(edges), width)[:, None] / 2
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)[None]
    overlap = np.minimum(center + half, bins + width / 2) - np.maximum(center - half, bins - width / 2)
    return np.asarray(np.clip(overlap, 0, None) / (2 * half))


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
    panel.set_facecolor(theme.page)


def _plain(title: str) -> str:
    """Put what matplotlib would take for markup, or hide, as plain text on one line."""
    return " ".join(title.replace("$", r"\$").split()).removeprefix("_") or " "


def _add_scale(figure: Figure, panels: Sequence[Axes], image: AxesImage, theme: Theme) -> None:
    scale = figure.colorbar(image, ax=list(panels), pad=0.015, fraction=0.025, aspect=18 * len(panels))
    scale.set_ticks([-80, -60, -40, -20, 0])
    scale.ax.tick_params(colors=theme.text, labelsize=8, length=3, color=theme.faint)
    scale.set_label("dB under the loudest spot", color=theme.text, fontsize=9)
    scale.outline.set_visible(False)
