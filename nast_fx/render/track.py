"""Style a whole signal segment by segment, into a temporary file.

Memory holds one segment. Even segments come first; an odd one starts at, and is held to, the
finished neighbors in its overlaps. Each row of a segment (mid, side ...) is brought to one level
before the method sees it, and back afterwards. Draws are keyed by (seed, segment, row), so that
the order of the work does not change a sample.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from nast_fx.audio import AudioSource, Samples
from nast_fx.audio.scratch import ScratchFile
from nast_fx.methods import LEVEL, Method, Segment
from nast_fx.models import RenderPlan
from nast_fx.optimize import Pinned, Solution
from nast_fx.progress import Steps
from nast_fx.render.clock import Clock
from nast_fx.render.curves import Curve
from nast_fx.render.device import device_errors
from nast_fx.render.records import SegmentRecord
from nast_fx.render.segments import LEAST_SECONDS, LONGEST_SECONDS, Span, in_order, plan_segments, segments_at
from nast_fx.render.stereo import StereoLayout
from nast_fx.render.store import SegmentStore, segment_key
from nast_fx.render.targets import StyleTargets

__all__ = ["Journey", "cut", "style_texture", "style_track"]

SILENT = 1e-4  # RMS, -80 dBFS: such a row of a segment passes as it is


@dataclass
class Journey:
    """What is the same for all segments of a track, and what came of each.

    Attributes
    ----------
    places : tuple of float or None
        Seconds at which segments meet; None where they are equally long.
    strength : Curve or None
        Share of the plan's strength over time.
    store : SegmentStore or None
        Where finished segments are kept, and looked for.
    n_kept : int
        How many of them were found there.
    """

    targets: StyleTargets
    plan: RenderPlan
    layout: StereoLayout
    result: ScratchFile
    places: tuple[float, ...] | None = None
    strength: Curve | None = None
    store: SegmentStore | None = None
    records: list[SegmentRecord] = field(default_factory=list)
    n_kept: int = 0

    @property
    def method(self) -> Method[Any]:
        """The system that styles."""
        return self.targets.method

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.targets.device

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of segments that were kept."""
        if not self.n_kept:
            return ()
        several = f"{self.n_kept} of {len(self.records)} segments were"
        one = "The segment was" if len(self.records) == 1 else several
        return (f"{one} finished before and taken from there (--fresh makes all anew).",)

    def spans(self) -> list[Span]:
        """Cut the track; a segment is never shorter than what the method needs."""
        rate = self.result.sample_rate
        return cut(self.plan, self.result.n_frames, rate, self.method.min_frames(rate), self.places)

    def strength_of(self, span: Span) -> float:
        """Strength of a segment: the mean over it."""
        if self.strength is None:
            return self.plan.strength
        return self.plan.strength * float(
            self.strength.at(span.start, span.n_frames, self.result.sample_rate).mean()
        )

    def pinned(self, span: Span, gains: Samples, rows: list[int], n_frames: int) -> Pinned | None:
        """Take what the neighbors of a stitched segment have decided, at the rows' own levels."""
        if not span.is_stitched or not (span.n_before or span.n_after):
            return None
        finished = self.layout.encode(self.result.read(span.start, span.n_frames))[rows] * gains
        share = 1 - span.own_share()
        return Pinned(self.tensor(finished, n_frames), self.tensor(share[None], n_frames)[0])

    def transfer(self, segment: Segment, span: Span, rows: list[int]) -> Steps[Samples]:
        """Run the method on some rows, and give theirs (row, frame)."""
        rate = self.result.sample_rate
        start, end, key = span.start / rate, span.end / rate, ""
        if self.store is not None:
            key = segment_key(segment, self.targets.digest_at(start, end), rows)
            if (kept := self.store.get(key)) is not None:
                self.n_kept += 1
                self.records.append(SegmentRecord.of_kept(span, rate, kept))
                return kept.waveform[:, : span.n_frames]
        targets = self.targets.at(start, end)
        with device_errors():
            solution: Solution = yield from self.method.transfer(segment, targets.select(rows))
        record = SegmentRecord.of(span, rate, solution)
        self.records.append(record)
        styled: Samples = solution.waveform[:, : span.n_frames].cpu().numpy()
        if self.store is not None:
            self.store.put(key, record.kept(styled))
        return styled

    def keys(self, span: Span, rows: list[int]) -> tuple[int, ...]:
        """Seed each row by (seed, segment, row)."""
        return tuple(
            int(
                np.random.SeedSequence([self.plan.seed, span.index, row]).generate_state(1, np.uint64)[0] >> 1
            )
            for row in rows
        )

    def padded(self, span: Span) -> int:
        """Length in samples at which a span is styled."""
        return max(span.n_frames, self.method.min_frames(self.result.sample_rate))

    def tensor(self, rows: Samples, n_frames: int) -> torch.Tensor:
        """Move rows to the device; mirrored up to `n_frames` where they are shorter."""
        padded = np.pad(rows, ((0, 0), (0, n_frames - rows.shape[1])), mode="symmetric").astype(np.float32)
        return torch.from_numpy(padded).to(self.device)


def cut(
    plan: RenderPlan,
    n_frames: int,
    sample_rate: int,
    min_frames: int,
    places: Sequence[float] | None = None,
) -> list[Span]:
    """Cut `n_frames` as the plan says, or at `places` (seconds); no segment is below `min_frames`.

    A loop is one piece.
    """
    if plan.loop:
        return plan_segments(n_frames, n_frames, 0)
    overlap = round(plan.overlap * sample_rate)
    if places is not None:
        frames = [round(place * sample_rate) for place in places]
        least = max(min_frames, round(LEAST_SECONDS * sample_rate))
        longest = round(LONGEST_SECONDS * sample_rate)
        return segments_at(frames, n_frames, overlap, least=least, longest=longest)
    segment = max(round(plan.segment_seconds * sample_rate), min_frames)
    return plan_segments(n_frames, segment, overlap, least=min_frames)


def style_track(journey: Journey, content: AudioSource) -> Steps[None]:
    """Style `content` into the journey's result, of the same rate, shape and length."""
    for span, clock in _clocked(journey):
        block = content.read(span.start, span.n_frames)
        yield from clock.follow(_style_span(journey, span, block))


def _style_span(journey: Journey, span: Span, block: Samples) -> Steps[None]:
    rows = journey.layout.encode(block)
    levels = np.sqrt(np.mean(np.square(rows, dtype=np.float64), axis=1))
    loud = [index for index, level in enumerate(levels) if level > SILENT]
    quiet = [index for index in range(len(rows)) if index not in loud]
    if span.is_stitched and quiet:
        finished = journey.layout.encode(journey.result.read(span.start, span.n_frames))[quiet]
        rows[quiet] = finished + span.own_share() * (rows[quiet] - finished)
    if loud:
        n_frames = journey.padded(span)
        gains = (LEVEL / levels[loud])[:, None].astype(np.float32)
        segment = Segment(
            journey.tensor(rows[loud] * gains, n_frames),
            n_frames,
            journey.keys(span, loud),
            journey.pinned(span, gains, loud, n_frames),
            strength=journey.strength_of(span),
        )
        styled = yield from journey.transfer(segment, span, loud)
        rows[loud] = styled / gains
    else:
        journey.records.append(SegmentRecord.of(span, journey.result.sample_rate, None))
    journey.result.write(span.start, journey.layout.decode(rows, block))


def style_texture(journey: Journey, levels: Samples) -> Steps[None]:
    """Fill the journey's result with a texture whose rows have the given levels (row,)."""
    everyone = list(range(len(levels)))
    gains = (LEVEL / np.maximum(levels, SILENT))[:, None].astype(np.float32)
    for span, clock in _clocked(journey):
        n_frames = span.n_frames if journey.plan.loop else journey.padded(span)
        segment = Segment(
            None,
            n_frames,
            journey.keys(span, everyone),
            journey.pinned(span, gains, everyone, n_frames),
            journey.plan.loop,
        )
        styled = yield from clock.follow(journey.transfer(segment, span, everyone))
        silence = np.zeros((journey.result.n_channels, span.n_frames), dtype=np.float32)
        journey.result.write(span.start, journey.layout.decode(styled / gains, silence))


def _clocked(journey: Journey) -> Iterator[tuple[Span, Clock]]:
    began, spans = time.perf_counter(), journey.spans()
    for n_done, span in enumerate(in_order(spans)):
        yield span, Clock(n_done, len(spans), began, journey.method.stages)
