"""Which trained weights are at hand; without them random ones are measured, and claims stay open."""

from __future__ import annotations

from nast_fx.errors import AudioFileError, UsageError
from nast_fx.networks.weights import load_weights

__all__ = ["MISSING", "weights_or_random"]

MISSING = "the trained weights are not installed; the figures are those of random weights"


def weights_or_random(name: str) -> str:
    """Give the name of shipped weights, or ``random`` where they are not there."""
    try:
        load_weights(name)
    except (AudioFileError, UsageError):
        return "random"
    return name
