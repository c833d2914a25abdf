"""Open and check everything that a render needs, before any work is done."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.audio import AudioSource, FileInfo, SampleStats, check_samples, probe
from nast_fx.audio.limits import check_writable
from nast_fx.audio.output_names import output_path, place
from nast_fx.audio.score_file import is_score
from nast_fx.chain.setting import ChainFacts, Context, tail_frames
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.methods import Method, build_method
from nast_fx.models import ContentRequest, RenderRequest, TextureRequest
from nast_fx.models.output import OutputFormat, choose_format, extension
from nast_fx.progress import Steps
from nast_fx.render.content import OpenedContent, open_content, open_score, open_stem
from nast_fx.render.device import choose_device
from nast_fx.render.facts import ScorePart, check_score
from nast_fx.render.in_chain import Placement, score_controllers
from nast_fx.render.learnt import learnt_file
from nast_fx.render.limits import content_rate, texture_rate, window_seconds
from nast_fx.render.style import References, open_references

__all__ = [
    "Destination",
    "OpenedRender",
    "OpenedTexture",
    "Shape",
    "Target",
    "checked_destination",
    "content_target",
    "context_of",
    "open_render",
    "open_texture",
    "plan_target",
    "shape_of",
]


@dataclass(frozen=True)
class Shape:
    """Shape of a result."""

    sample_rate: int
    n_channels: int
    n_frames: int


@dataclass(frozen=True)
class Destination:
    """Where a result goes, whether a file there may be replaced, and what is written."""

    path: Path
    replace: bool
    format: OutputFormat
    shape: Shape


@dataclass(frozen=True)
class OpenedRender:
    """A render that can begin; `facts` are those of its chain."""

    method: Method[Any]
    content: OpenedContent
    stats: SampleStats
    references: References
    placement: Placement
    destination: Destination
    least_seconds: float
    facts: ChainFacts


@dataclass(frozen=True)
class OpenedTexture:
    """A texture that can begin."""

    method: Method[Any]
    references: References
    destination: Destination
    least_seconds: float


def open_render(request: RenderRequest, stack: ExitStack) -> Steps[OpenedRender]:
    """Open and check the files of a render; `stack` closes them.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence.
    """
    plan = request.plan
    method = build_method(request.method, request.settings, quality=plan.quality)
    choose_device(plan.device)
    part = open_score(request)
    check_score(plan, request.tracking, part.score if part else None)
    target = content_target(request, "styled")
    content = yield from open_content(request, part, stack)
    if request.mix is not None:
        content = open_stem(content, request, request.mix, stack)
    source = content.source
    placement = Placement(request.chain, context_of(request, part, source), request.tail_seconds)
    facts = placement.check(source.sample_rate, source.n_channels)
    destination = checked_destination(target, shape_of(source, request.tail_seconds))
    stats = check_samples(source, str(request.content))
    references = open_references(request.styles, stack, style_seconds=plan.style_seconds)
    rate = content_rate(source, references)
    least = window_seconds(method, rate, plan, source.n_frames / source.sample_rate)
    return OpenedRender(method, content, stats, references, placement, destination, least, facts)


def context_of(request: ContentRequest, part: ScorePart | None, source: AudioSource) -> Context:
    """Where the chain of a request comes from, and what moves in it."""
    seconds = source.n_frames / source.sample_rate + request.tail_seconds
    return Context(request.chain_folder, score_controllers(part, seconds), request.start_seconds)


def shape_of(content: AudioSource, tail_seconds: float) -> Shape:
    """Shape of what is made of a content."""
    n_frames = content.n_frames + tail_frames(tail_seconds, content.sample_rate)
    return Shape(content.sample_rate, content.n_channels, n_frames)


def open_texture(request: TextureRequest, stack: ExitStack) -> OpenedTexture:
    """Open and check the files of a texture; `stack` closes them.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence.
    """
    plan = request.plan
    method = build_method(request.method, request.settings, quality=plan.quality)
    choose_device(plan.device)
    references = open_references(request.styles, stack, style_seconds=plan.style_seconds)
    rate = texture_rate(references)
    shape = Shape(rate, references.n_channels, max(1, round(request.duration_seconds * rate)))
    least = window_seconds(method, rate, plan, shape.n_frames / rate)
    first = request.inputs[0]
    like = None if learnt_file(first) else probe(first)
    destination = checked_destination(plan_target(request, like, "texture"), shape)
    return OpenedTexture(method, references, destination, least)


@dataclass(frozen=True)
class Target:
    """A destination whose shape is not known yet."""

    path: Path
    replace: bool
    format: OutputFormat


def plan_target(request: ContentRequest | TextureRequest, like: FileInfo | None, kind: str) -> Target:
    """Decide where a result goes and as what, before anything is read."""
    asked, beside = request.output, request.inputs[0]
    if asked is not None and asked.is_dir():
        beside, asked = asked / beside.name, None
    if asked is not None and (str(asked) == "-" or (asked.exists() and not asked.is_file())):
        raise AudioFileError(f"{asked}: is not a regular file; a result can only be written to one")
    suffix = asked.suffix if asked else None
    if suffix and not suffix[1:2].isalpha():
        suffix = None  # a dot in a name is not always a suffix: `take 1.5` is a name
    output = choose_format(
        path_suffix=suffix,
        format=request.format,
        bits=request.bits,
        like_container=like.container if like else None,
        like_subtype=like.subtype if like else None,
    )
    if asked is not None and suffix is None:
        asked = asked.with_name(asked.name + extension(output))
    named = output_path(asked, beside, extension(output), kind=kind, variation=request.variation)
    path, replace = place(named, request.inputs, request.overwrite)
    return Target(path, replace, output)


def content_target(request: ContentRequest, kind: str) -> Target:
    """Decide where goes what is made of a content, and as what; a score says nothing of its format."""
    target = plan_target(request, None if is_score(request.content) else probe(request.content), kind)
    container = target.format.container
    if request.time_reference_seconds is not None and container != "wav":
        raise UsageError(f"a time reference is held by wav only, not by {container}; use --format wav")
    return target


def checked_destination(target: Target, shape: Shape) -> Destination:
    """Check that what will be made can be written there."""
    check_writable(
        target.path,
        target.format,
        shape.sample_rate,
        shape.n_channels,
        n_frames=shape.n_frames,
        overwrite=target.replace,
    )
    return Destination(target.path, target.replace, target.format, shape)
