"""A scroll bar for the shared time axis, for hands that have a mouse only."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QScrollBar, QWidget

from ..model.time_axis import TimeAxis
from ..translation import gettext as _

__all__ = ["TimeScrollBar"]

STEPS = 1000.0  # a second; scroll bars count in whole numbers
STEP_SHARE = 0.05  # of the view, by an arrow


class TimeScrollBar(QScrollBar):
    """Shows which part of the sound is seen, and moves it.

    Parameters
    ----------
    axis : TimeAxis
    parent : QWidget, optional
    """

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._axis = axis
        self._is_showing = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(_("Visible time"))
        self.setToolTip(_("Move to another part of the sound"))
        axis.changed.connect(self._show)
        self.valueChanged.connect(self._on_value)
        self._show()

    def _show(self) -> None:
        axis = self._axis
        self._is_showing = True  # what is rounded here is not to be taken back by the axis
        self.setRange(0, round(STEPS * (axis.length - axis.span)))
        self.setPageStep(max(round(STEPS * axis.span), 1))
        self.setSingleStep(max(round(STEPS * STEP_SHARE * axis.span), 1))
        self.setValue(round(STEPS * axis.start))
        self._is_showing = False
        self.setEnabled(axis.span < axis.length)

    def _on_value(self, value: int) -> None:
        if not self._is_showing:
            start = value / STEPS
            self._axis.show(start, start + self._axis.span)
