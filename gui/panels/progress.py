"""How a render goes: share, segment, time left, the loss as it falls; pause and cancel."""

from __future__ import annotations

import math
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from nast_fx.progress import Progress

from ..model.rendering import Rendering
from ..theme import Theme
from ..translation import gettext as _

__all__ = ["ProgressPanel", "time_text"]

MOST_POINTS = 2000  # of a curve; then every other one goes
PARTS = 1000  # of the bar
LEGEND_SHARE = 0.35  # of the curves' height
LEAST_SPAN = 0.2  # of the curves, in log10
LINES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


def time_text(seconds: float | None) -> str:
    """Give a time as minutes and seconds, or a dash while it is unknown."""
    if seconds is None:
        return "\N{EN DASH}"
    whole = max(0, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 60}:{whole % 60:02}"


class LossCurve(QWidget):
    """Loss of each term over the steps, on a logarithmic axis; the plot is loaded when it is first needed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._plot: Any = None
        self._curves: dict[str, Any] = {}
        self.points: dict[str, list[tuple[float, float]]] = {}
        self._step = 0
        self.setAccessibleName(_("Loss over the steps"))
        theme.changed.connect(self._show_look)

    def clear(self) -> None:
        """Begin anew."""
        self.points = {}
        self._step = 0
        for curve in self._curves.values():
            self._plot.removeItem(curve)
        self._curves = {}

    def add(self, progress: Progress) -> None:
        """Take a report's losses in."""
        known = {name: value for name, value in progress.losses.items() if value and math.isfinite(value)}
        if not known:
            return
        self._step += 1
        for name, value in known.items():
            points = self.points.setdefault(name, [])
            points.append((self._step, abs(value)))
            if len(points) > MOST_POINTS:
                del points[::2]
        self._draw()

    def _draw(self) -> None:
        if self._plot is None:
            self._make()
        for number, (name, points) in enumerate(self.points.items()):
            if name not in self._curves:
                pen = self._pen(number)
                self._curves[name] = self._plot.plot(name=name, pen=pen)
            steps, values = zip(*points, strict=True)
            self._curves[name].setData(list(steps), [math.log10(value) for value in values])
        found = [math.log10(value) for points in self.points.values() for _step, value in points]
        low, high = min(found), max(found)
        room = LEGEND_SHARE * max(high - low, LEAST_SPAN)  # above, for the names
        self._plot.setYRange(low, high + room, padding=0.05)

    def _make(self) -> None:
        import pyqtgraph

        self._plot = pyqtgraph.PlotWidget(self)
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setMenuEnabled(False)
        menu = self._plot.getPlotItem().ctrlMenu
        menu.setParent(self._plot, menu.windowFlags())  # it has none, and would outlive the window
        self._plot.hideButtons()
        self._plot.addLegend(offset=(-10, 1), colCount=len(LINES), horSpacing=15)
        self._plot.setLabel("left", _("loss, log10"))
        self._plot.getAxis("bottom").setStyle(showValues=False)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._column.addWidget(self._plot)
        self._show_look()

    def _pen(self, number: int) -> Any:
        import pyqtgraph

        colors = self._theme.colors
        color = (colors.result, colors.content, colors.style)[number % 3]
        return pyqtgraph.mkPen(color, width=2, style=LINES[number % len(LINES)])

    def _show_look(self) -> None:
        if self._plot is None:
            return
        colors = self._theme.colors
        self._plot.setBackground(colors.base)
        for side in ("left", "bottom"):
            self._plot.getAxis(side).setPen(colors.line)
            self._plot.getAxis(side).setTextPen(colors.text)
        legend = self._plot.getPlotItem().legend
        legend.setLabelTextColor(colors.text)
        for _sample, label in legend.items:
            label.setText(label.text)  # only now is it drawn in the color
        for number, curve in enumerate(self._curves.values()):
            curve.setPen(self._pen(number))


class ProgressPanel(QWidget):
    """Shows what a `Rendering` does, and stops it."""

    def __init__(self, rendering: Rendering, theme: Theme) -> None:
        super().__init__()
        self._rendering = rendering
        self.bar = QProgressBar(self)
        self.bar.setRange(0, PARTS)
        self.bar.setAccessibleName(_("Progress"))
        self.words = QLabel(self)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.pause = QPushButton(_("Pause"), self)
        self.pause.setCheckable(True)
        self.pause.setToolTip(_("Hold the work at its next step; nothing is lost."))
        self.pause.clicked.connect(rendering.set_paused)
        self.stop = QPushButton(_("Cancel"), self)
        self.stop.setToolTip(_("Stop the work; no file is written."))
        self.stop.clicked.connect(rendering.cancel)
        self.curve = LossCurve(theme, self)
        self.curve.setFixedHeight(96)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        line = QHBoxLayout()
        for widget in (self.bar, self.pause, self.stop):
            line.addWidget(widget)
        column.addLayout(line)
        column.addWidget(self.words)
        column.addWidget(self.curve)
        rendering.started.connect(self._on_start)
        rendering.progressed.connect(self.show_progress)
        rendering.paused.connect(self._on_pause)
        rendering.ended.connect(self._on_end)
        self._on_end(None)

    def show_progress(self, progress: Progress) -> None:
        """Show a report."""
        self.bar.setValue(round(PARTS * progress.share))
        parts = [_(progress.stage)]
        if progress.n_segments:
            at = min(progress.segment + 1, progress.n_segments)
            parts.append(_("segment {n} of {all}").format(n=at, all=progress.n_segments))
        if progress.n_steps:
            parts.append(_("step {n} of {all}").format(n=progress.step, all=progress.n_steps))
        parts.append(_("{time} left").format(time=time_text(progress.seconds_left)))
        if progress.note:
            parts.append(progress.note)
        self.words.setText(" \N{MIDDLE DOT} ".join(parts))
        self.curve.add(progress)
        self.curve.setVisible(bool(self.curve.points))

    def _on_start(self, is_preview: bool) -> None:
        self.curve.clear()
        self.bar.setValue(0)
        self.words.setText(_("Preview ...") if is_preview else _("Render ..."))
        self.show()

    def _on_pause(self, is_paused: bool) -> None:
        self.pause.setChecked(is_paused)
        self.pause.setText(_("Resume") if is_paused else _("Pause"))

    def _on_end(self, _error: object) -> None:
        self.curve.hide()
        self.hide()
