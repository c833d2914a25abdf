"""A sound device that keeps what is written to it and plays ten times as fast as a real one."""

from __future__ import annotations

import numpy as np

CAPACITY = 4800


class FakeDevice:
    """A device, and what it has been given since it was made.

    Parameters
    ----------
    sample_rate : int
        Hz.
    """

    def __init__(self, sample_rate: int = 48_000) -> None:
        self.sample_rate = sample_rate
        self.is_there = True
        self.is_lost = False
        self.n_opened = 0
        self._written: list[np.ndarray] = []

    def find(self) -> FakeDevice | None:
        """Stand where the system's devices are looked for."""
        return self if self.is_there else None

    def open(self) -> FakeOutput:
        self.n_opened += 1
        return FakeOutput(self)

    @property
    def heard(self) -> np.ndarray:
        """All frames (frame, 2)."""
        return np.concatenate([np.zeros((0, 2), np.float32), *self._written])


class FakeOutput:
    """Plays all that waits whenever it is asked for room."""

    def __init__(self, device: FakeDevice) -> None:
        self._device = device
        self._n_waiting = 0

    def free_frames(self) -> int:
        self._n_waiting = 0
        return CAPACITY

    def waiting_frames(self) -> int:
        return self._n_waiting

    def write(self, frames: np.ndarray) -> None:
        self._n_waiting += len(frames)
        assert self._n_waiting <= CAPACITY
        self._device._written.append(frames.copy())

    def is_alive(self) -> bool:
        return not self._device.is_lost

    def close(self) -> None:
        self._n_waiting = 0
