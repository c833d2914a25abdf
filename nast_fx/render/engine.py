"""From a content source and references to a styled source; no files are written here.

    content -> facts, key -> working rate -> segments -> level follows -> content's rate -> mix -> loudness

Everything after the segments is computed where it is read, in blocks, but for the mix, which is read
several times. What lies above the working rate's band stays the content's: the styled change is what is
resampled, and added.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from nast_fx.audio import (
    AudioSource,
    SampleStats,
    ScratchFile,
    check_samples,
    resample_source,
    resampled_length,
)
from nast_fx.audio.shift import shift_source
from nast_fx.errors import UsageError
from nast_fx.methods import Method
from nast_fx.models import RenderPlan, Tracking
from nast_fx.optimize import SEVERITY, Outcome
from nast_fx.progress import Progress, Steps, within
from nast_fx.render.curves import Curve
from nast_fx.render.device import choose_device
from nast_fx.render.facts import ScorePart, TrackFacts, check_score, gather_facts
from nast_fx.render.keys import plan_transposition
from nast_fx.render.leveling import gate_lufs, level, silence_curve
from nast_fx.render.limits import content_rate, texture_rate, window_seconds
from nast_fx.render.records import SegmentRecord
from nast_fx.render.sources import Difference, Follower, Mixed, Rows, Scaled
from nast_fx.render.stereo import StereoLayout
from nast_fx.render.store import SegmentStore
from nast_fx.render.style import References
from nast_fx.render.targets import StyleTargets
from nast_fx.render.track import Journey, style_texture, style_track
from nast_fx.render.tracked import Tracked

__all__ = ["Styled", "content_notes", "make_texture", "style_source"]

SHARES = {"facts": (0.0, 0.04), "keys": (0.04, 0.06), "style": (0.06, 0.95), "level": (0.95, 1.0)}
CEILING = 10 ** (-1 / 20)  # -1 dBFS: level following lowers its own gain around samples above it


@dataclass(frozen=True)
class Styled:
    """A finished result, before it is written.

    Attributes
    ----------
    source : AudioSource
        The result; reads from temporary files that the caller's `ExitStack` closes.
    records : tuple of SegmentRecord
    notes : tuple of str
        What the user should know, a sentence each.
    device : str
        Where it was computed, and why.
    working_rate : int
        Hz.
    tracked : Tracked
        Loudness, silence and key, before and after.
    """

    source: AudioSource
    records: tuple[SegmentRecord, ...]
    notes: tuple[str, ...]
    device: str
    working_rate: int
    tracked: Tracked

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of all segments."""
        outcomes = (outcome for record in self.records for outcome in record.outcomes)
        return max(outcomes, key=SEVERITY.index, default=Outcome.UNTOUCHED)

    @property
    def losses(self) -> dict[str, float]:
        """Mean of the segments' final losses, by name."""
        finals = [record.history[-1] for record in self.records if record.history]
        return {name: sum(f[name] for f in finals) / len(finals) for name in (finals[0] if finals else {})}


def style_source(
    content: AudioSource,
    stats: SampleStats,
    references: References,
    method: Method[Any],
    plan: RenderPlan,
    stack: ExitStack,
    *,
    tracking: Tracking | None = None,
    score: ScorePart | None = None,
    fits_integers: bool = False,
    amount: Callable[[float], float] | None = None,
    store: SegmentStore | None = None,
    mix: AudioSource | None = None,
) -> Steps[Styled]:
    """Style a source.

    Parameters
    ----------
    content : AudioSource
        Of 8 to 192 kHz.
    stats : SampleStats
        Of the content (`check_samples`).
    stack : ExitStack
        Closes the temporary files.
    tracking : Tracking, optional
        Loudness and key; all defaults if left out.
    score : ScorePart, optional
        Beside the content: tempo, keys, markers and controllers.
    fits_integers : bool
        The result will be written in a format that holds nothing above full scale.
    amount : callable, optional
        From seconds to 0 ... 1: scales the plan's amount over time.
    store : SegmentStore, optional
        Where finished segments are looked for, and kept.
    mix : AudioSource, optional
        Of which the content is a stem: its key and tempo are taken, and its gain to a loudness.

    Raises
    ------
    UsageError, DeviceError
        The rate or the device cannot be used.
    """
    tracking = tracking or Tracking()
    if plan.loop:
        raise UsageError("loop=True is for textures: a content has its own end")
    check_score(plan, tracking, score.score if score else None)
    rate = content_rate(content, references)
    least = window_seconds(method, rate, plan, content.n_frames / content.sample_rate)
    device, reason = choose_device(plan.device)
    layout = StereoLayout(content.n_channels, plan.channels)
    notes = [*content_notes(content, stats, layout, rate, least), *references.notes(least)]
    yield Progress("analyze", note="listening to the content")
    gathering = gather_facts(content, "the content", tracking, score, mix)
    facts = (yield from within(gathering, *SHARES["facts"])).with_amount(amount)
    tracking = facts.anchored(tracking)
    is_styled = plan.amount > 0
    plan_keys = plan_transposition(facts.analysis.key, references.items, tracking, is_styled=is_styled)
    transposition = yield from within(plan_keys, *SHARES["keys"])
    if transposition.content_semitones:
        yield Progress("read", share=SHARES["style"][0], note="transposing the content")
        content = stack.enter_context(shift_source(content, transposition.content_semitones))
    records: tuple[SegmentRecord, ...] = ()
    mixed: AudioSource = content
    if is_styled:
        targets = StyleTargets(method, references, transposition, layout.rows, rate, plan.seed, device)
        n_frames = resampled_length(content.n_frames, content.sample_rate, rate)
        result = stack.enter_context(ScratchFile(rate, content.n_channels, n_frames))
        journey = Journey(targets, plan, layout, result, facts.places(plan), facts.strength, store)
        mixed = yield from within(_mix(content, journey, tracking, facts, stack), *SHARES["style"])
        records = tuple(journey.records)
        notes += journey.notes
    may_limit = is_styled or tracking.loudness is not None
    loudness = facts.analysis.loudness
    leveling = level(mixed, loudness, tracking, fits_integers=fits_integers, may_limit=may_limit)
    finished = yield from within(leveling, *SHARES["level"])
    tracked = Tracked(facts, finished, transposition, gate_lufs(loudness, tracking))
    said = (*notes, *transposition.notes, *facts.notes(plan), *finished.notes)
    return Styled(finished.source, records, said, reason, rate, tracked)


def make_texture(
    references: References,
    n_frames: int,
    method: Method[Any],
    plan: RenderPlan,
    stack: ExitStack,
    *,
    tracking: Tracking | None = None,
    fits_integers: bool = False,
    store: SegmentStore | None = None,
) -> Steps[Styled]:
    """Make `n_frames` of texture at `texture_rate` and the references' level, or the loudness asked for."""
    tracking = tracking or Tracking()
    rate = texture_rate(references)
    least = window_seconds(method, rate, plan, n_frames / rate)
    device, reason = choose_device(plan.device)
    layout = StereoLayout(references.n_channels, plan.channels)
    plan_keys = plan_transposition(None, references.items, tracking)
    transposition = yield from within(plan_keys, 0.0, SHARES["style"][0])
    targets = StyleTargets(method, references, transposition, layout.rows, rate, plan.seed, device)
    result = stack.enter_context(ScratchFile(rate, references.n_channels, n_frames))
    journey = Journey(targets, plan, layout, result, store=store)
    yield from within(style_texture(journey, references.levels(layout.rows, least)), *SHARES["style"])
    at_level = Scaled(result, Curve.constant(_texture_level(references, result, least)))
    leveling = level(at_level, None, tracking, fits_integers=fits_integers, circular=plan.loop)
    finished = yield from within(leveling, *SHARES["level"])
    notes = (*references.notes(least), *transposition.notes, *journey.notes, *finished.notes)
    tracked = Tracked(None, finished, transposition)
    return Styled(finished.source, tuple(journey.records), notes, reason, rate, tracked)


def content_notes(
    content: AudioSource, stats: SampleStats, layout: StereoLayout, working_rate: int, least_seconds: float
) -> list[str]:
    """Say what is special about a content, a sentence each; `least_seconds` is `window_seconds`."""
    notes = []
    if stats.peak.max() == 0:
        notes.append("The content is silent; it stays silent.")
    if working_rate < content.sample_rate:
        notes.append(
            f"Styled at {working_rate} Hz; what lies above {working_rate / 2000:g} kHz stays the content's."
        )
    if content.n_frames / content.sample_rate < least_seconds:
        notes.append("The content is shorter than the method's window; it was mirrored, and cut again.")
    return [*notes, *filter(None, [layout.describe()])]


def _mix(
    content: AudioSource, journey: Journey, tracking: Tracking, facts: TrackFacts, stack: ExitStack
) -> Steps[AudioSource]:
    """Style at the working rate, and add what has changed to the content, at its own rate."""
    plan, layout, result = journey.plan, journey.layout, journey.result
    low, rate = content, result.sample_rate
    if rate != content.sample_rate:
        yield Progress("read", note=f"resampling to {rate} Hz")
        low = stack.enter_context(resample_source(content, rate))
    yield from style_track(journey, low)
    own, made = (check_samples(Rows(source, layout), "the rows").rms for source in (low, result))
    levels = np.where(made > 0, own / np.maximum(made, 1e-30), 1.0)
    ceiling = max(CEILING, float(check_samples(low, "the content").peak.max()))
    loudness = facts.analysis.loudness
    silence = silence_curve(loudness, gate_lufs(loudness, tracking))
    followed = Follower(
        low, result, layout, share=plan.follow, silence=silence, levels=levels, ceiling=ceiling
    )
    change: AudioSource = Difference(followed, low)
    if low is not content:
        resampled = resample_source(change, content.sample_rate, n_frames=content.n_frames)
        change = stack.enter_context(resampled)
    amount = Curve(plan.amount * facts.amount.values) if facts.amount else plan.amount
    # The mix is read several times: at its own rate this is a copy.
    return stack.enter_context(resample_source(Mixed(content, change, amount=amount), content.sample_rate))


def _texture_level(references: References, result: AudioSource, least_seconds: float) -> float:
    """Gain that brings a texture to the references' overall level."""
    channels = ("left", "right") if references.n_channels == 2 else ("mid",)
    wanted = references.levels(channels, least_seconds)
    found = check_samples(result, "the result").rms
    return float(np.sqrt(np.mean(wanted**2) / np.mean(found**2))) if found.any() else 1.0
