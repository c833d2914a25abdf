"""The spectrogram of a file: level by time and frequency, made by the worker for what is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QObject, QRectF, pyqtSignal
from PyQt6.QtGui import QImage, QPainter, QResizeEvent
from PyQt6.QtWidgets import QWidget

from nast_fx.errors import CancelledError, NastFxError

from ..late import late
from ..model.time_axis import TimeAxis
from ..theme import COLORS, Colors
from ..translation import gettext as _
from .cividis import color_table
from .picture import draw_scale, image_of
from .scratch import ScratchName
from .time_view import TimeView

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..engine.job import Job

__all__ = ["SpectrogramPanel", "SpectrogramPicture"]

LEAST_HZ, MOST_HZ = 30.0, 20_000.0  # of the job's rows
WAIT_MS = 120  # after the last change of the axis, so that a wheel does not ask at each notch
MOST_COLUMNS, MOST_ROWS = 2400, 480
SCALE_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


@dataclass(frozen=True)
class _Shot:
    """A picture of a stretch of time."""

    start: float
    end: float
    image: QImage

    @property
    def size(self) -> tuple[int, int]:
        return self.image.width(), self.image.height()


class SpectrogramPicture(QObject):
    """Asks for the spectrogram of what is seen; until it comes, stretches what there is.

    Parameters
    ----------
    engine : Engine
    axis : TimeAxis
    folder : Path
        For temporary files.
    parent : QObject, optional
    """

    changed = pyqtSignal()

    def __init__(self, engine: Engine, axis: TimeAxis, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.message = _("No file")
        self._engine = engine
        self._axis = axis
        self._folder = folder
        self._path: Path | None = None
        self._job: Job | None = None
        self._overview: _Shot | None = None  # of the whole file
        self._near: _Shot | None = None  # of what is or was seen
        self._length = float("inf")
        self._top_hz = MOST_HZ
        self._size = (0, 0)
        self._wait = late(self, WAIT_MS, self._ask)
        axis.changed.connect(self._on_axis)

    def set_file(self, path: Path | None) -> None:
        """Show another file, or none; a job for the one before is cancelled."""
        self._cancel()
        self._path, self._overview, self._near = path, None, None
        self._length = float("inf")
        self.message = _("No file") if path is None else _("Reading …")
        self._wait.start()
        self.changed.emit()

    def set_length(self, seconds: float) -> None:
        """Say how long the file is, where that is not the length of the axis."""
        self._length = seconds
        self._on_axis()

    def set_size(self, width: int, height: int) -> None:
        """Say how many pixels there are to fill."""
        size = (min(width, MOST_COLUMNS), min(height, MOST_ROWS))
        if size != self._size:
            self._size = size
            self._wait.start()

    def close(self) -> None:
        """Stop asking, and remove what is temporary."""
        self._wait.stop()
        self._cancel()

    def over(self, colors: Colors) -> Colors:
        """Give light colors: the picture is dark in every look."""
        return replace(COLORS["dark"], accent="#ffffff")

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, colors: Colors) -> None:
        """Draw what there is of the visible stretch: the newest picture over that of the whole."""
        painter.save()
        painter.setClipRect(area)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for shot in (self._overview, self._near):
            if shot is not None and shot.end > axis.start and shot.start < axis.end:
                left = area.left() + axis.x_of(shot.start, area.width())
                right = area.left() + axis.x_of(shot.end, area.width())
                target, source = _inside(
                    QRectF(left, area.top(), right - left, area.height()), area, shot.image
                )
                painter.drawImage(target, shot.image, source)
        painter.restore()

    def paint_scale(self, painter: QPainter, area: QRectF, colors: Colors) -> None:
        """Write frequencies."""
        octaves = np.log2(self._top_hz / LEAST_HZ)
        labels = [
            (area.bottom() - area.height() * float(np.log2(hz / LEAST_HZ) / octaves), _hz_text(hz))
            for hz in reversed(SCALE_HZ)
            if hz <= self._top_hz
        ]
        draw_scale(painter, area, colors, labels)

    def _on_axis(self) -> None:
        if self._path is not None:
            self._wait.start()

    def _ask(self) -> None:
        axis = self._axis
        start, end = axis.start, min(axis.end, self._length)
        if self._path is None or end <= start or 0 in self._size:
            return
        near = self._near
        if near is not None and (near.start, near.end, near.size) == (start, end, self._size):
            return
        self._cancel()
        file = ScratchName(self._folder, ".npy")
        request = {
            "content": self._path,
            "start_seconds": start,
            "length_seconds": end - start,
            "n_columns": self._size[0],
            "n_rows": self._size[1],
            "picture": file.path,
        }
        job = self._job = self._engine.run("spectrogram", request)
        job.finished.connect(lambda facts: self._on_finished(job, file, (start, end), facts))
        job.failed.connect(lambda error: self._on_failed(job, error))

    def _on_finished(
        self, job: Job, file: ScratchName, span: tuple[float, float], facts: dict[str, Any]
    ) -> None:
        if job is not self._job:
            file.remove()
            return
        self._job = None
        try:
            image = image_of(np.load(file.path), color_table())
        except (OSError, ValueError):
            self.message = _("the spectrogram's temporary file cannot be read")
        else:
            self.message = ""
            self._near = _Shot(*span, image)
            if span == (0.0, min(self._axis.length, self._length)):
                self._overview = self._near
            self._top_hz = float(facts.get("f_max", MOST_HZ))
        file.remove()
        self.changed.emit()

    def _on_failed(self, job: Job, error: NastFxError) -> None:
        if job is not self._job or isinstance(error, CancelledError):
            return
        self._job = None
        self._overview = self._near = None
        self.message = str(error)
        self.changed.emit()

    def _cancel(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()


class SpectrogramPanel(TimeView):
    """Shows a spectrogram on a time axis that others share.

    Parameters
    ----------
    engine : Engine
        Makes the pictures.
    axis : TimeAxis
    folder : Path
        For temporary files.
    name : str
        What it shows, in the user's language: "Content".
    parent : QWidget, optional
    """

    def __init__(
        self, engine: Engine, axis: TimeAxis, folder: Path, *, name: str, parent: QWidget | None = None
    ) -> None:
        self.drawing = SpectrogramPicture(engine, axis, folder)
        super().__init__(axis, self.drawing, name=name, kind=_("spectrogram"), parent=parent)
        self.drawing.setParent(self)

    def set_file(self, path: Path | None) -> None:
        """Show another file, or none."""
        self.drawing.set_file(path)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Ask for as many pixels as there are."""
        super().resizeEvent(event)
        ratio = self.devicePixelRatioF()
        self.drawing.set_size(round(self.area.width() * ratio), round(self.area.height() * ratio))


def _inside(whole: QRectF, area: QRectF, image: QImage) -> tuple[QRectF, QRectF]:
    """Give the part of a target that is in an area, and the part of the image that goes there.

    An image that is stretched to hours outside of the window is not to be scaled there.
    """
    target = whole.intersected(area)
    scale = image.width() / whole.width()
    source = QRectF((target.left() - whole.left()) * scale, 0, target.width() * scale, image.height())
    return target, source


def _hz_text(hz: int) -> str:
    return f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz"
