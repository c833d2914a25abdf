"""What is seen of one sound: its facts in a line, and its waveform or its spectrogram below."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from ..model.time_axis import TimeAxis
from ..translation import gettext as _
from .elided import Elided
from .facts import FactsPanel, fact_rows
from .spectrogram import SpectrogramPanel
from .time_view import TimeView
from .waveform import WaveformPanel

if TYPE_CHECKING:
    from ..engine.engine import Engine

__all__ = ["SoundPicture"]

LEAST_HEIGHT = 40  # pixels of a picture
N_SHORT = 7  # facts that the line shows: loudness, range, peak, key in three notations, tempo


class SoundPicture(QWidget):
    """Pictures and facts of one file.

    Parameters
    ----------
    engine : Engine
        The listener.
    analyst : Engine
        Finds the facts.
    axis : TimeAxis
    folder : Path
        For temporary files.
    name : str
        What it is, in the user's language.
    role : str
        ``content``, ``style`` or ``result``.
    leads : bool
        Whether the axis is as long as this file.
    """

    def __init__(
        self,
        engine: Engine,
        analyst: Engine,
        axis: TimeAxis,
        folder: Path,
        *,
        name: str,
        role: str,
        leads: bool,
    ) -> None:
        super().__init__()
        self.waveform = WaveformPanel(engine, axis, folder, name=name, role=role, leads=leads)
        self.spectrogram = SpectrogramPanel(engine, axis, folder, name=name)
        self.still = QLabel(self)
        self.still.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.still.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.still.setScaledContents(True)
        self.facts = FactsPanel(analyst, name)
        self.facts.setMinimumWidth(260)
        self.facts.analyzed.connect(self._show_facts)
        self.words = Elided("", self)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton(_("Facts"), self)
        self.button.setAccessibleName(_("Facts of {name}").format(name=name))
        self.button.setToolTip(_("Loudness, true peak, key and tempo, to read and to copy"))
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(self.facts)
        menu.addAction(action)
        self.button.setMenu(menu)
        self.stack = QStackedWidget(self)
        self.stack.setMinimumHeight(LEAST_HEIGHT)
        for page in (self.waveform, self.spectrogram, self.still):
            self.stack.addWidget(page)
        line = QHBoxLayout()
        line.addWidget(self.words)
        line.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.stack, 1)
        self._shows_spectrogram = False

    @property
    def views(self) -> tuple[TimeView, TimeView]:
        """Both pictures that have a time."""
        return self.waveform, self.spectrogram

    def set_file(self, path: Path | None) -> None:
        """Show another file, or none."""
        self.words.setText("")
        for part in (self.waveform, self.spectrogram, self.facts):
            part.set_file(path)
        self.button.setEnabled(path is not None)
        self._turn()

    def set_still(self, picture: QPixmap, words: str) -> None:
        """Show a picture without a time: a style that was learnt has no recording to play."""
        self.set_file(None)
        self.still.setPixmap(picture)
        self.words.setText(words)
        self.stack.setCurrentWidget(self.still)

    def show_spectrogram(self, is_shown: bool) -> None:
        """Show the spectrogram, or the waveform."""
        self._shows_spectrogram = is_shown
        if self.stack.currentWidget() is not self.still:
            self._turn()

    def close_files(self) -> None:
        """Stop reading, and remove what is temporary."""
        self.waveform.drawing.close()
        self.spectrogram.drawing.close()

    def _turn(self) -> None:
        self.stack.setCurrentWidget(self.spectrogram if self._shows_spectrogram else self.waveform)

    def _show_facts(self, facts: dict[str, Any]) -> None:
        rows = fact_rows(facts)[:N_SHORT]
        self.words.setText(" \N{MIDDLE DOT} ".join(_short(value) for _label, value in rows))
        self.words.setToolTip("\n".join(f"{label}: {value}" for label, value in rows))


def _short(value: str) -> str:
    """Leave out how sure a value is; the tooltip and the panel say it."""
    return value.partition(" (")[0]
