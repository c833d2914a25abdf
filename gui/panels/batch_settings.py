"""What is done with the files of a batch: its sound, names and place of the results, how it is run."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from ..model.batch_setup import BatchDocument, BatchSetup
from ..model.remembered import Remembered
from ..translation import gettext as _
from .batch_sound import BatchSound
from .naming_field import NamingField

__all__ = ["BatchSettings"]

MOST_JOBS = 256


class BatchSettings(QWidget):
    """Shows a setup and asks for changes of it.

    Parameters
    ----------
    batch : BatchDocument
    remembered : Remembered
        For the folder that was used last.
    parent : QWidget, optional
    """

    render_view_wanted = pyqtSignal()

    def __init__(self, batch: BatchDocument, remembered: Remembered, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._batch, self._remembered = batch, remembered
        self.sound = BatchSound(batch, self)
        self.sound.render_view_wanted.connect(self.render_view_wanted)
        self.naming = NamingField(self)
        self.naming.edited.connect(self._pattern_edited)
        self.folder = QLineEdit(self)
        self.folder.setToolTip(_("Folder that the results are written to"))
        self.folder.textEdited.connect(self._folder_edited)
        self.browse = QPushButton(_("Bro&wse ..."), self)
        self.browse.setAccessibleName(_("Browse for the folder of the results"))
        self.browse.setToolTip(_("Choose the folder of the results"))
        self.browse.clicked.connect(self._browse)
        self.overwrite = self._overwrite_box()
        self.jobs = self._jobs_box()
        self.recursive = self._switch(
            _("Folders in f&olders"), _("Take the files of folders in folders too"), "is_recursive"
        )
        self.stems = self._switch(
            _("The files are stems of one mix"),
            _("All get one key, tempo, length and gain; the mix is styled too, and compared with their sum"),
            "is_stems",
        )
        self._lay_out()
        batch.changed.connect(self.show_setup)
        self.show_setup(batch.setup, batch.setup)

    def show_setup(self, old: BatchSetup, new: BatchSetup) -> None:
        """Show a setup."""
        self.naming.show_pattern(new.pattern)
        if _folder_of(self.folder.text()) != new.folder:  # else it is being written
            self.folder.setText("" if new.folder is None else str(new.folder))
        self.folder.setPlaceholderText(_("a folder beside the files") if new.root is None else str(new.root))
        self.overwrite.setCurrentIndex(self.overwrite.findData(new.overwrite))
        if self.jobs.value() != new.n_jobs:
            self.jobs.setValue(new.n_jobs)
        self.recursive.setChecked(new.is_recursive)
        self.stems.setChecked(new.is_stems)

    def _overwrite_box(self) -> QComboBox:
        box = QComboBox(self)
        for value, text in (
            ("rename", _("keep them, number the new ones")),
            ("skip", _("keep them, make no new ones")),
            ("overwrite", _("replace them")),
            ("fail", _("say so, and go on with the next file")),
        ):
            box.addItem(text, value)
        box.setToolTip(_("What to do where another file has the name of a result"))
        box.activated.connect(
            lambda _index: self._batch.change(
                _("Choose what to do with existing files"), overwrite=box.currentData()
            )
        )
        return box

    def _jobs_box(self) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(0, MOST_JOBS)
        box.setSpecialValueText(_("automatic"))
        box.setToolTip(
            _("How many files are rendered side by side; automatic is one for two processors, at most 4")
        )
        box.setKeyboardTracking(False)
        box.valueChanged.connect(
            lambda value: self._batch.change(_("Choose number of jobs"), merge="n_jobs", n_jobs=value)
        )
        return box

    def _switch(self, text: str, help_text: str, field: str) -> QCheckBox:
        box = QCheckBox(text, self)
        box.setToolTip(help_text)
        box.clicked.connect(lambda is_on: self._batch.change(text.replace("&", ""), **{field: is_on}))
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        folder = QHBoxLayout()
        folder.addWidget(self.folder, 1)
        folder.addWidget(self.browse)
        grid.addWidget(_label(_("So&und"), self.sound.presets), 0, 0)
        grid.addWidget(self.sound, 0, 1, 1, 5)
        grid.addWidget(_label(_("Resu&lts to"), self.folder), 1, 0)
        grid.addLayout(folder, 1, 1)
        grid.addWidget(_label(_("&Naming"), self.naming.line), 2, 0)
        grid.addWidget(self.naming, 2, 1, 2, 1)
        grid.addWidget(_label(_("E&xisting files"), self.overwrite), 1, 2)
        grid.addWidget(self.overwrite, 1, 3, 1, 3)
        grid.addWidget(_label(_("Files at a &time"), self.jobs), 2, 2)
        grid.addWidget(self.jobs, 2, 3)
        grid.addWidget(self.recursive, 2, 4)
        grid.addWidget(self.stems, 3, 3, 1, 3)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(4, 1)
        grid.setColumnMinimumWidth(2, 100)

    def _pattern_edited(self, text: str) -> None:
        self._batch.change(_("Change naming"), merge="pattern", pattern=text)

    def _folder_edited(self, text: str) -> None:
        self._batch.change(_("Choose folder of the results"), merge="folder", folder=_folder_of(text))

    def _browse(self) -> None:
        start = str(self._batch.setup.folder or self._remembered.folder("results"))
        name = QFileDialog.getExistingDirectory(self, _("Folder of the results"), start)
        if name:
            self._batch.change(_("Choose folder of the results"), folder=Path(name))


def _folder_of(text: str) -> Path | None:
    return Path(text) if text.strip() else None


def _label(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(buddy)
    buddy.setAccessibleName(text.replace("&", ""))
    return label
