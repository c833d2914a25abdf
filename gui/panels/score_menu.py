"""The menu of scores: a MIDI file whose notes guide a render, and the instrument that plays a MIDI file."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QMenu, QWidget

from ..certain import certain
from ..model.document import Document, State
from ..model.remembered import Remembered
from ..translation import gettext as _

__all__ = ["ScoreMenu"]

MIDI_FILES = "*.mid *.midi *.smf *.kar"
INSTRUMENT_FILES = "*.sf2 *.sf3 *.vst3"


class ScoreMenu(QMenu):
    """Chooses both, and takes them away; each is a step of undo.

    Parameters
    ----------
    document : Document
    remembered : Remembered
    parent : QWidget
    """

    def __init__(self, document: Document, remembered: Remembered, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        self._remembered = remembered
        self.midi = certain(self.addAction(""))
        self.instrument = certain(self.addAction(""))
        self.addSeparator()
        self.no_midi = certain(self.addAction(_("Without a MIDI file")))
        self.no_instrument = certain(self.addAction(_("Without an instrument")))
        self.midi.triggered.connect(self.ask_midi)
        self.instrument.triggered.connect(self.ask_instrument)
        self.no_midi.triggered.connect(lambda: self._set_midi(None))
        self.no_instrument.triggered.connect(lambda: self._set_instrument(None))
        document.changed.connect(self.show_state)
        self.show_state(None, document.state)

    def show_state(self, old: State | None, new: State) -> None:
        """Show what is chosen."""
        none = _("none")
        midi, instrument = (path.name if path else none for path in (new.midi, new.instrument))
        self.midi.setText(_("MIDI file: {name} ...").format(name=midi))
        self.instrument.setText(_("Instrument: {name} ...").format(name=instrument))
        self.no_midi.setEnabled(new.midi is not None)
        self.no_instrument.setEnabled(new.instrument is not None)

    def ask_midi(self) -> None:
        """Let a person look for the content's notes."""
        path = self._ask("midi", _("Choose a MIDI file"), MIDI_FILES)
        if path is not None:
            self._set_midi(path)

    def ask_instrument(self) -> None:
        """Let a person look for a soundfont or a plugin."""
        path = self._ask("instrument", _("Choose a soundfont or a plugin that plays"), INSTRUMENT_FILES)
        if path is not None:
            self._set_instrument(path)

    def _ask(self, kind: str, title: str, files: str) -> Path | None:
        folder = self._remembered.folder(kind)
        kinds = f"{files};;{_('All files')} (*)"
        name, _kind = QFileDialog.getOpenFileName(self.parentWidget(), title, folder, kinds)
        if not name:
            return None
        self._remembered.add_recent(kind, Path(name))
        return Path(name)

    def _set_midi(self, path: Path | None) -> None:
        self._document.change(_("Choose MIDI file"), midi=path)

    def _set_instrument(self, path: Path | None) -> None:
        self._document.change(_("Choose instrument"), instrument=path)
