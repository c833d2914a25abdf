"""The last stage of a render: loudness follows the content, and nothing passes the ceiling.

    follow (3 s windows) -> integrated loudness -> limiter, 20 ms ahead and after

All gains are designed on one measurement of the result, point by point (10 ms), since what a slow gain
does to loudness and true peak can be computed from it. The finished signal is then measured once more.
Loudness: ITU-R BS.1770-5; short-term windows: EBU Tech 3341.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.loudness import MOMENTARY, OFFSET_DB, SHORT_TERM, Loudness, lufs, measure_loudness
from nast_fx.audio import AudioSource
from nast_fx.models import Tracking
from nast_fx.progress import Progress, Steps, within
from nast_fx.render.curves import Curve
from nast_fx.render.limiter import loudest
from nast_fx.render.sources import Scaled

__all__ = [
    "CEILING_DBTP",
    "Leveled",
    "ceiling_of",
    "follow_gains",
    "gate_lufs",
    "level",
    "silence_curve",
    "smoothed",
]

CEILING_DBTP = -1.0  # EBU R 128, h
GAIN_POINTS = 50  # 0.5 s, over which the gain is smoothed once more
SILENCE_POINTS = (5, MOMENTARY)  # 50 ms for the edges, 400 ms for clicks within
KNEE_DB = 6.0
LOWEST_LUFS = -120.0
LEAST_HEARD = 0.1  # of a window; with less in it, it says nothing
NOTHING = 1e-12  # power, -120 LUFS
FOLLOW_ROUNDS = 2
MAX_BOOST_DB, MAX_CUT_DB = 12.0, 40.0
MAX_LIMITING_DB = 6.0  # taken off peaks; what is beyond turns the whole down
NEGLIGIBLE_LU = 0.05  # shortfall that is not worth a word

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Leveled:
    """A signal at its loudness and under its ceiling.

    Attributes
    ----------
    source : AudioSource
    loudness : Loudness
        Measured on the finished signal.
    target_lufs : float or None
        Integrated loudness that was aimed for; None where nothing can be said.
    ceiling_dbtp : float
    gain_db : float
        What the whole was turned up or down by.
    limited_db : float
        The most that was taken off a peak.
    shortfall_lu : float
        How far the ceiling kept the loudness below its target; 0 where it did not.
    limit : str
        What that was: the ceiling, or full scale.
    missed_lufs : float or None
        Loudness that was asked for where there is none to measure: too short, or silent.
    """

    source: AudioSource
    loudness: Loudness
    target_lufs: float | None
    ceiling_dbtp: float
    gain_db: float
    limited_db: float
    shortfall_lu: float
    limit: str
    missed_lufs: float | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""
        if self.missed_lufs is not None:
            return (f"The result has no loudness to bring to {self.missed_lufs:.1f} LUFS.",)
        if not self.shortfall_lu:
            return ()
        aim = "its content" if self.target_lufs is None else f"{self.target_lufs:.1f} LUFS"
        return (f"{self.limit} keeps the result {self.shortfall_lu:.1f} LU below {aim}.",)


def ceiling_of(tracking: Tracking, content: Loudness | None) -> float:
    """Give the true peak in dBTP that nothing exceeds: as set, or the higher of -1 and the content's own."""
    if tracking.ceiling is not None:
        return tracking.ceiling
    own = content.true_peak_dbtp if content is not None else None
    return CEILING_DBTP if own is None else max(CEILING_DBTP, own)


def level(
    result: AudioSource,
    content: Loudness | None,
    tracking: Tracking,
    *,
    fits_integers: bool = False,
    circular: bool = False,
    may_limit: bool = True,
) -> Steps[Leveled]:
    """Bring a result to its loudness and under its ceiling.

    Parameters
    ----------
    result : AudioSource
        Read twice: it should be quick to read.
    content : Loudness or None
        What is followed; None follows nothing and keeps the loudness unless one is asked for.
    fits_integers : bool
        No sample may be above full scale either.
    circular : bool
        The end runs into the beginning.
    may_limit : bool
        Whether peaks may be lowered by themselves; else the whole is turned down.
    """
    yield Progress("level", note="measuring the loudness")
    found = yield from within(measure_loudness(result, "the result"), 0.0, 0.5)
    ceiling_dbtp = ceiling_of(tracking, content)
    limits = _limits(found, ceiling_dbtp, fits_integers)
    gains = np.ones(len(found.power))
    if content is not None:
        gains = follow_gains(content, found, tracking.loudness_follow, gate_lufs(content, tracking))
    target, missing_db = _aim(found.with_gains(gains), content, tracking)
    most_db = MAX_LIMITING_DB if may_limit else 0.0
    static, limiting = loudest(found.with_gains(gains), limits / gains, missing_db, most_db, circular)
    gains = gains * limiting * static
    measured = yield from within(measure_loudness(Scaled(result, Curve(gains)), "the result"), 0.5, 1.0)
    trim = _trim(measured, target, ceiling_dbtp, fits_integers)
    measured = measured.with_gains(np.full(len(gains), trim))
    _, short = _aim(measured, content, tracking)
    return Leveled(
        source=Scaled(result, Curve(gains * trim)),
        loudness=measured,
        target_lufs=target,
        ceiling_dbtp=ceiling_dbtp,
        gain_db=20 * math.log10(static * trim),
        limited_db=-20 * math.log10(limiting.min()),
        shortfall_lu=short if short > NEGLIGIBLE_LU else 0.0,
        limit="Full scale"
        if fits_integers and ceiling_dbtp > 0
        else f"The ceiling of {ceiling_dbtp:.1f} dBTP",
        missed_lufs=tracking.loudness if target is None else None,
    )


def gate_lufs(content: Loudness, tracking: Tracking) -> float:
    """Loudness below which a content counts as silent."""
    own = content.integrated_lufs
    return LOWEST_LUFS if own is None else max(own - tracking.gate, LOWEST_LUFS)


def silence_curve(content: Loudness, gate: float) -> Curve:
    """Where a content is silent, 1, and where it sounds, 0, over time.

    Silent is what is below `gate` (LUFS) over 50 or 400 ms, with a knee of 6 dB above.
    """
    powers = (np.maximum(smoothed(content.power, size), 0.0) for size in SILENCE_POINTS)
    level = lufs(np.minimum(*powers))
    silence = np.clip(1 + (gate - level) / KNEE_DB, 0.0, 1.0)
    # The level's window reaches over the edges of a silence; so does following, lest they fill up.
    around = np.pad(silence, SILENCE_POINTS[0], mode="edge")
    silence = np.lib.stride_tricks.sliding_window_view(around, 2 * SILENCE_POINTS[0] + 1).max(axis=1)
    return Curve(silence)


def follow_gains(content: Loudness, result: Loudness, share: float, gate: float) -> Values:
    """Gains (point,) that bring the result's short-term curve to the content's, as far as `share` says.

    Where the content is below `gate` (LUFS) there is nothing to follow: the gain runs straight on.
    """
    gains = np.ones(len(result.power))
    if share == 0 or not content.power.any() or not result.power.any():
        return gains
    # What a result has in the content's silences must not pull down what is beside them.
    heard = content.power > max(10 ** ((gate - OFFSET_DB) / 10), NOTHING)
    enough = smoothed(heard, SHORT_TERM) > LEAST_HEARD
    own = smoothed(content.power * heard, SHORT_TERM)
    for _ in range(FOLLOW_ROUNDS):  # a changing gain weighs the inside of a window differently
        made = smoothed(result.power * gains**2 * heard, SHORT_TERM)
        known = np.flatnonzero(enough & (made > NOTHING))
        if not len(known):
            break
        ratio_db = np.interp(np.arange(len(gains)), known, 10 * np.log10(own[known] / made[known]))
        gains = gains * 10 ** (smoothed(np.clip(ratio_db, -MAX_CUT_DB, MAX_BOOST_DB), GAIN_POINTS) / 20)
    return np.asarray(np.clip(gains, 10 ** (-MAX_CUT_DB / 20), 10 ** (MAX_BOOST_DB / 20)) ** share)


def smoothed(values: npt.NDArray[Any], size: int) -> Values:
    """Mean of `size` points around each one (point,); fewer at the ends."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    first = np.maximum(np.arange(len(values)) - size // 2, 0)
    last = np.minimum(np.arange(len(values)) + size - size // 2, len(values))
    return np.asarray((total[last] - total[first]) / (last - first))


def _limits(found: Loudness, ceiling_dbtp: float, fits_integers: bool) -> Values:
    """Largest gain (point,) that the ceiling allows."""
    limits = 10 ** (ceiling_dbtp / 20) / np.maximum(found.true_peaks, 1e-12)
    if fits_integers:
        limits = np.minimum(limits, 1 / np.maximum(found.sample_peaks, 1e-12))
    return np.asarray(limits)


def _aim(followed: Loudness, content: Loudness | None, tracking: Tracking) -> tuple[float | None, float]:
    """Integrated loudness to reach, and by how many dB the followed result misses it."""
    own = content.integrated_lufs if content is not None else None
    target, found = tracking.loudness if tracking.loudness is not None else own, followed.integrated_lufs
    if target is not None and found is not None:
        return target, target - found
    if content is not None and tracking.loudness is None and content.power.any() and followed.power.any():
        return None, 10 * math.log10(content.power.mean() / followed.power.mean())  # too short for a figure
    return None, 0.0


def _trim(measured: Loudness, target: float | None, ceiling_dbtp: float, fits_integers: bool) -> float:
    """Last gain, near 1: to the target where it was missed by a little, and under the ceiling in any case."""
    room = 10 ** (ceiling_dbtp / 20) / max(measured.true_peaks.max(initial=0.0), 1e-12)
    if fits_integers:
        room = min(room, 1 / max(measured.sample_peaks.max(initial=0.0), 1e-12))
    reached = measured.integrated_lufs
    missing = 0.0 if target is None or reached is None else target - reached
    return float(min(10 ** (missing / 20), room))
