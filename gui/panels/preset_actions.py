"""What is done with presets, as actions of menus: save, save as, describe, delete, import, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from nast_fx.errors import UsageError
from nast_fx.models import Preset

from ..controls.form import Form
from ..model.document import Document, State
from ..model.edits import with_values
from ..model.presets import PresetLibrary, PresetRow
from ..model.remembered import Remembered
from ..translation import gettext as _

__all__ = ["PresetActions", "WordsDialog"]

WORDS = ("name", "author", "description", "tags", "notes")
CAN_CHANGE = ("user", "project")  # layers; the program's own cannot be


class WordsDialog(QDialog):
    """Name, author, description, tags and notes of a preset."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Describe the preset"))
        self._document = document
        rest = [name for name in Preset.model_fields if name not in WORDS]
        self.form = Form(Preset, first=WORDS, left_out=rest, parent=self)
        preset = document.state.preset
        self.form.show_values(preset, preset)
        for row in self.form.rows.values():
            row.back.hide()
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, parent=self
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.form)
        column.addWidget(buttons)
        self.resize(480, 380)

    def accept(self) -> None:
        """Take the words, unless one of them cannot be."""
        values = {name: row.control.value for name, row in self.form.rows.items()}
        values["tags"] = list(values["tags"])
        try:
            self._document.set_words(**values)
        except UsageError as error:
            self.form.show_fault("name", str(error))
            return
        super().accept()


class PresetActions(QObject):
    """The actions; the list tells which preset it stands on.

    Parameters
    ----------
    document : Document
    library : PresetLibrary
    remembered : Remembered
    parent : QWidget
        Above which questions are asked.
    """

    def __init__(
        self, document: Document, library: PresetLibrary, remembered: Remembered, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._library = library
        self._remembered = remembered
        self._window = parent
        self._current: PresetRow | None = None
        self.new = self._action(_("&New preset"), self._document.forget_preset)
        self.save = self._action(_("&Save preset"), self.save_it, QKeySequence.StandardKey.Save)
        self.save_as = self._action(_("Save preset &as ..."), self.save_it_as, "Ctrl+Shift+S")
        self.describe = self._action(_("&Tags and notes ..."), self.open_words)
        self.delete = self._action(_("&Delete preset ..."), self.delete_it)
        self.take_in = self._action(_("&Import preset ..."), self.import_one)
        self.give = self._action(_("&Export preset ..."), self.export_it)
        self.all = [self.new, self.save, self.save_as, self.describe, self.delete, self.take_in, self.give]
        library.loaded.connect(document.load)
        library.saved.connect(document.saved)
        library.asked.connect(self._allow)
        document.changed.connect(self.show_state)
        self.show_current(None)
        self.show_state(None, document.state)

    def show_current(self, row: PresetRow | None) -> None:
        """Say which preset the list stands on."""
        self._current = row
        self.delete.setEnabled(row is not None and row.layer in CAN_CHANGE)
        self.give.setEnabled(row is not None)

    def show_state(self, old: State | None, new: State) -> None:
        """Saving needs something to save."""
        self.save.setEnabled(new.is_dirty or new.origin is None)

    def save_it(self) -> bool:
        """Save over the preset's own file; one of the program's gets another name first.

        Returns
        -------
        bool
            Whether it is being saved; not if a person gave no name.
        """
        state = self._document.state
        if state.origin is None or state.origin.layer not in CAN_CHANGE:
            return self.save_it_as()
        self._library.save(state.preset, overwrite=True)
        return True

    def save_it_as(self) -> bool:
        """Ask for a name and save under it, and say whether one was given."""
        preset = self._document.state.preset
        name, is_given = QInputDialog.getText(
            self._window, _("Save preset"), _("Name of the preset:"), text=preset.name
        )
        if not is_given or not name.strip():
            return False
        known = next((r for r in self._library.rows if _letters(r.name) == _letters(name)), None)
        is_there = known is not None and known.layer in CAN_CHANGE
        if is_there and not self._sure(_("There is a preset of this name. Replace it?")):
            return False
        try:
            named = with_values(preset, name=name)
        except UsageError as error:
            self._library.failed.emit(error)
            return False
        self._library.save(named, overwrite=is_there)
        return True

    def open_words(self) -> None:
        """Edit name, tags and notes."""
        dialog = WordsDialog(self._document, self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def delete_it(self) -> None:
        """Delete the preset that the list stands on."""
        row = self._current
        if row is not None and self._sure(_("Delete the preset {name}?").format(name=row.label)):
            self._library.delete(row.name)

    def import_one(self) -> None:
        """Take in a preset that somebody gave."""
        folder = self._remembered.folder("preset")
        kinds = f"{_('Presets')} (*.toml *.zip)"
        name, _kind = QFileDialog.getOpenFileName(self._window, _("Import preset"), folder, kinds)
        if name:
            self._remembered.add_recent("preset", Path(name))
            self._library.take_in(Path(name))

    def export_it(self) -> None:
        """Write the preset that the list stands on, with its files, to give it away."""
        if self._current is None:
            return
        place = Path(self._remembered.folder("preset")) / f"{self._current.name}.zip"
        name, _kind = QFileDialog.getSaveFileName(self._window, _("Export preset"), str(place), "*.zip")
        if name:
            self._remembered.add_recent("preset", Path(name))
            self._library.give(self._current.name, Path(name))

    def _allow(self, path: Path, needs: list[str]) -> None:
        """Ask whether what an imported preset needs is wanted."""
        listed = "\n".join(f"\N{BULLET} {one}" for one in needs)
        if self._sure(_("This preset needs:\n{list}\nTake it in?").format(list=listed)):
            self._library.take_in(path, allow=True)

    def _sure(self, question: str) -> bool:
        button = QMessageBox.StandardButton
        answer = QMessageBox.question(self._window, "nast-fx", question, button.Yes | button.No, button.No)
        return answer == button.Yes

    def _action(
        self, text: str, slot: Callable[[], object], keys: QKeySequence.StandardKey | str | None = None
    ) -> QAction:
        action = QAction(text, self)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False: slot())
        return action


def _letters(name: str) -> str:
    """Letters and digits of a name: what makes two names one file."""
    return "".join(filter(str.isalnum, name.casefold()))
