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
from pathlib import Path
from typing import Any

from nast_fx.audio import AudioSource, SampleStats, check_samples
from nast_fx.chain.automation import curve
from nast_fx.chain.rack import Rack
from nast_fx.chain.run import check_chain, run_chain
from nast_fx.chain.setting import Controller, tail_frames
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


@dataclass(frozen=True)
class Placement:
    """Where the style stands in a chain, and what stands around it.

    Attributes
    ----------
    spec : ChainSpec
        Without a style slot, the style stands at its end.
    folder : Path or None
        Where relative file names of the chain start.
    tail_seconds : float
        How much longer than the content the result is.
    controllers : mapping of int to callable
        A score's controllers by number: from seconds of the content to 0 ... 1.
    """

    spec: ChainSpec = field(default_factory=ChainSpec)
    folder: Path | None = None
    tail_seconds: float = 0.0
    controllers: Mapping[int, Controller] = field(default_factory=dict)

    @property
    def style(self) -> SlotSpec:
        """The style's own slot."""
        return next((slot for slot in self.spec.slots if slot.kind == "style"), SlotSpec(plugin="style"))

    @property
    def before(self) -> tuple[SlotSpec, ...]:
        """Slots before it."""
        return Rack(self.spec).halves[0]

    @property
    def after(self) -> tuple[SlotSpec, ...]:
        """Slots after it."""
        return Rack(self.spec).halves[1]

    @property
    def running(self) -> tuple[str, ...]:
        """What runs beside the style, from first to last."""
        return tuple(slot.label for slot in (*self.before, *self.after) if _runs(slot))

    @property
    def is_idle(self) -> bool:
        """Whether nothing but the style is heard, as if there were no chain."""
        return not self.running and not self.tail_seconds and self.style == SlotSpec(plugin="style")

    @property
    def amount(self) -> Callable[[float], float] | None:
        """Amount over time that the style slot is given, from seconds to 0 ... 1."""
        spec = self.style.automation.get("amount")
        return None if spec is None else curve(spec, self.controllers, "the style slot: amount")

    def check(self, sample_rate: int, n_channels: int) -> list[str]:
        """Check that everything can be run, as `check_chain`; gives what the user should know."""
        check_at_rate(self.spec, sample_rate, n_channels)
        _ = self.amount  # it may follow a controller that no score moves
        said: list[str] = []
        for first, half in ((1, self.before), (len(self.before) + 2, self.after)):
            said += check_chain(
                half,
                sample_rate,
                n_channels,
                folder=self.folder,
                controllers=self.controllers,
                first=first,
            )
        return said

    def styled_frames(self, n_frames: int, sample_rate: int) -> int:
        """Length of what enters the style slot, in frames."""
        n_tail = tail_frames(self.tail_seconds, sample_rate) if any(map(_runs, self.before)) else 0
        return n_frames + n_tail


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
    tracking, slot, tail = tracking or Tracking(), placement.style, placement.tail_seconds
    around: dict[str, Any] = {"folder": placement.folder, "controllers": placement.controllers}
    prepared = content
    if any(map(_runs, placement.before)):
        steps = run_chain(content, placement.before, stack, tail_seconds=tail, **around)
        prepared = yield from within(steps, *SHARES["before"])
        stats, tail = check_samples(prepared, "the content after its effects"), 0.0
    goes_on = any(map(_runs, placement.after)) or tail > 0 or slot.mix < 1 or slot.gain_db != 0
    if slot.bypass or slot.mix == 0:
        plan, slot = plan.model_copy(update={"amount": 0.0}), SlotSpec(plugin="style")
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
    mixed = _mixed(prepared, styled.source, slot)
    first = len(placement.before) + 2
    steps = run_chain(mixed, placement.after, stack, tail_seconds=tail, first=first, **around)
    made = yield from within(steps, *SHARES["after"])
    facts = styled.tracked.facts
    ceiling = ceiling_of(tracking, facts.analysis.loudness if facts else None)
    anchored = facts.anchored(tracking) if facts else tracking
    last = anchored.model_copy(update={"ceiling": ceiling})
    finished = yield from within(level(made, None, last, fits_integers=fits_integers), *SHARES["level"])
    own_notes = tuple(note for note in styled.notes if note not in styled.tracked.leveled.notes)
    tracked = replace(styled.tracked, leveled=finished)
    return replace(styled, source=finished.source, notes=(*own_notes, *finished.notes), tracked=tracked)


def _mixed(dry: AudioSource, wet: AudioSource, slot: SlotSpec) -> AudioSource:
    """Mix what the style makes with what came in, as the slot says; they are aligned."""
    if slot.gain_db:
        wet = Scaled(wet, Curve.constant(10 ** (slot.gain_db / 20)))
    return wet if slot.mix == 1 else Mixed(dry, Difference(wet, dry), amount=slot.mix)


def _runs(slot: SlotSpec) -> bool:
    return not (slot.bypass or slot.mix == 0)
