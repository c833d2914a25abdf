"""The waveform of a file: least and largest sample of each pixel, as the worker finds them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QObject, QRectF, pyqtSignal
from PyQt6.QtGui import QColor, QPainter
from PyQt6.QtWidgets import QWidget

from nast_fx.errors import AudioFileError, CancelledError, NastFxError

from ..certain import certain
from ..late import late
from ..model.peaks import Peaks
from ..model.time_axis import TimeAxis
from ..theme import Colors
from ..translation import gettext as _
from .coverage import CHANNEL_SHARE, coverage
from .picture import draw_scale, image_of
from .scratch import ScratchName
from .time_view import TimeView

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.job import Job

__all__ = ["WaveformPanel", "WaveformPicture"]

COARSE_RATE, FINE_RATE = 100.0, 2000.0  # columns a second: at first, and of a file that is short
FINE_SECONDS = 600.0  # the longest file that is looked at twice
REPAINT_MS = 60  # while columns come
SCALE_DB = (0, -6, -12, -24)


class WaveformPicture(QObject):
    """Asks for the peaks of a file and draws them as they come.

    Parameters
    ----------
    engine : Engine
    folder : Path
        For temporary files.
    role : str
        ``content``, ``style`` or ``result``: the color of `theme.Colors` that it takes.
    parent : QObject, optional
    """

    changed = pyqtSignal()
    known = pyqtSignal(float)  # seconds of the file, once they are known

    def __init__(self, engine: Engine, folder: Path, role: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.message = _("No file")
        self._engine = engine
        self._folder = folder
        self._role = role
        self._path: Path | None = None
        self._job: Job | None = None
        self._peaks: Peaks | None = None
        self._file: ScratchName | None = None
        self._repaint = late(self, REPAINT_MS, self.changed.emit)

    def set_file(self, path: Path | None) -> None:
        """Show another file, or none; a job for the one before is cancelled."""
        self._cancel()
        self._drop()
        self._path = path
        self.message = _("No file") if path is None else _("Reading …")
        if path is not None:
            self._ask(path, COARSE_RATE)
        self.changed.emit()

    def close(self) -> None:
        """Stop reading, and remove what is temporary."""
        self._cancel()
        self._drop()

    def over(self, colors: Colors) -> Colors:
        """Give the colors of what is drawn over the picture."""
        return colors

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, colors: Colors) -> None:
        """Draw all channels, one below the other."""
        if self._peaks is None or axis.span <= 0:
            return
        ratio = certain(painter.device()).devicePixelRatioF()
        width, height = round(area.width() * ratio), round(area.height() * ratio)
        edges = np.linspace(axis.start, axis.end, width + 1)
        low, high = self._peaks.span(edges)
        table = _shades(QColor(getattr(colors, self._role)))
        image = image_of(coverage(low, high, height), table)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(area.topLeft(), image)

    def paint_scale(self, painter: QPainter, area: QRectF, colors: Colors) -> None:
        """Write levels in dB of full scale beside each channel."""
        if self._peaks is None:
            return
        n_channels = self._peaks.n_channels
        each = area.height() / n_channels
        height = painter.fontMetrics().height()
        for channel in range(0, n_channels, max(1, math.ceil(height / max(each, 1.0)))):  # those with room
            middle = area.top() + each * (channel + 0.5)
            ups = [10 ** (db / 20) * each / 2 * CHANNEL_SHARE for db in SCALE_DB]
            labels = [(middle - up, f"{db} dB") for up, db in zip(ups, SCALE_DB, strict=True)]
            part = QRectF(area.left(), area.top() + channel * each, area.width(), each)
            draw_scale(painter, part, colors, labels)

    def _ask(self, path: Path, rate: float) -> None:
        file = ScratchName(self._folder, ".peaks")
        request = {"content": path, "peaks": file.path, "columns_per_second": rate}
        job = self._engine.run("peaks", request)
        self._job = job
        found: list[Peaks] = []

        def grow(facts: dict[str, Any]) -> None:
            if job is not self._job:
                return
            if not found:
                found.append(Peaks(file.path, int(facts["channels"]), rate))
                if rate == COARSE_RATE and "n_columns" in facts:  # so that what comes first is in its place
                    self.known.emit(facts["n_columns"] / rate)
            try:
                found[0].grow(int(facts["columns"]))
            except AudioFileError as error:
                self._fail(job, rate, error)
                return
            if rate == COARSE_RATE or "seconds" in facts:  # what is finer is shown once it is whole
                self._take(found[0], file)

        def finish(facts: dict[str, Any]) -> None:
            grow(facts)
            if job is self._job:
                self._job = None
                self._finish(path, rate, facts)

        job.part.connect(grow)
        job.finished.connect(finish)
        job.failed.connect(lambda error: self._fail(job, rate, error))

    def _take(self, peaks: Peaks, file: ScratchName) -> None:
        if peaks is not self._peaks:
            self._drop()
            self._peaks, self._file = peaks, file
        self.message = ""
        if not self._repaint.isActive():
            self._repaint.start()

    def _finish(self, path: Path, rate: float, facts: dict[str, Any]) -> None:
        if rate == COARSE_RATE:
            self.known.emit(float(facts["seconds"]))
            if facts["seconds"] <= FINE_SECONDS:
                self._ask(path, FINE_RATE)
        self.changed.emit()

    def _fail(self, job: Job, rate: float, error: NastFxError) -> None:
        if job is not self._job or isinstance(error, CancelledError):
            return
        self._job = None
        if rate == COARSE_RATE:  # without the finer columns the picture is still right
            self._drop()
            self.message = str(error)
            self.changed.emit()

    def _cancel(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def _drop(self) -> None:
        if self._peaks is not None:
            self._peaks.close()
        if self._file is not None:
            self._file.remove()
        self._peaks = self._file = None


class WaveformPanel(TimeView):
    """Shows a waveform on a time axis that others share.

    Parameters
    ----------
    engine : Engine
        Finds the peaks.
    axis : TimeAxis
    folder : Path
        For temporary files.
    name : str
        What it shows, in the user's language: "Content".
    role : str
        ``content``, ``style`` or ``result``.
    leads : bool
        Whether the axis is as long as this file.
    parent : QWidget, optional
    """

    def __init__(
        self,
        engine: Engine,
        axis: TimeAxis,
        folder: Path,
        *,
        name: str,
        role: str = "content",
        leads: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        self.drawing = WaveformPicture(engine, folder, role)
        super().__init__(axis, self.drawing, name=name, kind=_("waveform"), parent=parent)
        self.drawing.setParent(self)
        if leads:
            self.drawing.known.connect(axis.set_length)

    def set_file(self, path: Path | None) -> None:
        """Show another file, or none."""
        self.drawing.set_file(path)


def _shades(color: QColor) -> list[int]:
    """Give a color from transparent to full."""
    rgb = color.rgb() & 0xFFFFFF
    return [alpha << 24 | rgb for alpha in range(256)]
