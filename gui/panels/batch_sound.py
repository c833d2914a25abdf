"""What the files of a batch will sound like, in one line, and where that is changed."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from ..model.batch_setup import BatchDocument
from ..model.document import PresetOrigin
from ..model.presets import PresetRow
from ..model.sound_words import sound_text
from ..translation import gettext as _

__all__ = ["BatchSound"]


class BatchSound(QWidget):
    """A choice of presets, and what the chosen one does.

    Parameters
    ----------
    batch : BatchDocument
    parent : QWidget, optional
    """

    render_view_wanted = pyqtSignal()
    preset_wanted = pyqtSignal(str)
    """A preset by its name, to be loaded and given to `take`."""

    def __init__(self, batch: BatchDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._batch = batch
        self._rows: Sequence[PresetRow] = ()
        self.presets = QComboBox(self)
        self.presets.setToolTip(_("The settings of the render view, or those of a preset"))
        self.presets.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.presets.setMinimumContentsLength(30)
        self.presets.activated.connect(self._chosen)
        self.line = QLabel(self)
        self.line.setAccessibleName(_("What will be done with each file"))
        self.line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = QPushButton(_("Chan&ge it in the render view"), self)
        self.button.setToolTip(_("Go to the render view, where styles and settings are chosen and heard"))
        self.button.clicked.connect(self.render_view_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.presets)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        batch.changed.connect(self.refresh)
        batch.document.changed.connect(self.refresh)
        self.refresh()

    def show_presets(self, rows: Sequence[PresetRow]) -> None:
        """Offer these presets."""
        self._rows = rows
        self.refresh()

    def take(self, origin: PresetOrigin) -> None:
        """Have the files done with a preset that was loaded."""
        self._batch.change(_("Choose preset of the batch"), origin=origin)

    def refresh(self) -> None:
        """Show what the setup and the document have now."""
        state, origin = self._batch.document.state, self._batch.setup.origin
        mark = "*" if state.is_dirty else ""
        ours = _("As in the render view ({name})").format(name=f"{state.preset.name}{mark}")
        names = [row.name for row in self._rows]
        if origin is not None and origin.name not in names:
            names.insert(0, origin.name)
        self.presets.clear()
        self.presets.addItem(ours, "")
        for name in names:
            self.presets.addItem(name, name)
        self.presets.setCurrentIndex(0 if origin is None else self.presets.findData(origin.name))
        self._elide()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the line to its width."""
        super().resizeEvent(event)
        self._elide()

    def _chosen(self, index: int) -> None:
        name = self.presets.itemData(index)
        if not name:
            self._batch.change(_("Choose preset of the batch"), origin=None)
            return
        self.refresh()  # until it is loaded, the old one holds
        self.preset_wanted.emit(name)

    def _elide(self) -> None:
        text = sound_text(self._batch.preset)
        self.line.setToolTip(text)
        room = self.width() - self.presets.width() - self.button.width() - 30
        self.line.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(room, 60)))
