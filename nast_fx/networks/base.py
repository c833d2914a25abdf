"""A network is two distances; finite and infinite width are two ways to compute them.

With features Phi (filter, position) and products K_xy = Phi_x^T Phi_y / N (position, position):

    gram distance     ||Phi_x Phi_x^T / P_x - Phi_s Phi_s^T / P_s||^2 / N^2
                      = mean K_xx^2 - 2 mean K_xs^2 + mean K_ss^2
    content distance  mean over positions of K_xx[t, t] + K_cc[t, t] - 2 K_xc[t, t]

The first is the squared maximum mean discrepancy with kernel K^2 (Li et al. 2017). Style may be a
weighted mixture of excerpts: its means are then weighted, and positions whose receptive field would
straddle two excerpts have no weight.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Architecture", "Network", "Runs", "Target"]

INFINITE = float("inf")


@dataclass(frozen=True)
class Architecture:
    """One description for a network of any width.

    Attributes
    ----------
    n_filters : int or inf
        Filters a layer.
    kernel_width : int
        Frames that a filter sees.
    n_layers : int
        Convolutions (with residuals: the first one, then a branch a layer).
    dilation : int
        Layer l has taps dilation^l apart.
    residual : bool
        Branches that pad (SAME) and are added before the activation.
    """

    n_filters: float = INFINITE
    kernel_width: int = 11
    n_layers: int = 1
    dilation: int = 1
    residual: bool = False

    def step(self, layer: int) -> int:
        """Distance of a layer's taps, in frames."""
        return int(self.dilation**layer)

    def reach(self, layer: int) -> int:
        """Frames that a position of a layer sees beyond its own, were nothing padded."""
        return sum((self.kernel_width - 1) * self.step(index) for index in range(layer + 1))

    def padded_before(self, layer: int) -> int:
        """Frames that a position of a layer sees before its own through padded branches."""
        branches = range(1, layer + 1) if self.residual else ()
        return sum((self.kernel_width - 1) * self.step(index) // 2 for index in branches)

    @property
    def min_frames(self) -> int:
        """Frames that a spec must have: one position is left after the unpadded layers."""
        return self.reach(0 if self.residual else self.n_layers - 1) + 1


@dataclass(frozen=True)
class Runs:
    """Excerpts that a spec is made of: lengths in frames, in their order, and weights."""

    lengths: tuple[int, ...]
    weights: tuple[float, ...]

    def position_weights(self, architecture: Architecture, layer: int) -> Tensor:
        """Weight of each position (position,), summing to one; 0 where excerpts would mix."""
        n_lost = architecture.reach(0 if architecture.residual else layer)
        reach, before = architecture.reach(layer), architecture.padded_before(layer)
        weights = torch.zeros(sum(self.lengths) - n_lost, dtype=torch.float64)
        start = 0
        for length, weight in zip(self.lengths, self.weights, strict=True):
            # A padded stack may see further than an excerpt is long: then its first layer is kept pure.
            n_pure, inset = (length - reach, before) if length > reach else (length - n_lost, 0)
            if n_pure > 0:
                weights[start + inset : start + inset + n_pure] = weight / n_pure
            start += length
        if len(self.lengths) == 1:
            weights[:] = 1.0
        return weights / weights.sum()


@dataclass(frozen=True)
class Target:
    """A fixed signal as a network sees it.

    Attributes
    ----------
    embedding : object
        What `Network.embed` gave, without gradient.
    weights : tuple of Tensor
        Position weights (position,) of each layer.
    energy : Tensor (layer, batch)
        Mean of K[t, t] over positions: the scale of the content distance.
    gram_energy : Tensor (layer, batch)
        Mean of K^2: the scale of the gram distance.
    """

    embedding: Any
    weights: tuple[Tensor, ...]
    energy: Tensor
    gram_energy: Tensor


class Network(ABC):
    """Two distances between a signal and a fixed target, a value a layer and batch row."""

    architecture: Architecture

    @abstractmethod
    def embed(self, spec: Tensor) -> Any:
        """Compute once what both distances need of a spec (batch, part, bin, frame)."""

    @abstractmethod
    def target(self, spec: Tensor, runs: Runs | None = None) -> Target:
        """Fix a signal; `runs` says which excerpts it is made of (default: one)."""

    @abstractmethod
    def gram_distance(self, embedding: Any, target: Target) -> Tensor:
        """Distance of the Gram matrices (layer, batch)."""

    @abstractmethod
    def content_distance(self, embedding: Any, target: Target) -> Tensor:
        """Distance position by position (layer, batch)."""

    @abstractmethod
    def select(self, target: Target, rows: Sequence[int]) -> Target:
        """Keep some batch rows of a target."""

    def _weights(self, spec: Tensor, runs: Runs | None) -> tuple[Tensor, ...]:
        runs = runs or Runs((spec.shape[-1],), (1.0,))
        return tuple(
            runs.position_weights(self.architecture, layer).to(spec.dtype).to(spec.device)
            for layer in range(self.architecture.n_layers)
        )
