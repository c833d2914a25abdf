"""A learnt style: weighted runs of consecutive magnitude frames, what is known of them, and a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nast_fx.models.portable_style import StyleFacts

__all__ = ["MAX_PICTURE_BYTES", "MAX_STYLE_BYTES", "LearntStyle", "Magnitudes"]

MAX_STYLE_BYTES = 4_000_000  # of a whole file
MAX_PICTURE_BYTES = 30_000

Magnitudes = npt.NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class LearntStyle:
    """What a style file holds.

    Attributes
    ----------
    facts : StyleFacts
    magnitudes : ndarray, (part, bin, frame) float16
        Linear magnitudes of a centered STFT of each run, one run after the other; the recordings they are
        from had an RMS of `nast_fx.methods.LEVEL` in each part.
    picture : bytes
        PNG: the runs as a spectrogram.
    """

    facts: StyleFacts
    magnitudes: Magnitudes
    picture: bytes

    @property
    def runs(self) -> list[Magnitudes]:
        """Frames (part, bin, frame) of each run."""
        ends = np.cumsum(self.facts.run_frames)[:-1]
        return np.split(self.magnitudes, ends, axis=2)
