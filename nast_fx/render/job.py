"""From file to file: open, check everything first, style, write, and say what was done."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nast_fx.audio import AudioSource, FileInfo, FileSource
from nast_fx.audio.chunks import Metadata, read_metadata
from nast_fx.audio.sink import copy_exact, open_sink
from nast_fx.methods import Method
from nast_fx.models import ContentRequest, RenderRequest, TextureRequest
from nast_fx.models.output import OutputFormat, choose_format
from nast_fx.progress import Progress, Steps
from nast_fx.render.engine import Styled, make_texture
from nast_fx.render.in_chain import style_in_chain
from nast_fx.render.opening import Destination, open_render, open_texture
from nast_fx.render.records import SegmentRecord
from nast_fx.render.store import SegmentStore
from nast_fx.render.tracked import Tracked

__all__ = ["Rendered", "content_metadata", "loses_bits", "render_file", "texture_file", "write_result"]

BLOCK_FRAMES = 2**18
LOSSY = ("ogg", "mp3")


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
    records : tuple of SegmentRecord
    tracked : Tracked
        Loudness, silence, key and tempo, before and after.
    effects : tuple of str
        What ran in the chain around the style, from first to last.
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
    tracked: Tracked
    effects: tuple[str, ...]


def render_file(request: RenderRequest, store: SegmentStore | None = None) -> Steps[Rendered]:
    """Style one file; nothing is written before all of it is done.

    Parameters
    ----------
    request : RenderRequest
    store : SegmentStore, optional
        Where finished segments are looked for, and kept: a render that was stopped goes on where it was.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence.
    """
    began = time.perf_counter()
    plan = request.plan
    with ExitStack() as stack:
        yield Progress("read", note=f"checking {request.content.name}")
        opened = yield from open_render(request, stack)
        method, destination, file = opened.method, opened.destination, opened.content.file
        styled = yield from style_in_chain(
            opened.content.source,
            opened.stats,
            opened.references,
            method,
            plan,
            stack,
            opened.placement,
            tracking=request.tracking,
            score=opened.content.score,
            fits_integers=destination.format.bits != "32f",
            store=store,
            mix=opened.content.mix,
        )
        yield Progress("write", share=1.0, note=f"writing {destination.path.name}")
        is_placed = request.time_reference_seconds is not None
        untouched = request.tracking.leaves_untouched and opened.placement.leaves_untouched(plan.amount)
        if untouched and file and not is_placed and _is_whole_copy(file, destination.format):
            copy_exact(request.content, destination.path, overwrite=destination.replace)
        else:
            dither = not untouched or file is None or loses_bits(file.info, destination.format)
            about = content_metadata(request, file, destination.shape.sample_rate)
            write_result(styled.source, destination, plan.seed, dither, *about)
    styled = replace(styled, notes=(*opened.facts.notes, *styled.notes))
    return _rendered(request, method, styled, destination, began, tuple(opened.facts.running))


def texture_file(request: TextureRequest, store: SegmentStore | None = None) -> Steps[Rendered]:
    """Make a texture file from styles alone; `store` as for `render_file`.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence.
    """
    began = time.perf_counter()
    plan = request.plan
    with ExitStack() as stack:
        opened = open_texture(request, stack)
        method, destination = opened.method, opened.destination
        n_frames = destination.shape.n_frames
        styled = yield from make_texture(
            opened.references,
            n_frames,
            method,
            plan,
            stack,
            tracking=request.tracking,
            fits_integers=destination.format.bits != "32f",
            store=store,
        )
        yield Progress("write", share=1.0, note=f"writing {destination.path.name}")
        write_result(styled.source, destination, plan.seed, True, None, 0)
    return _rendered(request, method, styled, destination, began)


def loses_bits(info: FileInfo, output: OutputFormat) -> bool:
    """Whether the samples, as they are, do not fit into the depth of the output."""
    depths = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}
    return output.bits in {"16", "24"} and depths.get(info.subtype, 32) > int(output.bits or 0)


def content_metadata(
    request: ContentRequest, file: FileSource | None, sample_rate: int
) -> tuple[Metadata | None, int]:
    """Metadata of a content, placed as the request says, and the frame of it at which the result begins."""
    start = file.start if file else round(request.start_seconds * sample_rate)
    metadata = read_metadata(request.content) if file else None
    if (seconds := request.time_reference_seconds) is not None:
        metadata = replace(metadata or Metadata(), time_reference=round(seconds * sample_rate))
    return metadata, start


def _same_format(info: FileInfo, output: OutputFormat) -> bool:
    like = choose_format(
        path_suffix=None, format=None, bits=None, like_container=info.container, like_subtype=info.subtype
    )
    return like == output and like.container == info.container.lower()


def _is_whole_copy(content: FileSource, output: OutputFormat) -> bool:
    whole = content.start == 0 and content.n_frames == content.info.n_frames
    return whole and _same_format(content.info, output)


def write_result(
    source: AudioSource,
    destination: Destination,
    seed: int,
    dither: bool,
    metadata: Metadata | None,
    offset: int,
) -> None:
    """Write a result to its place, whole or not at all.

    Parameters
    ----------
    seed : int
        Of the dither.
    metadata : Metadata or None
        Of the file that the result is made of.
    offset : int
        Frame of that file at which the result begins.
    """
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


def _lossy_note(destination: Destination) -> list[str]:
    container = destination.format.container
    if container not in LOSSY:
        return []
    return [f"The ceiling holds before encoding: the {container} may pass it by some tenths of a dB."]


def _rendered(
    request: RenderRequest | TextureRequest,
    method: Method[Any],
    styled: Styled,
    destination: Destination,
    began: float,
    effects: tuple[str, ...] = (),
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
        notes=(*styled.notes, *_lossy_note(destination)),
        records=styled.records,
        tracked=styled.tracked,
        effects=effects,
    )
