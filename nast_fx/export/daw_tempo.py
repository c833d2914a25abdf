"""Tempo, meters, keys and markers of a song for a DAW: from a score, from what a render told, or heard."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from nast_fx.analysis import analyze
from nast_fx.audio import open_source
from nast_fx.audio.score import FIRST_BPM, Score, read_score
from nast_fx.export.tracked_midi import key_events, tempo_events, with_pickup
from nast_fx.models import Key
from nast_fx.models.record import RenderRecord
from nast_fx.progress import Progress, Steps

__all__ = ["Timeline", "find_timeline"]


@dataclass(frozen=True)
class Timeline:
    """Tempos (seconds, bpm), meters (seconds, numerator, denominator), markers (seconds, text), and notes."""

    tempos: tuple[tuple[float, float], ...]
    meters: tuple[tuple[float, int, int], ...]
    markers: tuple[tuple[float, str], ...]
    notes: tuple[str, ...] = ()


def find_timeline(
    recording: Path,
    score: Path | None,
    record: RenderRecord | None,
    *,
    content_start: float,
    result_start: float,
) -> Steps[Timeline]:
    """Find what is known of a result's time.

    Parameters
    ----------
    recording : Path
        What is listened to where there is no score: the content, or else the result.
    score : Path or None
        A MIDI file whose beginning is the content's.
    record : RenderRecord or None
        What the render told: its segments, by how much it moved the content's keys, and the MIDI file that
        it wrote, whose beginning is the result's.
    content_start, result_start : float
        Seconds of the song at which the two begin.

    Raises
    ------
    AudioFileError
        The recording or the score cannot be read.
    """
    cuts = (record and record.segments) or ()
    segments = [
        (result_start + start, f"Segment {number}") for number, (start, _) in enumerate(cuts, start=1)
    ]
    semitones = round((record and record.key and record.key.content_shift_semitones) or 0)
    told = record.export_midi if record and record.export_midi and record.export_midi.is_file() else None
    if score is not None:
        yield Progress("read", note=score.name)
        return _of_score(read_score(score), content_start, semitones, segments)
    if told is not None:
        yield Progress("read", note=told.name)
        return _of_score(read_score(told), result_start, 0, [])  # its segments are among its markers
    with closing(open_source(recording)) as source:
        heard = yield from analyze(source, str(recording))
    tempos = _moved(tempo_events(heard.tempo), content_start)
    notes = () if tempos else (f"No clear beat was found: the project has {FIRST_BPM:g} bpm.",)
    keys = _key_markers(key_events(heard.key, semitones), content_start)
    return Timeline(tuple(tempos), (), tuple(sorted([*segments, *keys])), notes)


def _of_score(score: Score, start: float, semitones: int, segments: list[tuple[float, str]]) -> Timeline:
    meters = [(start + at, above, below) for at, above, below in score.meters]
    if meters and meters[0][0] > 0:  # what holds from the beginning
        meters.insert(0, (0.0, meters[0][1], meters[0][2]))
    keys = _key_markers([(at, key.transposed(semitones)) for at, key in score.keys], start)
    markers = [(start + at, text) for at, text in score.markers]
    tempos = _moved(list(score.tempos), start)
    return Timeline(tuple(tempos), tuple(meters), tuple(sorted([*segments, *keys, *markers])))


def _moved(tempos: list[tuple[float, float]], start: float) -> list[tuple[float, float]]:
    """Move a tempo map; a beat of the song stays where its first one is."""
    return with_pickup([(start + at, bpm) for at, bpm in tempos])


def _key_markers(keys: list[tuple[float, Key]], start: float) -> list[tuple[float, str]]:
    return [(start + at, f"Key {key.name}") for at, key in keys]
