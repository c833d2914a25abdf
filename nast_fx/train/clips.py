"""What training needs of a data set: clips with a label and a group, their audio, and a split by group.

A group is what must not stand on both sides of a split: a pitch, a speaker, a file, a fold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nast_fx.audio import Samples
from nast_fx.errors import UsageError, did_you_mean
from nast_fx.progress import Steps

__all__ = ["LEVEL", "SILENT", "Clip", "ClipSet", "Split", "leveled", "rms_of", "split_by_group"]

LEVEL = 0.08  # RMS that every clip is brought to: log1p makes features depend on level
SILENT = 3e-4  # RMS, -70 dBFS: below it there is nothing to learn

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clip:
    """A clip's facts.

    Attributes
    ----------
    label : str
        Its class.
    group : str
        What it has in common with clips that must stay on its side of the split.
    """

    label: str
    group: str


class ClipSet(ABC):
    """Clips in a fixed order, and where their audio comes from.

    Attributes
    ----------
    clips : sequence of Clip
    held_out : frozenset of str
        Groups that the data set itself keeps for validation; empty leaves it to `split_by_group`.
    split, data, licence : str
        What is held out, what the clips are, and the terms of use, for the model's card.
    """

    clips: Sequence[Clip]
    held_out: frozenset[str] = frozenset()
    split: str
    data: str
    licence: str

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Labels in alphabetical order."""
        return tuple(sorted({clip.label for clip in self.clips}))

    @cached_property
    def targets(self) -> Indices:
        """Index of each clip's class (clip,)."""
        index = {label: number for number, label in enumerate(self.classes)}
        return np.array([index[clip.label] for clip in self.clips], dtype=np.int64)

    @abstractmethod
    def waveforms(self, sample_rate: int, seconds: float) -> Steps[Samples]:
        """Read or render all clips: (clip, frame) float32, cut or filled with zeros to `seconds`."""


@dataclass(frozen=True)
class Split:
    """Indices of the clips on both sides, ascending."""

    training: Indices
    validation: Indices


def split_by_group(
    clips: Sequence[Clip], *, share: float, seed: int, held_out: Collection[str] = ()
) -> Split:
    """Split clips so that no group is on both sides.

    Without `held_out` a share of the groups is drawn, separately among groups that hold the same
    classes: so that a data set of files gives some of each class, and one of pitches some pitches.

    Parameters
    ----------
    clips : sequence of Clip
    share : float
        Of the groups that is held out, above 0 and below 1.
    seed : int
        Of the draw.
    held_out : collection of str
        Groups to hold out instead.

    Raises
    ------
    UsageError
        A group is unknown, nothing is left on a side, or a class has nothing to be learned from.
    """
    labels_of: dict[str, set[str]] = {}
    for clip in clips:
        labels_of.setdefault(clip.group, set()).add(clip.label)
    for group in sorted(held_out):
        if group not in labels_of:
            raise UsageError(f"there is no group '{group}' to hold out{did_you_mean(group, labels_of)}")
    chosen = set(held_out) or _draw(labels_of, share, seed)
    is_held = np.array([clip.group in chosen for clip in clips])
    unseen = {clip.label for clip in clips} - {clip.label for clip in clips if clip.group not in chosen}
    if unseen:
        raise UsageError(f"all of class '{min(unseen)}' is held out: nothing is left to learn it from")
    if not is_held.any():
        raise UsageError("nothing can be held out: each class needs clips of at least two groups")
    return Split(np.flatnonzero(~is_held), np.flatnonzero(is_held))


def leveled(waveforms: Samples) -> Samples:
    """Bring clips (clip, frame) to RMS `LEVEL`; what is silent stays so."""
    gains = LEVEL / np.maximum(rms_of(waveforms), SILENT)
    return np.asarray(waveforms * gains[:, None], dtype=np.float32)


def rms_of(waveforms: Samples) -> Samples:
    """Root mean square of each clip (clip,); one after the other, since all at once they take gigabytes."""
    return np.array([np.sqrt(np.mean(np.square(clip, dtype=np.float64))) for clip in waveforms], np.float32)


def _draw(labels_of: dict[str, set[str]], share: float, seed: int) -> set[str]:
    alike: dict[tuple[str, ...], list[str]] = {}
    for group in sorted(labels_of):
        alike.setdefault(tuple(sorted(labels_of[group])), []).append(group)
    generator = np.random.default_rng(seed)
    chosen: set[str] = set()
    for groups in alike.values():
        # One group is all there is of its kind: it is learned from.
        n_held = min(max(1, round(share * len(groups))), len(groups) - 1)
        chosen.update(groups[index] for index in generator.permutation(len(groups))[:n_held])
    return chosen
