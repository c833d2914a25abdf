"""A small editor of what a parameter does over time: a table of points, or a MIDI controller of the score."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nast_fx.errors import UsageError
from nast_fx.models import validated
from nast_fx.models.chain import AutomationSpec

from ..certain import certain
from ..controls.facts import FieldFacts, unit_text
from ..controls.number_box import NumberBox
from ..translation import gettext as _

__all__ = ["AutomationDialog"]

KINDS = ("fixed", "points", "controller")
EXPRESSION = 11  # the MIDI controller that is most used for this
LATER = 4.0  # seconds of a new point after the one before


class AutomationDialog(QDialog):
    """Edits a curve; `curve` is it after the dialog was accepted.

    Parameters
    ----------
    facts : FieldFacts
        Of the parameter, a number.
    curve : AutomationSpec or None
        What it does now; None is nothing.
    value : float
        Where a new curve begins.
    parent : QWidget, optional
    """

    def __init__(
        self, facts: FieldFacts, curve: AutomationSpec | None, value: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._facts, self._value = facts, value
        self.curve = curve
        self.setWindowTitle(_("{name} over time").format(name=_(facts.label)))
        self.kind = QComboBox(self)
        for text in (_("does not change"), _("goes through points"), _("follows a MIDI controller")):
            self.kind.addItem(text)
        self.kind.setAccessibleName(_("What it does"))
        self.kind.setToolTip(_("What it does"))
        self.table = self._make_table()
        self.add_button = QPushButton(_("&Add point"), self)
        self.add_button.clicked.connect(self._add_point)
        self.remove_button = QPushButton(_("&Remove point"), self)
        self.remove_button.clicked.connect(self._remove_point)
        self.controller = QSpinBox(self)
        self.controller.setRange(0, 127)
        self.controller.setValue(EXPRESSION)
        self.low, self.high = NumberBox(facts, self), NumberBox(facts, self)
        self.fault = QLabel(self)
        self.fault.setWordWrap(True)
        self.stack = QStackedWidget(self)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.kind.currentIndexChanged.connect(self.stack.setCurrentIndex)
        self._show(curve)

    def accept(self) -> None:
        """Take what is entered, if it is a curve; else say why not."""
        try:
            self.curve = self._entered()
        except UsageError as error:
            self.fault.setText(f"\N{WARNING SIGN} {error}")
            return
        super().accept()

    def _entered(self) -> AutomationSpec | None:
        kind = KINDS[self.kind.currentIndex()]
        if kind == "fixed":
            return None
        if kind == "controller":
            ends = {"low": float(self.low.value), "high": float(self.high.value)}
            return validated(AutomationSpec, {"controller": self.controller.value(), **ends})
        points = [
            [self._number(row, 0, _("time")), self._number(row, 1, _("value"))]
            for row in range(self.table.rowCount())
        ]
        for _seconds, value in points:
            if fault := self._facts.check(value):
                raise UsageError(f"{self._facts.name}={value:g}: {fault}")
        return validated(AutomationSpec, {"points": points})

    def _number(self, row: int, column: int, what: str) -> float:
        item = self.table.item(row, column)
        text = item.text().strip().replace(",", ".") if item else ""
        try:
            return float(text)
        except ValueError:
            sentence = _("the {what} of point {number} must be a number")
            raise UsageError(sentence.format(what=what, number=row + 1)) from None

    def _show(self, curve: AutomationSpec | None) -> None:
        low, high = self._facts.low, self._facts.high
        self.low.show_value(low or 0.0)
        self.high.show_value(high or 0.0)
        points = [(0.0, self._value), (LATER, self._value)]
        kind = "points" if curve is not None and curve.points else "fixed"
        if curve is not None and curve.controller is not None:
            kind = "controller"
            self.controller.setValue(curve.controller)
            self.low.show_value(curve.low or 0.0)
            self.high.show_value(curve.high or 0.0)
        for pair in curve.points if curve is not None and curve.points else points:
            self._put_row(self.table.rowCount(), pair)
        self.kind.setCurrentIndex(KINDS.index(kind))
        self.stack.setCurrentIndex(KINDS.index(kind))

    def _put_row(self, row: int, pair: tuple[float, float]) -> None:
        self.table.insertRow(row)
        for column, number in enumerate(pair):
            item = QTableWidgetItem(f"{number:.6g}")
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, column, item)

    def _add_point(self) -> None:
        last = self.table.rowCount() - 1
        try:
            pair = self._number(last, 0, "") + LATER, self._number(last, 1, "")
        except UsageError:  # an unfinished row: the new one begins anywhere
            pair = 0.0, self._value
        self._put_row(last + 1, pair)
        self.table.setCurrentCell(last + 1, 0)

    def _remove_point(self) -> None:
        self.table.removeRow(self.table.currentRow())

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, 2, self)
        table.setHorizontalHeaderLabels([_("Seconds"), _("Value{unit}").format(unit=unit_text(self._facts))])
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setAccessibleName(_("Points in order of their times"))
        table.setToolTip(_("Points in order of their times"))
        table.setTabKeyNavigation(False)  # Tab leaves the table
        certain(table.horizontalHeader()).setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        certain(table.verticalHeader()).hide()
        return table

    def _lay_out(self) -> None:
        fixed = QLabel(_("Its slider says its value."), self)
        fixed.setAlignment(Qt.AlignmentFlag.AlignTop)
        points = QWidget(self)
        column = QVBoxLayout(points)
        column.setContentsMargins(0, 0, 0, 0)
        hint = QLabel(_("Seconds count from the beginning of the file; between points it moves straight."))
        hint.setWordWrap(True)
        column.addWidget(hint)
        column.addWidget(self.table)
        row = QHBoxLayout()
        row.addWidget(self.add_button)
        row.addWidget(self.remove_button)
        column.addLayout(row)
        controller = QWidget(self)
        form = QFormLayout(controller)
        form.setContentsMargins(0, 0, 0, 0)
        for text, box in (
            (_("&Controller of the score"), self.controller),
            (_("Value at &0"), self.low),
            (_("Value at 12&7"), self.high),
        ):
            form.addRow(text, box)
            box.setAccessibleName(text.replace("&", ""))
        for page in (fixed, points, controller):
            self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        for widget in (self.kind, self.stack, self.fault, self.buttons):
            outer.addWidget(widget)
        self.resize(420, 380)
