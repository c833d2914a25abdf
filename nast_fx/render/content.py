"""Open a content: a recording, a score that is played, a stem of a mix."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from nast_fx.audio import AudioSource, FileSource, check_samples, open_source
from nast_fx.audio.names import shown
from nast_fx.audio.score import read_score
from nast_fx.audio.score_file import is_score
from nast_fx.chain.instrument import play_score
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models import ContentRequest, RenderRequest
from nast_fx.progress import Steps
from nast_fx.render.facts import ScorePart
from nast_fx.render.sources import Part

__all__ = ["OpenedContent", "open_content", "open_score", "open_stem"]

SCORE_RATE = 44_100  # Hz, at which a score is played


@dataclass(frozen=True)
class OpenedContent:
    """A recording, or the sound of a score.

    Attributes
    ----------
    source : AudioSource
    file : FileSource or None
        The recording; None for a score.
    score : ScorePart or None
        Of a score its own, of a recording the one beside it.
    mix : AudioSource or None
        Of which it is a stem.
    """

    source: AudioSource
    file: FileSource | None
    score: ScorePart | None
    mix: AudioSource | None = None


def open_score(request: ContentRequest) -> ScorePart | None:
    """Read the score that belongs to a content: itself, or the one beside it.

    Raises
    ------
    AudioFileError, UsageError
        It cannot be used, or an instrument is missing or has nothing to play.
    """
    start = request.start_seconds
    if is_score(request.content):
        if request.instrument is None:
            raise UsageError(f"{shown(request.content)}: is a score; name what plays it with --instrument")
        if request.midi is not None:
            raise UsageError(f"{shown(request.content)}: is a score itself; leave --midi out")
        return ScorePart(read_score(request.content), start)
    if request.instrument is not None:
        raise UsageError(f"{shown(request.content)}: is no score; --instrument has nothing to play")
    return ScorePart(read_score(request.midi), start) if request.midi else None


def open_content(request: ContentRequest, part: ScorePart | None, stack: ExitStack) -> Steps[OpenedContent]:
    """Open a content, or play it if it is a score; `part` is what `open_score` has read.

    Raises
    ------
    AudioFileError, PluginError
        It cannot be used, or its instrument cannot.
    """
    if is_score(request.content) and request.instrument is not None:
        played = stack.enter_context((yield from play_score(request.content, request.instrument, SCORE_RATE)))
        return OpenedContent(_part(played, request), None, part)
    file = stack.enter_context(open_source(request.content, request.start_seconds, request.length_seconds))
    return OpenedContent(file, file, part)


def open_stem(content: OpenedContent, request: RenderRequest, path: Path, stack: ExitStack) -> OpenedContent:
    """Open the mix of a stem; the stem becomes as long as it is, with silence after its end.

    Raises
    ------
    AudioFileError, UsageError
        It cannot be used, or is of another rate.
    """
    mix = stack.enter_context(open_source(path, request.start_seconds, request.length_seconds))
    check_samples(mix, str(path))
    source = content.source
    if mix.sample_rate != source.sample_rate:
        raise UsageError(
            f"{shown(path)}: is of {mix.sample_rate} Hz, the stem {shown(request.content)} of "
            f"{source.sample_rate} Hz"
        )
    if mix.n_frames > source.n_frames:
        source = Part(source, 0, mix.n_frames)
    return replace(content, source=source, mix=mix)


def _part(played: AudioSource, request: ContentRequest) -> AudioSource:
    """Cut the sound of a score as `open_source` cuts a file."""
    rate, n_frames = played.sample_rate, played.n_frames
    start = round(request.start_seconds * rate)
    if start >= n_frames:
        raise AudioFileError(
            f"{shown(request.content)}: is {n_frames / rate:.2f} s long; a part cannot begin at "
            f"{request.start_seconds:g} s"
        )
    seconds = request.length_seconds
    length = n_frames - start if seconds is None else max(1, round(seconds * rate))
    return Part(played, start, min(length, n_frames - start))
