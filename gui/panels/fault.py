"""What went wrong, as one sentence, with the details below and a button that copies all of it."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QMessageBox, QPushButton, QTextEdit, QWidget

from ..certain import certain
from ..translation import gettext as _

__all__ = ["FaultDialog"]


class FaultDialog(QMessageBox):
    """Tells of a fault and lets the window go on; `open` it.

    Parameters
    ----------
    sentence : str
    details : str
        For who looks into it; `nast_fx_gui.model.diagnostics` makes it.
    """

    def __init__(self, sentence: str, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("nast-fx")
        self.setIcon(QMessageBox.Icon.Warning)
        self.setText(sentence[:1].upper() + sentence[1:])
        self.setDetailedText(details)
        for box in self.findChildren(QTextEdit):
            box.setAccessibleName(_("Details"))
            box.setToolTip(_("For who looks into it"))
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            box.setTabChangesFocus(True)
        self._details = details
        # A plain button of a row that each other button closes: this one leaves the dialog open.
        self.copy = QPushButton(_("Copy diagnostics"), self)
        self.addButton(self.copy, QMessageBox.ButtonRole.ActionRole)
        self.copy.clicked.disconnect()
        self.copy.clicked.connect(self._copy)
        self.setDefaultButton(self.addButton(QMessageBox.StandardButton.Close))
        self.finished.connect(self.deleteLater)

    def _copy(self) -> None:
        certain(QGuiApplication.clipboard()).setText(f"{self.text()}\n\n{self._details}")
        self.copy.setText(_("Copied"))
