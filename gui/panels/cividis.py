"""Colors of levels: cividis (Nunez, Anderton, Renslow, 2018).

They look alike with and without full color vision, and their brightness rises evenly with the level.
"""

from __future__ import annotations

from functools import cache

import numpy as np

__all__ = ["color_table"]

DARKEST_DB = -90.0  # what is softer looks like silence; level 0 is -100 dB, 255 is 0 dB
CIVIDIS = (
    "00204d 002c69 06366e 2d426c 414d6b 52596c 61646f 6f7073 7d7c78 "
    "8b8779 9b9477 aca174 bcaf6f cebc68 e0cb5e f2da50 ffea46"
)
"""Seventeen of its colors in equal steps, ``RRGGBB``; straight between them it is 7 of 255 off at most."""


@cache
def color_table() -> list[int]:
    """Give the colors of levels 0 ... 255 as ``0xAARRGGBB``, from `DARKEST_DB` to 0 dB."""
    darkest = round(255 * (DARKEST_DB + 100) / 100)
    places = np.clip((np.arange(256) - darkest) / (255 - darkest), 0, 1)
    colors = np.array([int(color, 16) for color in CIVIDIS.split()])
    knots = np.linspace(0, 1, len(colors))
    packed = np.full(256, 0xFF000000, np.uint32)
    for shift in (16, 8, 0):
        part = np.interp(places, knots, colors >> shift & 0xFF)
        packed |= np.round(part).astype(np.uint32) << shift
    return [int(color) for color in packed]
