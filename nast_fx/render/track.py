"""Style a whole signal segment by segment, into a temporary file.

Memory holds one segment. Even segments come first; an odd one starts at, and is held to, the
finished neighbors in its overlaps. Each row of a segment (mid, side ...) is brought to one level
before the method sees it, and back afterwards. Draws are keyed by (seed, segment, row), so that
the order of the work does not change a sample.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from nast_fx.audio import AudioSource, Samples
from nast_fx.audio.scratch import ScratchFile
from nast_fx.methods import LEVEL, Method, Segment, Targets
from nast_fx.models import RenderPlan
from nast_fx.optimize import Outcome, Pinned, Solution
from nast_fx.progress import Steps
from nast_fx.render.device import device_errors
from nast_fx.render.segments import Span, in_order, plan_segments
from nast_fx.render.stereo import StereoLayout

__all__ = ["Journey", "SegmentRecord", "cut", "style_texture", "style_track"]

SILENT = 1e-4  # RMS, -80 dBFS: such a row of a segment passes as it is


@dataclass(frozen=True, eq=False)
class SegmentRecord:
    """How one segment went; a few hundred bytes, since a long track has many.

    Attributes
    ----------
    index : int
    outcomes : tuple of Outcome
        One a row.
    names : tuple of str
        Of the losses: the total and the terms.
    losses : ndarray, (step, name) float32
    n_evaluations : int
    """

    index: int
    outcomes: tuple[Outcome, ...]
    names: tuple[str, ...] = ()
    losses: Samples = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    n_evaluations: int = 0

    @classmethod
    def of(cls, index: int, solution: Solution) -> SegmentRecord:
        """Keep what is worth keeping of a solution."""
        names = tuple(solution.history[0]) if solution.history else ()
        losses = np.array([[step[name] for name in names] for step in solution.history], dtype=np.float32)
        return cls(index, tuple(solution.outcomes), names, losses, solution.n_evaluations)

    @property
    def history(self) -> list[dict[str, float]]:
        """Losses by name after every step."""
        return [dict(zip(self.names, map(float, step), strict=True)) for step in self.losses]


@dataclass
class Journey:
    """What is the same for all segments of a track, and what came of each."""

    method: Method[Any]
    targets: Targets[Any]
    plan: RenderPlan
    layout: StereoLayout
    result: ScratchFile
    device: torch.device
    records: list[SegmentRecord] = field(default_factory=list)

    def spans(self) -> list[Span]:
        """Cut the track; a segment is never shorter than what the method needs."""
        rate = self.result.sample_rate
        return cut(self.plan, self.result.n_frames, rate, self.method.min_frames(rate))

    def pinned(self, span: Span, gains: Samples, rows: list[int], n_frames: int) -> Pinned | None:
        """Take what the neighbors of a stitched segment have decided, at the rows' own levels."""
        if not span.is_stitched or not (span.n_before or span.n_after):
            return None
        finished = self.layout.encode(self.result.read(span.start, span.n_frames))[rows] * gains
        share = 1 - span.own_share()
        return Pinned(self.tensor(finished, n_frames), self.tensor(share[None], n_frames)[0])

    def transfer(self, segment: Segment, span: Span, rows: list[int]) -> Steps[Samples]:
        """Run the method on some rows, and give theirs (row, frame)."""
        with device_errors():
            solution: Solution = yield from self.method.transfer(segment, self.targets.select(rows))
        self.records.append(SegmentRecord.of(span.index, solution))
        styled: Samples = solution.waveform[:, : span.n_frames].cpu().numpy()
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


def cut(plan: RenderPlan, n_frames: int, sample_rate: int, min_frames: int) -> list[Span]:
    """Cut `n_frames` as the plan says; a loop is one piece, no segment is below `min_frames`."""
    if plan.loop:
        return plan_segments(n_frames, n_frames, 0)
    segment = max(round(plan.segment_seconds * sample_rate), min_frames)
    return plan_segments(n_frames, segment, round(plan.overlap * sample_rate), least=min_frames)


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
        )
        styled = yield from journey.transfer(segment, span, loud)
        rows[loud] = styled / gains
    else:
        journey.records.append(SegmentRecord(span.index, (Outcome.SILENT,)))
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


@dataclass(frozen=True)
class _Clock:
    """Adds the place in the whole job, and the time that is left, to a segment's progress."""

    n_done: int
    n_segments: int
    began: float
    stages: Mapping[str, tuple[float, float]]

    def follow(self, steps: Steps[Any]) -> Steps[Any]:
        try:
            while True:
                progress = next(steps)
                begin, end = self.stages.get(progress.stage, (0.0, 1.0))
                share = begin + (end - begin) * progress.step / max(progress.n_steps, 1)
                done = (self.n_done + share) / self.n_segments
                elapsed = time.perf_counter() - self.began
                left = elapsed / done - elapsed if done > 0.01 else None
                yield replace(
                    progress, segment=self.n_done, n_segments=self.n_segments, share=done, seconds_left=left
                )
        except StopIteration as stop:
            return stop.value
        finally:
            steps.close()


def _clocked(journey: Journey) -> Iterator[tuple[Span, _Clock]]:
    began, spans = time.perf_counter(), journey.spans()
    for n_done, span in enumerate(in_order(spans)):
        yield span, _Clock(n_done, len(spans), began, journey.method.stages)
