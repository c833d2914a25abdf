"""Chains as files of their own: open, save, and begin anew."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QMessageBox, QPushButton, QWidget

from nast_fx.models import ChainSpec

from ..model.chain_jobs import ChainJobs
from ..model.remembered import Remembered
from ..model.slots import SlotsModel
from ..translation import gettext as _

__all__ = ["ChainFiles"]

PATTERNS = "*.toml *.json"


class ChainFiles(QWidget):
    """Three buttons and their dialogs.

    Parameters
    ----------
    slots : SlotsModel
    jobs : ChainJobs
    remembered : Remembered
        Knows the folder of chain files.
    parent : QWidget, optional
    """

    def __init__(
        self,
        slots: SlotsModel,
        jobs: ChainJobs,
        remembered: Remembered,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._slots, self._jobs, self._remembered = slots, jobs, remembered
        self.open_button = QPushButton(_("&Open chain ..."), self)
        self.open_button.setToolTip(_("Take the chain of a file"))
        self.open_button.clicked.connect(self._open)
        self.save_button = QPushButton(_("Save &chain ..."), self)
        self.save_button.setToolTip(_("Write the chain to a file"))
        self.save_button.clicked.connect(self._save)
        self.clear_button = QPushButton(_("C&lear"), self)
        self.clear_button.setToolTip(_("Take all slots out but the style"))
        self.clear_button.clicked.connect(self._clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.open_button, self.save_button, self.clear_button):
            row.addWidget(button)
        slots.dataChanged.connect(self._show)
        slots.modelReset.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.clear_button.setEnabled(bool(self._slots.chain.slots))

    def _clear(self) -> None:
        self._slots.put(ChainSpec(), _("Clear chain"))

    def _open(self) -> None:
        folder = self._remembered.folder("chain")
        file, _kind = QFileDialog.getOpenFileName(self, _("Open chain"), folder, self._pattern())
        if file:
            self._remembered.add_recent("chain", Path(file))
            self._jobs.open(Path(file))

    def _save(self) -> None:
        """Ask for a place; the dialog asks before a file is replaced."""
        place = str(Path(self._remembered.folder("chain")) / "chain.toml")
        file, _kind = QFileDialog.getSaveFileName(self, _("Save chain"), place, self._pattern())
        if not file:
            return
        is_asked = bool(Path(file).suffix)  # of another name the dialog has asked nothing
        path = Path(file) if is_asked else Path(f"{file}.toml")
        self._remembered.add_recent("chain", path)
        has_hosted = any(row.slot and row.slot.kind in ("vst3", "au") for row in self._slots.rows)
        self._jobs.save(path, overwrite=is_asked, states=has_hosted and self._wants_states())

    def _wants_states(self) -> bool:
        question = _("Keep the state of each plugin too? The chain then sounds the same on other computers.")
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(self, _("Save chain"), question, buttons.Yes | buttons.No, buttons.Yes)
        return answer == buttons.Yes

    def _pattern(self) -> str:
        return _("Chains ({patterns})").format(patterns=PATTERNS)
