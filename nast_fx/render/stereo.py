"""Channels of a file to the rows that are styled, and back.

Six channels are taken as 5.1 and eight as 7.1 (left, right, center, LFE, then pairs): the LFE
passes untouched. Any other number is pairs, and a single one where it is odd.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nast_fx.audio import Samples
from nast_fx.models import StereoPolicy

__all__ = ["StereoLayout"]

SURROUND = {
    6: (((0, 1), (4, 5)), (2,)),
    8: (((0, 1), (4, 5), (6, 7)), (2,)),
}


@dataclass(frozen=True)
class StereoLayout:
    """Which channels are styled together, and how.

    Attributes
    ----------
    n_channels : int
    policy : str
        ``mid-side``: both are styled; ``left-right``: likewise; ``mono``: the mid is, the side
        passes untouched.
    """

    n_channels: int
    policy: StereoPolicy

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Channels that are a stereo pair."""
        if self.n_channels in SURROUND:
            return SURROUND[self.n_channels][0]
        return tuple((index, index + 1) for index in range(0, self.n_channels - 1, 2))

    @property
    def singles(self) -> tuple[int, ...]:
        """Channels that are styled on their own."""
        if self.n_channels in SURROUND:
            return SURROUND[self.n_channels][1]
        return (self.n_channels - 1,) if self.n_channels % 2 else ()

    @property
    def rows(self) -> tuple[str, ...]:
        """What each row is: ``mid``, ``side``, ``left`` or ``right``; singles are mids."""
        of_pair = {"mid-side": ("mid", "side"), "left-right": ("left", "right"), "mono": ("mid",)}
        return of_pair[self.policy] * len(self.pairs) + ("mid",) * len(self.singles)

    def encode(self, block: Samples) -> Samples:
        """Make the rows (row, frame) of a block (channel, frame)."""
        rows: list[Samples] = []
        for left, right in self.pairs:
            rows += [pick(block[left], block[right], kind) for kind in self.rows[: self._n_rows_a_pair]]
        return np.stack(rows + [block[index] for index in self.singles])

    def decode(self, rows: Samples, block: Samples) -> Samples:
        """Put styled rows (row, frame) in the place of those of `block` (channel, frame)."""
        result = block.copy()
        size = self._n_rows_a_pair
        for index, (left, right) in enumerate(self.pairs):
            styled = rows[index * size : (index + 1) * size]
            if self.policy == "left-right":
                result[left], result[right] = styled
            elif self.policy == "mid-side":
                result[left], result[right] = styled[0] + styled[1], styled[0] - styled[1]
            else:
                difference = styled[0] - pick(block[left], block[right], "mid")
                result[[left, right]] += difference
        for row, index in zip(rows[len(self.pairs) * size :], self.singles, strict=True):
            result[index] = row
        return result

    def describe(self) -> str:
        """Say how more than two channels are taken; empty for one or two."""
        if self.n_channels <= 2:
            return ""
        names = [f"{left + 1}+{right + 1}" for left, right in self.pairs]
        names += [str(index + 1) for index in self.singles]
        text = f"{self.n_channels} channels: {', '.join(names)} are styled"
        untouched = set(range(self.n_channels)) - {i for p in self.pairs for i in p} - set(self.singles)
        return text + "".join(f", {index + 1} (LFE) passes as it is" for index in untouched) + "."

    @property
    def _n_rows_a_pair(self) -> int:
        return 1 if self.policy == "mono" else 2


def pick(left: Samples, right: Samples, kind: str) -> Samples:
    """Take ``left``, ``right``, ``mid`` (half the sum) or ``side`` (half the difference) of a pair."""
    if kind == "mid":
        return np.asarray((left + right) / 2, dtype=np.float32)
    if kind == "side":
        return np.asarray((left - right) / 2, dtype=np.float32)
    return left if kind == "left" else right
