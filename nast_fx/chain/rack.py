"""The rack: a list of slots that processes sound, with pedalboard's idiom.

    rack = Rack([SlotSpec(plugin="Compressor"), SlotSpec(plugin="Reverb", mix=0.3)])
    wet = rack(samples, 44_100)

The style slot is only a place: here it passes what comes; `halves` gives what stands before and after it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, MutableSequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, overload

import numpy as np

from nast_fx.audio import Samples
from nast_fx.chain.board import slot_of
from nast_fx.chain.setting import Context, Setting, tail_frames
from nast_fx.chain.slots import make_stage
from nast_fx.errors import UsageError
from nast_fx.models.base import validated
from nast_fx.models.chain import ChainSpec, SlotSpec, check_at_rate

__all__ = ["Rack"]

RATES = (1_000, 768_000)  # Hz
MOST_CHANNELS = 64  # more are frames: the array is the wrong way round

_log = logging.getLogger(__name__)


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
        self.folder = None if folder is None else Path(folder)
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

    def process(
        self,
        audio: Samples,
        sample_rate: float,
        buffer_size: int = 8192,
        reset: bool = True,
        *,
        tail_seconds: float = 0.0,
    ) -> Samples:
        """Process a signal from silence on.

        Parameters
        ----------
        audio : ndarray, (channel, frame), or (frame,) for one channel
        sample_rate : float
            Hz; a whole number.
        buffer_size : int
            Here for those who know a board; blocks are pedalboard's own, so that samples do not depend on it.
        reset : bool
            Must be True: streams are what `nast_fx.chain.run` is for.
        tail_seconds : float
            How much longer the result is, for what rings on.

        Returns
        -------
        ndarray of float32, shaped as `audio`
            Aligned with the signal, whatever the latency of its plugins.

        Raises
        ------
        UsageError
            The signal has no such shape, or a slot does not fit its rate or channels.
        ChainError
            A slot gives values that are not numbers; a hosted plugin crashes or hangs.
        """
        if not reset:
            raise UsageError("reset=False is not for a rack: each call begins in silence")
        rows = np.atleast_2d(np.asarray(audio, dtype=np.float32))
        if rows.ndim != 2 or not 0 < rows.shape[0] <= MOST_CHANNELS:
            raise UsageError(f"audio of shape {np.shape(audio)} must be (channel, frame)")
        low, high = RATES  # beyond them pedalboard's plugins end the program
        if not (low <= sample_rate <= high and float(sample_rate).is_integer()):
            raise UsageError(f"sample_rate={sample_rate} must be a whole number of {low} to {high} Hz")
        rate = int(sample_rate)
        padded = np.pad(rows, ((0, 0), (0, tail_frames(tail_seconds, rate))))
        check_at_rate(self.spec, rate, len(padded))
        with ExitStack() as stack:
            setting = Setting(rate, len(padded), padded.shape[1], stack, Context(self.folder))
            stage = make_stage(self._slots, setting)
            for note in setting.facts.notes:
                _log.warning(note)
            parts = [stage.push(padded), stage.finish()]
        made = np.concatenate([part for part in parts if part.shape[0]], axis=1)
        return made if np.ndim(audio) == 2 else made[0]

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
            return Rack(self._slots[index], folder=self.folder)
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
