"""A file through a chain: check everything, process in blocks, write whole."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from nast_fx.audio import AudioSource, check_samples, open_source
from nast_fx.audio.chunks import read_metadata
from nast_fx.chain.rack import run_chain
from nast_fx.chain.spec_file import read_chain
from nast_fx.models import ChainRequest
from nast_fx.models.chain import SlotSpec, check_at_rate
from nast_fx.progress import Progress, Steps, within
from nast_fx.render.curves import Curve
from nast_fx.render.job import loses_bits, write_result
from nast_fx.render.opening import Shape, checked_destination, plan_target
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
    spec = read_chain(request.chain)
    with ExitStack() as stack:
        content = stack.enter_context(open_source(request.content))
        target = plan_target(request, content.info, "chained")
        rate, n_channels = content.sample_rate, content.n_channels
        check_at_rate(spec, rate, n_channels)
        n_frames = content.n_frames + round(request.tail_seconds * rate)
        destination = checked_destination(target, Shape(rate, n_channels, n_frames))
        check_samples(content, str(request.content))
        folder = request.chain.resolve().parent
        steps = run_chain(content, spec.slots, stack, folder=folder, tail_seconds=request.tail_seconds)
        made: AudioSource = yield from within(steps, 0.0, 1.0)
        notes: tuple[str, ...] = ()
        peak = float(check_samples(made, "the result").peak.max())
        if destination.format.bits != "32f" and peak > 1:
            notes = (
                f"Turned down by {20 * math.log10(peak):.1f} dB: the format holds nothing above 0 dBFS.",
            )
            made = Scaled(made, Curve.constant(1 / peak))
        running = tuple(slot.label for slot in spec.slots if _runs(slot))
        yield Progress("write", share=1.0, note=f"writing {destination.path.name}")
        dither = bool(running) or loses_bits(content.info, destination.format)
        write_result(made, destination, 0, dither, read_metadata(request.content), 0)
    seconds = time.perf_counter() - began
    return Chained(destination.path, n_frames, rate, n_channels, seconds, running, notes)


def _runs(slot: SlotSpec) -> bool:
    return not (slot.bypass or slot.mix == 0 or slot.kind == "style")
