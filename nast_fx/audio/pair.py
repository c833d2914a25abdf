"""The stereo pair of a recording with any number of channels, and what is quiet in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["QUIET", "SILENT", "stereo_pair"]

SILENT = 1e-4  # RMS, -80 dBFS: below it there is nothing to learn
QUIET = 1e-3  # a part, a channel or a side this far below the whole has no say


def stereo_pair(rms: npt.NDArray[np.floating]) -> tuple[int, int]:
    """Choose left and right by the RMS (channel,): the first pair, or what channel there is twice."""
    if rms[:2].max() > QUIET * rms.max():
        return 0, min(1, len(rms) - 1)
    return int(rms.argmax()), int(rms.argmax())
