"""Learn a style: the runs of recordings, and the weights, that come nearest to all of them.

recordings -> one rate, one level -> runs of 1.25 s -> thinned -> products of all pairs -> landmarks
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import torch

from nast_fx.analysis import Analysis, analyze
from nast_fx.errors import UsageError
from nast_fx.models import validated
from nast_fx.models.portable_style import LearningFacts, LearnSettings, SoundFacts, StyleFacts
from nast_fx.progress import Progress, Steps, within
from nast_fx.styles.candidates import Geometry, candidates
from nast_fx.styles.compare import Comparison, compare
from nast_fx.styles.landmarks import choose_landmarks
from nast_fx.styles.picture import style_picture
from nast_fx.styles.recordings import Heard, Joined, Recording, hear, style_rate
from nast_fx.styles.sound import phases_of
from nast_fx.styles.style import MAX_PICTURE_BYTES, MAX_STYLE_BYTES, LearntStyle, Magnitudes
from nast_fx.version import __version__

__all__ = ["Kept", "keep", "learn"]

SHARES = {"read": (0.0, 0.1), "analyze": (0.1, 0.4), "compare": (0.4, 0.95)}
FACTS_BYTES = 20_000  # that are kept free for the header
LOUDEST = float(np.finfo(np.float16).max)

Matrix = npt.NDArray[np.float64]


def learn(
    recordings: Sequence[Recording],
    *,
    name: str,
    seconds: float = 8.0,
    author: str = "",
    license: str = "",
    created: str | None = None,
) -> Steps[LearntStyle]:
    """Learn a style from recordings of any length, in bounded memory.

    Parameters
    ----------
    recordings : sequence of Recording
        Each counts by its length; see `open_recordings` and `recording_of`.
    name, author, license : str
        For the file.
    seconds : float
        Most that is kept, 1.5 ... 24; where the recordings are shorter, all of them is.
    created : str, optional
        Date as ``2030-01-31``; today's by default.

    Raises
    ------
    UsageError
        A value, or a rate, that cannot be; `seconds` do not fit into a style file.
    AudioFileError
        A recording is silent, or a sample is not a number.
    """
    given = {"name": name, "seconds": seconds, "author": author, "license": license}
    settings = validated(LearnSettings, given)
    if not recordings or not name:
        raise UsageError("a style needs at least one recording, and a name")
    geometry = Geometry(style_rate(recordings))
    with ExitStack() as stack:
        several = yield from within(_hear_all(recordings, geometry, stack), *SHARES["read"])
        parts = ("mid", "side") if any(one.is_stereo for one in several) else ("mid",)
        count = _count(settings.seconds, geometry, len(parts))
        analysis = yield from within(analyze(Joined(several), name), *SHARES["analyze"])
        runs, keeps_all = candidates(several, geometry, settings.seconds)
        comparison = yield from within(compare(runs, parts, geometry), *SHARES["compare"])
        yield Progress("choose", share=SHARES["compare"][1], note="finding phases")
        kept = keep(comparison, len(runs) if keeps_all else count)
    facts = StyleFacts(
        name=name,
        author=settings.author,
        license=settings.license,
        created=created or date.today().isoformat(),
        version=__version__,
        sample_rate=geometry.sample_rate,
        n_fft=geometry.n_fft,
        hop_length=geometry.hop_length,
        parts=parts,
        levels=tuple(_level(several, part) for part in parts),
        run_frames=tuple(run.shape[2] for run in kept.runs),
        weights=tuple(kept.weights.tolist()),
        recordings=tuple(recording.facts for recording in recordings),
        sound=_sound(analysis),
        learning=kept.learning,
    )
    return LearntStyle(
        facts, np.concatenate(kept.runs, axis=2), style_picture(kept.runs, geometry.sample_rate)
    )


@dataclass(frozen=True, eq=False)
class Kept:
    """Runs (part, bin, frame) that were chosen, their weights, and how near they are."""

    runs: list[Magnitudes]
    weights: Matrix
    learning: LearningFacts


def keep(comparison: Comparison, count: int) -> Kept:
    """Choose runs, and measure them with their phases found."""
    every = len(comparison.runs)
    indices, weights = list(range(every)), comparison.shares
    if count < every:
        indices, weights = choose_landmarks(comparison.kernel, comparison.shares, count)
    stft, runs = comparison.geometry.stft, []
    for index in indices:
        waveforms = torch.cat([comparison.runs[index].waveform(part) for part in comparison.parts])
        magnitude = stft.forward(waveforms).abs().clamp_max(LOUDEST)
        runs.append(magnitude.numpy().astype(np.float16))
    found = phases_of(runs, stft.n_fft, stft.hop_length)
    rate = comparison.geometry.sample_rate
    heard = {id(run.heard): run.heard.source.n_frames / rate for run in comparison.runs}
    learning = LearningFacts(
        seconds=sum(heard.values()),
        candidates=every,
        error=comparison.error(indices, weights),
        error_with_phases=comparison.error_of(found, weights),
        halves=comparison.halves,
    )
    return Kept(runs, weights, learning)


def _hear_all(recordings: Sequence[Recording], geometry: Geometry, stack: ExitStack) -> Steps[list[Heard]]:
    several = []
    for number, recording in enumerate(recordings):
        steps = hear(recording, geometry.sample_rate, geometry.half_run, stack)
        share = 1 / len(recordings)
        several.append((yield from within(steps, number * share, (number + 1) * share)))
    return several


def _count(seconds: float, geometry: Geometry, n_parts: int) -> int:
    """How many runs are kept; a UsageError if they would not fit into a file."""
    n_run = 2 * geometry.half_run
    n_bytes = n_parts * (geometry.n_fft // 2 + 1) * 2 / geometry.hop_length  # a sample
    room = MAX_STYLE_BYTES - MAX_PICTURE_BYTES - FACTS_BYTES
    # A run has one frame more than hops.
    most = room / n_bytes / geometry.sample_rate * n_run / (n_run + geometry.hop_length)
    if seconds > most:
        raise UsageError(
            f"seconds={seconds:g} would not fit into a style file of {MAX_STYLE_BYTES / 1e6:g} MB: at "
            f"{geometry.sample_rate} Hz {'in stereo' if n_parts == 2 else 'in mono'} it holds at most "
            f"{math.floor(10 * most) / 10:g}"
        )
    return max(1, int(seconds * geometry.sample_rate / n_run))


def _level(several: Sequence[Heard], part: str) -> float:
    """RMS of a part over all recordings."""
    total = sum(one.source.n_frames for one in several)
    square = sum(one.source.n_frames * one.rms[one.stand_in(part)] ** 2 for one in several) / total
    return math.sqrt(square)


def _sound(analysis: Analysis) -> SoundFacts:
    key, loudness, tempo = analysis.key, analysis.loudness, analysis.tempo
    return SoundFacts(
        key=None if key.key is None else key.key.name,
        key_confidence=key.confidence,
        tuning_cents=key.tuning_cents,
        integrated_lufs=loudness.integrated_lufs,
        range_lu=loudness.range_lu,
        bpm=tempo.bpm,
        tempo_confidence=tempo.confidence,
    )
