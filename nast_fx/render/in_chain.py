"""The style in its place in a chain: slots before it, slots after it, the ceiling at the very end.

    content -> slots before -> style (loudness follows what came in) -> mix of the slot -> slots after
            -> loudness that was asked for, ceiling

Loudness and key are those of what enters the style slot. What the slots after it do to the loudness stays:
a compressor there is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from nast_fx.audio import AudioSource, SampleStats, check_samples
from nast_fx.chain.automation import curve
from nast_fx.chain.rack import Rack
from nast_fx.chain.run import check_chain, run_chain
from nast_fx.chain.setting import ChainFacts, Context, Controller, tail_frames
from nast_fx.methods import Method
from nast_fx.models import RenderPlan, Tracking
from nast_fx.models.chain import ChainSpec, SlotSpec, check_at_rate
from nast_fx.progress import Steps, within
from nast_fx.render.curves import Curve, point_times
from nast_fx.render.engine import Styled, style_source
from nast_fx.render.facts import ScorePart
from nast_fx.render.leveling import ceiling_of, level
from nast_fx.render.sources import Difference, Mixed, Scaled
from nast_fx.render.store import SegmentStore
from nast_fx.render.style import References

__all__ = ["Placement", "score_controllers", "style_in_chain"]

SHARES = {"before": (0.0, 0.05), "style": (0.05, 0.9), "after": (0.9, 0.97), "level": (0.97, 1.0)}
POINTS_A_SECOND = 100
STYLE = "style"  # as it is called among the effects


@dataclass(frozen=True)
class Placement:
    """Where the style stands in a chain, and what stands around it.

    Attributes
    ----------
    spec : ChainSpec
        Without a style slot, the style stands at its end.
    context : Context
        Where the chain comes from, and what moves in it.
    tail_seconds : float
        How much longer than the content the result is.
    """

    spec: ChainSpec = field(default_factory=ChainSpec)
    context: Context = field(default_factory=Context)
    tail_seconds: float = 0.0

    @cached_property
    def style(self) -> SlotSpec:
        """The style's own slot."""
        return next((slot for slot in self.spec.slots if slot.kind == "style"), SlotSpec(plugin="style"))

    @cached_property
    def before(self) -> tuple[SlotSpec, ...]:
        """Slots before it."""
        return Rack(self.spec).halves[0]

    @cached_property
    def after(self) -> tuple[SlotSpec, ...]:
        """Slots after it."""
        return Rack(self.spec).halves[1]

    @property
    def works_after(self) -> bool:
        """Whether anything is done to what the style makes."""
        after, slot = any(not slot.is_idle for slot in self.after), self.style
        return after or self._tail_after > 0 or (not slot.is_idle and (slot.mix < 1 or slot.gain_db != 0))

    def leaves_untouched(self, amount: float) -> bool:
        """Whether sound passes as it is when this much is styled."""
        slot = self.style
        is_dry = slot.is_idle or (amount == 0 and slot.gain_db == 0)
        return is_dry and not self.tail_seconds and all(s.is_idle for s in (*self.before, *self.after))

    @property
    def amount(self) -> Callable[[float], float] | None:
        """Amount over time that the style slot is given, from seconds to 0 ... 1."""
        spec = None if self.style.is_idle else self.style.automation.get("amount")
        return None if spec is None else curve(spec, self.context, "the style slot: amount")

    def check(self, sample_rate: int, n_channels: int) -> ChainFacts:
        """Check that everything can be run, as `check_chain` does."""
        check_at_rate(self.spec, sample_rate, n_channels)
        _ = self.amount  # it may follow a controller that no score moves
        facts = check_chain(self.before, sample_rate, n_channels, context=self.context)
        first = len(self.before) + 2
        after = check_chain(self.after, sample_rate, n_channels, context=self.context, first=first)
        if facts.running:
            facts.notes.append(
                "Loudness and key of the content are those after the effects before the style."
            )
        if facts.running or after.running:
            facts.running.append(STYLE)
        facts.add(after)
        return facts

    def styled_frames(self, n_frames: int, sample_rate: int) -> int:
        """Length of what enters the style slot, in frames."""
        return n_frames + tail_frames(self.tail_seconds - self._tail_after, sample_rate)

    def prepare(self, content: AudioSource, stack: ExitStack) -> Steps[AudioSource]:
        """Run the slots before the style; what rings on there is styled too."""
        if all(slot.is_idle for slot in self.before):
            return content
        tail = self.tail_seconds - self._tail_after
        return (yield from run_chain(content, self.before, stack, tail_seconds=tail, context=self.context))

    def finish(self, dry: AudioSource, wet: AudioSource, stack: ExitStack) -> Steps[AudioSource]:
        """Mix what the style made with what came in, aligned, and run the slots after it."""
        slot, first = self.style, len(self.before) + 2
        if not slot.is_idle and slot.gain_db:
            wet = Scaled(wet, Curve.constant(10 ** (slot.gain_db / 20)))
        if not slot.is_idle and slot.mix < 1:
            wet = Mixed(dry, Difference(wet, dry), amount=slot.mix)
        options: dict[str, Any] = {"tail_seconds": self._tail_after, "context": self.context, "first": first}
        return (yield from run_chain(wet, self.after, stack, **options))

    @property
    def _tail_after(self) -> float:
        """Part of the tail that is added after the style: all of it, unless something rings before."""
        return self.tail_seconds if all(slot.is_idle for slot in self.before) else 0.0


def score_controllers(part: ScorePart | None, seconds: float) -> Mapping[int, Controller]:
    """Give the controllers of a score over a content of so many seconds."""
    if part is None:
        return {}
    times = part.start_seconds + point_times(max(1, round(seconds * POINTS_A_SECOND)))

    def held(number: int) -> Controller:
        values = part.score.controller_curve(number, times)
        return lambda at: float(values[min(int(at * POINTS_A_SECOND), len(values) - 1)])

    return {number: held(number) for number in part.score.controllers}


def style_in_chain(
    content: AudioSource,
    stats: SampleStats,
    references: References,
    method: Method[Any],
    plan: RenderPlan,
    stack: ExitStack,
    placement: Placement,
    *,
    tracking: Tracking | None = None,
    score: ScorePart | None = None,
    fits_integers: bool = False,
    store: SegmentStore | None = None,
    mix: AudioSource | None = None,
) -> Steps[Styled]:
    """Style a source between the slots of a chain; parameters as `style_source`.

    Parameters
    ----------
    placement : Placement
        It was checked (`Placement.check`).

    Returns
    -------
    Styled
        Longer than the content by the placement's tail.
    """
    tracking, goes_on = tracking or Tracking(), placement.works_after
    prepared = yield from within(placement.prepare(content, stack), *SHARES["before"])
    if prepared is not content:
        stats = check_samples(prepared, "the content after its effects")
    if placement.style.is_idle:
        plan = plan.model_copy(update={"amount": 0.0})
    styling = style_source(
        prepared,
        stats,
        references,
        method,
        plan,
        stack,
        tracking=tracking.model_copy(update={"loudness": None, "ceiling": None}) if goes_on else tracking,
        score=score,
        fits_integers=fits_integers and not goes_on,
        amount=placement.amount,
        store=store,
        mix=mix,
    )
    styled = yield from within(styling, *SHARES["style"])
    if not goes_on:
        return styled
    made = yield from within(placement.finish(prepared, styled.source, stack), *SHARES["after"])
    return (yield from within(_leveled(styled, made, tracking, fits_integers), *SHARES["level"]))


def _leveled(styled: Styled, made: AudioSource, tracking: Tracking, fits_integers: bool) -> Steps[Styled]:
    """Bring what the whole chain made to the loudness that was asked for, and under the ceiling."""
    facts = styled.tracked.facts
    ceiling = ceiling_of(tracking, facts.analysis.loudness if facts else None)
    anchored = facts.anchored(tracking) if facts else tracking
    last = anchored.model_copy(update={"ceiling": ceiling})
    finished = yield from level(made, None, last, fits_integers=fits_integers)
    own_notes = tuple(note for note in styled.notes if note not in styled.tracked.leveled.notes)
    tracked = replace(styled.tracked, leveled=finished)
    return replace(styled, source=finished.source, notes=(*own_notes, *finished.notes), tracked=tracked)
