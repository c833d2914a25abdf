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
from typing import Any, Literal

import torch
from torch import Tensor

__all__ = ["INFINITE", "Architecture", "Field", "Network", "Runs", "Target"]

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
    kernel_height : int or None
        Bins that a filter sees and moves over (2-D); None sees all of them at once (1-D).
    n_layers : int
        Convolutions (with residuals: the first one, then a branch a layer).
    dilation : int
        Layer l has taps dilation^l apart, in frames.
    residual : bool
        Branches that pad (SAME) and are added before the activation.
    branch_width : int or None
        Frames that filters above the first layer see; None: as many as those of the first.
    branch_steps : tuple of int
        Distance of the taps of each layer above the first; empty follows `dilation`.
    residual_start : str
        Branches are added to the first layer ``before`` its activation, or ``after`` it as Barry & Kim
        2018 released it; the latter is not Gaussian at infinite width.
    activation : str
        ``relu`` or ``selu``.
    normalized : bool
        Each filter's map has mean 0 and variance 1 before its activation (instance normalization).
    content_pooling : int
        Rows of a 2-D network, of which the content is compared by the greatest only.
    parts : str
        The parts of a spec are ``channels`` that a filter sees together, or ``rows`` that it sees apart.
    """

    n_filters: float = INFINITE
    kernel_width: int = 11
    n_layers: int = 1
    dilation: int = 1
    residual: bool = False
    parts: Literal["channels", "rows"] = "channels"
    kernel_height: int | None = None
    branch_width: int | None = None
    branch_steps: tuple[int, ...] = ()
    residual_start: Literal["before", "after"] = "before"
    activation: Literal["relu", "selu"] = "relu"
    normalized: bool = False
    content_pooling: int = 1

    def width(self, layer: int) -> int:
        """Taps of a layer's filters."""
        return self.kernel_width if layer == 0 else self.branch_width or self.kernel_width

    def step(self, layer: int) -> int:
        """Distance of a layer's taps, in frames."""
        if layer > 0 and self.branch_steps:
            return self.branch_steps[layer - 1]
        return int(self.dilation**layer)

    def span(self, layer: int) -> int:
        """Frames from the first tap of a layer's filters to the last."""
        return (self.width(layer) - 1) * self.step(layer)

    def reach(self, layer: int) -> int:
        """Frames that a position of a layer sees beyond its own, were nothing padded."""
        return sum(self.span(index) for index in range(layer + 1))

    def padded_before(self, layer: int) -> int:
        """Frames that a position of a layer sees before its own through padded branches."""
        branches = range(1, layer + 1) if self.residual else ()
        return sum(self.span(index) // 2 for index in branches)

    def field(self, layer: int) -> Field:
        """Frames that a layer's positions see."""
        n_lost = self.reach(0 if self.residual else layer)
        return Field(self.reach(layer), self.padded_before(layer), n_lost)

    @property
    def min_frames(self) -> int:
        """Frames that a spec must have: one position is left after the unpadded layers."""
        return self.reach(0 if self.residual else self.n_layers - 1) + 1

    def __str__(self) -> str:
        count = "infinite" if self.n_filters == INFINITE else f"{self.n_filters:g}"
        layers = f"{self.n_layers} layer{'s' if self.n_layers > 1 else ''}"
        height = "" if self.kernel_height is None else f"height {self.kernel_height} and "
        return f"{count} filters of {height}width {self.kernel_width}, {layers}"


@dataclass(frozen=True)
class Field:
    """Which frames of a spec a column of a layer sees.

    Attributes
    ----------
    reach : int
        Frames beyond its own.
    before : int
        How many of these lie before its own (seen through padding).
    n_lost : int
        Frames at the end that have no column.
    stride : int
        Frames from column to column.
    """

    reach: int = 0
    before: int = 0
    n_lost: int = 0
    stride: int = 1


@dataclass(frozen=True)
class Runs:
    """Excerpts that a spec is made of: lengths in frames, in their order, and weights."""

    lengths: tuple[int, ...]
    weights: tuple[float, ...]

    def position_weights(self, field: Field, n_columns: int) -> Tensor:
        """Weight of each column of a layer (column,), summing to one; 0 where excerpts would mix."""
        if len(self.lengths) == 1:
            return torch.full((n_columns,), 1 / n_columns, dtype=torch.float64)
        weights = torch.zeros(n_columns, dtype=torch.float64)
        own = torch.arange(n_columns) * field.stride
        start = 0
        for length, weight in zip(self.lengths, self.weights, strict=True):
            first = own - field.before
            pure = (first >= start) & (first + field.reach < start + length)
            if not pure.any():
                # A padded stack may see further than an excerpt is long: then its own frames are pure.
                pure = (own >= start) & (own + field.n_lost < start + length)
            weights[pure] = weight / max(1, int(pure.sum()))
            start += length
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

    n_layers: int

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
