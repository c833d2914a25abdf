"""The rack: a list of slots that processes sound, with pedalboard's idiom.

    rack = Rack([SlotSpec(plugin="Compressor"), SlotSpec(plugin="Reverb", mix=0.3)])
    wet = rack(samples, 44_100)

The style slot is only a place: here it passes what comes; `halves` gives what stands before and after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableSequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, overload

import numpy as np

from nast_fx.audio import AudioSource, Samples, ScratchFile
from nast_fx.chain.board import slot_of
from nast_fx.chain.setting import Controller, Setting
from nast_fx.chain.slots import make_stage
from nast_fx.errors import UsageError
from nast_fx.models.base import validated
from nast_fx.models.chain import ChainSpec, SlotSpec, check_at_rate
from nast_fx.progress import Progress, Steps

__all__ = ["Rack", "check_chain", "run_chain", "tail_frames"]

BLOCK_FRAMES = 2**18


class Rack(MutableSequence[SlotSpec]):
    """Slots in order; what is set is checked at once.

    Parameters
    ----------
    slots : iterable of SlotSpec, or ChainSpec
    folder : path, optional
        Where relative file names of the chain start.
    """

    def __init__(
        self, slots: Iterable[SlotSpec] | ChainSpec = (), *, folder: str | Path | None = None
    ) -> None:
        self._slots = list(slots.slots if isinstance(slots, ChainSpec) else slots)
        self._folder = None if folder is None else Path(folder)
        self._check()

    @classmethod
    def from_board(cls, board: Any) -> Rack:
        """Take over the plugins of a `pedalboard.Pedalboard`, with their values and states.

        Raises
        ------
        UsageError
            It holds something that is no slot: a board in a board, or a plugin that holds a file.
        """
        return cls(slot_of(plugin) for plugin in board)

    @property
    def spec(self) -> ChainSpec:
        """The chain as data."""
        return ChainSpec(slots=tuple(self._slots))

    @property
    def halves(self) -> tuple[tuple[SlotSpec, ...], tuple[SlotSpec, ...]]:
        """Slots before and after the style slot; without one, all are before."""
        place = next((n for n, slot in enumerate(self._slots) if slot.kind == "style"), len(self._slots))
        return tuple(self._slots[:place]), tuple(self._slots[place + 1 :])

    def process(self, audio: Samples, sample_rate: int, *, tail_seconds: float = 0.0) -> Samples:
        """Process a signal from silence on.

        Parameters
        ----------
        audio : ndarray, (channel, frame)
        sample_rate : int
            Hz.
        tail_seconds : float
            How much longer the result is, for what rings on.

        Returns
        -------
        ndarray, (channel, frame) float32
            Aligned with the signal, whatever the latency of its plugins.

        Raises
        ------
        UsageError
            The signal has no such shape, or a slot does not fit its rate or channels.
        ChainError
            A slot gives values that are not numbers; a hosted plugin crashes or hangs.
        """
        if audio.ndim != 2 or not audio.shape[0]:
            raise UsageError(f"audio of shape {audio.shape} must be (channel, frame)")
        n_tail = tail_frames(tail_seconds, sample_rate)
        padded = np.pad(np.asarray(audio, dtype=np.float32), ((0, 0), (0, n_tail)))
        check_at_rate(self.spec, sample_rate, len(padded))
        with ExitStack() as stack:
            setting = Setting(sample_rate, len(padded), padded.shape[1], stack, self._folder)
            stage = make_stage(self._slots, setting)
            parts = [stage.push(padded), stage.finish()]
        return np.concatenate([part for part in parts if part.shape[0]], axis=1)

    __call__ = process

    def reset(self) -> None:
        """Do nothing: every call of `process` begins in silence. It is here for those who know a board."""

    def insert(self, index: int, value: SlotSpec) -> None:
        """Put a slot in front of the one at `index`."""
        self._changed([*self._slots[:index], value, *self._slots[index:]])

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, index: int) -> SlotSpec: ...

    @overload
    def __getitem__(self, index: slice) -> Rack: ...

    def __getitem__(self, index: int | slice) -> SlotSpec | Rack:
        if isinstance(index, slice):
            return Rack(self._slots[index], folder=self._folder)
        return self._slots[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        slots = list(self._slots)
        slots[index] = value
        self._changed(slots)

    def __delitem__(self, index: int | slice) -> None:
        slots = list(self._slots)
        del slots[index]
        self._changed(slots)

    def __repr__(self) -> str:
        return f"Rack([{', '.join(slot.label for slot in self._slots)}])"

    def _changed(self, slots: list[SlotSpec]) -> None:
        before, self._slots = self._slots, slots
        try:
            self._check()
        except UsageError:
            self._slots = before
            raise

    def _check(self) -> None:
        for slot in self._slots:
            if not isinstance(slot, SlotSpec):
                raise UsageError(f"a rack holds slots (SlotSpec), not {type(slot).__name__}")
        validated(ChainSpec, {"slots": tuple(slot.model_dump(exclude_unset=True) for slot in self._slots)})


def run_chain(
    source: AudioSource,
    slots: Iterable[SlotSpec],
    stack: ExitStack,
    *,
    folder: Path | None = None,
    tail_seconds: float = 0.0,
    controllers: Mapping[int, Controller] | None = None,
    notes: list[str] | None = None,
    first: int = 1,
) -> Steps[ScratchFile]:
    """Process a source of any length through slots, in blocks.

    Parameters
    ----------
    source : AudioSource
    stack : ExitStack
        Closes the result, a temporary file.
    tail_seconds : float
        How much longer the result is.
    controllers : mapping of int to callable, optional
        A score's controllers by number: from seconds of the source to 0 ... 1.
    notes : list of str, optional
        What the user should know is added here.
    first : int
        Number of the first slot in messages.

    Raises
    ------
    UsageError, ChainError
        As `Rack.process`.
    """
    rack, rate, n_channels = Rack(slots, folder=folder), source.sample_rate, source.n_channels
    check_at_rate(rack.spec, rate, n_channels)
    n_frames = source.n_frames + tail_frames(tail_seconds, rate)
    result = stack.enter_context(ScratchFile(rate, n_channels, n_frames))
    with ExitStack() as hosts:
        setting = Setting(rate, n_channels, n_frames, hosts, folder, controllers or {})
        stage, n_written = make_stage(tuple(rack), setting, first=first), 0
        if notes is not None:
            notes += setting.notes
        for start in range(0, n_frames, BLOCK_FRAMES):
            yield Progress("chain", share=start / n_frames, note=f"{len(rack)} slots")
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
    folder: Path | None = None,
    controllers: Mapping[int, Controller] | None = None,
    first: int = 1,
) -> list[str]:
    """Open everything that slots need, and close it again: what cannot be run is known before any work.

    Parameters as those of `run_chain`.

    Returns
    -------
    list of str
        What the user should know, a sentence each.

    Raises
    ------
    AudioFileError, UsageError, ChainError
        As `Rack.process`, but for what shows in sound only.
    """
    rack = Rack(slots, folder=folder)
    check_at_rate(rack.spec, sample_rate, n_channels)
    with ExitStack() as hosts:
        setting = Setting(sample_rate, n_channels, 1, hosts, folder, controllers or {})
        make_stage(tuple(rack), setting, first=first)
    return setting.notes


def tail_frames(seconds: float, sample_rate: int) -> int:
    """Length of a tail in frames; a `UsageError` unless it is 0 ... 600 s."""
    if not 0 <= seconds <= 600:
        raise UsageError(f"tail={seconds:g} must be at least 0 and at most 600")
    return round(seconds * sample_rate)
