"""What a reproduction is: claims of a paper, runs that measure them, findings with a verdict.

A verdict is computed: a finding is made of a claim and of what was measured, by a rule that is written
down beside the figures. Nothing here knows the outcome beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Literal

from nast_fx.audio import Audio
from nast_fx.progress import Steps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Claim", "Finding", "Reproduction", "Result", "Setup", "Size", "Table", "Verdict"]

Size = Literal["quick", "full"]
Role = Literal["content", "style"]
Cell = str | float | int | bool | None


class Verdict(Enum):
    """What became of a claim."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not confirmed"
    CANNOT_BE_TESTED = "cannot be tested here"


@dataclass(frozen=True)
class Claim:
    """What a paper says.

    Attributes
    ----------
    text : str
        The claim, in the paper's words where they are short.
    figure : str
        The number or plot that the paper gives for it; empty where it gives none.
    rule : str
        What must be measured for it to count as confirmed.
    """

    text: str
    figure: str = ""
    rule: str = ""

    def found(self, ours: str, *, holds: bool, because: str) -> Finding:
        """Hold it against what was measured (`ours`); `because` ends the verdict's sentence."""
        return Finding(self, ours, Verdict.CONFIRMED if holds else Verdict.NOT_CONFIRMED, because)

    def untestable(self, because: str) -> Finding:
        """Leave it open, and say what is missing."""
        return Finding(self, "", Verdict.CANNOT_BE_TESTED, because)


@dataclass(frozen=True)
class Finding:
    """A claim, our figures for it, and the verdict in a sentence."""

    claim: Claim
    ours: str
    verdict: Verdict
    because: str

    @property
    def sentence(self) -> str:
        """The verdict as a sentence."""
        return f"{self.verdict.value[0].upper()}{self.verdict.value[1:]}: {self.because}."


@dataclass(frozen=True)
class Table:
    """Rows under heads; a cell that is None has no value."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @staticmethod
    def of(rows: Sequence[Mapping[str, Cell]]) -> Table:
        """Make a table of rows by head; a head that a row lacks is empty there."""
        heads = tuple(dict.fromkeys(head for row in rows for head in row))
        return Table(heads, tuple(tuple(row.get(head) for head in heads) for row in rows))


@dataclass(frozen=True)
class Setup:
    """How a reproduction is run.

    Attributes
    ----------
    size : str
        ``quick`` (minutes on two cores) or ``full``.
    seed : int
        Of every random draw.
    files : mapping
        The user's own sounds in the roles ``content`` and ``style``, where a reproduction takes them.
    """

    size: Size = "quick"
    seed: int = 0
    files: Mapping[str, Audio] = field(default_factory=dict)

    @property
    def is_quick(self) -> bool:
        """Whether the size is the quick one."""
        return self.size == "quick"


@dataclass(frozen=True)
class Result:
    """What a run found.

    Attributes
    ----------
    findings : tuple of Finding
        One a claim, in the order of the claims.
    table : Table
        Every measured number; what the CSV file holds.
    figures : mapping of title to Figure
        What the PNG files hold.
    done : tuple of str
        Sentences on what was run: sounds, sizes, and what was cut.
    sounds : mapping of name to Audio
        What was made, for listening.
    """

    findings: tuple[Finding, ...]
    table: Table
    figures: Mapping[str, Figure]
    done: tuple[str, ...]
    sounds: Mapping[str, Audio] = field(default_factory=dict)


@dataclass(frozen=True)
class Reproduction:
    """One experiment of a paper.

    Attributes
    ----------
    name, title, paper : str
    run : callable
        ``run(setup)`` yields progress and returns the `Result`.
    takes : frozenset of str
        Roles in which a user's own file may be given.
    is_pictured : bool
        Whether the page over all reproductions shows its first picture.
    """

    name: str
    title: str
    paper: str
    run: Callable[[Setup], Steps[Result]]
    takes: frozenset[Role] = frozenset()
    is_pictured: bool = False
