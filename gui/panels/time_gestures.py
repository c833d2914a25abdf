"""Mouse, wheel and keys on a picture of sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QWheelEvent

if TYPE_CHECKING:
    from .time_view import TimeView

__all__ = ["TimeGestures"]

NOTCH = 120  # of a wheel, in eighths of a degree
ZOOM = 1.25  # of a notch or a key
SCROLL_SHARE = 0.1  # of the view, by a notch
STEP_PIXELS, FAR_SHARE = 4, 0.1  # that an arrow key goes, and with Ctrl, of the view
GRIP_PIXELS = 5  # around the edge of a selection
SAME_SECONDS = 0.001  # the cursor stands on a frame, a selection anywhere
DRAG_PIXELS = 4  # from which on a press is no click

Keys = Qt.Key


class TimeGestures:
    """Turns what hands do into changes of the axis, the selection and the cursor.

    Parameters
    ----------
    view : TimeView
    """

    def __init__(self, view: TimeView) -> None:
        self._view = view
        self._axis = view.axis
        self._pressed_x: float | None = None
        self._anchor = 0.0  # second at which the selection stays
        self._is_drag = False
        self._before: tuple[float, float] | None = None

    def wheel(self, event: QWheelEvent | None) -> None:
        """Zoom about the pointer; scroll with Shift or sideways."""
        if event is None:
            return
        turn = event.angleDelta()
        is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        sideways = turn.x() or (turn.y() if is_shifted else 0)
        if sideways:
            self._axis.scroll(-SCROLL_SHARE * self._axis.span * sideways / NOTCH)
        elif turn.y():
            self._axis.zoom(ZOOM ** (turn.y() / NOTCH), self._view.seconds_at(event.position().x()))
        event.accept()

    def press(self, event: QMouseEvent | None) -> None:
        """Begin a selection, or take hold of the edge of the one that is there."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._axis.span <= 0:
            return
        x = event.position().x()
        self._pressed_x, self._is_drag = x, False
        self._before = self._view.overlay.selection
        edge = self._edge_at(x)
        if edge is None:
            self._anchor = self._view.seconds_at(x)
        elif self._before is not None:
            self._anchor = self._before[1 - edge]
            self._is_drag = True

    def move(self, event: QMouseEvent | None) -> None:
        """Show the selection up to here; without a button, show where there is an edge."""
        if event is None:
            return
        x = event.position().x()
        if self._pressed_x is None:
            is_edge = self._edge_at(x) is not None
            self._view.setCursor(Qt.CursorShape.SplitHCursor if is_edge else Qt.CursorShape.IBeamCursor)
            return
        self._is_drag |= abs(x - self._pressed_x) >= DRAG_PIXELS
        if self._is_drag:
            self._view.set_selection(self._dragged(x))

    def release(self, event: QMouseEvent | None) -> None:
        """Take what was selected; a click is a place to play from."""
        if event is None or self._pressed_x is None or event.button() != Qt.MouseButton.LeftButton:
            return
        x, self._pressed_x = event.position().x(), None
        if not self._is_drag:
            self._view.position_chosen.emit(self._view.seconds_at(x))
            return
        selection = self._dragged(x)
        self._view.set_selection(self._before)  # so that it counts as a change from what it was
        self._view.choose(selection)

    def key(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; False if it stands for nothing here."""
        if self._axis.span <= 0:
            return False
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self._view.choose((0.0, self._axis.length))
            return True
        if (goal := self._goal(event)) is not None:
            self._go(goal, is_selecting=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            return True
        return self._look(event)

    def _look(self, event: QKeyEvent) -> bool:
        """Do keys that change what is seen or selected."""
        axis, selection = self._axis, self._view.overlay.selection
        key = event.key()
        if key in (Keys.Key_Plus, Keys.Key_Equal):
            axis.zoom(ZOOM, self._center())
        elif key == Keys.Key_Minus:
            axis.zoom(1 / ZOOM, self._center())
        elif key == Keys.Key_0:
            axis.show_all()
        elif key in (Keys.Key_PageUp, Keys.Key_PageDown):
            axis.scroll(axis.span * (0.9 if key == Keys.Key_PageDown else -0.9))
        elif key == Keys.Key_S and selection is not None:
            axis.show(*selection)
        elif key == Keys.Key_Escape and selection is not None:
            self._view.choose(None)
        else:
            return False
        return True

    def _goal(self, event: QKeyEvent) -> float | None:
        """Give the second to which a key moves the cursor."""
        position, span = self._view.overlay.position, self._axis.span
        is_far = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        step = FAR_SHARE * span if is_far else STEP_PIXELS * span / self._view.area.width()
        goals = {
            Keys.Key_Left: position - step,
            Keys.Key_Right: position + step,
            Keys.Key_Home: 0.0,
            Keys.Key_End: self._axis.length,
        }
        goal = goals.get(Keys(event.key()))
        return None if goal is None else min(max(goal, 0.0), self._axis.length)

    def _go(self, goal: float, *, is_selecting: bool) -> None:
        position, selection = self._view.overlay.position, self._view.overlay.selection
        if is_selecting:
            # The end at which the cursor is moves; from elsewhere a new selection begins.
            anchor = position
            if selection is not None:
                near = [abs(position - edge) <= SAME_SECONDS for edge in selection]
                anchor = selection[0] if near[1] else selection[1] if near[0] else position
            self._view.choose((anchor, goal))
        self._view.set_position(goal)
        self._axis.follow(min(goal, self._axis.length - 1e-9))
        self._view.position_chosen.emit(goal)

    def _center(self) -> float:
        """Give the second about which keys zoom: the cursor, where it is seen."""
        position = self._view.overlay.position
        axis = self._axis
        return position if axis.start <= position <= axis.end else (axis.start + axis.end) / 2

    def _dragged(self, x: float) -> tuple[float, float]:
        here = self._view.seconds_at(x)
        return min(self._anchor, here), max(self._anchor, here)

    def _edge_at(self, x: float) -> int | None:
        """Give which edge of the selection is at a place: 0, 1 or None."""
        selection, area = self._view.overlay.selection, self._view.area
        if selection is None:
            return None
        distances = [abs(area.left() + self._axis.x_of(seconds, area.width()) - x) for seconds in selection]
        nearest = min((0, 1), key=lambda edge: distances[edge])
        return nearest if distances[nearest] <= GRIP_PIXELS else None
