"""What is optimized: the waveform itself, its frames, or a spectrogram.

A canvas is the only thing that has a gradient. It turns its variable (batch, variable) into the
spec of a representation, and it holds what is pinned: a part that the finished neighbors of a
segment have already decided.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from nast_fx.dsp import Frames
from nast_fx.representations import Components, Representation

__all__ = ["Canvas", "FramesCanvas", "Pinned", "SpectrumCanvas", "WaveformCanvas"]


@dataclass(frozen=True)
class Pinned:
    """What is decided already.

    Attributes
    ----------
    waveform : Tensor (batch, frame)
    share : Tensor (frame,)
        How far each sample is held, 0 ... 1.
    """

    waveform: Tensor
    share: Tensor

    def hold(self, waveform: Tensor) -> Tensor:
        """Blend a waveform (batch, frame) into what is pinned."""
        return torch.lerp(waveform, self.waveform, self.share)


class Canvas(ABC):
    """A variable and its differentiable views."""

    start: Tensor  # (batch, variable)

    @abstractmethod
    def spec(self, variable: Tensor, representation: Representation) -> Tensor:
        """View a variable (batch, variable) as a spec (batch, part, bin, frame)."""


class WaveformCanvas(Canvas):
    """The samples themselves.

    Parameters
    ----------
    start : Tensor (batch, frame)
    pinned : Pinned or None
    wrap : int
        For a loop: samples of the other end that are seen beyond either end.
    """

    def __init__(self, start: Tensor, *, pinned: Pinned | None = None, wrap: int = 0) -> None:
        self.start = start if pinned is None else pinned.hold(start)
        self.pinned = pinned
        self.wrap = wrap

    def waveform(self, variable: Tensor) -> Tensor:
        """Give the samples (batch, frame) of a variable."""
        return variable if self.pinned is None else self.pinned.hold(variable)

    def spec(self, variable: Tensor, representation: Representation) -> Tensor:
        """Transform the samples, on a circle where it is a loop."""
        waveform = self.waveform(variable)
        if self.wrap:
            waveform = torch.cat([waveform[:, -self.wrap :], waveform, waveform[:, : self.wrap]], dim=1)
        return representation.forward(waveform)


class SpectrumCanvas(Canvas):
    """A spec (batch, part, bin, frame) of one representation; its phase is found afterwards.

    Parameters
    ----------
    start : Tensor (batch, part, bin, frame)
    pinned : (spec, share) or None
        A spec that is decided already, and how far each frame (frame,) is held at it.
    wrap : int
        For a loop: frames of the other end that are seen beyond either end.
    """

    def __init__(self, start: Tensor, *, pinned: tuple[Tensor, Tensor] | None = None, wrap: int = 0) -> None:
        self.shape = start.shape
        self.pinned = pinned
        self.wrap = wrap
        self.start = self._hold(start).flatten(1)

    def final_spec(self, variable: Tensor) -> Tensor:
        """Give the spec of a variable, not wrapped."""
        return self._hold(variable.reshape(self.shape))

    def spec(self, variable: Tensor, representation: Representation) -> Tensor:
        """Give the spec; `representation` is the one that the canvas was made for."""
        spec = self.final_spec(variable)
        if self.wrap:
            spec = torch.cat([spec[..., -self.wrap :], spec, spec[..., : self.wrap]], dim=-1)
        return spec

    def _hold(self, spec: Tensor) -> Tensor:
        return spec if self.pinned is None else torch.lerp(spec, self.pinned[0], self.pinned[1])


class FramesCanvas(Canvas):
    """Overlapping frames (batch, column, sample) that do not know of each other (Mital 2017).

    Parameters
    ----------
    start : Tensor (batch, column, sample)
        Windowed frames.
    frames : Frames
        How they lie; a circle's are joined on it.
    n_frames : int
        Samples of the waveform that they are added up to.
    pinned : Pinned or None
    wrap : int
        For a loop: columns of the other end that are seen beyond either end.
    """

    def __init__(
        self,
        start: Tensor,
        frames: Frames,
        n_frames: int,
        *,
        pinned: Pinned | None = None,
        wrap: int = 0,
    ) -> None:
        self.shape = start.shape
        self.frames = frames
        self.n_frames = n_frames
        self.pinned = pinned
        self.wrap = wrap
        self._held = None if pinned is None else (frames.split(pinned.waveform), self._share(pinned))
        self.start = self._hold(start).flatten(1)

    def waveform(self, variable: Tensor) -> Tensor:
        """Add the frames up (batch, frame)."""
        waveform = self.frames.join(self._hold(variable.reshape(self.shape)), self.n_frames)
        return waveform if self.pinned is None else self.pinned.hold(waveform)

    def spec(self, variable: Tensor, representation: Representation) -> Tensor:
        """Transform the frames; `representation` is one of frames."""
        if not isinstance(representation, Components):
            raise TypeError(f"{type(representation).__name__} has no view of frames")
        frames = self._hold(variable.reshape(self.shape))
        if self.wrap:
            frames = torch.cat([frames[:, -self.wrap :], frames, frames[:, : self.wrap]], dim=1)
        return representation.from_frames(frames)

    def _hold(self, frames: Tensor) -> Tensor:
        return frames if self._held is None else torch.lerp(frames, *self._held)

    def _share(self, pinned: Pinned) -> Tensor:
        """Share of each column, by its middle (column, 1)."""
        middles = torch.arange(self.shape[1]) * self.frames.hop_length
        middles = middles - self.frames.margin + self.frames.size // 2
        return pinned.share[middles.clamp(0, self.n_frames - 1)][:, None]
