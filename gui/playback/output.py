"""What the player needs of a sound device."""

from __future__ import annotations

from typing import Protocol

from .source import Frames

__all__ = ["Device", "Output"]


class Output(Protocol):
    """Where frames go."""

    def free_frames(self) -> int:
        """Give how many frames there is room for."""

    def waiting_frames(self) -> int:
        """Give how many frames have not been played yet."""

    def write(self, frames: Frames) -> None:
        """Write (frame, 2); at most as many as there is room for."""

    def is_alive(self) -> bool:
        """Whether there still is a device."""

    def close(self) -> None:
        """Be done, once all is played."""


class Device(Protocol):
    """What can play."""

    @property
    def sample_rate(self) -> int:
        """Its own rate, in Hz."""

    def open(self) -> Output | None:
        """Begin to play; None if it cannot be used."""
