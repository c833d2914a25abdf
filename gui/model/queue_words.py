"""How states, counts and times of a queue are said."""

from __future__ import annotations

from collections.abc import Mapping

from ..translation import gettext as _

__all__ = ["OVER", "RETRIED", "STATES", "counts_text", "duration_text", "state_words", "tally_words"]

# What wants something of the user comes first when they are sorted.
STATES = ("failed", "broken", "running", "paused", "waiting", "next", "cancelled", "skipped", "done")

OVER = frozenset({"done", "skipped", "failed", "cancelled", "broken"})
RETRIED = frozenset({"failed", "cancelled", "broken"})


def state_words() -> dict[str, str]:
    """Give the word of each state."""
    return {
        "waiting": _("waiting"),
        "next": _("in the next batch"),
        "running": _("working"),
        "paused": _("paused"),
        "done": _("done"),
        "skipped": _("skipped"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
        "broken": _("broken off"),
    }


def tally_words() -> dict[str, str]:
    """Give, for each state, how many files are so, in the order in which it is said."""
    return {
        "done": _("{n} done"),
        "skipped": _("{n} skipped"),
        "failed": _("{n} failed"),
        "cancelled": _("{n} cancelled"),
        "broken": _("{n} broken off"),
        "running": _("{n} working"),
        "paused": _("{n} paused"),
        "waiting": _("{n} waiting"),
        "next": _("{n} in the next batch"),
    }


def counts_text(counts: Mapping[str, int], *, but: tuple[str, ...] = ()) -> str:
    """Say how many files are in each state, without those of which there are none."""
    words = tally_words()
    said = [words[state].format(n=counts[state]) for state in words if counts.get(state) and state not in but]
    return ", ".join(said)


def duration_text(seconds: float | None) -> str:
    """Say a time, in units that fit it; nothing where it is not known."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return _("{h} h {m:02d} min").format(h=hours, m=minutes)
    if minutes:
        return _("{m} min {s:02d} s").format(m=minutes, s=whole % 60)
    return _("{s} s").format(s=whole)
