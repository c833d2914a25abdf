"""Streams: blocks go in, blocks come out, as many frames in the end, aligned with what went in.

A stage may hold frames back (a plugin with latency, one that needs the whole signal); `finish` gives the
rest. So a signal of any length passes in bounded memory, and dry and wet stay aligned however late a
plugin answers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import numpy as np

from nast_fx.audio import Samples
from nast_fx.audio.scratch import ScratchFile

__all__ = ["Blend", "Parallel", "Queue", "Series", "Stage", "Streamed", "Through", "Whole"]

FEED_FRAMES = 8192  # pedalboard's own buffer
MOST_LATENCY_SECONDS = 30.0  # a plugin that holds back more gives nothing


class Queue:
    """Frames that wait, first in, first out.

    Attributes
    ----------
    n_frames : int
        How many wait.
    """

    def __init__(self, n_channels: int) -> None:
        self.n_frames = 0
        self._n_channels = n_channels
        self._blocks: list[Samples] = []

    def put(self, block: Samples) -> None:
        """Append a block (channel, frame)."""
        if block.shape[1]:
            self._blocks.append(block)
            self.n_frames += block.shape[1]

    def take(self, n_frames: int) -> Samples:
        """Remove the first `n_frames`, at most those that wait, as (channel, frame)."""
        parts, left = [np.zeros((self._n_channels, 0), dtype=np.float32)], min(n_frames, self.n_frames)
        self.n_frames -= left
        while left:
            first = self._blocks[0]
            if first.shape[1] <= left:
                parts.append(self._blocks.pop(0))
            else:
                parts.append(first[:, :left])
                self._blocks[0] = first[:, left:]
            left -= parts[-1].shape[1]
        return np.concatenate(parts, axis=1) if len(parts) != 2 else parts[1]


class Stage(ABC):
    """One step of a stream; used once, from the first block to `finish`."""

    @abstractmethod
    def push(self, block: Samples) -> Samples:
        """Take a block (channel, frame); give what is ready, in order."""

    @abstractmethod
    def finish(self) -> Samples:
        """Give what is left: then as many frames have come out as went in."""


class Through(Stage):
    """Changes nothing."""

    def push(self, block: Samples) -> Samples:
        """Give the block."""
        return block

    def finish(self) -> Samples:
        """Nothing is left."""
        return np.zeros((0, 0), dtype=np.float32)


class Streamed(Stage):
    """A processor that answers block by block, late perhaps.

    It is fed whole multiples of `FEED_FRAMES`, wherever the blocks that are pushed begin: so a stream is
    one call of pedalboard to the bit, whose filters set tiny states to zero at the end of such a block.

    Parameters
    ----------
    process : callable
        Takes a block (channel, frame) and gives what is ready; what it holds back at first comes out when
        silence is pushed after the end, as pedalboard does with ``reset=False``.
    """

    def __init__(self, process: Callable[[Samples], Samples], sample_rate: int, n_channels: int) -> None:
        self._process = process
        self._most = round(MOST_LATENCY_SECONDS * sample_rate)
        self._waiting = Queue(n_channels)
        self._silence = np.zeros((n_channels, FEED_FRAMES), dtype=np.float32)
        self._missing = 0

    def push(self, block: Samples) -> Samples:
        """Process what makes whole feeds."""
        self._waiting.put(block)
        return self._fed(self._waiting.n_frames // FEED_FRAMES * FEED_FRAMES)

    def finish(self) -> Samples:
        """Process the rest, and push silence until everything has come out."""
        n_rest = self._waiting.n_frames
        missing, pushed = self._missing + n_rest, 0
        # A shorter feed would make pedalboard begin anew, and two frames of two channels confuse it.
        self._waiting.put(self._silence[:, : -n_rest % FEED_FRAMES])
        feed = self._waiting.take(FEED_FRAMES) if n_rest else self._silence
        parts = [self._silence[:, :0]]
        while missing > 0 and pushed < self._most:
            parts.append(self._process(feed)[:, :missing])
            missing -= parts[-1].shape[1]
            pushed += FEED_FRAMES
            feed = self._silence
        parts.append(np.zeros((len(self._silence), missing), dtype=np.float32))
        self._missing = 0
        return np.concatenate(parts, axis=1)

    def _fed(self, n_frames: int) -> Samples:
        block = self._waiting.take(n_frames)
        if not n_frames:
            return block
        made = self._process(block)
        self._missing += n_frames - made.shape[1]
        return made


class Whole(Stage):
    """A processor that must see the whole signal at once; it waits on disk until then.

    Parameters
    ----------
    process : callable
        Takes the signal (channel, frame) and gives one of the same shape.
    stack : ExitStack
        Closes the temporary file.
    """

    def __init__(
        self, process: Callable[[Samples], Samples], sample_rate: int, n_frames: int, stack: ExitStack
    ) -> None:
        self._process, self._sample_rate, self._n_frames = process, sample_rate, n_frames
        self._stack = stack
        self._held: ScratchFile | None = None
        self._n_in = 0

    def push(self, block: Samples) -> Samples:
        """Keep a block."""
        if self._held is None:
            held = ScratchFile(self._sample_rate, block.shape[0], self._n_frames)
            self._held = self._stack.enter_context(held)
        self._held.write(self._n_in, block)
        self._n_in += block.shape[1]
        return block[:, :0]

    def finish(self) -> Samples:
        """Process all of it."""
        if self._held is None:
            return np.zeros((0, 0), dtype=np.float32)
        with self._held as held:
            whole = held.read(0, self._n_in)
        self._held = None
        return self._process(whole)


class Series(Stage):
    """Stages one after the other."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = tuple(stages)

    def push(self, block: Samples) -> Samples:
        """Push through all."""
        for stage in self._stages:
            block = stage.push(block)
        return block

    def finish(self) -> Samples:
        """Finish one after the other; what a stage still gives passes through those after it."""
        left: Samples | None = None
        for stage in self._stages:
            passed = stage.push(left) if left is not None and left.size else None
            rest = stage.finish()
            parts = [part for part in (passed, rest) if part is not None and part.size]
            left = np.concatenate(parts, axis=1) if parts else None
        return left if left is not None else np.zeros((0, 0), dtype=np.float32)


class Blend(Stage):
    """Turns what a stage makes up or down, and mixes it with what went in, aligned.

    Parameters
    ----------
    stage : Stage
    mix : float
        Share of what the stage makes, 0 ... 1.
    gain : float
        Factor of what it makes.
    """

    def __init__(self, stage: Stage, n_channels: int, *, mix: float, gain: float) -> None:
        self._stage, self._mix, self._gain = stage, np.float32(mix), np.float32(gain)
        self._dry = Queue(n_channels)

    def push(self, block: Samples) -> Samples:
        """Mix what is ready."""
        self._dry.put(block)
        return self._blended(self._stage.push(block))

    def finish(self) -> Samples:
        """Mix the rest."""
        return self._blended(self._stage.finish())

    def _blended(self, wet: Samples) -> Samples:
        if not wet.size:
            return wet
        dry = self._dry.take(wet.shape[1])
        return np.asarray(self._mix * self._gain * wet + (np.float32(1) - self._mix) * dry)


class Parallel(Stage):
    """The sum of several stages that hear the same."""

    def __init__(self, stages: Sequence[Stage], n_channels: int) -> None:
        self._stages = tuple(stages)
        self._made = [Queue(n_channels) for _ in self._stages]

    def push(self, block: Samples) -> Samples:
        """Sum what all have ready."""
        for stage, queue in zip(self._stages, self._made, strict=True):
            queue.put(stage.push(block))
        return self._summed()

    def finish(self) -> Samples:
        """Sum the rest."""
        for stage, queue in zip(self._stages, self._made, strict=True):
            queue.put(stage.finish())
        return self._summed()

    def _summed(self) -> Samples:
        n_ready = min(queue.n_frames for queue in self._made)
        total = self._made[0].take(n_ready)
        for queue in self._made[1:]:
            total = total + queue.take(n_ready)
        return total
