"""Tempo and beats of a recording, from its onsets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nast_fx.analysis.beats import beat_frames
from nast_fx.analysis.onsets import FRAME_SECONDS, onset_curve
from nast_fx.analysis.tempogram import tempo_path
from nast_fx.audio import AudioSource
from nast_fx.progress import Steps

__all__ = ["Tempo", "detect_tempo"]

Array = NDArray[np.float64]

AROUND_FRAMES = 86  # 1 s: what an onset stands out from
LEAST_RISE = 0.04  # a steady chord's own flicker is below it
LEVEL_FRAMES = 690  # 8 s: a quiet passage has beats too
LEAST_LEVEL = 0.1  # of the recording's own, to which a passage is brought up
LATE_SECONDS = 0.012  # an onset shows in a window that is centered before it
LEAST_SECONDS = 1.0
LEAST_BEATS, ENOUGH_BEATS = 4, 12
ENOUGH_SECONDS = 6.0  # in less even a fast beat may be chance
FIT_RANGE = (0.12, 0.5)  # of `TempoPath.fit`: what noise reaches, and what a steady beat does
LIKENESS_RANGE = (0.45, 0.9)
BEAT_POINTS = 16
SPAN_BEATS = 16


@dataclass(frozen=True, eq=False)
class Tempo:
    """Tempo and beats.

    Attributes
    ----------
    bpm : float or None
        Beats a minute, the middle one of a tempo that drifts; None where there is no beat.
    confidence : float
        0 ... 1; from 0.3 on the beat is clear.
    beats : ndarray, (beat,) float64
        Times in seconds; empty where there is none.
    """

    bpm: float | None
    confidence: float
    beats: Array


def detect_tempo(mono: AudioSource) -> Steps[Tempo]:
    """Find tempo and beats; the tempo may drift, but not jump.

    Parameters
    ----------
    mono : AudioSource
        One channel at `nast_fx.analysis.mono.MONO_RATE`.

    Raises
    ------
    AudioFileError
        There is no sample, or one is not a number.
    """
    seconds = mono.n_frames / mono.sample_rate
    curve = yield from onset_curve(mono)
    if seconds < LEAST_SECONDS or curve.max() <= 0:
        return Tempo(None, 0.0, np.zeros(0))
    strength = _evened(curve)
    path = tempo_path(strength)
    frames = beat_frames(strength, path.periods(len(strength)))
    if len(frames) < LEAST_BEATS:
        return Tempo(None, 0.0, np.zeros(0))
    fit = float(path.fit[path.heard].mean()) if path.heard.any() else 0.0
    sureness = max(_share(fit, *FIT_RANGE), _share(_likeness(strength, frames), *LIKENESS_RANGE))
    confidence = sureness * min(1.0, len(frames) / ENOUGH_BEATS, seconds / ENOUGH_SECONDS)
    if confidence == 0:
        return Tempo(None, 0.0, np.zeros(0))
    beats = np.minimum(frames * FRAME_SECONDS + LATE_SECONDS, seconds)
    return Tempo(_usual_bpm(beats), confidence, beats)


def _share(value: float, none: float, full: float) -> float:
    return float(np.clip((value - none) / (full - none), 0, 1))


def _likeness(strength: Array, frames: NDArray[np.int64]) -> float:
    """How much a beat is like the next few, up to 1: the correlation of onsets in beats' own time.

    It sees a beat that drifts, which no fixed tempo fits; what is found in noise is alike too, but less.
    """
    places = np.interp(np.arange(0, len(frames) - 1, 1 / BEAT_POINTS), np.arange(len(frames)), frames)
    onsets = np.interp(places, np.arange(len(strength)), np.convolve(strength, (0.25, 0.5, 0.25), "same"))
    onsets -= onsets.mean()
    power = np.mean(onsets**2)
    if power == 0:
        return 0.0
    shifts = BEAT_POINTS * np.arange(1, min(4, len(frames) - 2) + 1)
    return float(np.mean([np.mean(onsets[shift:] * onsets[:-shift]) for shift in shifts]) / power)


def _evened(curve: Array) -> Array:
    """Onsets (frame,) over what is around them, at least 0, of RMS 1 wherever something is heard."""
    above = np.maximum(curve - _moving_mean(curve, AROUND_FRAMES) - LEAST_RISE, 0)
    level = np.sqrt(np.maximum(_moving_mean(above**2, LEVEL_FRAMES), 0))
    floor = LEAST_LEVEL * np.sqrt(np.mean(above**2))
    return np.asarray(above / np.maximum(level, floor)) if floor > 0 else above


def _moving_mean(curve: Array, width: int) -> Array:
    """Mean over `width` frames around each, fewer at the ends."""
    sums = np.concatenate([[0.0], np.cumsum(curve)])
    frames = np.arange(len(curve))
    first, last = np.maximum(frames - width // 2, 0), np.minimum(frames + width // 2 + 1, len(curve))
    return np.asarray((sums[last] - sums[first]) / (last - first))


def _usual_bpm(beats: Array) -> float:
    """Tempo of the median span: single beats tremble by a frame, and a few are out of line."""
    n_beats = min(SPAN_BEATS, len(beats) // 2)
    return float(60 * n_beats / np.median(beats[n_beats:] - beats[:-n_beats]))
