"""Whether stems still sum to a mix: as long, in time, of one polarity, at their levels.

    mix ~ sum_i g_i stem_i,    c_i[lag] = <mix - sum_(j != i) g_j stem_j, stem_i shifted by lag> / |stem_i|^2

The gains g come from least squares over all stems at once. A stem that fits has its largest |c_i| at lag 0,
and c_i[0] near 1; it is at another lag where the stem is late or early, and below 0 where it is inverted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nast_fx.audio import AudioSource, resample_source
from nast_fx.errors import UsageError
from nast_fx.progress import Progress, Steps

__all__ = ["StemCheck", "StemFacts", "check_stems"]

RATE = 8_000  # Hz, at which waveforms are compared
MOST_LAG_SECONDS = 1.0
SAME_LAG = 4  # samples; less is no delay
CLEARLY = 1.02  # how much larger another lag must be: a tone fits again after each period
SILENT = 1e-4
RIDGE = 1e-6

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StemFacts:
    """How a stem is heard in a mix.

    Attributes
    ----------
    name : str
    gain_db : float or None
        Level in the mix against that of the stem; 0 where it just sums, None for a silent stem.
    delay_seconds : float
        How much later than in the mix the stem is.
    is_inverted : bool
    missing_seconds : float
        How much shorter than the mix the stem is; below 0 it is longer.
    problem : str
        What is wrong, in a sentence; empty if nothing is.
    """

    name: str
    gain_db: float | None
    delay_seconds: float
    is_inverted: bool
    missing_seconds: float
    problem: str


@dataclass(frozen=True)
class StemCheck:
    """Stems against a mix.

    Attributes
    ----------
    stems : tuple of StemFacts
    residual_db : float
        What is left of the mix when the stems, as they are, are taken from it; 0 is all of it.
    """

    stems: tuple[StemFacts, ...]
    residual_db: float

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, a sentence each."""
        return tuple(stem.problem for stem in self.stems if stem.problem)


def check_stems(
    stems: Sequence[tuple[str, AudioSource]], mix: AudioSource, *, most_db: float = 1.0
) -> Steps[StemCheck]:
    """Compare stems with a mix.

    Parameters
    ----------
    stems : sequence of (str, AudioSource)
        Names and sounds.
    mix : AudioSource
        Of the stems' rate.
    most_db : float
        How far a stem's level may be from that in the mix.

    Raises
    ------
    UsageError
        A stem is of another rate than the mix, or the mix is silent.
    """
    yield Progress("stems", note="reading the mix")
    whole = _heard(mix)
    if not whole.any():
        raise UsageError("the mix is silent: no stem can be looked for in it")
    parts = []
    for number, (name, stem) in enumerate(stems):
        yield Progress("stems", step=number, n_steps=len(stems), share=number / len(stems), note=name)
        if stem.sample_rate != mix.sample_rate:
            raise UsageError(f"{name}: is of {stem.sample_rate} Hz, the mix of {mix.sample_rate} Hz")
        part = _heard(stem)[: len(whole)]
        parts.append(np.pad(part, (0, len(whole) - len(part))))
    rows = np.stack(parts)
    gains = _gains(rows, whole)
    rest = whole - gains @ rows
    facts = []
    for (name, stem), row, gain in zip(stems, rows, gains, strict=True):
        missing = (mix.n_frames - stem.n_frames) / mix.sample_rate
        facts.append(_facts(name, row, rest + gain * row, missing, most_db))
    left = np.linalg.norm(whole - rows.sum(axis=0)) / np.linalg.norm(whole)
    return StemCheck(tuple(facts), 20 * math.log10(max(float(left), 1e-9)))


def _facts(name: str, stem: Values, others_gone: Values, missing: float, most_db: float) -> StemFacts:
    """Find a stem in a mix without the others."""
    if not stem.any():
        problem = _length_problem(name, missing)
        return StemFacts(name, None, 0.0, False, missing, problem)
    lag, value = _fit(stem, others_gone)
    gain_db = 20 * math.log10(max(abs(value), 1e-6))
    facts = StemFacts(name, gain_db, lag / RATE, value < 0, missing, "")
    problem = _length_problem(name, missing)
    if lag:
        problem = f"{name} is {abs(lag) / RATE * 1000:.1f} ms {'late' if lag > 0 else 'early'}."
    elif facts.is_inverted:
        problem = f"{name} is inverted."
    elif abs(gain_db) > most_db and not problem:
        problem = f"{name} is {gain_db:+.1f} dB in the mix."
    return StemFacts(name, gain_db, lag / RATE, value < 0, missing, problem)


def _length_problem(name: str, missing: float) -> str:
    if abs(missing) * RATE < 1:
        return ""
    return f"{name} is {abs(missing):.3f} s {'shorter' if missing > 0 else 'longer'} than the mix."


def _fit(stem: Values, mix: Values) -> tuple[int, float]:
    """Lag in samples by which a stem is later than in a mix, and its gain there."""
    size, most = 1 << (2 * len(stem) - 1).bit_length(), round(MOST_LAG_SECONDS * RATE)
    spectrum = np.fft.rfft(stem, size) * np.conj(np.fft.rfft(mix, size))
    found = np.fft.irfft(spectrum, size)
    lags = np.arange(-most, most + 1)
    values = found[lags] / np.dot(stem, stem)  # by the lag of the stem
    here = np.abs(lags) <= SAME_LAG
    at = int(lags[here][np.argmax(np.abs(values[here]))])
    best = int(lags[np.argmax(np.abs(values))])
    own, other = values[most + at], values[most + best]
    if abs(other) > CLEARLY * abs(own):
        return best, float(other)
    return 0, float(own)


def _gains(rows: Values, mix: Values) -> Values:
    """Gains (stem,) with which the stems (stem, frame) sum to the mix, by least squares."""
    products = rows @ rows.T
    loading = RIDGE * max(float(np.trace(products)), 1e-12)
    return np.asarray(np.linalg.solve(products + loading * np.eye(len(rows)), rows @ mix))


def _heard(source: AudioSource) -> Values:
    """The mid of a source at the low rate (frame,), or its side where there is no mid."""
    with resample_source(source, RATE) as low:
        block = low.read(0, low.n_frames)
    mid = block.mean(axis=0, dtype=np.float64)
    if np.sqrt(np.mean(mid**2)) >= SILENT or len(block) < 2:
        return np.asarray(mid)
    return np.asarray((block[0] - block[1]).astype(np.float64) / 2)
