"""The engine in one call each, for scripts and notebooks; the package `nast_fx` offers these names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import Any

from nast_fx.analysis import Analysis
from nast_fx.analysis import analyze as analyze_steps
from nast_fx.audio import ArraySource, Audio, AudioSource, SampleStats, check_samples, open_source
from nast_fx.chain.rack import Rack
from nast_fx.chain.setting import Context
from nast_fx.chain.spec_file import read_chain
from nast_fx.errors import UsageError
from nast_fx.methods import build_method
from nast_fx.models import ChainSpec, RenderPlan, RenderRequest, StyleReference, Tracking
from nast_fx.progress import Progress, drain
from nast_fx.render import (
    References,
    Rendered,
    checked_reference,
    make_texture,
    open_references,
    style_in_chain,
)
from nast_fx.render import render_file as render_file_steps
from nast_fx.render.in_chain import Placement
from nast_fx.render.limits import texture_rate

__all__ = ["Sound", "Style", "analyze", "render", "render_file", "texture"]

Sound = Audio | str | PathLike[str]
Chain = Rack | ChainSpec | str | PathLike[str]
Style = Sound | StyleReference | Sequence[Sound | StyleReference]
OnProgress = Callable[[Progress], None]

_log = logging.getLogger(__name__)


def render(
    content: Sound,
    style: Style,
    *,
    method: str = "infinite",
    settings: Mapping[str, Any] | None = None,
    plan: RenderPlan | None = None,
    tracking: Tracking | None = None,
    chain: Chain | None = None,
    tail_seconds: float = 0.0,
    on_progress: OnProgress | None = None,
) -> Audio:
    """Style a recording, in memory.

    Parameters
    ----------
    content : Audio or path
        Recording to style, of 8 to 192 kHz.
    style : Audio, path or StyleReference, or a sequence of them
        Recordings whose sound is taken; `StyleReference` gives a part and a weight.
    method : str
        A name of `METHODS`.
    settings, plan, tracking : optional
        The method's own settings by name; segments, channels, quality, mix, seed, device; loudness and key.
    chain : Rack, ChainSpec or path, optional
        Effects before and after its style slot; without one, the style comes last.
    tail_seconds : float
        How much longer than the content the result is, for what rings on.
    on_progress : callable, optional
        Called with each `Progress`; what it raises ends the work.

    Returns
    -------
    Audio
        Of the content's length (and the tail), rate and channels. What fails raises a `NastFxError` with a
        sentence.
    """
    plan = plan or RenderPlan()
    made = build_method(method, settings, quality=plan.quality)
    with ExitStack() as stack:
        source, stats = _content(content, stack)
        references = _references(style, plan, stack)
        placement = _placement(chain, tail_seconds)
        for note in placement.check(source.sample_rate, source.n_channels).notes:
            _log.warning(note)
        steps = style_in_chain(source, stats, references, made, plan, stack, placement, tracking=tracking)
        styled = drain(steps, on_progress)
        return Audio(styled.source.read(0, styled.source.n_frames), source.sample_rate)


def texture(
    style: Style,
    *,
    seconds: float,
    method: str = "infinite",
    settings: Mapping[str, Any] | None = None,
    plan: RenderPlan | None = None,
    tracking: Tracking | None = None,
    on_progress: OnProgress | None = None,
) -> Audio:
    """Make a texture from recordings alone, in memory; parameters as `render`.

    Parameters
    ----------
    seconds : float
        Length of the texture, above 0.
    plan : RenderPlan, optional
        With ``loop=True`` the end runs into the beginning.

    Returns
    -------
    Audio
        At the recordings' rate, or a whole fraction of it up to 48 kHz; stereo if one of them is.
    """
    if not 0 < seconds < float("inf"):
        raise UsageError(f"seconds={seconds} must be above 0")
    plan = plan or RenderPlan()
    made = build_method(method, settings, quality=plan.quality)
    with ExitStack() as stack:
        references = _references(style, plan, stack)
        rate = texture_rate(references)
        n_frames = max(1, round(seconds * rate))
        steps = make_texture(references, n_frames, made, plan, stack, tracking=tracking)
        styled = drain(steps, on_progress)
        return Audio(styled.source.read(0, n_frames), rate)


def analyze(sound: Sound, *, on_progress: OnProgress | None = None) -> Analysis:
    """Find loudness, key and tempo of a recording.

    Parameters
    ----------
    sound : Audio or path
        Of at least 8 kHz, any length.
    """
    with ExitStack() as stack:
        if isinstance(sound, Audio):
            return drain(analyze_steps(ArraySource(sound)), on_progress)
        return drain(analyze_steps(stack.enter_context(open_source(Path(sound))), str(sound)), on_progress)


def render_file(request: RenderRequest, on_progress: OnProgress | None = None) -> Rendered:
    """Style a file of any length into a file, as `nast-fx render` does.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence; then nothing was written.
    """
    return drain(render_file_steps(request), on_progress)


def _content(content: Sound, stack: ExitStack) -> tuple[AudioSource, SampleStats]:
    if isinstance(content, Audio):
        source: AudioSource = ArraySource(content)
        return source, check_samples(source, "the content")
    source = stack.enter_context(open_source(Path(content)))
    return source, check_samples(source, str(content))


def _placement(chain: Chain | None, tail_seconds: float) -> Placement:
    if chain is None:
        return Placement(tail_seconds=tail_seconds)
    if isinstance(chain, Rack):
        return Placement(chain.spec, Context(chain.folder), tail_seconds)
    if isinstance(chain, ChainSpec):
        return Placement(chain, tail_seconds=tail_seconds)
    return Placement(read_chain(Path(chain)), Context(Path(chain).resolve().parent), tail_seconds)


def _references(style: Style, plan: RenderPlan, stack: ExitStack) -> References:
    several = list(style) if isinstance(style, Sequence) and not isinstance(style, str) else [style]
    if not several:
        raise UsageError("style=[] must hold at least one recording")
    items = []
    for number, one in enumerate(several, start=1):
        if isinstance(one, Audio):
            items.append(checked_reference(ArraySource(one), f"style {number}"))
        else:
            reference = one if isinstance(one, StyleReference) else StyleReference(path=Path(one))
            items += open_references([reference], stack, style_seconds=plan.style_seconds).items
    return References(tuple(items), plan.style_seconds)
