"""Cut a signal of any length into overlapping segments, and join their results.

All segments are equally long, so that none is a short rest. Even ones never meet each other: they
come first, in any order; each odd one then lies between two finished neighbors. Cross-fades are
linear and sum to one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nast_fx.models.plan import MAX_OVERLAP

__all__ = ["Span", "fade_in", "in_order", "plan_segments", "segments_at"]

LEAST_SECONDS, LONGEST_SECONDS = 0.5, 30.0  # of a segment between two places


@dataclass(frozen=True)
class Span:
    """One segment: where it begins, its length, and its overlaps with its neighbors, in samples."""

    index: int
    start: int
    n_frames: int
    n_before: int
    n_after: int

    @property
    def end(self) -> int:
        """Frame after the last."""
        return self.start + self.n_frames

    @property
    def is_stitched(self) -> bool:
        """Whether the neighbors are finished before this one begins."""
        return self.index % 2 == 1

    def own_share(self) -> npt.NDArray[np.float32]:
        """Give the cross-fade of a stitched segment (frame,): 1 in its middle, 0 at its ends."""
        share = np.ones(self.n_frames, dtype=np.float32)
        if self.n_before:
            share[: self.n_before] = fade_in(self.n_before)
        if self.n_after:
            share[self.n_frames - self.n_after :] = fade_in(self.n_after)[::-1]
        return share


def fade_in(n_frames: int) -> npt.NDArray[np.float32]:
    """Rise linearly between 0 and 1, both excluded; with its mirror image it sums to one."""
    rise = np.arange(1, n_frames + 1, dtype=np.float64) / (n_frames + 1)
    return rise.astype(np.float32)


def plan_segments(n_frames: int, segment: int, overlap: int, *, least: int = 1) -> list[Span]:
    """Cover `n_frames` with equal segments of about `segment` samples: no more, but to have `least`.

    Parameters
    ----------
    n_frames, segment : int
        At least 1.
    overlap : int
        Least overlap of neighbors; at most 0.4 of `segment`.
    least : int
        Length below which no segment may be; a signal that is shorter is one segment.

    Returns
    -------
    list of Span
        In the order of time.
    """
    if n_frames <= segment:
        return [Span(0, 0, n_frames, 0, 0)]
    count = math.ceil((n_frames - overlap) / (segment - overlap))
    while count > 1 and math.ceil((n_frames + (count - 1) * overlap) / count) < least:
        count -= 1
    if count == 1:
        return [Span(0, 0, n_frames, 0, 0)]
    length = math.ceil((n_frames + (count - 1) * overlap) / count)
    starts = [(n_frames - length) * index // (count - 1) for index in range(count)]
    overlaps = [0, *(left + length - right for left, right in pairwise(starts)), 0]
    return [
        Span(index, start, length, overlaps[index], overlaps[index + 1]) for index, start in enumerate(starts)
    ]


def segments_at(
    places: Sequence[int], n_frames: int, overlap: int, *, least: int, longest: int
) -> list[Span]:
    """Cover `n_frames` with segments that meet at `places`, such as beats or markers.

    Parameters
    ----------
    places : sequence of int
        Frames, rising; a place that would leave a segment below `least` is passed over.
    n_frames : int
        At least 1.
    overlap : int
        Overlap of neighbors, centered on the place; less where a neighbor is short.
    least, longest : int
        Samples; what is longer between two places is divided evenly, where that leaves `least`.

    Returns
    -------
    list of Span
        In the order of time.
    """
    cuts = [0]
    for place in places:
        if place - cuts[-1] >= least and n_frames - place >= least:
            cuts.append(place)
    # With less than two of the least a half would fall below it.
    cuts = _divided([*cuts, n_frames], max(longest, 2 * least))
    lengths = [after - before for before, after in pairwise(cuts)]
    # Three must never meet in one place, so an overlap takes less than half of a neighbor.
    overlaps = [0, *(min(overlap, int(MAX_OVERLAP * min(pair))) // 2 * 2 for pair in pairwise(lengths)), 0]
    spans = []
    for index, (begin, end) in enumerate(pairwise(cuts)):
        n_before, n_after = overlaps[index], overlaps[index + 1]
        start, stop = begin - n_before // 2, end + n_after // 2
        spans.append(Span(index, start, stop - start, n_before, n_after))
    return spans


def _divided(cuts: Sequence[int], longest: int) -> list[int]:
    """Add cuts, evenly, where two are more than `longest` apart."""
    more = []
    for begin, end in pairwise(cuts):
        count = math.ceil((end - begin) / longest)
        more += [begin + (end - begin) * part // count for part in range(count)]
    return [*more, cuts[-1]]


def in_order(spans: list[Span]) -> list[Span]:
    """Even ones, then the odd ones between them."""
    return spans[::2] + spans[1::2]
