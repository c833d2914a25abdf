"""What the stages of a chain are made for, and the error that names a slot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from nast_fx.errors import NastFxError, UsageError

__all__ = ["ChainError", "ChainFacts", "Context", "Controller", "Setting", "tail_frames"]

Controller = Callable[[float], float]  # from seconds to 0 ... 1


class ChainError(NastFxError):
    """A slot could not do its work; the message names it."""


@dataclass(frozen=True)
class Context:
    """Where a chain comes from, and what moves in it.

    Attributes
    ----------
    folder : Path or None
        Where relative file names of a chain start.
    controllers : mapping of int to callable
        A score's controllers by number: from seconds of the signal to 0 ... 1.
    start_seconds : float
        Where the signal begins in its file: the points of an automation count from the file's beginning.
    """

    folder: Path | None = None
    controllers: Mapping[int, Controller] = field(default_factory=dict)
    start_seconds: float = 0.0


@dataclass
class ChainFacts:
    """What came of making a chain.

    Attributes
    ----------
    notes : list of str
        What the user should know, a sentence each.
    running : list of str
        What is heard, by the names of slots; what is inside of parallel ones is left out.
    """

    notes: list[str] = field(default_factory=list)
    running: list[str] = field(default_factory=list)

    def add(self, other: ChainFacts) -> None:
        """Add those of the next part of a chain."""
        self.notes += other.notes
        self.running += other.running


@dataclass(frozen=True)
class Setting:
    """What stages are made for.

    Attributes
    ----------
    sample_rate : int
        Hz.
    n_channels, n_frames : int
        Of the signal.
    stack : ExitStack
        Ends the processes of hosted plugins.
    context : Context
    facts : ChainFacts
        What comes of it is added here.
    """

    sample_rate: int
    n_channels: int
    n_frames: int
    stack: ExitStack
    context: Context = field(default_factory=Context)
    facts: ChainFacts = field(default_factory=ChainFacts)


def tail_frames(seconds: float, sample_rate: int) -> int:
    """Length of a tail in frames; a `UsageError` unless it is 0 ... 600 s."""
    if not 0 <= seconds <= 600:
        raise UsageError(f"tail={seconds:g} must be at least 0 and at most 600")
    return round(seconds * sample_rate)
