"""Draw the program's icon: sound that turns into another, as bars; SVG, PNG, ICO and ICNS of the same shapes.

python packaging/icon.py FOLDER
"""

from __future__ import annotations

import argparse
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

SIDE = 64.0  # units of the drawing
PNG_SIDES = (16, 32, 48, 64, 128, 256, 512)  # pixels
ICO_SIDES = (16, 32, 48, 256)
ICNS_KINDS = {b"icp4": 16, b"icp5": 32, b"ic07": 128, b"ic08": 256, b"ic09": 512}
FINENESS = 4  # samples of a pixel in each direction


@dataclass(frozen=True)
class Bar:
    """A rectangle with round corners, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    color: tuple[int, int, int]


GROUND = Bar(2, 2, 60, 60, 14, (32, 36, 48))
HEIGHTS = (10, 22, 38, 26, 34, 44, 20, 30, 12)
FROM, TO = np.array((94, 196, 255)), np.array((255, 158, 84))


def shapes() -> list[Bar]:
    """Give what is drawn, from the back to the front."""
    bars = [GROUND]
    for number, height in enumerate(HEIGHTS):
        share = number / (len(HEIGHTS) - 1)
        color = tuple(int(value) for value in np.round(FROM + share * (TO - FROM)))
        bars.append(Bar(8.0 + 5.5 * number, (SIDE - height) / 2, 4, height, 2, color))
    return bars


def svg() -> str:
    """Write the drawing as SVG."""
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE:g} {SIDE:g}">']
    for bar in shapes():
        place = (
            f'x="{bar.x:g}" y="{bar.y:g}" width="{bar.width:g}" height="{bar.height:g}" rx="{bar.radius:g}"'
        )
        lines.append(f'  <rect {place} fill="rgb{bar.color}"/>'.replace(", ", ","))
    return "\n".join([*lines, "</svg>", ""])


def pixels(side: int) -> np.ndarray:
    """Draw it as bytes (row, column, 4: red, green, blue, opacity)."""
    fine = side * FINENESS
    place = (np.arange(fine) + 0.5) * SIDE / fine
    color = np.zeros((fine, fine, 4))
    for bar in shapes():
        dx = np.abs(place - bar.x - bar.width / 2) - bar.width / 2 + bar.radius
        dy = np.abs(place - bar.y - bar.height / 2) - bar.height / 2 + bar.radius
        distance = np.hypot(np.maximum(dx, 0)[None, :], np.maximum(dy, 0)[:, None])
        color[distance <= bar.radius] = (*bar.color, 255)
    weight = color[..., 3:] / 255
    mean = _pooled(color[..., :3] * weight, side) / np.maximum(_pooled(weight, side), 1e-9)
    return np.round(np.concatenate([mean, _pooled(color[..., 3:], side)], axis=-1)).astype(np.uint8)


@cache
def png(side: int) -> bytes:
    """Write it as PNG of so many pixels."""
    rows = pixels(side)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


def ico() -> bytes:
    """Write it for Windows: PNGs with a table before them."""
    images = [png(side) for side in ICO_SIDES]
    place = 6 + 16 * len(images)
    table = struct.pack("<HHH", 0, 1, len(images))
    for side, image in zip(ICO_SIDES, images, strict=True):
        table += struct.pack("<BBBBHHII", side % 256, side % 256, 0, 0, 1, 32, len(image), place)
        place += len(image)
    return table + b"".join(images)


def icns() -> bytes:
    """Write it for macOS."""
    parts = [(kind, png(side)) for kind, side in ICNS_KINDS.items()]
    body = b"".join(kind + struct.pack(">I", len(image) + 8) + image for kind, image in parts)
    return b"icns" + struct.pack(">I", len(body) + 8) + body


def write_icons(folder: Path) -> None:
    """Write all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nast-fx.svg").write_text(svg(), encoding="utf-8")
    (folder / "nast-fx.ico").write_bytes(ico())
    (folder / "nast-fx.icns").write_bytes(icns())
    for side in PNG_SIDES:
        (folder / f"nast-fx-{side}.png").write_bytes(png(side))


def _pooled(values: np.ndarray, side: int) -> np.ndarray:
    return values.reshape(side, FINENESS, side, FINENESS, -1).mean(axis=(1, 3))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    write_icons(parser.parse_args().folder)
