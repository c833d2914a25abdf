"""Comparing by ear: content, style and result at one position, A/B/X, and what a render has changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from ..translation import gettext as _
from .matching import Level, difference_gain_db, matched_gains_db
from .player import Player
from .source import Source
from .trials import CLEAR_P, Trials

__all__ = ["CHOICES", "ROLES", "Comparison"]

ROLES = ("content", "style", "result")
CHOICES = (*ROLES, "A", "B", "X", "difference")
A, B = "content", "result"


class Comparison(QObject):
    """What of which file is heard, and how loud.

    A is the content, B the result. The difference is the result minus the content, with the gains of both.

    Parameters
    ----------
    player : Player
    toss : callable, optional
        Draws X; by chance.
    parent : QObject, optional

    Attributes
    ----------
    choice : str
        What is heard, of `CHOICES`.
    is_matched : bool
        Whether A and B are made equally loud.
    trials : Trials or None
        The blind test that is going on.
    """

    changed = pyqtSignal()

    def __init__(
        self, player: Player, toss: Callable[[], bool] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.choice = "content"
        self.is_matched = True
        self.trials: Trials | None = None
        self._player = player
        self._toss = toss or (lambda: bool(secrets.randbits(1)))
        self._sources: dict[str, Source] = {}
        self._levels: dict[str, Level] = {}

    def set_file(self, role: str, path: Path | None, *, start_seconds: float = 0.0) -> None:
        """Take another file for a role, or none; its loudness is unknown then.

        Parameters
        ----------
        role : str
            Of `ROLES`.
        path : Path or None
        start_seconds : float
            Where on the content's time it begins, as a preview does.
        """
        self._levels.pop(role, None)
        self._sources.pop(role, None)
        if path is not None:
            self._sources[role] = Source(path, start_seconds, wraps=role == "style")
        if role in (A, B):
            self.trials = None
        self._player.set_sources(self._sources)
        self._fall_back()
        self._apply()

    def set_level(self, role: str, lufs: float | None, true_peak_dbtp: float | None) -> None:
        """Take what was measured of a role's file."""
        self._levels[role] = Level(lufs, true_peak_dbtp)
        self._apply()

    def set_matched(self, is_matched: bool) -> None:
        """Make A and B equally loud, or leave them as they are."""
        self.is_matched = is_matched
        self._apply()

    def can_hear(self, choice: str) -> bool:
        """Whether there is something to hear."""
        needed = {"A": (A,), "B": (B,), "X": (A, B), "difference": (A, B)}.get(choice, (choice,))
        return all(role in self._sources for role in needed) and (choice != "X" or self.trials is not None)

    def hear(self, choice: str) -> None:
        """Switch, at once and at the same position; nothing happens where there is nothing to hear."""
        if self.can_hear(choice):
            self.choice = choice
            self._apply()

    def begin_trials(self) -> None:
        """Begin a blind test, with equal loudness; it ends with `end_trials`."""
        if self.can_hear("A") and self.can_hear("B"):
            self.trials = Trials(self._toss)
            self.is_matched = True
            self.hear("X")

    def answer(self, guess: str) -> bool:
        """Say that X is A or B; tells whether that was right, and draws the next X."""
        is_right = self.trials is not None and self.trials.answer(guess)
        self._apply()
        return is_right

    def end_trials(self) -> None:
        """End the blind test."""
        self.trials = None
        self._fall_back()
        self._apply()

    def gain_db(self, role: str) -> float:
        """Give the gain of a role's file; at most 0 dB."""
        if not self.is_matched or not self.is_known:
            return 0.0
        others = {name: level for name, level in self._levels.items() if name not in (A, B)}
        gain_a, gain_b, down = matched_gains_db(self._levels[A], self._levels[B], others)
        return {A: gain_a, B: gain_b, **down}.get(role, 0.0)

    @property
    def is_known(self) -> bool:
        """Whether the loudness of both A and B is known."""
        return all(role in self._levels and self._levels[role].lufs is not None for role in (A, B))

    @property
    def factors(self) -> dict[str, float]:
        """What is heard of each role: linear factors for `Player.hear`."""
        if self.choice == "difference":
            common = self.difference_db
            return {B: _factor(self.gain_db(B) + common), A: -_factor(self.gain_db(A) + common)}
        choice = self.trials.x if self.choice == "X" and self.trials is not None else self.choice
        role = {"A": A, "B": B}.get(choice, choice)
        return {role: _factor(self.gain_db(role))}

    @property
    def difference_db(self) -> float:
        """Gain of the difference, so that it cannot clip."""
        a, b = (self._levels.get(role, Level(None)) for role in (A, B))
        return difference_gain_db(a, b, (self.gain_db(A), self.gain_db(B)))

    @property
    def sentence(self) -> str:
        """What the gains are, in words."""
        if A not in self._sources or B not in self._sources:
            return _("Content and result are needed to compare.")
        if not self.is_known:
            missing = [role for role in (A, B) if role not in self._levels]
            if missing:
                return _("Loudness is being measured; levels are as they are.")
            return _("One of them is too short or too soft to be matched; levels are as they are.")
        gains = {"content_db": _db(self.gain_db(A)), "result_db": _db(self.gain_db(B))}
        if self.is_matched:
            level = (self._levels[A].lufs or 0.0) + self.gain_db(A)
            text = _("Matched: content {content_db}, result {result_db}; both at {lufs:.1f} LUFS.")
            return text.format(**gains, lufs=level) + self._difference_words()
        more = (self._levels[B].lufs or 0.0) - (self._levels[A].lufs or 0.0)
        text = (
            _("Not matched: the result is {lu:.1f} LU louder.")
            if more >= 0
            else _("Not matched: the result is {lu:.1f} LU softer.")
        )
        return text.format(lu=abs(more)) + self._difference_words()

    @property
    def score(self) -> str:
        """How the blind test stands, in words; empty without one."""
        if self.trials is None:
            return ""
        if self.trials.n_trials == 0:
            return _("Hear A, B and X, then say which one X is.")
        text = _("{right} of {all} right; guessing does as well {p:.1%} of the time.")
        words = text.format(right=self.trials.n_right, all=self.trials.n_trials, p=self.trials.p)
        heard = _("You hear a difference.") if self.trials.p <= CLEAR_P else _("That may be chance.")
        return f"{words} {heard}"

    def _difference_words(self) -> str:
        if self.choice != "difference":
            return ""
        return " " + _("The difference is {db}, so that it cannot clip.").format(db=_db(self.difference_db))

    def _fall_back(self) -> None:
        """Hear something that is there."""
        if not self.can_hear(self.choice):
            self.choice = next((role for role in ROLES if role in self._sources), "content")

    def _apply(self) -> None:
        self._player.hear(self.factors)
        self.changed.emit()


def _factor(gain_db: float) -> float:
    return float(10 ** (gain_db / 20))


def _db(gain_db: float) -> str:
    text = f"{gain_db:+.1f}"
    return _("{db} dB").format(db="0.0" if text in ("+0.0", "-0.0") else text)
