"""What a method made of the styles, once for each way in which they are transposed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from nast_fx.methods import Method, Targets
from nast_fx.render.device import device_errors
from nast_fx.render.keys import Transposition
from nast_fx.render.style import References

__all__ = ["StyleTargets"]


@dataclass
class StyleTargets:
    """Targets of a render, computed when a segment first needs them.

    Attributes
    ----------
    rows : tuple of str
        What is styled (`StereoLayout.rows`).
    sample_rate : int
        Hz, at which it is.
    """

    method: Method[Any]
    references: References
    transposition: Transposition
    rows: tuple[str, ...]
    sample_rate: int
    seed: int
    device: torch.device
    _made: dict[tuple[float, ...], Targets[Any]] = field(default_factory=dict)

    def at(self, start_seconds: float, end_seconds: float) -> Targets[Any]:
        """Give the targets of a stretch of the content."""
        shifts = self.transposition.at(start_seconds, end_seconds)
        if shifts not in self._made:
            self._made[shifts] = self._prepare(shifts)
        return self._made[shifts]

    def _prepare(self, shifts: tuple[float, ...]) -> Targets[Any]:
        rate = self.sample_rate
        with device_errors():
            sound = self.references.sound(self.rows, rate, self.method.min_frames(rate), shifts).to(
                self.device
            )
            return self.method.prepare(sound, sample_rate=rate, seed=self.seed, device=self.device)
