"""Clips that are recordings, in the three ways that data sets come: folders, UrbanSound8K, NSynth.

=============  ===========================================================  =============================
layout         what is read                                                 what is kept together
=============  ===========================================================  =============================
folders        ``CLASS/FILE`` or ``CLASS/GROUP/FILE``                       a file, or all of a GROUP
urbansound8k   ``metadata/UrbanSound8K.csv``, ``audio/foldN/FILE``          an official fold
nsynth         ``examples.json``, ``audio/NAME.wav``                        an instrument, or a pitch
=============  ===========================================================  =============================

Sources: Salamon, Jacoby & Bello 2014 (whose folds hold excerpts of one recording together, so that they
must never be mixed); Engel et al. 2017.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nast_fx.audio import Samples, open_source, resample, shown
from nast_fx.audio.names import file_error
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models.training import GroupBy, Layout
from nast_fx.progress import Progress, Steps
from nast_fx.train.clips import Clip, ClipSet

__all__ = ["FileClips", "Recording", "open_layout"]

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"})
MAX_EXCERPTS = 8  # of one file: a long recording is not to outweigh the others
URBANSOUND_TABLE = Path("metadata") / "UrbanSound8K.csv"
URBANSOUND_HELD_OUT = "fold10"
NSYNTH_TABLE = "examples.json"


@dataclass(frozen=True)
class Recording:
    """A file with its label and group."""

    path: Path
    label: str
    group: str


class FileClips(ClipSet):
    """Excerpts of recordings, half overlapping; a file that is shorter is one clip.

    All of a file's excerpts are of one group, so that no overlap is on both sides of a split.

    Parameters
    ----------
    recordings : sequence of Recording
        Their order is that of the clips.
    seconds : float
        Length of an excerpt.
    data, licence, split : str
        For the model's card.
    """

    def __init__(
        self, recordings: Sequence[Recording], *, seconds: float, data: str, licence: str, split: str
    ) -> None:
        self.data, self.licence, self.split = data, licence, split
        self.excerpts: list[tuple[Path, float]] = []
        clips: list[Clip] = []
        for recording in recordings:
            starts = _starts(recording.path, seconds)
            self.excerpts += [(recording.path, start) for start in starts]
            clips += [Clip(recording.label, recording.group)] * len(starts)
        self.clips = tuple(clips)

    def waveforms(self, sample_rate: int, seconds: float) -> Steps[Samples]:
        """Read all excerpts, in mono."""
        n_clips = len(self.excerpts)
        result = np.zeros((n_clips, round(sample_rate * seconds)), dtype=np.float32)
        for index, (path, start) in enumerate(self.excerpts):
            if index % 100 == 0:
                yield Progress("read", step=index, n_steps=n_clips, note="reading recordings")
            mono = _read(path, start, seconds, sample_rate)[: result.shape[1]]
            result[index, : len(mono)] = mono
        return result


def open_layout(path: Path, layout: Layout, *, group_by: GroupBy, seconds: float) -> FileClips:
    """Open a data set; the layout ``auto`` is told from the tables that are there.

    Parameters
    ----------
    path : path
        Its folder.
    layout : str
    group_by : str
        Of NSynth: what is kept together.
    seconds : float
        Length of an excerpt.

    Raises
    ------
    UsageError
        The folder does not have that layout, or fewer than two classes.
    AudioFileError
        A file that a table names is missing or cannot be read.
    """
    if not path.is_dir():
        raise UsageError(f"data={shown(path)} must be a folder")
    if layout == "auto":
        tables: dict[Layout, Path] = {"urbansound8k": URBANSOUND_TABLE, "nsynth": Path(NSYNTH_TABLE)}
        layout = next((name for name, table in tables.items() if (path / table).is_file()), "folders")
    readers: dict[str, Callable[[], list[Recording]]] = {
        "folders": lambda: _folders(path),
        "urbansound8k": lambda: _urbansound(path),
        "nsynth": lambda: _nsynth(path, group_by),
    }
    recordings = readers[layout]()
    if len({recording.label for recording in recordings}) < 2:
        raise UsageError(f"{shown(path)}: there must be sound files of at least two classes in it ({layout})")
    clips = FileClips(
        recordings,
        seconds=seconds,
        data=f"{len(recordings)} recordings of {shown(path.name)} ({layout})",
        licence="that of the recordings",
        split={"folders": "by file or folder", "urbansound8k": "by fold"}.get(layout, f"by {group_by}"),
    )
    if layout == "urbansound8k" and any(clip.group == URBANSOUND_HELD_OUT for clip in clips.clips):
        clips.held_out = frozenset({URBANSOUND_HELD_OUT})
    return clips


def _folders(path: Path) -> list[Recording]:
    recordings = []
    for file in sorted(path.rglob("*")):
        parts = file.relative_to(path).parts
        if file.suffix.lower() in SUFFIXES and len(parts) > 1 and not file.name.startswith("."):
            group = "/".join(parts[:2])  # the file itself, or the folder that it shares with others
            recordings.append(Recording(file, parts[0], group))
    return recordings


def _urbansound(path: Path) -> list[Recording]:
    table = path / URBANSOUND_TABLE
    try:
        with open(table, encoding="utf-8", newline="") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: (int(row["fold"]), row["slice_file_name"]))
            return [
                Recording(
                    path / "audio" / f"fold{int(row['fold'])}" / row["slice_file_name"],
                    row["class"],
                    f"fold{int(row['fold'])}",
                )
                for row in rows
            ]
    except OSError as error:
        raise file_error(table, "cannot be read", error) from error
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{shown(table)}: must have the columns slice_file_name, fold (a number) and class"
        ) from error


def _nsynth(path: Path, group_by: GroupBy) -> list[Recording]:
    table = path / NSYNTH_TABLE
    try:
        notes: dict[str, dict[str, Any]] = json.loads(table.read_text(encoding="utf-8"))
        return [
            Recording(
                path / "audio" / f"{name}.wav",
                str(note["instrument_family_str"]),
                f"pitch {int(note['pitch'])}" if group_by == "pitch" else str(note["instrument_str"]),
            )
            for name, note in sorted(notes.items())
        ]
    except OSError as error:
        raise file_error(table, "cannot be read", error) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{shown(table)}: must give each note its instrument_family_str, instrument_str and pitch"
        ) from error


def _starts(path: Path, seconds: float) -> list[float]:
    """Seconds at which the excerpts of a file begin."""
    with open_source(path) as source:
        length = source.n_frames / source.sample_rate
    count = min(int(2 * length / seconds) - 1, MAX_EXCERPTS)
    if count <= 1:
        return [0.0]
    return [float(start) for start in np.linspace(0.0, length - seconds, count)]


def _read(path: Path, start: float, seconds: float, sample_rate: int) -> Samples:
    with open_source(path) as source:
        first, n_frames = round(start * source.sample_rate), round(seconds * source.sample_rate)
        block = source.read(first, min(n_frames, source.n_frames - first))
        if not np.isfinite(block).all():
            raise AudioFileError(f"{shown(path)}: a sample is not a number")
        mono = np.asarray(block.mean(axis=0, keepdims=True), dtype=np.float32)
        return np.asarray(resample(mono, source.sample_rate, sample_rate)[0])
