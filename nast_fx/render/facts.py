"""What is known of a content before it is styled: heard, or read from a score beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nast_fx.analysis import CLEAR_BEAT, SAFE_CONFIDENCE, Analysis, KeyEstimate, KeySpan, Tempo, analyze
from nast_fx.audio import AudioSource
from nast_fx.audio.score import Score
from nast_fx.errors import UsageError
from nast_fx.models import RenderPlan, Tracking
from nast_fx.progress import Steps, within
from nast_fx.render.curves import Curve, point_times
from nast_fx.render.segments import LEAST_SECONDS, LONGEST_SECONDS

__all__ = ["ScorePart", "TrackFacts", "check_score", "gather_facts"]

EDGE = 1e-6


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
    tempos : tuple of (seconds, bpm)
        The score's tempo map where the content begins with it; empty otherwise.
    meters : tuple of (seconds, numerator, denominator)
        Likewise.
    doubt : str
        Where score and sound disagree, in a sentence.
    mix_lufs : float or None
        Integrated loudness of the mix that the content is a stem of.
    """

    analysis: Analysis
    markers: tuple[tuple[float, str], ...] = ()
    amount: Curve | None = None
    strength: Curve | None = None
    tempos: tuple[tuple[float, float], ...] = ()
    meters: tuple[tuple[float, int, int], ...] = ()
    doubt: str = ""
    mix_lufs: float | None = None

    def anchored(self, tracking: Tracking) -> Tracking:
        """Give what a stem is tracked by: its loudness is as far from its mix's as it was."""
        own = self.analysis.loudness.integrated_lufs
        if tracking.loudness is None or self.mix_lufs is None or own is None:
            return tracking
        return tracking.model_copy(update={"loudness": tracking.loudness + own - self.mix_lufs})

    def places(self, plan: RenderPlan) -> tuple[float, ...] | None:
        """Seconds at which segments meet; None where they are equally long."""
        if plan.segment_markers:
            return tuple(seconds for seconds, _ in self.markers) or None
        if plan.segment_beats is None or not self._has_beat:
            return None
        return tuple(float(beat) for beat in self.analysis.tempo.beats[:: self._beats_a_segment(plan)])

    def with_amount(self, amount: Callable[[float], float] | None) -> TrackFacts:
        """Give facts whose amount is also scaled by a function of seconds."""
        if amount is None:
            return self
        times = point_times(len(self.analysis.loudness.power))
        values = np.array([amount(float(at)) for at in times])
        return replace(self, amount=Curve(values if self.amount is None else values * self.amount.values))

    def notes(self, plan: RenderPlan) -> tuple[str, ...]:
        """What the user should know about a plan, a sentence each."""
        said = [] if plan.amount else ["Nothing is styled: the amount is 0, or the style's slot is left out."]
        even = f"segments are {plan.segment_seconds:g} s long"
        if plan.segment_markers and not self.markers:
            said.append(f"There is no marker to cut at: {even}.")
        if plan.segment_beats and not self._has_beat:
            said.append(f"There is no clear beat, or not two of them: {even}.")
        elif plan.segment_beats and (count := self._beats_a_segment(plan)) != plan.segment_beats:
            said.append(
                f"{plan.segment_beats} beats do not make {LEAST_SECONDS:g} to {LONGEST_SECONDS:g} s: "
                f"segments are {count} long."
            )
        return (*said, *filter(None, [self.doubt]))

    def _beats_a_segment(self, plan: RenderPlan) -> int:
        """Beats as asked for, in whole parts or multiples of it that have a possible length."""
        count, period = plan.segment_beats or 1, float(np.median(np.diff(self.analysis.tempo.beats)))
        if count * period > LONGEST_SECONDS:
            return max(1, math.ceil(count / math.ceil(count * period / LONGEST_SECONDS)))
        return count * math.ceil(LEAST_SECONDS / (count * period) - EDGE)

    @property
    def _has_beat(self) -> bool:
        tempo = self.analysis.tempo
        return tempo.bpm is not None and tempo.confidence >= CLEAR_BEAT and len(tempo.beats) > 1


def gather_facts(
    content: AudioSource,
    name: str,
    tracking: Tracking,
    part: ScorePart | None,
    mix: AudioSource | None = None,
) -> Steps[TrackFacts]:
    """Listen to a content; what its mix says stands for it, and what a score says for both."""
    share = 1.0 if mix is None else 0.5
    analysis = yield from within(analyze(content, name), 0.0, share)
    mix_lufs = None
    if mix is not None:
        whole = yield from within(analyze(mix, "the mix"), share, 1.0)
        analysis = replace(analysis, key=whole.key, tempo=whole.tempo)
        mix_lufs = whole.loudness.integrated_lufs
    if part is None:
        return TrackFacts(analysis, mix_lufs=mix_lufs)
    seconds, start, score = analysis.seconds, part.start_seconds, part.score
    times = start + point_times(len(analysis.loudness.power))
    markers = tuple((at - start, text) for at, text in score.markers if 0 <= at - start < seconds)
    key = _key(score, start, seconds, analysis.key) or analysis.key

    def curve(number: int | None) -> Curve | None:
        return None if number is None else Curve(score.controller_curve(number, times))

    return TrackFacts(
        replace(analysis, key=key, tempo=_tempo(score, start, seconds)),
        markers,
        amount=curve(tracking.amount_controller),
        strength=curve(tracking.strength_controller),
        tempos=score.tempos if start == 0 else (),
        meters=score.meters if start == 0 else (),
        doubt=_doubt(key, analysis.key),
        mix_lufs=mix_lufs,
    )


def check_score(plan: RenderPlan, tracking: Tracking, score: Score | None) -> None:
    """Check that what is to be read from a score is in one.

    Raises
    ------
    UsageError
        There is no score, or it does not move a controller.
    """
    asked = {
        "--amount-controller": tracking.amount_controller,
        "--strength-controller": tracking.strength_controller,
        "--segment markers": 0 if plan.segment_markers else None,
    }
    for option, number in asked.items():
        if number is None:
            continue
        if score is None:
            raise UsageError(f"{option} needs a score: name one with --midi")
        if "controller" in option and number not in score.controllers:
            moved = ", ".join(map(str, score.controllers)) or "none"
            raise UsageError(f"{option} {number}: the score does not move it; it moves {moved}")


def _tempo(score: Score, start: float, seconds: float) -> Tempo:
    beats = score.beats(start + seconds) - start
    beats = beats[(beats >= 0) & (beats < seconds)]
    at_start = [bpm for at, bpm in score.tempos if at <= start] or [score.tempos[0][1]]
    return Tempo(bpm=float(at_start[-1]), confidence=1.0, beats=np.asarray(beats))


def _doubt(written: KeyEstimate, heard: KeyEstimate) -> str:
    """Say where a key signature and what is heard are not of the same notes."""
    if written is heard or written.key is None or heard.key is None or heard.confidence < SAFE_CONFIDENCE:
        return ""
    if not written.key.semitones_to(heard.key):
        return ""
    return f"The score says {written.key}, but {heard.key} is heard; the score is believed."


def _key(score: Score, start: float, seconds: float, heard: KeyEstimate) -> KeyEstimate | None:
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
    return KeyEstimate(key=longest, confidence=1.0, tuning_cents=heard.tuning_cents, spans=spans)
