"""A chain run over a source of any length, in blocks, into a temporary file."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

from nast_fx.audio import AudioSource, ScratchFile
from nast_fx.chain.rack import Rack
from nast_fx.chain.setting import ChainFacts, Context, Setting, tail_frames
from nast_fx.chain.slots import make_stage
from nast_fx.models.chain import SlotSpec, check_at_rate
from nast_fx.progress import Progress, Steps

__all__ = ["check_chain", "run_chain"]

BLOCK_FRAMES = 2**18


def run_chain(
    source: AudioSource,
    slots: Iterable[SlotSpec],
    stack: ExitStack,
    *,
    context: Context | None = None,
    tail_seconds: float = 0.0,
    facts: ChainFacts | None = None,
    first: int = 1,
) -> Steps[ScratchFile]:
    """Process a source of any length through slots, in blocks.

    Parameters
    ----------
    source : AudioSource
    stack : ExitStack
        Closes the result, a temporary file.
    context : Context, optional
    tail_seconds : float
        How much longer the result is.
    facts : ChainFacts, optional
        What came of making the chain is added here.
    first : int
        Number of the first slot in messages.

    Raises
    ------
    UsageError, ChainError
        As `Rack.process`.
    """
    rack, rate, n_channels = Rack(slots), source.sample_rate, source.n_channels
    check_at_rate(rack.spec, rate, n_channels)
    n_frames = source.n_frames + tail_frames(tail_seconds, rate)
    result = stack.enter_context(ScratchFile(rate, n_channels, n_frames))
    with ExitStack() as hosts:
        setting = Setting(rate, n_channels, n_frames, hosts, context or Context())
        stage, n_written = make_stage(tuple(rack), setting, first=first), 0
        if facts is not None:
            facts.add(setting.facts)
        for start in range(0, n_frames, BLOCK_FRAMES):
            yield Progress("chain", share=start / n_frames, note=", ".join(setting.facts.running))
            made = stage.push(source.read(start, min(BLOCK_FRAMES, n_frames - start)))
            result.write(n_written, made)
            n_written += made.shape[1]
        rest = stage.finish()
        if rest.size:
            result.write(n_written, rest)
    return result


def check_chain(
    slots: Iterable[SlotSpec],
    sample_rate: int,
    n_channels: int,
    *,
    context: Context | None = None,
    first: int = 1,
) -> ChainFacts:
    """Open everything that slots need, and close it again: what cannot be run is known before any work.

    Parameters as those of `run_chain`.

    Raises
    ------
    AudioFileError, UsageError, ChainError
        As `Rack.process`, but for what shows in sound only.
    """
    rack = Rack(slots)
    check_at_rate(rack.spec, sample_rate, n_channels)
    with ExitStack() as hosts:
        setting = Setting(sample_rate, n_channels, 1, hosts, context or Context())
        make_stage(tuple(rack), setting, first=first)
    return setting.facts
