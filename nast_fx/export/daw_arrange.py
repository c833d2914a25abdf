"""From results and what is known of them to a song for a DAW: where clips lie, how loud, which tempo.

Everything begins with the earliest recording. A result lies where its part of the content does; recordings
that all name their time of day (``bext``) keep their distances. Tempo, meters and keys are those of the first
result: of its score, or else heard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from nast_fx.analysis import measure_loudness
from nast_fx.audio import FileInfo, open_source, probe, read_metadata
from nast_fx.audio.markers import time_reference
from nast_fx.export.daw_song import Clip, Song, Track
from nast_fx.export.daw_tempo import Timeline, find_timeline
from nast_fx.export.dawproject_xml import MOST_GAIN
from nast_fx.models.record import RenderRecord
from nast_fx.progress import Progress, Steps, within

__all__ = ["Made", "arrange"]

LEAST_GAIN = 10 ** (-24 / 20)  # what differs by more is not one recording before and after


@dataclass(frozen=True)
class Made:
    """A result.

    Attributes
    ----------
    result : Path
    content : Path or None
        What was styled; None for a texture, and where it was a score.
    score : Path or None
        MIDI file whose beginning is the content's.
    start_seconds : float or None
        Where in the content the result begins; None where nobody has noted it.
    record : RenderRecord or None
        What the render told (``--json``); None where nobody has kept it.
    """

    result: Path
    content: Path | None = None
    score: Path | None = None
    start_seconds: float | None = None
    record: RenderRecord | None = None


@dataclass(frozen=True)
class _Placed:
    """A result and its content as files, the second of the content at which the result begins, and when."""

    made: Made
    result: FileInfo
    content: FileInfo | None
    offset: Fraction
    time_of_day: Fraction | None


def arrange(made: Sequence[Made], title: str) -> Steps[tuple[Song, tuple[str, ...]]]:
    """Make a song of results; each content is one muted track, however many results it has.

    Returns
    -------
    song : Song
    notes : tuple of str
        What the user should know, a sentence each.

    Raises
    ------
    AudioFileError
        A recording or a score cannot be read.
    """
    placed = [_place(one) for one in made]
    starts = _starts(placed)
    tracks: list[Track] = []
    heard_at: list[tuple[Path, Clip]] = []
    for number, (one, start) in enumerate(zip(placed, starts, strict=True)):
        yield Progress("read", share=0.5 * number / len(placed), note=one.made.result.name)
        is_first = one.content is None or all(track.clip.file.path != one.content.path for track in tracks)
        if one.content is not None and is_first:
            share = 0.5 * number / len(placed), 0.5 * (number + 1) / len(placed)
            gain = yield from within(_dry_gain(one), *share)
            name = f"{one.content.path.stem} (dry)"
            tracks.append(Track(name, Clip(one.content, start), gain, is_muted=True, is_dry=True))
        clip = Clip(one.result, start + one.offset)
        is_muted = one.content is not None and _is_heard(one.content.path, clip, heard_at)
        tracks.append(Track(one.result.path.stem, clip, is_muted=is_muted))
        if one.content is not None and not is_muted:
            heard_at.append((one.content.path, clip))
    first, begin = placed[0], starts[0]
    heard = first.content or first.result
    timeline = yield from within(
        find_timeline(
            heard.path,
            first.made.score,
            first.made.record,
            content_start=float(begin if first.content or first.made.score else begin + first.offset),
            result_start=float(begin + first.offset),
        ),
        0.5,
        1.0,
    )
    end = max(float(track.clip.start + track.clip.length) for track in tracks)
    return _song(title, tracks, timeline, end, _tags(heard.path)), (*timeline.notes, *_notes(made))


def _place(made: Made) -> _Placed:
    """Look at the files, and find where in the content the result begins."""
    result = probe(made.result)
    content = probe(made.content) if made.content else None
    of_result = _time_of_day(result)
    of_content = _time_of_day(content) if content else None
    rate = (content or result).sample_rate
    offset = Fraction(0)
    if made.start_seconds is not None:
        offset = Fraction(round(made.start_seconds * rate), rate)
    elif content is not None and of_result is not None and of_content is not None:
        later = of_result - of_content
        # Outside of the content it says where the result was put, not what it is a part of.
        offset = later if 0 < later * rate < content.n_frames else offset
    return _Placed(made, result, content, offset, of_content if content else of_result)


def _time_of_day(file: FileInfo) -> Fraction | None:
    """Seconds since midnight that a recording names."""
    for name, data in read_metadata(file.path).chunks:
        if name == b"bext" and (frames := time_reference(data)) is not None:
            return Fraction(frames, file.sample_rate)
    return None


def _starts(placed: Sequence[_Placed]) -> list[Fraction]:
    """Seconds at which the contents begin: by the time of day if all name one, and all at 0 otherwise."""
    times = [one.time_of_day for one in placed if one.time_of_day is not None]
    if len(times) < len(placed):
        return [Fraction(0)] * len(placed)
    return [time - min(times) for time in times]


def _is_heard(content: Path, clip: Clip, heard_at: Sequence[tuple[Path, Clip]]) -> bool:
    """Whether another result of a content is heard at the time of a clip: two at once would add up."""
    return any(
        path == content and other.start < clip.start + clip.length and clip.start < other.start + other.length
        for path, other in heard_at
    )


def _dry_gain(one: _Placed) -> Steps[float]:
    """Gain at which the content is as loud as the result, so that the two can be compared."""
    told = one.made.record and one.made.record.loudness
    levels = [level.integrated_lufs for level in (told.content, told.result) if level] if told else []
    if (len(levels) < 2 or None in levels) and one.content is not None:
        seconds = one.result.n_frames / one.result.sample_rate
        levels = []
        for path, start in ((one.content.path, float(one.offset)), (one.result.path, 0.0)):
            with closing(open_source(path, start, seconds)) as source:
                loudness = yield from measure_loudness(source, str(path))
            levels.append(loudness.integrated_lufs)
    before, after = levels
    if before is None or after is None:
        return 1.0
    return float(min(MOST_GAIN, max(LEAST_GAIN, 10 ** ((after - before) / 20))))


def _song(title: str, tracks: list[Track], timeline: Timeline, end: float, tags: Mapping[str, str]) -> Song:
    markers = [(at, text) for at, text in timeline.markers if 0 <= at < end]
    return Song(title, tracks, timeline.tempos, timeline.meters, markers, tags)


def _tags(path: Path) -> dict[str, str]:
    return {name: "; ".join(values) for name, values in read_metadata(path).tags.common.items()}


def _notes(made: Sequence[Made]) -> list[str]:
    return [
        f"{one.result.name} has no dry track: it was made of no recording." for one in made if not one.content
    ]
