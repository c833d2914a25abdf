"""Renders of the published methods for the bench of quality, kept so that it can go on where it was.

They see what their papers have: mono at 22.05 kHz, at their published settings, without anything that the
render engine adds (level following, key, loudness). One takes minutes for a pair of six seconds, so a
finished render is kept under the two sounds, the method and its settings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from nast_fx.audio import ArraySource, Audio, check_samples, resample
from nast_fx.methods import Method, build_method
from nast_fx.models import RenderPlan, Tracking
from nast_fx.progress import Steps
from nast_fx.render import Reference, References, style_source
from nast_fx.render.store import KeptSegment, SegmentFiles
from nast_fx.studies.recordings import Pair

__all__ = ["PUBLISHED", "BareRenders", "papers_view"]

PUBLISHED = ("ulyanov-lebedev", "mital", "barry-kim", "verma-smith", "vedak-bhatia")
PAPERS_RATE = 22_050
MOST_BYTES = 2**30
BARE = Tracking(key="off", loudness_follow=0.0)


class BareRenders:
    """Renders of bare methods, made once.

    Parameters
    ----------
    folder : path, optional
        Where they are kept; by default in the user's cache.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or platformdirs.user_cache_path("nast-fx", appauthor=False) / "bench"
        self._kept = SegmentFiles(folder, most_bytes=MOST_BYTES)

    def render(self, pair: Pair, name: str, settings: Mapping[str, Any] | None = None) -> Steps[Audio]:
        """Give a method's result for a pair (1, frame) at `PAPERS_RATE`."""
        method = build_method(name, settings)
        key = _key(pair, method)
        if (kept := self._kept.get(key)) is not None:
            return Audio(kept.waveform, PAPERS_RATE)
        made = yield from _render(pair, method)
        losses = np.zeros((0, 0), dtype=np.float32)
        self._kept.put(key, KeptSegment(made.samples, (), (), losses, 0))
        return made

    def has(self, pair: Pair, name: str) -> bool:
        """Whether a result at the published settings is there already."""
        return self._kept.get(_key(pair, build_method(name))) is not None


def papers_view(audio: Audio) -> Audio:
    """Mix to mono at the papers' rate."""
    mono = audio.samples.mean(axis=0, keepdims=True, dtype=np.float32)
    return Audio(resample(mono, audio.sample_rate, PAPERS_RATE), PAPERS_RATE)


def _render(pair: Pair, method: Method[Any]) -> Steps[Audio]:
    """Render a pair in one segment, and with nothing around the method."""
    content = papers_view(pair.content)
    seconds = content.samples.shape[1] / PAPERS_RATE
    source = ArraySource(content)
    references = References((Reference(ArraySource(papers_view(pair.style)), pair.name, 1.0),), 30.0)
    plan = RenderPlan(follow=0.0, segment_seconds=max(10.0, seconds))
    with ExitStack() as stack:
        stats = check_samples(source, pair.name)
        styled = yield from style_source(source, stats, references, method, plan, stack, tracking=BARE)
        return Audio(styled.source.read(0, source.n_frames), PAPERS_RATE)


def _key(pair: Pair, method: Method[Any]) -> str:
    settings = json.dumps({"method": method.name, **method.settings.model_dump()}, sort_keys=True)
    digest = hashlib.sha256(settings.encode())
    for audio in (papers_view(pair.content), papers_view(pair.style)):
        digest.update(audio.samples.tobytes())
    return digest.hexdigest()
