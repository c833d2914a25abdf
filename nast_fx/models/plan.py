"""How a track is cut, placed in the stereo field, mixed and repeated: the render plan."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from nast_fx.models.base import Settings, setting
from nast_fx.models.method_base import Quality

__all__ = ["MAX_RATE", "MIN_RATE", "RenderPlan", "StereoPolicy"]

MIN_RATE = 8_000  # Hz
MAX_RATE = 192_000  # Hz
MAX_OVERLAP = 0.4  # of a segment

StereoPolicy = Literal["mid-side", "left-right", "mono"]


class RenderPlan(Settings):
    """Everything about a render that is not the method's own."""

    segment_seconds: float = setting(
        10.0, "Length of a segment, overlaps included.", unit="s", ge=0.5, le=120
    )
    segment_beats: int | None = setting(
        None, "Cut segments on beats, every so many; empty cuts by seconds.", ge=1, le=1024
    )
    segment_markers: bool = setting(False, "Cut segments at the markers of the score.")
    overlap_seconds: float | None = setting(
        None, "Overlap of neighboring segments; empty is a tenth of one, at most 1 s.", unit="s", ge=0, le=30
    )
    channels: StereoPolicy = setting(
        "mid-side", "What is styled of a stereo pair: mid and side, left and right, or the mid alone."
    )
    quality: Quality = setting("normal", "Effort: draft is 0.3, high 3 times the method's iterations.")
    strength: float = setting(
        1.0,
        "How far toward the style: from the content (0) to the style's own spread (1); with published"
        " methods, their own balance (1), less of the style (below 1).",
        ge=0,
        le=1,
    )
    amount: float = setting(1.0, "Mix of content (0) and result (1).", ge=0, le=1)
    follow: float = setting(
        1.0, "How far the result's short-term level follows the content's (0 not, 1 wholly).", ge=0, le=1
    )
    style_seconds: float = setting(
        30.0, "Of a longer reference, evenly spaced excerpts of this length are used.", unit="s", ge=1, le=600
    )
    loop: bool = setting(False, "Texture only: the end runs into the beginning without a seam.")
    seed: int = setting(0, "Seed of every random draw.", ge=0, le=2**63 - 1)
    device: Literal["auto", "cpu", "cuda", "mps"] = setting("auto", "Where to compute.")

    @model_validator(mode="after")
    def _one_way_to_cut(self) -> RenderPlan:
        if self.segment_markers and self.segment_beats:
            raise ValueError("segment_beats and segment_markers exclude each other")
        return self

    @model_validator(mode="after")
    def _overlap_fits(self) -> RenderPlan:
        # With shortened segments too, three must never meet in one place.
        most = MAX_OVERLAP * self.segment_seconds
        is_even = not (self.segment_beats or self.segment_markers)
        if is_even and self.overlap_seconds is not None and self.overlap_seconds > most:
            raise ValueError(
                f"overlap_seconds={self.overlap_seconds:g} must be at most {MAX_OVERLAP:g} of "
                f"segment_seconds={self.segment_seconds:g}"
            )
        return self

    @property
    def overlap(self) -> float:
        """Overlap in seconds, as given or by default."""
        return min(1.0, self.segment_seconds / 10) if self.overlap_seconds is None else self.overlap_seconds
