"""Recordings to learn a style from: opened, summed up, brought to one rate and level, and cut into runs.

Nothing is held whole: a recording is read in blocks, resampled into a temporary file where its rate is not
the style's, and only the runs that are compared are ever in memory.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nast_fx.audio import (
    ArraySource,
    Audio,
    AudioSource,
    Samples,
    check_samples,
    open_source,
    resample_source,
    shown,
)
from nast_fx.audio.names import clean_text, file_error
from nast_fx.audio.pair import QUIET, SILENT, stereo_pair
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models import StyleReference
from nast_fx.models.plan import MAX_RATE, MIN_RATE
from nast_fx.models.portable_style import RecordingFacts
from nast_fx.progress import Progress, Steps

__all__ = ["Heard", "Joined", "Recording", "hear", "open_recordings", "recording_of", "style_rate"]

MAX_STYLE_RATE = 48_000  # Hz
AUDIBLE_SIDE = 0.01  # of the mid: a side 40 dB below it is not worth half of a file


@dataclass(frozen=True)
class Recording:
    """A source to learn from, and what the style's file will say of it; `name` is for messages."""

    source: AudioSource
    facts: RecordingFacts
    name: str


def open_recordings(references: Sequence[StyleReference], stack: ExitStack) -> list[Recording]:
    """Open files, or parts of files; `stack` closes them.

    Raises
    ------
    AudioFileError
        A file cannot be read.
    """
    opened = []
    for one in references:
        source = stack.enter_context(open_source(one.path, one.start_seconds, one.length_seconds))
        facts = RecordingFacts(
            file=clean_text(shown(one.path.name)),
            sha256=_file_sum(one.path),
            start_seconds=source.start / source.sample_rate,
            seconds=source.n_frames / source.sample_rate,
            sample_rate=source.sample_rate,
            channels=source.info.n_channels,
        )
        opened.append(Recording(source, facts, shown(one.path)))
    return opened


def recording_of(audio: Audio, name: str) -> Recording:
    """Take a recording that is in memory; its sum is that of its samples as little-endian float32."""
    facts = RecordingFacts(
        file=name,
        sha256=hashlib.sha256(audio.samples.astype("<f4").tobytes()).hexdigest(),
        seconds=audio.seconds,
        sample_rate=audio.sample_rate,
        channels=audio.n_channels,
    )
    return Recording(ArraySource(audio), facts, name)


def style_rate(recordings: Sequence[Recording]) -> int:
    """Give the rate of a style in Hz: the lowest of the recordings, or a whole fraction of it up to 48 kHz.

    Raises
    ------
    UsageError
        A rate cannot be styled.
    """
    rates = []
    for recording in recordings:
        rate = recording.source.sample_rate
        if not MIN_RATE <= rate <= MAX_RATE:
            raise UsageError(
                f"{recording.name}: a rate of {rate} Hz cannot be learnt: it must be from {MIN_RATE} to "
                f"{MAX_RATE} Hz"
            )
        rates.append(round(rate / math.ceil(rate / MAX_STYLE_RATE)))
    return min(rates)


@dataclass(frozen=True, eq=False)
class Heard:
    """A recording at the style's rate, with its levels.

    Attributes
    ----------
    source : AudioSource
        Left and right.
    rms : dict
        Of ``mid`` and ``side``; ``loudest`` is the louder channel's.
    power : ndarray, (block,) float64
        Mean square of the pair in each block of `block_frames`.
    """

    source: AudioSource
    rms: dict[str, float]
    power: npt.NDArray[np.float64]
    block_frames: int

    def has(self, part: str) -> bool:
        """Whether there is anything in the mid or the side."""
        return self.rms[part] > QUIET * self.rms["loudest"]

    @property
    def is_stereo(self) -> bool:
        """Whether mid and side both matter."""
        return self.has("mid") and self.has("side") and self.rms["side"] > AUDIBLE_SIDE * self.rms["mid"]

    def stand_in(self, part: str) -> str:
        """What is taken for the mid or the side: itself, or the other where it is empty."""
        return next(one for one in (part, "mid", "side") if self.has(one))

    def read(self, start: int, n_frames: int, part: str, level: float) -> Samples:
        """Read a part (frame,) at an RMS of `level` over the recording; where it is empty, the other part.

        A recording that is too short is mirrored.
        """
        part = self.stand_in(part)
        left, right = self.source.read(start, min(n_frames, self.source.n_frames - start))
        signal = (left + right if part == "mid" else left - right) * (0.5 * level / self.rms[part])
        return np.pad(signal, (0, n_frames - len(signal)), mode="symmetric").astype(np.float32)


def hear(recording: Recording, rate: int, block_frames: int, stack: ExitStack) -> Steps[Heard]:
    """Read a recording once; `stack` closes the temporary file of a resampled one.

    Raises
    ------
    AudioFileError
        It is silent, or a sample is not a number.
    """
    yield Progress("read", note=f"reading {recording.facts.file}")
    stats = check_samples(recording.source, recording.name)
    if stats.rms.max() < SILENT:
        raise AudioFileError(f"{recording.name}: is silent; there is nothing to learn from it")
    source: AudioSource = _Pair(recording.source, stereo_pair(stats.rms))
    if source.sample_rate != rate:
        source = stack.enter_context(resample_source(source, rate))
    powers, n_blocks = [], max(1, source.n_frames // block_frames)
    squares = np.zeros(4)
    for start in range(0, source.n_frames, block_frames):
        left, right = source.read(start, min(block_frames, source.n_frames - start)).astype(np.float64)
        sums = np.array([np.sum(s**2) for s in (left, right, (left + right) / 2, (left - right) / 2)])
        squares += sums
        powers.append(sums[:2].sum() / len(left))
        if len(powers) % 256 == 0:
            yield Progress("read", share=len(powers) / n_blocks, note=f"reading {recording.facts.file}")
    left, right, mid, side = np.sqrt(squares / source.n_frames)
    rms = {"mid": float(mid), "side": float(side), "loudest": float(max(left, right))}
    return Heard(source, rms, np.array(powers), block_frames)


class Joined:
    """Several pairs, one after the other, at one level: what is analyzed as one recording."""

    n_channels = 2

    def __init__(self, several: Sequence[Heard]) -> None:
        self._several = several
        self.sample_rate = several[0].source.sample_rate
        self._ends = np.cumsum([one.source.n_frames for one in several])
        self.n_frames = int(self._ends[-1])
        total = sum(one.power.mean() for one in several) / len(several)
        self._gains = [math.sqrt(total / one.power.mean()) for one in several]

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (2, frame); zeros outside of the signal."""
        block = np.zeros((2, n_frames), dtype=np.float32)
        for one, gain, end in zip(self._several, self._gains, self._ends, strict=True):
            first = int(end) - one.source.n_frames
            begin, stop = max(start, first), min(start + n_frames, int(end))
            if begin < stop:
                part = one.source.read(begin - first, stop - begin)
                block[:, begin - start : stop - start] = np.float32(gain) * part
        return block


class _Pair:
    """Left and right of a source."""

    n_channels = 2

    def __init__(self, source: AudioSource, channels: tuple[int, int]) -> None:
        self.sample_rate, self.n_frames = source.sample_rate, source.n_frames
        self._source, self._channels = source, list(channels)

    def read(self, start: int, n_frames: int) -> Samples:
        return self._source.read(start, n_frames)[self._channels]


def _file_sum(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise file_error(path, "cannot be read", error) from error
