"""How far a job is, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nast_fx.progress import Steps

__all__ = ["Clock"]


@dataclass(frozen=True)
class Clock:
    """Adds the place in the whole job, and the time that is left, to a segment's progress."""

    n_done: int
    n_segments: int
    began: float
    stages: Mapping[str, tuple[float, float]]

    def follow(self, steps: Steps[Any]) -> Steps[Any]:
        """Pass on what `steps` report, placed in the whole, and give their result."""
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
