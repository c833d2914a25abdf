"""At which rate a signal is styled, and what of a request cannot be done at that rate."""

from __future__ import annotations

import math
from typing import Any

from nast_fx.audio import AudioSource
from nast_fx.errors import UsageError
from nast_fx.methods import Method
from nast_fx.models import MAX_LOOP_SECONDS, RenderPlan
from nast_fx.models.plan import MAX_RATE, MIN_RATE
from nast_fx.render.style import References

__all__ = ["content_rate", "texture_rate", "window_seconds"]

MAX_WORKING_RATE = 48_000  # Hz
SAME_BAND = 0.9  # of the rate: a 44.1 kHz style has all that is heard of a 48 kHz content
MAX_WINDOW_SECONDS = 30.0
MAX_WINDOWS = 8192  # a segment; the products of all pairs of them are held in memory


def content_rate(content: AudioSource, references: References) -> int:
    """Give the rate in Hz at which a content is styled: its own or less, as far as the styles have it."""
    rate = _working_rate(_checked_rate(content.sample_rate))
    return rate if references.sample_rate >= SAME_BAND * rate else max(references.sample_rate, MIN_RATE)


def texture_rate(references: References) -> int:
    """Give the rate in Hz of a texture: the references' own, or a whole fraction up to 48 kHz."""
    return _working_rate(_checked_rate(references.sample_rate))


def window_seconds(method: Method[Any], rate: int, plan: RenderPlan, seconds: float) -> float:
    """Give what a method must see at once, in seconds.

    Parameters
    ----------
    seconds : float
        Length of what is rendered.

    Raises
    ------
    UsageError
        The settings do not fit together, look too far, or make too many windows of a segment; or a
        loop is too short or too long.
    """
    least = method.min_frames(rate) / rate
    if least > MAX_WINDOW_SECONDS:
        raise UsageError(
            f"these settings look at {least:.0f} s at once; at most {MAX_WINDOW_SECONDS:g} s are possible: "
            "lower kernel_width, n_layers, dilation or n_fft"
        )
    if plan.loop and not least <= seconds <= MAX_LOOP_SECONDS:
        raise UsageError(
            f"a loop of {seconds:g} s cannot be made: it must be from {least:.1f} to {MAX_LOOP_SECONDS:g} s"
        )
    _, hop_length = method.settings.geometry(rate)
    segment = seconds if plan.loop else min(seconds, plan.segment_seconds)
    n_windows = segment * rate / hop_length
    if n_windows > MAX_WINDOWS:
        raise UsageError(
            f"hop_length={hop_length} makes {n_windows:.0f} windows of a segment; at most {MAX_WINDOWS} "
            "are possible: use a longer hop_length or n_fft, or shorter segments"
        )
    return least


def _checked_rate(rate: int) -> int:
    if not MIN_RATE <= rate <= MAX_RATE:
        raise UsageError(f"a rate of {rate} Hz cannot be styled: it must be from {MIN_RATE} to {MAX_RATE} Hz")
    return rate


def _working_rate(rate: int) -> int:
    """Whole fraction of a rate that is at most 48 kHz."""
    return round(rate / math.ceil(rate / MAX_WORKING_RATE))
