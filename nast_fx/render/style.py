"""Bring reference recordings to what methods take: the content's rate, one level, matching rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
import torch

from nast_fx.audio import Samples, resample
from nast_fx.audio.source import open_source
from nast_fx.methods import LEVEL, StyleSound
from nast_fx.models import StyleReference
from nast_fx.render.reference import QUIET, Reference, checked_reference, rms
from nast_fx.render.stereo import pick

__all__ = ["References", "open_references"]


@dataclass(frozen=True)
class References:
    """All the recordings of a render.

    Attributes
    ----------
    items : tuple of Reference
    style_seconds : float
        How much of them is used in all.
    """

    items: tuple[Reference, ...]
    style_seconds: float

    @property
    def sample_rate(self) -> int:
        """Give the lowest rate in Hz: above its half not every style has anything to say."""
        return min(item.source.sample_rate for item in self.items)

    @property
    def n_channels(self) -> int:
        """Two if any recording is stereo, else one."""
        return 2 if any(item.source.n_channels > 1 for item in self.items) else 1

    def notes(self, least_seconds: float) -> list[str]:
        """Say what of long recordings is used; `least_seconds` is what the method must see at once."""
        notes = []
        for item in self.items:
            spans, rate = self._spans(item, least_seconds), item.source.sample_rate
            used = sum(n_frames for _, n_frames in spans)
            if used < item.source.n_frames:
                notes.append(
                    f"{item.name} is {item.source.n_frames / rate:.0f} s long: {len(spans)} evenly spaced "
                    f"excerpts, {used / rate:.0f} s in all, are used."
                )
        return notes

    def sound(
        self, rows: Sequence[str], sample_rate: int, min_frames: int, shifts: Sequence[float] | None = None
    ) -> StyleSound:
        """Read and match the excerpts.

        Parameters
        ----------
        rows : sequence of str
            What each row of the content is (`StereoLayout.rows`).
        sample_rate : int
            The rate in Hz at which the content is styled.
        min_frames : int
            What the method must see at once, in samples of that rate; a shorter recording is mirrored
            until it is as long.
        shifts : sequence of float, optional
            Semitones by which each recording is transposed.
        """
        excerpts, weights = [], []
        for item, semitones in zip(self.items, shifts or [0.0] * len(self.items), strict=True):
            matched = _matched(self._blocks(item, min_frames / sample_rate, semitones), rows)
            for block in matched:
                at_rate = resample(block, item.source.sample_rate, sample_rate)
                n_missing = max(0, min_frames - at_rate.shape[1])
                excerpts.append(torch.from_numpy(np.pad(at_rate, ((0, 0), (0, n_missing)), mode="symmetric")))
            weights += [item.weight / len(matched)] * len(matched)
        return StyleSound(tuple(excerpts), tuple(weights))

    def levels(self, rows: Sequence[str], least_seconds: float) -> Samples:
        """Root mean square of the rows (row,), weighted over the recordings: a texture's level."""
        power, total = np.zeros(len(rows)), 0.0
        for item in self.items:
            blocks = self._blocks(item, least_seconds)
            square = np.mean(
                [[rms(pick(block[0], block[1], row)) ** 2 for row in rows] for block in blocks], axis=0
            )
            power, total = power + item.weight * square, total + item.weight
        return np.asarray(np.sqrt(power / total), dtype=np.float32)

    def _blocks(self, item: Reference, least_seconds: float, semitones: float = 0.0) -> list[Samples]:
        spans = self._spans(item, least_seconds)
        return [item.read_shifted(start, n_frames, semitones) for start, n_frames in spans]

    def _spans(self, item: Reference, least_seconds: float) -> list[tuple[int, int]]:
        return item.spans(self.style_seconds / len(self.items), least_seconds)


def open_references(
    styles: Sequence[StyleReference], stack: ExitStack, *, style_seconds: float
) -> References:
    """Open and check the recordings; `stack` closes them.

    Raises
    ------
    AudioFileError
        A file cannot be read, or is silent.
    """
    items = []
    for style in styles:
        source = stack.enter_context(open_source(style.path, style.start_seconds, style.length_seconds))
        checked = checked_reference(source, str(style.path), style.weight)
        items.append(replace(checked, name=style.path.name))
    return References(tuple(items), style_seconds)


def _matched(blocks: list[Samples], rows: Sequence[str]) -> list[Samples]:
    """Make the rows (row, frame) of each block (2, frame), each row at `LEVEL` over all blocks."""
    whole = np.concatenate(blocks, axis=1)
    loudest = max(rms(channel) for channel in whole)
    kinds, gains = [], []
    for row in rows:
        # A mono recording has no side, a hard-panned one perhaps no left: the mid stands in, or the
        # side of a recording whose channels are opposite.
        kind = next(k for k in (row, "mid", "side") if rms(pick(whole[0], whole[1], k)) > QUIET * loudest)
        kinds.append(kind)
        gains.append(LEVEL / rms(pick(whole[0], whole[1], kind)))
    matched = []
    for block in blocks:
        made = [gain * pick(block[0], block[1], kind) for kind, gain in zip(kinds, gains, strict=True)]
        matched.append(np.stack(made).astype(np.float32))
    return matched
