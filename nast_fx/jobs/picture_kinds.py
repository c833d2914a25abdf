"""Jobs that draw a sound file for a window: its outline and its spectrogram."""

from __future__ import annotations

from typing import Any

from nast_fx.jobs.kind import Beside
from nast_fx.models.listening import PeaksRequest, SpectrogramRequest
from nast_fx.progress import Steps

__all__ = ["peaks", "spectrogram"]


def peaks(request: PeaksRequest, beside: Beside) -> Steps[dict[str, Any]]:
    """Write the outline of a file."""
    from nast_fx.audio.output_names import place
    from nast_fx.audio.peaks import write_peaks

    place(request.peaks, [request.content], "overwrite")
    outline = yield from write_peaks(request.content, request.peaks, request.columns_per_second)
    return {"peaks": request.peaks, **vars(outline)}


def spectrogram(request: SpectrogramRequest, beside: Beside) -> Steps[dict[str, Any]]:
    """Draw the spectrogram of a part of a file."""
    import numpy as np

    from nast_fx.audio.atomic import AtomicFile
    from nast_fx.audio.output_names import place
    from nast_fx.audio.overview import overview

    place(request.picture, [request.content], "overwrite")
    drawn = yield from overview(
        request.content,
        request.start_seconds,
        request.length_seconds,
        n_columns=request.n_columns,
        n_rows=request.n_rows,
    )
    with AtomicFile(request.picture, overwrite=True) as atomic:
        np.save(atomic.file, drawn.picture)
    facts = {name: value for name, value in vars(drawn).items() if name != "picture"}
    return {"picture": request.picture, **facts}
