"""A sentence across the view, with what can be done about it; it stays until it is closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QStyle, QWidget

from ..certain import certain
from ..translation import gettext as _

__all__ = ["NoticeBar"]


class NoticeBar(QFrame):
    """Hidden until there is something to say."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(name)
        self._sign = QLabel(self)
        self.label = QLabel(self)
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 4, 8, 4)
        self._row.addWidget(self._sign)
        self._row.addWidget(self.label, 1)
        self.buttons: list[QPushButton] = []
        self.hide()

    def show_notice(
        self,
        text: str,
        actions: Mapping[str, Callable[[], None]],
        *,
        is_warning: bool = False,
        on_dismiss: Callable[[], None] | None = None,
    ) -> None:
        """Show a sentence and a button an action; each of them closes the bar, and so does the last one."""
        kind = QStyle.StandardPixmap
        sign = kind.SP_MessageBoxWarning if is_warning else kind.SP_MessageBoxInformation
        size = self.fontMetrics().height() + 4
        self._sign.setPixmap(certain(self.style()).standardIcon(sign).pixmap(size, size))
        self.label.setText(text)
        self.label.setAccessibleName(text)
        for button in self.buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = [self._button(name, slot) for name, slot in actions.items()]
        self.buttons.append(self._button(_("Dismiss"), on_dismiss))
        self.show()

    def _button(self, text: str, slot: Callable[[], None] | None) -> QPushButton:
        button = QPushButton(text, self)
        button.setAccessibleName(text.replace("&", ""))
        button.setToolTip(text.replace("&", ""))
        button.clicked.connect(lambda _checked: self.hide())
        if slot is not None:
            button.clicked.connect(lambda _checked: slot())
        self._row.addWidget(button)
        return button
