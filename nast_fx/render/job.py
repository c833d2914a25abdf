"""From file to file: open, check everything first, style, write, and say what was done."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.audio import AudioSource, FileInfo, FileSource, check_samples, open_source, probe
from nast_fx.audio.chunks import Metadata, read_metadata
from nast_fx.audio.limits import check_writable
from nast_fx.audio.sink import copy_exact, open_sink
from nast_fx.methods import Method, build_method
from nast_fx.models import RenderRequest, TextureRequest
from nast_fx.models.output import OutputFormat, choose_format, extension
from nast_fx.progress import Progress, Steps
from nast_fx.render.engine import Styled, make_texture, style_source, texture_rate
from nast_fx.render.names import output_path, place
from nast_fx.render.style import open_references
from nast_fx.render.track import SegmentRecord

__all__ = ["Destination", "Rendered", "Shape", "find_destination", "render_file", "texture_file"]

BLOCK_FRAMES = 2**18


@dataclass(frozen=True)
class Rendered:
    """What a finished render is.

    Attributes
    ----------
    output : Path
    frames, sample_rate, channels : int
    seconds : float
        Time that the render took.
    outcome : str
        The worst segment's, as a sentence.
    losses : dict
        Mean final losses by name.
    notes : tuple of str
    """

    output: Path
    frames: int
    sample_rate: int
    channels: int
    seconds: float
    seed: int
    method: str
    settings: dict[str, Any]
    outcome: str
    losses: dict[str, float]
    device: str
    notes: tuple[str, ...]
    records: tuple[SegmentRecord, ...]


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


def render_file(request: RenderRequest) -> Steps[Rendered]:
    """Style one file; nothing is written before all of it is done.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence.
    """
    began = time.perf_counter()
    plan = request.plan
    method = build_method(request.method, request.settings, quality=plan.quality)
    with ExitStack() as stack:
        content = stack.enter_context(
            open_source(request.content, request.start_seconds, request.length_seconds)
        )
        shape = Shape(content.sample_rate, content.n_channels, content.n_frames)
        sources = [request.content, *(style.path for style in request.styles)]
        destination = find_destination(request, content.info, sources, shape, "styled")
        yield Progress("read", note=f"checking {request.content.name}")
        stats = check_samples(content, str(request.content))
        references = open_references(request.styles, stack, style_seconds=plan.style_seconds)
        if plan.amount == 0:
            styled = _untouched(content)
        else:
            styled = yield from style_source(content, stats, references, method, plan, stack)
        yield Progress("write", note=f"writing {destination.path.name}")
        if plan.amount == 0 and _is_whole_copy(request, content, destination.format):
            copy_exact(request.content, destination.path, overwrite=destination.replace)
        else:
            metadata = read_metadata(request.content)
            dither = plan.amount > 0 or not _same_format(content.info, destination.format)
            _write(styled.source, destination, plan.seed, dither, metadata, content.start)
    return _rendered(request, method, styled, destination, began)


def texture_file(request: TextureRequest) -> Steps[Rendered]:
    """Make a texture file from styles alone.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence.
    """
    began = time.perf_counter()
    plan = request.plan
    method = build_method(request.method, request.settings, quality=plan.quality)
    with ExitStack() as stack:
        references = open_references(request.styles, stack, style_seconds=plan.style_seconds)
        rate = texture_rate(references)
        shape = Shape(rate, references.n_channels, max(1, round(request.duration_seconds * rate)))
        sources = [style.path for style in request.styles]
        destination = find_destination(request, probe(sources[0]), sources, shape, "texture")
        styled = yield from make_texture(references, shape.n_frames, method, plan, stack)
        yield Progress("write", note=f"writing {destination.path.name}")
        _write(styled.source, destination, plan.seed, True, None, 0)
    return _rendered(request, method, styled, destination, began)


def find_destination(
    request: RenderRequest | TextureRequest, like: FileInfo, sources: list[Path], shape: Shape, kind: str
) -> Destination:
    """Decide and check everything about the output before any work."""
    asked, beside = request.output, sources[0]
    if asked is not None and asked.is_dir():
        beside, asked = asked / beside.name, None
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


def _untouched(content: FileSource) -> Styled:
    note = "With an amount of 0 the result is the content."
    return Styled(content, (), (note,), "nothing was computed", content.sample_rate)


def _same_format(info: FileInfo, output: OutputFormat) -> bool:
    like = choose_format(
        path_suffix=None, format=None, bits=None, like_container=info.container, like_subtype=info.subtype
    )
    return like == output and like.container == info.container.lower()


def _is_whole_copy(request: RenderRequest, content: FileSource, output: OutputFormat) -> bool:
    whole = content.start == 0 and content.n_frames == content.info.n_frames
    return whole and _same_format(content.info, output)


def _write(
    source: AudioSource,
    destination: Destination,
    seed: int,
    dither: bool,
    metadata: Metadata | None,
    offset: int,
) -> None:
    shape = destination.shape
    with open_sink(
        destination.path,
        destination.format,
        shape.sample_rate,
        shape.n_channels,
        seed=seed,
        dither=dither,
        metadata=metadata,
        metadata_offset=offset,
        overwrite=destination.replace,
    ) as sink:
        for start in range(0, shape.n_frames, BLOCK_FRAMES):
            sink.write(source.read(start, min(BLOCK_FRAMES, shape.n_frames - start)))


def _rendered(
    request: RenderRequest | TextureRequest,
    method: Method[Any],
    styled: Styled,
    destination: Destination,
    began: float,
) -> Rendered:
    shape = destination.shape
    return Rendered(
        output=destination.path,
        frames=shape.n_frames,
        sample_rate=shape.sample_rate,
        channels=shape.n_channels,
        seconds=time.perf_counter() - began,
        seed=request.plan.seed,
        method=request.method,
        settings=method.settings.model_dump(),
        outcome=styled.outcome.value,
        losses=styled.losses,
        device=styled.device,
        notes=styled.notes,
        records=styled.records,
    )
