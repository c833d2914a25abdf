"""What a window asks about a sound file: its outline, its spectrogram, what a render would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nast_fx.models.base import Settings, setting

__all__ = ["CheckRequest", "PeaksRequest", "SpectrogramRequest"]

MOST_PIXELS = 16_384


class PeaksRequest(Settings):
    """Write the outline of a file; it grows while that is read, and parts say how far."""

    content: Path = setting(..., "Recording to outline.")
    peaks: Path = setting(
        ..., "File to write: raw float32, (column, channel, 2: least and greatest sample). It is replaced."
    )
    columns_per_second: float = setting(100.0, "Columns of a second.", unit="1/s", gt=0, le=10_000)


class SpectrogramRequest(Settings):
    """Draw the spectrogram of a part of a file."""

    content: Path = setting(..., "Recording to draw.")
    picture: Path = setting(
        ...,
        "File to write: a NumPy array of bytes, (row, column), highest frequency first, evenly in log "
        "frequency from 30 Hz to 20 kHz or half the sample rate; 0 is -100 dB, 255 is 0 dB. It is replaced.",
    )
    start_seconds: float = setting(0.0, "Where the part begins.", unit="s", ge=0)
    length_seconds: float | None = setting(None, "Length of the part; empty is to the end.", unit="s", gt=0)
    n_columns: int = setting(1000, "Columns of the picture.", ge=1, le=MOST_PIXELS)
    n_rows: int = setting(256, "Rows of the picture.", ge=2, le=MOST_PIXELS)


class CheckRequest(Settings):
    """Say what a render would do, without the work."""

    request: dict[str, Any] = setting(..., "Fields of the render's request.")
