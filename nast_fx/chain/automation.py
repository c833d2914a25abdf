"""Values that change while a plugin processes, in steps of 512 frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from nast_fx.audio import Samples
from nast_fx.chain.setting import Controller
from nast_fx.errors import UsageError
from nast_fx.models.chain import AutomationSpec, SlotSpec

__all__ = ["Curves", "Moved", "curve", "curves_of"]

STEP_FRAMES = 512  # between two values

Curves = Mapping[str, Callable[[float], float]]


class Moved:
    """A plugin whose parameters change over time.

    Parameters
    ----------
    process : callable
        Takes a block (channel, frame) and gives what is ready.
    apply : callable
        Sets parameters, given by name.
    curves : mapping of str to callable
        From seconds to the value, by the parameter's name; where there are none, blocks pass whole.
    sample_rate : int
        Hz.
    """

    def __init__(
        self,
        process: Callable[[Samples], Samples],
        apply: Callable[[dict[str, float]], None],
        curves: Curves,
        sample_rate: int,
    ) -> None:
        self._process, self._apply, self._curves, self._sample_rate = process, apply, curves, sample_rate
        self._n_done = 0

    def process(self, block: Samples) -> Samples:
        """Process the next block of a stream."""
        if not self._curves:
            return self._process(block)
        parts = []
        for first in range(0, block.shape[1], STEP_FRAMES):
            seconds = (self._n_done + first) / self._sample_rate
            self._apply({name: value(seconds) for name, value in self._curves.items()})
            parts.append(self._process(block[:, first : first + STEP_FRAMES]))
        self._n_done += block.shape[1]
        return np.concatenate([block[:, :0], *parts], axis=1)


def curves_of(slot: SlotSpec, controllers: Mapping[int, Controller], label: str) -> Curves:
    """Make the curves of a slot; `label` begins the messages.

    Raises
    ------
    UsageError
        A curve follows a controller that no score moves.
    """
    return {name: curve(spec, controllers, f"{label}: {name}") for name, spec in slot.automation.items()}


def curve(
    spec: AutomationSpec, controllers: Mapping[int, Controller], label: str
) -> Callable[[float], float]:
    """Value over seconds; before the first point and after the last they hold."""
    if spec.controller is None:
        times, values = zip(*spec.points, strict=True)
        return lambda seconds: float(np.interp(seconds, times, values))
    if spec.controller not in controllers:
        raise UsageError(f"{label} follows controller {spec.controller}, which no score moves")
    moved, low, high = controllers[spec.controller], spec.low or 0.0, spec.high or 0.0
    return lambda seconds: low + (high - low) * moved(seconds)
