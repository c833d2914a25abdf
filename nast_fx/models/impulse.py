"""How the linear part of a style is written as an impulse response."""

from __future__ import annotations

from typing import Literal

from nast_fx.models.base import Settings, setting

__all__ = ["ImpulseSettings", "Phase"]

Phase = Literal["minimum", "linear"]


class ImpulseSettings(Settings):
    """Rate, length and phase of an impulse response."""

    sample_rate: int | None = setting(
        None, "Rate; empty is the content's, without one 48000.", unit="Hz", ge=8000, le=192_000
    )
    length_seconds: float = setting(
        0.25, "Length: what is longer is finer in the bass.", unit="s", ge=0.02, le=4
    )
    phase: Phase = setting(
        "minimum", "minimum has no latency; linear keeps all phases and is late by half the length."
    )
