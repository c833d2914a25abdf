"""What a method made of the styles, once for each way in which they are transposed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from nast_fx.methods import Method, StyleSound, Targets
from nast_fx.render.device import device_errors
from nast_fx.render.keys import Transposition
from nast_fx.render.store import style_digest
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
    _digests: dict[tuple[float, ...], str] = field(default_factory=dict)
    _sounds: dict[tuple[float, ...], StyleSound] = field(default_factory=dict)
    _made: dict[tuple[float, ...], Targets[Any]] = field(default_factory=dict)

    def at(self, start_seconds: float, end_seconds: float) -> Targets[Any]:
        """Give the targets of a stretch of the content."""
        shifts = self.transposition.at(start_seconds, end_seconds)
        if shifts not in self._made:
            sound = self._sound(shifts)
            with device_errors():
                self._made[shifts] = self.method.prepare(
                    sound.to(self.device), sample_rate=self.sample_rate, seed=self.seed, device=self.device
                )
        return self._made[shifts]

    def digest_at(self, start_seconds: float, end_seconds: float) -> str:
        """Give what stands for the targets of a stretch; they need not be prepared for it."""
        shifts = self.transposition.at(start_seconds, end_seconds)
        if shifts not in self._digests:
            self._digests[shifts] = style_digest(
                self._sound(shifts),
                self.method,
                sample_rate=self.sample_rate,
                seed=self.seed,
                device=self.device,
            )
        return self._digests[shifts]

    def _sound(self, shifts: tuple[float, ...]) -> StyleSound:
        if shifts not in self._sounds:
            rate = self.sample_rate
            self._sounds[shifts] = self.references.sound(
                self.rows, rate, self.method.min_frames(rate), shifts
            )
        return self._sounds[shifts]
