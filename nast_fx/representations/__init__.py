"""Differentiable views of a waveform; each maps (batch, frame) to (batch, part, bin, frame)."""

from nast_fx.representations.base import Representation
from nast_fx.representations.components import Components
from nast_fx.representations.constant_q import LogConstantQ
from nast_fx.representations.log_magnitude import LogMagnitude
from nast_fx.representations.mel import LogMel

REPRESENTATIONS: dict[str, type[Representation]] = {
    "log-magnitude": LogMagnitude,
    "log-mel": LogMel,
    "log-constant-q": LogConstantQ,
}
"""Views that are centered on every `hop_length` samples; made of (sample_rate, n_fft, hop_length)."""

__all__ = ["REPRESENTATIONS", "Components", "LogConstantQ", "LogMagnitude", "LogMel", "Representation"]
