"""Differentiable views of a waveform; each maps (batch, frame) to (batch, part, bin, frame)."""

from nast_fx.representations.base import Representation
from nast_fx.representations.log_magnitude import LogMagnitude

REPRESENTATIONS: dict[str, type[Representation]] = {"log-magnitude": LogMagnitude}

__all__ = ["REPRESENTATIONS", "LogMagnitude", "Representation"]
