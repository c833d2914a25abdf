"""Open and check everything that a render needs, before any work is done."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.audio import FileInfo, FileSource, SampleStats, check_samples, open_source, probe
from nast_fx.audio.limits import check_writable
from nast_fx.errors import AudioFileError
from nast_fx.methods import Method, build_method
from nast_fx.models import RenderRequest, TextureRequest
from nast_fx.models.output import OutputFormat, choose_format, extension
from nast_fx.render.device import choose_device
from nast_fx.render.limits import content_rate, texture_rate, window_seconds
from nast_fx.render.names import output_path, place
from nast_fx.render.style import References, open_references

__all__ = ["Destination", "OpenedRender", "OpenedTexture", "Shape", "open_render", "open_texture"]


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
    """A render that can begin."""

    method: Method[Any]
    content: FileSource
    stats: SampleStats
    references: References
    destination: Destination
    least_seconds: float


@dataclass(frozen=True)
class OpenedTexture:
    """A texture that can begin."""

    method: Method[Any]
    references: References
    destination: Destination
    least_seconds: float


def open_render(request: RenderRequest, stack: ExitStack) -> OpenedRender:
    """Open and check the files of a render; `stack` closes them.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence.
    """
    plan = request.plan
    method = build_method(request.method, request.settings, quality=plan.quality)
    choose_device(plan.device)
    content = stack.enter_context(open_source(request.content, request.start_seconds, request.length_seconds))
    shape = Shape(content.sample_rate, content.n_channels, content.n_frames)
    sources = [request.content, *(style.path for style in request.styles)]
    destination = _destination(request, content.info, sources, shape, "styled")
    stats = check_samples(content, str(request.content))
    references = open_references(request.styles, stack, style_seconds=plan.style_seconds)
    rate = content_rate(content, references)
    least = window_seconds(method, rate, plan, content.n_frames / content.sample_rate)
    return OpenedRender(method, content, stats, references, destination, least)


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
    sources = [style.path for style in request.styles]
    destination = _destination(request, probe(sources[0]), sources, shape, "texture")
    return OpenedTexture(method, references, destination, least)


def _destination(
    request: RenderRequest | TextureRequest, like: FileInfo, sources: list[Path], shape: Shape, kind: str
) -> Destination:
    """Decide and check everything about the output before any work."""
    asked, beside = request.output, sources[0]
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
        like_container=like.container,
        like_subtype=like.subtype,
    )
    if asked is not None and suffix is None:
        asked = asked.with_name(asked.name + extension(output))
    named = output_path(asked, beside, extension(output), kind=kind, variation=request.variation)
    path, replace = place(named, sources, request.overwrite)
    check_writable(
        path, output, shape.sample_rate, shape.n_channels, n_frames=shape.n_frames, overwrite=replace
    )
    return Destination(path, replace, output, shape)
