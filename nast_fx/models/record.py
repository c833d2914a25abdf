"""What a render told of itself (``--json``, a batch's manifest), read back: the part that a timeline needs.

What else is there is passed over, so that records of other versions can be read.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["KeyRecord", "Level", "Levels", "RenderRecord"]

LONGEST_SECONDS = 1e6


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Level(_Record):
    """Loudness of a recording; None where it has none."""

    integrated_lufs: float | None = Field(None, ge=-200, le=100)


class Levels(_Record):
    """Loudness before and after."""

    content: Level | None = None
    result: Level | None = None


class KeyRecord(_Record):
    """By how much the content's keys were moved."""

    content_shift_semitones: float | None = Field(None, ge=-48, le=48)


class RenderRecord(_Record):
    """Facts of one result; files are named as they were where the program ran.

    Attributes
    ----------
    output : Path
    content : Path or None
        What was styled; None for a texture.
    midi, export_midi : Path or None
        The score beside the content, and the MIDI file that was written for the result.
    start_seconds : float or None
        Where in the content the result begins; None where it is not told.
    segments : tuple of (float, float) or None
        Their seconds in the result.
    loudness : Levels or None
    key : KeyRecord or None
    """

    output: Path
    content: Path | None = None
    midi: Path | None = None
    export_midi: Path | None = None
    start_seconds: float | None = Field(None, ge=0, le=LONGEST_SECONDS)
    segments: tuple[tuple[float, float], ...] | None = None
    loudness: Levels | None = None
    key: KeyRecord | None = None
