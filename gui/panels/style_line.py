"""One of several styles: which one is shown, its name and weight, away with it."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QRadioButton, QSizePolicy, QToolButton, QWidget

from nast_fx.models import StyleReference

from ..controls.facts import facts_of
from ..controls.number_box import NumberBox
from ..translation import gettext as _
from .elided import Elided

__all__ = ["StyleLine"]


class StyleLine(QWidget):
    """The line of a style."""

    weighed = pyqtSignal(float)
    removed = pyqtSignal()
    chosen = pyqtSignal()

    def __init__(self, style: StyleReference, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 0, 0)
        self.shown = QRadioButton(self)
        self.shown.setAccessibleName(_("Show {name}").format(name=style.path.name))
        self.shown.setToolTip(_("Show and play this one of the styles"))
        self.shown.clicked.connect(self.chosen)
        name = Elided(style.path.name, self)
        name.setToolTip(str(style.path))
        name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        label = QLabel(_("Weight"), self)
        self.box = NumberBox(facts_of(StyleReference, "weight"), self)
        self.box.show_value(style.weight)
        self.box.setAccessibleName(_("Weight of {name}").format(name=style.path.name))
        self.box.setToolTip(_("Share of this style among several."))
        self.box.changed.connect(lambda value: self.weighed.emit(float(value)))
        label.setBuddy(self.box)
        self.away = QToolButton(self)
        self.away.setText("\N{MULTIPLICATION SIGN}")
        self.away.setAccessibleName(_("Remove {name}").format(name=style.path.name))
        self.away.setToolTip(_("Remove this style"))
        self.away.clicked.connect(self.removed)
        for widget in (self.shown, name, label, self.box, self.away):
            row.addWidget(widget)
