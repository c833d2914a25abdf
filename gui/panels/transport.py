"""Play, pause, loop, position, and which file is heard."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..certain import certain
from ..model.clock import clock_text
from ..model.time_axis import TimeAxis
from ..playback.comparison import ROLES, Comparison
from ..playback.player import Player
from ..translation import gettext as _
from .key_button import KeyButton, pause_icon, play_icon
from .keys import KeyGuard
from .time_view import Selection, TimeView

__all__ = ["TransportPanel"]


class TransportPanel(QWidget):
    """Buttons of the player, and its position.

    Keys work in the whole window, except where a field or list needs them.

    Parameters
    ----------
    player : Player
    comparison : Comparison
    axis : TimeAxis
        Which follows what is heard.
    parent : QWidget, optional
    """

    def __init__(
        self, player: Player, comparison: Comparison, axis: TimeAxis, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._player = player
        self._comparison = comparison
        self._axis = axis
        self._selection: Selection = None
        self._guard: KeyGuard | None = None
        self.play_button = KeyButton(_("Play"), _("Play or pause"), "Space")
        self.loop_button = KeyButton(_("Loop"), _("Repeat the selection, or all"), "L")
        self.follow_button = KeyButton(_("Follow"), _("Turn the page when the cursor leaves the view"))
        self.follow_button.setChecked(True)
        self.position_label = QLabel()
        self.position_label.setAccessibleName(_("Position"))
        self.device_label = QLabel()
        self.device_label.setWordWrap(True)
        self.device_label.setAccessibleName(_("Sound device"))
        names = {"content": _("Content"), "style": _("Style"), "result": _("Result")}
        self.source_buttons = {
            role: KeyButton(names[role], _("Hear it from the same position"), str(number))
            for number, role in enumerate(ROLES, start=1)
        }
        self._lay_out()
        self._connect()
        self._show_state()
        self._show_sources()
        self._show_position()

    def set_selection(self, selection: Selection) -> None:
        """Say what is selected: that is what is repeated."""
        self._selection = selection
        self._set_loop()

    def add_view(self, view: TimeView) -> None:
        """Show the play cursor in a view, and play from where it is clicked."""
        self._player.position_changed.connect(view.set_position)
        view.position_chosen.connect(self._player.seek)
        view.set_position(self._player.position)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Leave keys to the fields of the window that need them."""
        super().showEvent(event)
        if self._guard is None:
            self._guard = KeyGuard(certain(self.window()))

    def changeEvent(self, event: QEvent | None) -> None:
        """Keep the room for the position in another font, and the signs in other colors."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._reserve()
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._show_state()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        self.play_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for widget in (self.play_button, self.loop_button, self.follow_button):
            row.addWidget(widget)
        row.addSpacing(12)
        for button in self.source_buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.position_label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.device_label)
        self._reserve()

    def _reserve(self) -> None:
        """Keep room, so that nothing moves while it plays."""
        words = (_("Play"), _("Pause"))
        widest = max(self.fontMetrics().horizontalAdvance(word) for word in words)
        self.play_button.setMinimumWidth(widest + self.play_button.iconSize().width() + 28)
        self.position_label.setMinimumWidth(self.fontMetrics().horizontalAdvance("0:00:00.0 / 0:00:00.0"))
        self.position_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _connect(self) -> None:
        self._player.state_changed.connect(self._show_state)
        self._player.position_changed.connect(self._on_position)
        self._player.length_changed.connect(self._on_length)
        self._axis.changed.connect(self._show_position)
        self._comparison.changed.connect(self._show_sources)
        self.play_button.clicked.connect(self._on_play)
        self.loop_button.toggled.connect(self._set_loop)
        for role, button in self.source_buttons.items():
            button.clicked.connect(lambda _checked, role=role: self._on_source(role))

    def _on_play(self) -> None:
        self._player.toggle()
        self._show_state()

    def _on_source(self, role: str) -> None:
        self._comparison.hear(role)
        self._show_sources()  # also where nothing has changed: a click has let go of the button

    def _set_loop(self) -> None:
        if not self.loop_button.isChecked():
            self._player.set_loop(None)
        elif self._selection is not None:
            self._player.set_loop(self._selection)
        else:
            self._player.set_loop((0.0, self._length()) if self._length() > 0 else None)

    def _on_position(self, seconds: float) -> None:
        self._show_position()
        if self._player.is_playing and self.follow_button.isChecked():
            self._axis.follow(seconds)

    def _on_length(self) -> None:
        self._show_position()
        if self.loop_button.isChecked() and self._selection is None:
            self._set_loop()

    def _show_state(self) -> None:
        is_playing = self._player.is_playing
        sign = pause_icon if is_playing else play_icon
        self.play_button.setIcon(sign(self.palette().text().color()))
        self.play_button.setText(_("Pause") if is_playing else _("Play"))
        self.play_button.setChecked(is_playing)
        self.device_label.setText(self._player.sentence)
        self.device_label.setVisible(bool(self._player.sentence))

    def _show_sources(self) -> None:
        for role, button in self.source_buttons.items():
            button.setChecked(self._comparison.choice == role)
            button.setEnabled(self._comparison.can_hear(role))

    def _show_position(self) -> None:
        here, length = clock_text(self._player.position, 1), clock_text(self._length(), 1)
        self.position_label.setText(f"{here} / {length}")

    def _length(self) -> float:
        return self._player.length or self._axis.length
