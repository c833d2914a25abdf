"""Bring reference recordings to what methods take: the content's rate, one level, matching rows.

A long reference is used through evenly spaced excerpts, read one by one, so that an hour of it
costs what half a minute does.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
import torch

from nast_fx.audio import AudioSource, Samples, check_samples
from nast_fx.audio.resample import resample
from nast_fx.audio.source import open_source
from nast_fx.errors import AudioFileError
from nast_fx.methods import LEVEL, StyleSound
from nast_fx.models import StyleReference
from nast_fx.render.stereo import pick

__all__ = ["Reference", "References", "checked_reference", "open_references"]

EXCERPT_SECONDS = 3.0
SILENT = 1e-4  # RMS, -80 dBFS: below it there is nothing to learn
QUIET = 1e-3  # an excerpt or a side this far below the whole has no say


@dataclass(frozen=True)
class Reference:
    """One opened recording, with its name and weight."""

    source: AudioSource
    name: str
    weight: float


@dataclass(frozen=True)
class References:
    """All the recordings of a render."""

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

    def notes(self) -> list[str]:
        """Say what of long recordings is used."""
        notes = []
        for item in self.items:
            spans, rate = self._spans(item.source), item.source.sample_rate
            if len(spans) > 1:
                used = sum(n_frames for _, n_frames in spans) / rate
                notes.append(
                    f"{item.name} is {item.source.n_frames / rate:.0f} s long: {len(spans)} evenly spaced "
                    f"excerpts, {used:.0f} s in all, are used."
                )
        return notes

    def sound(self, rows: Sequence[str], sample_rate: int, min_frames: int) -> StyleSound:
        """Read and match the excerpts.

        Parameters
        ----------
        rows : sequence of str
            What each row of the content is (`StereoLayout.rows`).
        sample_rate : int
            The rate in Hz at which the content is styled.
        min_frames : int
            Shorter recordings are repeated up to this length, in samples.
        """
        excerpts, weights = [], []
        for item in self.items:
            blocks = [item.source.read(start, n_frames) for start, n_frames in self._spans(item.source)]
            matched = _matched(_loud_ones(blocks), rows)
            for block in matched:
                at_rate = resample(block, item.source.sample_rate, sample_rate)
                n_repeats = -(-min_frames // at_rate.shape[1])
                excerpts.append(torch.from_numpy(np.tile(at_rate, (1, n_repeats))))
            weights += [item.weight / len(matched)] * len(matched)
        return StyleSound(tuple(excerpts), tuple(weights))

    def levels(self, rows: Sequence[str]) -> Samples:
        """Root mean square of the rows (row,), weighted over the recordings: a texture's level."""
        power, total = np.zeros(len(rows)), 0.0
        for item in self.items:
            blocks = [item.source.read(start, n_frames) for start, n_frames in self._spans(item.source)]
            square = np.mean([[_rms(pick(*_pair(b), row)) ** 2 for row in rows] for b in blocks], axis=0)
            power, total = power + item.weight * square, total + item.weight
        return np.asarray(np.sqrt(power / total), dtype=np.float32)

    def _spans(self, source: AudioSource) -> list[tuple[int, int]]:
        """Places (start, n_frames) of the excerpts: the whole where it is short enough."""
        most = self.style_seconds / len(self.items) * source.sample_rate
        if source.n_frames <= most:
            return [(0, source.n_frames)]
        length = min(round(EXCERPT_SECONDS * source.sample_rate), round(most))
        count = max(1, round(most / length))
        gap = (source.n_frames - length) / max(count - 1, 1)
        return [(round(index * gap), length) for index in range(count)]


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


def checked_reference(source: AudioSource, name: str, weight: float = 1.0) -> Reference:
    """Take a recording as a reference if it holds anything; `name` is for messages.

    Raises
    ------
    AudioFileError
        It is silent, or a sample is not a number.
    """
    if check_samples(source, name).rms.max() < SILENT:
        raise AudioFileError(f"{name}: the style is silent; there is nothing to take from it")
    return Reference(source, name, weight)


def _pair(block: Samples) -> tuple[Samples, Samples]:
    """Left and right of a recording: its first pair, or its one channel twice."""
    return block[0], block[min(1, len(block) - 1)]


def _rms(signal: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(signal, dtype=np.float64))))


def _loud_ones(blocks: list[Samples]) -> list[Samples]:
    """Leave out excerpts that hold next to nothing."""
    levels = [_rms(block) for block in blocks]
    return [block for block, level in zip(blocks, levels, strict=True) if level > QUIET * max(levels)]


def _matched(blocks: list[Samples], rows: Sequence[str]) -> list[Samples]:
    """Make the rows (row, frame) of each block, each row at `LEVEL` over all blocks."""
    whole = _pair(np.concatenate(blocks, axis=1))
    loudest = max(_rms(channel) for channel in whole)
    kinds, gains = [], []
    for row in rows:
        # A mono recording has no side, a hard-panned one perhaps no left: the mid stands in.
        kind = next(k for k in (row, "mid", "side") if _rms(pick(*whole, k)) > QUIET * loudest)
        kinds.append(kind)
        gains.append(LEVEL / _rms(pick(*whole, kind)))
    return [
        np.stack([gain * pick(*_pair(block), kind) for kind, gain in zip(kinds, gains, strict=True)]).astype(
            np.float32
        )
        for block in blocks
    ]
