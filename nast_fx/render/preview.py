"""What a render would do: all checks of a render, its output and its size, without the work."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.audio import resampled_length
from nast_fx.models import RenderRequest, TextureRequest
from nast_fx.models.output import OutputFormat
from nast_fx.progress import drain
from nast_fx.render.device import choose_device
from nast_fx.render.engine import content_notes
from nast_fx.render.facts import gather_facts
from nast_fx.render.limits import content_rate
from nast_fx.render.opening import Destination, open_render, open_texture
from nast_fx.render.stereo import StereoLayout
from nast_fx.render.track import cut

__all__ = ["Preview", "preview_render", "preview_texture"]


@dataclass(frozen=True)
class Preview:
    """What would be done.

    Attributes
    ----------
    output : Path
    replaces : bool
        A file is there and would be replaced.
    format : OutputFormat
    frames, sample_rate, channels : int
        Of the result.
    segments : int
        How many pieces are styled one after the other.
    working_rate : int
        Hz, at which they are.
    settings : dict
        All of the method's, defaults included.
    device : str
        Where, and why.
    notes : tuple of str
    effects : tuple of str
        What would run in the chain around the style, from first to last.
    """

    output: Path
    replaces: bool
    format: OutputFormat
    frames: int
    sample_rate: int
    channels: int
    segments: int
    working_rate: int
    settings: dict[str, Any]
    device: str
    notes: tuple[str, ...]
    effects: tuple[str, ...]


def preview_render(request: RenderRequest) -> Preview:
    """Check a render as `render_file` does, and say what it would do.

    Raises
    ------
    NastFxError
        What `render_file` would raise before its work.
    """
    plan = request.plan
    with ExitStack() as stack:
        opened = drain(open_render(request, stack))
        content, method = opened.content.source, opened.method
        rate = content_rate(content, opened.references)
        layout = StereoLayout(content.n_channels, plan.channels)
        own_notes = content_notes(content, opened.stats, layout, rate, opened.least_seconds)
        notes = (*opened.facts.notes, *own_notes, *opened.references.notes(opened.least_seconds))
        n_styled = opened.placement.styled_frames(content.n_frames, content.sample_rate)
        n_frames = resampled_length(n_styled, content.sample_rate, rate)
        places = None
        if plan.segment_beats or plan.segment_markers:
            facts = drain(gather_facts(content, "the content", request.tracking, opened.content.score))
            places, notes = facts.places(plan), (*notes, *facts.notes(plan))
    n_segments = len(cut(plan, n_frames, rate, method.min_frames(rate), places)) if plan.amount else 0
    settings = method.settings.model_dump()
    effects = tuple(opened.facts.running)
    return _preview(opened.destination, n_segments, rate, settings, plan.device, notes, effects)


def preview_texture(request: TextureRequest) -> Preview:
    """Check a texture as `texture_file` does, and say what it would do.

    Raises
    ------
    NastFxError
        What `texture_file` would raise before its work.
    """
    plan = request.plan
    with ExitStack() as stack:
        opened = open_texture(request, stack)
        notes = tuple(opened.references.notes(opened.least_seconds))
    method, shape = opened.method, opened.destination.shape
    rate = shape.sample_rate
    n_segments = len(cut(plan, shape.n_frames, rate, method.min_frames(rate)))
    return _preview(opened.destination, n_segments, rate, method.settings.model_dump(), plan.device, notes)


def _preview(
    destination: Destination,
    n_segments: int,
    working_rate: int,
    settings: dict[str, Any],
    device: str,
    notes: tuple[str, ...],
    effects: tuple[str, ...] = (),
) -> Preview:
    shape = destination.shape
    return Preview(
        output=destination.path,
        replaces=destination.path.exists(),
        format=destination.format,
        frames=shape.n_frames,
        sample_rate=shape.sample_rate,
        channels=shape.n_channels,
        segments=n_segments,
        working_rate=working_rate,
        settings=settings,
        device=choose_device(device)[1],
        notes=notes,
        effects=effects,
    )
