"""Values that change while a plugin processes, in steps of 512 frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from nast_fx.audio import Samples
from nast_fx.chain.setting import Context, Setting
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
        Takes a block (channel, frame) and values by name that hold from it on; gives what is ready.
    curves : mapping of str to callable
        From seconds to the value, by the parameter's name; where there are none, blocks pass whole.
    sample_rate : int
        Hz.
    """

    def __init__(
        self, process: Callable[[Samples, dict[str, float]], Samples], curves: Curves, sample_rate: int
    ) -> None:
        self._process, self._curves, self._sample_rate = process, curves, sample_rate
        self._n_done = 0
        self._held: dict[str, float] = {}

    def process(self, block: Samples) -> Samples:
        """Process the next block of a stream."""
        if not self._curves:
            return self._process(block, {})
        parts = []
        for first in range(0, block.shape[1], STEP_FRAMES):
            seconds = (self._n_done + first) / self._sample_rate
            values = {name: value(seconds) for name, value in self._curves.items()}
            new = {name: value for name, value in values.items() if self._held.get(name) != value}
            parts.append(self._process(block[:, first : first + STEP_FRAMES], new))
            self._held = values
        self._n_done += block.shape[1]
        return np.concatenate([block[:, :0], *parts], axis=1)


def curves_of(slot: SlotSpec, setting: Setting, label: str) -> Curves:
    """Make the curves of a slot; `label` begins the messages.

    Raises
    ------
    UsageError
        A curve follows a controller that no score moves.
    """
    return {name: curve(spec, setting.context, f"{label}: {name}") for name, spec in slot.automation.items()}


def curve(spec: AutomationSpec, context: Context, label: str) -> Callable[[float], float]:
    """Value over seconds of the signal; before the first point and after the last they hold."""
    if spec.controller is None:
        times, values = zip(*spec.points, strict=True)
        return lambda seconds: float(np.interp(seconds + context.start_seconds, times, values))
    if spec.controller not in context.controllers:
        raise UsageError(f"{label} follows controller {spec.controller}, which no score moves")
    moved, low, high = context.controllers[spec.controller], spec.low or 0.0, spec.high or 0.0
    return lambda seconds: low + (high - low) * moved(seconds)
