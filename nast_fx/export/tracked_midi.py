"""What was heard in a recording, or kept in a render, as a MIDI file beside it.

Tempo from the beats, key signatures where the key is sure, markers, and momentary loudness as expression:
-60 LUFS is 0, 0 LUFS is 127.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nast_fx.analysis import CLEAR_BEAT, SAFE_CONFIDENCE, KeyEstimate, Loudness, Tempo
from nast_fx.analysis.loudness import POINT_SECONDS
from nast_fx.export.midi import LEAST_BPM, write_midi
from nast_fx.models import Key
from nast_fx.render.job import Rendered

__all__ = ["export_analysis", "export_render", "key_events", "tempo_events", "with_pickup"]

LEAST_BEATS = 4  # of one tempo: less would write down how a detector trembles
OFF_SECONDS = 0.02  # by which the map may miss a beat before it changes
LOWEST_LUFS = -60.0
PICKUP = 0.25  # of a beat: a first beat that comes later is reached by a beat of its own


def export_analysis(
    path: str | Path,
    *,
    loudness: Loudness,
    key: KeyEstimate,
    tempo: Tempo,
    markers: Sequence[tuple[float, str]] = (),
    tempos: Sequence[tuple[float, float]] = (),
    meters: Sequence[tuple[float, int, int]] = (),
    semitones: int = 0,
    replace: bool = False,
) -> None:
    """Write a MIDI file.

    Parameters
    ----------
    markers : sequence of (seconds, text)
        In order of time.
    tempos, meters : sequence of (seconds, bpm), of (seconds, numerator, denominator)
        A tempo map that is known; without one it follows the beats.
    semitones : int
        By which the keys are moved.
    replace : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    AudioFileError
        The place cannot be written.
    """
    with np.errstate(invalid="ignore"):
        levels = np.clip(1 - loudness.momentary / LOWEST_LUFS, 0, 1)
    times = np.asarray((np.arange(len(levels)) + 1) * POINT_SECONDS, dtype=np.float64)
    write_midi(
        path,
        tempo_events=tempos or tempo_events(tempo),
        meter_events=meters,
        key_events=key_events(key, semitones),
        markers=markers,
        loudness=(times, levels),
        replace=replace,
    )


def export_render(path: str | Path, rendered: Rendered, *, replace: bool = False) -> None:
    """Write what a render kept: its content's tempo and keys, its segments, its own loudness."""
    tracked, facts = rendered.tracked, rendered.tracked.facts
    records = sorted(rendered.records, key=lambda record: record.index)
    segments = [(record.start_seconds, f"Segment {record.index + 1}") for record in records]
    export_analysis(
        path,
        loudness=tracked.leveled.loudness,
        key=tracked.content.key if tracked.content else KeyEstimate(None, 0.0, None, ()),
        tempo=tracked.content.tempo if tracked.content else Tempo(None, 0.0, np.zeros(0)),
        markers=sorted([*segments, *(facts.markers if facts else ())]),
        tempos=facts.tempos if facts else (),
        meters=facts.meters if facts else (),
        semitones=round(tracked.transposition.content_semitones),
        replace=replace,
    )


def tempo_events(tempo: Tempo) -> list[tuple[float, float]]:
    """Tempo map (seconds, bpm) on whose beats the beats fall within 20 ms; empty without a clear beat."""
    if tempo.bpm is None or tempo.confidence < CLEAR_BEAT:
        return []
    if len(tempo.beats) < 2:
        return [(0.0, tempo.bpm)]
    # An event stands where the map has its beat, not where the beat was heard: nothing adds up.
    events, now, first, last = [], float(tempo.beats[0]), 0, len(tempo.beats) - 1
    while first < last:
        n_beats, pace = _steady(tempo.beats[first:] - now)
        events.append((now, 60 / pace))
        now, first = now + n_beats * pace, first + n_beats
    return with_pickup(events)


def _steady(beats: NDArray[np.float64]) -> tuple[int, float]:
    """How many beats from the first on can be one tempo, and the seconds of one, from 0 on."""
    n_beats = len(beats) - 1
    while True:
        numbers = np.arange(n_beats + 1)
        pace = float(numbers @ beats[: n_beats + 1] / (numbers @ numbers))
        if n_beats <= LEAST_BEATS or np.abs(numbers * pace - beats[: n_beats + 1]).max() <= OFF_SECONDS:
            return n_beats, pace
        n_beats = max(LEAST_BEATS, n_beats // 2)


def with_pickup(events: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Begin at 0 so that the first beat falls on a beat of the map."""
    if not events or events[0][0] == 0:
        return events
    first, bpm = events[0]
    n_before = first * bpm / 60
    if n_before < PICKUP:
        return [(0.0, bpm), *events[1:]]
    lead = 60 * max(1, round(n_before)) / first
    return [(0.0, lead), *events] if lead >= LEAST_BPM else events


def key_events(key: KeyEstimate, semitones: int) -> list[tuple[float, Key]]:
    """Keys that are sure, where they begin; where one is not, that of the whole, if it is."""
    whole = key.key if key.confidence >= SAFE_CONFIDENCE else None
    events: list[tuple[float, Key]] = []
    for span in key.spans:
        named = span.key if span.confidence >= SAFE_CONFIDENCE else whole
        if named and (not events or events[-1][1] != named.transposed(semitones)):
            events.append((span.start_seconds, named.transposed(semitones)))
    return events
