"""A, B, X and the difference, equal loudness, and a blind test."""

from __future__ import annotations

from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ..playback.comparison import Comparison
from ..translation import gettext as _
from .key_button import KeyButton

__all__ = ["ComparisonPanel"]


class ComparisonPanel(QWidget):
    """Buttons of a comparison, and its gains and score in words.

    Parameters
    ----------
    comparison : Comparison
    parent : QWidget, optional
    """

    def __init__(self, comparison: Comparison, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison = comparison
        self.choice_buttons = {
            "A": KeyButton(_("A"), _("Hear the content"), "A"),
            "B": KeyButton(_("B"), _("Hear the result"), "B"),
            "X": KeyButton(_("X"), _("Hear the unknown one of the blind test"), "X"),
            "difference": KeyButton(_("Difference"), _("Hear what the result has changed"), "D"),
        }
        self.matched_box = QCheckBox(_("&Match loudness"))
        self.matched_box.setToolTip(_("Play content and result equally loud: the louder one is made softer"))
        self.gains_label = _sentence_label(_("Gains"))
        self.test_button = QPushButton()
        self.test_button.setToolTip(_("X is content or result by chance; say which, some times over"))
        self.answer_buttons = {guess: QPushButton() for guess in ("A", "B")}
        self.answer_buttons["A"].setText(_("X is A"))
        self.answer_buttons["B"].setText(_("X is B"))
        for guess, answer in self.answer_buttons.items():
            answer.setToolTip(_("Answer, and hear the next X"))
            answer.clicked.connect(lambda _checked, guess=guess: self._comparison.answer(guess))
        self.score_label = _sentence_label(_("Blind test"))
        self._lay_out()
        for choice, button in self.choice_buttons.items():
            button.clicked.connect(lambda _checked, choice=choice: self._on_choice(choice))
        self.matched_box.clicked.connect(comparison.set_matched)
        self.test_button.clicked.connect(self._on_test)
        comparison.changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in self.choice_buttons.values():
            row.addWidget(button)
        row.addSpacing(12)
        row.addWidget(self.matched_box)
        row.addStretch(1)
        for test_button in (self.test_button, *self.answer_buttons.values()):
            row.addWidget(test_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        words = QHBoxLayout()
        words.addWidget(self.gains_label, 3)
        words.addWidget(self.score_label, 2)
        column.addLayout(words)

    def _on_choice(self, choice: str) -> None:
        self._comparison.hear(choice)
        self._show()  # a click has let go of the button that was down

    def _on_test(self) -> None:
        if self._comparison.trials is None:
            self._comparison.begin_trials()
        else:
            self._comparison.end_trials()

    def _show(self) -> None:
        comparison = self._comparison
        is_test = comparison.trials is not None
        for choice, button in self.choice_buttons.items():
            button.setChecked(comparison.choice == choice)
            button.setEnabled(comparison.can_hear(choice))
        self.matched_box.setChecked(comparison.is_matched)
        self.matched_box.setEnabled(comparison.can_hear("difference") and not is_test)
        self.gains_label.setText(comparison.sentence)
        self.test_button.setText(_("End blind test") if is_test else _("Start blind test"))
        self.test_button.setEnabled(comparison.can_hear("difference"))
        for answer in self.answer_buttons.values():
            answer.setEnabled(is_test)
        self.score_label.setText(comparison.score)


def _sentence_label(name: str) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setAccessibleName(name)
    return label
