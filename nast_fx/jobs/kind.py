"""What a kind of job is given beside its request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nast_fx.progress import Steps

__all__ = ["Beside", "Kind", "Sides", "Switch"]

Sides = Mapping[str, Path]


class Switch:
    """Whether a job is held; one that has workers of its own listens and holds them too.

    A job itself is held between its reports, where it need not know of it.
    """

    def __init__(self) -> None:
        self._is_held = False
        self._listener: Callable[[bool], None] | None = None

    def listen(self, listener: Callable[[bool], None] | None) -> None:
        """Call `listener` from now on, and at once if the job is held already; None ends that."""
        self._listener = listener
        if listener is not None and self._is_held:
            listener(True)

    def turn(self, is_held: bool) -> None:
        """Hold, or go on; from any thread."""
        self._is_held = is_held
        if (listener := self._listener) is not None:
            listener(is_held)


@dataclass(frozen=True)
class Beside:
    """Files to write beside a result, whether the job begins from nothing, what holds it, and its receipt."""

    sides: Sides = field(default_factory=dict)
    is_fresh: bool = False
    switch: Switch = field(default_factory=Switch)
    receipt: Path | None = None


Kind = Callable[[Any, Beside], Steps[dict[str, Any]]]
