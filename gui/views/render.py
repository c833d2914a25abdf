"""The render view: content, style and result above each other, presets on the left, settings on the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from nast_fx.errors import CancelledError, NastFxError, UsageError

from ..model.document import State
from ..model.rendering import Made
from ..panels.elided import Elided
from ..panels.preset_actions import PresetActions
from ..panels.presets import PresetsPanel
from ..panels.progress import ProgressPanel, time_text
from ..panels.result import ResultLine
from ..panels.settings import SettingsPanel
from ..panels.sound_row import SoundRow
from ..panels.time_scroll import TimeScrollBar
from ..panels.well import ContentWell, StyleWell
from ..session import Session
from ..translation import gettext as _
from .listening import Listening

__all__ = ["RenderView"]

WIDTHS = (230, 670, 370)  # pixels: presets, rows, settings


class RenderView(QWidget):
    """Where a track is styled.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    content_row, style_row, result_row : SoundRow
        Each has a place for a picture of its sound (`SoundRow.set_picture`).
    """

    told = pyqtSignal(str)  # for the status bar
    failed = pyqtSignal(object, object)  # NastFxError, and the RenderRequest that it is about or None
    example_wanted = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        document, remembered = session.document, session.remembered
        self.content_well = ContentWell(document, remembered)
        self.style_well = StyleWell(document, remembered)
        self.result = ResultLine(remembered, session.copying)
        self.preset_actions = PresetActions(document, session.presets, remembered, self)
        self.presets = PresetsPanel(document, session.presets, self.preset_actions)
        self.presets.chosen.connect(self.preset_actions.show_current)
        self.settings = SettingsPanel(document)
        self.progress = ProgressPanel(session.rendering, session.theme)
        self.rows = self._make_rows()
        rows = {"content": self.content_row, "style": self.style_row, "result": self.result_row}
        self.listening = Listening(session, rows)
        self._lay_out()
        self._connect()
        self.show_state(None, document.state)

    def make_preview(self) -> None:
        """Hear the selection."""
        self._try(self._session.rendering.preview)

    def make_result(self) -> None:
        """Make the file, beside the content."""
        self._try(self._session.rendering.render)

    def make_result_at(self, output: Path) -> None:
        """Make the file where a person said; what is there was to be replaced."""
        self._try(lambda: self._session.rendering.render(output, overwrite="overwrite"))

    def show_result(self, path: Path) -> None:
        """Show and play a finished file beside the content."""
        self.listening.show_result(path)
        self.result_row.show_hint(False)
        self.listening.panel.show()

    def show_state(self, old: State | None, new: State) -> None:
        """A render needs a content and a style."""
        self._show_ready()
        self.content_row.show_hint(new.content is None)
        self.style_row.show_hint(not new.preset.styles)
        self.example.setVisible(new.content is None)
        self.listening.transport.setVisible(new.content is not None)
        self.scroll_bar.setVisible(new.content is not None)
        if old is None or old.content != new.content:
            self.result_row.show_hint(True)
            self.listening.panel.hide()
        if old is None or old.content != new.content or old.preset.styles != new.preset.styles:
            self.verdict.setText("")

    def _make_rows(self) -> QSplitter:
        rows = QSplitter(Qt.Orientation.Vertical, self)
        rows.setChildrenCollapsible(False)
        self.content_row = SoundRow(
            self.content_well, _("1. Drop a recording here: its notes and its rhythm stay.")
        )
        self.style_row = SoundRow(
            self.style_well, _("2. Drop a sound here, or take one by name: its texture is put on.")
        )
        self.result_row = SoundRow(
            self.result, _("3. Press Preview to hear some seconds of it, and Render to make the file.")
        )
        self.result_row.setAcceptDrops(False)
        self.content_row.dropped.connect(self.content_well.take)
        self.style_row.dropped.connect(self.style_well.take)
        self.example = QPushButton(_("Open the example"), self)
        self.example.setToolTip(_("A short song and a sound of bells, made by the program itself."))
        self.example.clicked.connect(self.example_wanted)
        self.result_row.add_below_hint(self.example)
        for row in (self.content_row, self.style_row, self.result_row):
            rows.addWidget(row)
        return rows

    def _lay_out(self) -> None:
        self.verdict = Elided("", self)
        self.scroll_bar = TimeScrollBar(self.listening.axis, self)
        self.preview_button = QPushButton(_("Previe&w"), self)
        self.preview_button.setToolTip(_("Render the selection, or the first seconds, at draft quality."))
        self.automatic = QCheckBox(_("after each change"), self)
        self.automatic.setToolTip(_("Preview by itself whenever a setting was changed."))
        self.automatic.setAccessibleName(_("Preview after each change"))
        self.render_button = QPushButton(_("Re&nder"), self)
        self.render_button.setToolTip(_("Render the whole content into a file beside it."))
        self.render_button.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.verdict, 1)
        for widget in (self.automatic, self.preview_button, self.render_button):
            buttons.addWidget(widget)
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.rows, 1)
        column.addWidget(self.scroll_bar)
        column.addWidget(self.listening.transport)
        column.addWidget(self.listening.panel)
        column.addWidget(self.progress)
        column.addLayout(buttons)
        self.columns = QSplitter(Qt.Orientation.Horizontal, self)
        self.columns.setChildrenCollapsible(False)
        for part in (self.presets, middle, self.settings):
            self.columns.addWidget(part)
        self.columns.setSizes(WIDTHS)
        self.columns.setStretchFactor(1, 1)
        QVBoxLayout(self).addWidget(self.columns)

    def _connect(self) -> None:
        session = self._session
        self.preview_button.clicked.connect(self.make_preview)
        self.render_button.clicked.connect(self.make_result)
        self.automatic.toggled.connect(self._on_automatic)
        self.automatic.setChecked(session.remembered.flag("automatic-preview", False))
        self.result.told.connect(self.told)
        session.document.changed.connect(self.show_state)
        session.styles.listed.connect(self.style_well.show_known)
        session.rendering.started.connect(self._on_start)
        session.rendering.made.connect(self._on_made)
        session.rendering.ended.connect(self._on_end)
        session.checking.checked.connect(self._on_checked)
        session.checking.faulted.connect(self._on_fault)

    def _try(self, work: Any) -> None:
        try:
            work()
        except UsageError as error:
            self._on_fault(str(error))

    def _on_automatic(self, is_on: bool) -> None:
        self._session.rendering.set_automatic(is_on)
        self._session.remembered.set_flag("automatic-preview", is_on)

    def _on_start(self, is_preview: bool) -> None:
        self._show_ready()
        if not is_preview:
            self.listening.panel.hide()  # the loss curve needs the room

    def _on_made(self, made: Made) -> None:
        self.result.show_made(made)
        self.result_row.show_hint(False)
        self.listening.panel.show()
        if not made.is_preview:
            self.told.emit(_("{name} was made.").format(name=made.path.name))

    def _on_end(self, error: NastFxError | None) -> None:
        self._show_ready()
        self.listening.panel.setVisible(self.listening.has_result)
        if isinstance(error, CancelledError):
            self.told.emit(_("Cancelled; no file was written."))
        elif error is not None:
            self._on_fault(str(error))
            self.failed.emit(error, self._session.rendering.request)

    def _on_checked(self, facts: dict[str, Any]) -> None:
        rate = facts.get("sample_rate") or 0
        words = []
        if rate and facts.get("frames"):
            length = time_text(facts["frames"] / rate)
            words.append(_("{time} at {rate} kHz").format(time=length, rate=f"{rate / 1000:g}"))
        if facts.get("segments") is not None:
            words.append(_("{n} segments").format(n=facts["segments"]))
        self._show_verdict(" \N{MIDDLE DOT} ".join(words), *map(str, facts.get("notes") or ()))

    def _on_fault(self, sentence: str) -> None:
        self._show_verdict(f"\N{WARNING SIGN} {sentence[:1].upper()}{sentence[1:]}")

    def _show_verdict(self, text: str, *notes: str) -> None:
        self.verdict.setText(text)
        self.verdict.setToolTip("\n".join((text, *notes)))

    def _show_ready(self) -> None:
        state = self._session.document.state
        is_ready = state.content is not None and bool(state.preset.styles)
        is_free = is_ready and not self._session.rendering.is_rendering
        self.preview_button.setEnabled(is_free)
        self.render_button.setEnabled(is_free)
