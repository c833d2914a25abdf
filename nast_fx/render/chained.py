"""A file through a chain: check everything, process in blocks, write whole."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from nast_fx.audio import AudioSource, check_samples
from nast_fx.chain.run import run_chain
from nast_fx.chain.setting import ChainFacts
from nast_fx.models import ChainRequest
from nast_fx.models.chain import check_at_rate
from nast_fx.models.output import OutputFormat
from nast_fx.progress import Progress, Steps
from nast_fx.render.content import open_content, open_score
from nast_fx.render.curves import Curve
from nast_fx.render.job import content_metadata, loses_bits, write_result
from nast_fx.render.opening import checked_destination, content_target, context_of, shape_of
from nast_fx.render.sources import Scaled

__all__ = ["Chained", "chain_file"]


@dataclass(frozen=True)
class Chained:
    """What a finished run is.

    Attributes
    ----------
    output : Path
    frames, sample_rate, channels : int
    seconds : float
        Time that it took.
    slots : tuple of str
        What ran, from first to last.
    notes : tuple of str
    """

    output: Path
    frames: int
    sample_rate: int
    channels: int
    seconds: float
    slots: tuple[str, ...]
    notes: tuple[str, ...]


def chain_file(request: ChainRequest) -> Steps[Chained]:
    """Run a file through a chain; the style slot passes what comes.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence; then nothing was written.
    """
    began = time.perf_counter()
    yield Progress("read", note=f"checking {request.content.name}")
    facts = ChainFacts()
    with ExitStack() as stack:
        part = open_score(request)
        target = content_target(request, "chained")
        content = yield from open_content(request, part, stack)
        source, file = content.source, content.file
        check_at_rate(request.chain, source.sample_rate, source.n_channels)
        shape = shape_of(source, request.tail_seconds)
        destination = checked_destination(target, shape)
        check_samples(source, str(request.content))
        steps = run_chain(
            source,
            request.chain.slots,
            stack,
            context=context_of(request, part, source),
            tail_seconds=request.tail_seconds,
            facts=facts,
        )
        made = yield from steps
        if any(slot.kind == "style" and not slot.is_idle for slot in request.chain.slots):
            facts.notes.append("The style slot is passed by: a chain alone styles nothing.")
        fitted = _fitted(made, destination.format, facts.notes)
        yield Progress("write", share=1.0, note=f"writing {destination.path.name}")
        dither = bool(facts.running) or file is None or loses_bits(file.info, destination.format)
        about = content_metadata(request, file, shape.sample_rate)
        write_result(fitted, destination, 0, dither, *about)
    seconds = time.perf_counter() - began
    size = shape.n_frames, shape.sample_rate, shape.n_channels
    return Chained(destination.path, *size, seconds, tuple(facts.running), tuple(facts.notes))


def _fitted(made: AudioSource, output: OutputFormat, notes: list[str]) -> AudioSource:
    """Turn down what an integer format cannot hold, and say so."""
    peak = float(check_samples(made, "the result").peak.max())
    if output.bits == "32f" or peak <= 1:
        return made
    notes.append(f"Turned down by {20 * math.log10(peak):.1f} dB: the format holds nothing above 0 dBFS.")
    return Scaled(made, Curve.constant(1 / peak))
