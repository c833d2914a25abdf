"""Bring reference recordings to what methods take: the content's rate, one level, matching rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
import torch

from nast_fx.audio import Samples, resample
from nast_fx.audio.pair import QUIET
from nast_fx.audio.source import open_source
from nast_fx.methods import LEVEL, StyleSound
from nast_fx.models import StyleReference
from nast_fx.render.learnt import learnt_file, open_learnt
from nast_fx.render.reference import Reference, Span, checked_reference, rms
from nast_fx.render.stereo import pick

__all__ = ["References", "open_references"]

KINDS = ("mid", "side", "left", "right")


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
            used = sum(span.n_frames for span in spans)
            if used < item.source.n_frames and not item.learnt:
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
            spans = self._spans(item, min_frames / sample_rate)
            blocks = [item.read_shifted(span.start, span.n_frames, semitones) for span in spans]
            for block in _matched(blocks, rows, item.levels or _levels(blocks)):
                at_rate = resample(block, item.source.sample_rate, sample_rate)
                n_missing = max(0, min_frames - at_rate.shape[1])
                excerpts.append(torch.from_numpy(np.pad(at_rate, ((0, 0), (0, n_missing)), mode="symmetric")))
            weights += [item.weight * span.weight for span in spans]
        return StyleSound(tuple(excerpts), tuple(weights))

    def levels(self, rows: Sequence[str], least_seconds: float) -> Samples:
        """Root mean square of the rows (row,), weighted over the recordings: a texture's level."""
        power, total = np.zeros(len(rows)), 0.0
        for item in self.items:
            square = np.array([self._level(item, row, least_seconds) ** 2 for row in rows])
            power, total = power + item.weight * square, total + item.weight
        return np.asarray(np.sqrt(power / total), dtype=np.float32)

    def _level(self, item: Reference, row: str, least_seconds: float) -> float:
        if item.levels is not None:
            return item.levels[row]
        blocks = (item.read(span.start, span.n_frames) for span in self._spans(item, least_seconds))
        return float(np.sqrt(np.mean([rms(pick(block[0], block[1], row)) ** 2 for block in blocks])))

    def _spans(self, item: Reference, least_seconds: float) -> list[Span]:
        return item.spans(self.style_seconds / len(self.items), least_seconds)


def open_references(
    styles: Sequence[StyleReference], stack: ExitStack, *, style_seconds: float
) -> References:
    """Open and check recordings and learnt styles; `stack` closes them.

    Raises
    ------
    AudioFileError
        A file cannot be read, is silent, or is no style.
    UsageError
        A part is asked of a learnt style, or there is neither a file nor a style of a name.
    """
    items = []
    for style in styles:
        if (file := learnt_file(style.path)) is not None:
            items.append(open_learnt(file, style))
            continue
        source = stack.enter_context(open_source(style.path, style.start_seconds, style.length_seconds))
        checked = checked_reference(source, str(style.path), style.weight)
        items.append(replace(checked, name=style.path.name))
    return References(tuple(items), style_seconds)


def _levels(blocks: list[Samples]) -> dict[str, float]:
    """RMS of each kind of row over all blocks (2, frame)."""
    whole = np.concatenate(blocks, axis=1)
    return {kind: rms(pick(whole[0], whole[1], kind)) for kind in KINDS}


def _matched(blocks: list[Samples], rows: Sequence[str], levels: Mapping[str, float]) -> list[Samples]:
    """Make the rows (row, frame) of each block (2, frame), each row of RMS `levels` at `LEVEL`."""
    loudest = max(levels["left"], levels["right"])
    # A mono recording has no side, a hard-panned one perhaps no left: the mid stands in, or the side of a
    # recording whose channels are opposite.
    kinds = [next(k for k in (row, "mid", "side") if levels[k] > QUIET * loudest) for row in rows]
    matched = []
    for block in blocks:
        made = [LEVEL / levels[kind] * pick(block[0], block[1], kind) for kind in kinds]
        matched.append(np.stack(made).astype(np.float32))
    return matched
