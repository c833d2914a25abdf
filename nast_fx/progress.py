"""Long work is a generator: it yields `Progress` and returns its result.

Command line, worker and app only drain it. To cancel is to stop iterating: `close` runs the
generator's ``finally`` blocks, so nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

__all__ = ["Progress", "Steps", "drain", "within"]

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """One report of long work; every front end shows this record and no other.

    Attributes
    ----------
    stage : str
        What is going on, as one word: ``read``, ``transfer``, ``griffin-lim``, ``write`` ...
    segment, n_segments : int
        Finished segments, and how many there are; 0 of 0 where there are none.
    step, n_steps : int
        Step inside the stage, and how many there may be (an upper bound).
    losses : Mapping[str, float]
        Current value of each term by its name; empty where nothing is optimized.
    share : float
        Share of the whole job that is done, 0 ... 1.
    seconds_left : float or None
        Estimated time to the end of the whole job, in seconds; None while unknown.
    note : str
        One sentence for the user, or an empty string.
    part : Mapping[str, Any]
        A piece of the result, for who can use it before the rest is there; mostly empty.
    """

    stage: str
    segment: int = 0
    n_segments: int = 0
    step: int = 0
    n_steps: int = 0
    losses: Mapping[str, float] = field(default_factory=dict)
    share: float = 0.0
    seconds_left: float | None = None
    note: str = ""
    part: Mapping[str, Any] = field(default_factory=dict)


Steps = Generator[Progress, None, T]


def within(steps: Steps[T], begin: float, end: float) -> Steps[T]:
    """Follow `steps` as the part of a larger job from share `begin` to share `end`."""
    try:
        while True:
            progress = next(steps)
            yield replace(progress, share=begin + (end - begin) * progress.share)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        steps.close()


def drain(steps: Steps[T], on_progress: Callable[[Progress], None] | None = None) -> T:
    """Run `steps` to its end, hand each report to `on_progress`, and give its result."""
    while True:
        try:
            progress = next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if on_progress is not None:
            try:
                on_progress(progress)
            except BaseException:
                steps.close()
                raise
