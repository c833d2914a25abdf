"""What is known of a content before it is styled: heard, or read from a score beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nast_fx.analysis import CLEAR_BEAT, Analysis, KeyEstimate, KeySpan, Tempo, analyze
from nast_fx.audio import AudioSource
from nast_fx.audio.score import Score
from nast_fx.models import RenderPlan, Tracking
from nast_fx.progress import Steps
from nast_fx.render.curves import Curve, point_times

__all__ = ["ScorePart", "TrackFacts", "gather_facts"]


@dataclass(frozen=True)
class ScorePart:
    """A score, and the second of it at which the content begins."""

    score: Score
    start_seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class TrackFacts:
    """What segments, transposition and automation go by.

    Attributes
    ----------
    analysis : Analysis
        Of the content; key and tempo are the score's where there is one.
    markers : tuple of (float, str)
        Seconds and text.
    amount, strength : Curve or None
        Controllers of the score.
    """

    analysis: Analysis
    markers: tuple[tuple[float, str], ...] = ()
    amount: Curve | None = None
    strength: Curve | None = None

    def places(self, plan: RenderPlan) -> tuple[float, ...] | None:
        """Seconds at which segments meet; None where they are equally long."""
        if plan.segment_markers:
            return tuple(seconds for seconds, _ in self.markers) or None
        if plan.segment_beats is None or not self._has_beat:
            return None
        return tuple(float(beat) for beat in self.analysis.tempo.beats[:: plan.segment_beats])

    def notes(self, plan: RenderPlan) -> tuple[str, ...]:
        """What the user should know about a plan, a sentence each."""
        said = [] if plan.amount else ["With an amount of 0 nothing is styled."]
        even = f"segments are {plan.segment_seconds:g} s long"
        if plan.segment_markers and not self.markers:
            said.append(f"There is no marker to cut at: {even}.")
        if plan.segment_beats and not self._has_beat:
            said.append(f"No clear beat was found: {even}.")
        return tuple(said)

    @property
    def _has_beat(self) -> bool:
        tempo = self.analysis.tempo
        return tempo.bpm is not None and tempo.confidence >= CLEAR_BEAT and len(tempo.beats) > 1


def gather_facts(
    content: AudioSource, name: str, tracking: Tracking, part: ScorePart | None
) -> Steps[TrackFacts]:
    """Listen to a content; what a score says stands for what would be heard."""
    analysis = yield from analyze(content, name)
    if part is None:
        return TrackFacts(analysis)
    seconds, start, score = analysis.seconds, part.start_seconds, part.score
    times = start + point_times(len(analysis.loudness.power))
    numbers = {"amount": tracking.amount_controller, "strength": tracking.strength_controller}
    curves = {
        what: Curve(score.controller_curve(number, times))
        for what, number in numbers.items()
        if number is not None
    }
    markers = tuple((at - start, text) for at, text in score.markers if 0 <= at - start < seconds)
    tempo = _tempo(score, start, seconds)
    key = _key(score, start, seconds) or analysis.key
    return TrackFacts(replace(analysis, key=key, tempo=tempo), markers, **curves)


def _tempo(score: Score, start: float, seconds: float) -> Tempo:
    beats = score.beats(start + seconds) - start
    beats = beats[(beats >= 0) & (beats < seconds)]
    at_start = [bpm for at, bpm in score.tempos if at <= start] or [score.tempos[0][1]]
    return Tempo(bpm=float(at_start[-1]), confidence=1.0, beats=np.asarray(beats))


def _key(score: Score, start: float, seconds: float) -> KeyEstimate | None:
    """Keys of a score as a certain estimate; the one that lasts longest stands for the whole."""
    if not score.keys:
        return None
    starts = [max(0.0, at - start) for at, _ in score.keys]
    ends = [*starts[1:], seconds]
    starts[0] = 0.0  # a key that is written after the first note holds before it too
    spans = tuple(
        KeySpan(begin, min(end, seconds), key, 1.0)
        for begin, end, (_, key) in zip(starts, ends, score.keys, strict=True)
        if min(end, seconds) > begin
    )
    lengths = {span.key: 0.0 for span in spans}
    for span in spans:
        lengths[span.key] += span.end_seconds - span.start_seconds
    longest = max(lengths, key=lambda key: lengths[key])
    return KeyEstimate(key=longest, confidence=1.0, tuning_cents=0.0, spans=spans)
