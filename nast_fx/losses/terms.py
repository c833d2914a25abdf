"""Terms of an objective; each holds its target, and a loss a batch row is what it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from nast_fx.networks import Network, Target
from nast_fx.representations import Representation

__all__ = [
    "ContentTerm",
    "EnvelopeTerm",
    "GoalTerm",
    "GramTerm",
    "SparsityTerm",
    "Term",
    "Views",
    "energy_envelope",
    "spec_energy",
]

Source = Literal["content", "style", "none"]


class Views(Protocol):
    """The specs and embeddings of one point, each computed once however many terms ask for it."""

    def spec(self, representation: Representation) -> Tensor:
        """Give the spec (batch, part, bin, frame)."""

    def embedding(self, representation: Representation, network: Network) -> Any:
        """Give a network's embedding of that spec."""


@dataclass(frozen=True)
class Term(ABC):
    """A name, a weight and a distance to a target.

    Attributes
    ----------
    weight : float
        Share in the objective.
    norm : Tensor (batch,) or None
        What the distance is divided by to balance terms; None is 1.
    source : str
        Whose the target is: ``content``, ``style`` or ``none``.
    """

    name: str
    representation: Representation
    weight: float
    norm: Tensor | None = field(default=None, kw_only=True)
    source: Source = field(default="content", kw_only=True)

    @abstractmethod
    def distance(self, views: Views) -> Tensor:
        """Distance of the point from the target (batch,)."""

    def __str__(self) -> str:
        return f"{self.weight:g} x {self.name}"


@dataclass(frozen=True)
class _NetworkTerm(Term):
    network: Network
    target: Target
    layers: tuple[int, ...] | None = None
    relative: bool = True

    def _sum(self, distances: Tensor, energies: Tensor) -> Tensor:
        """Sum over the chosen layers, each relative to its target's energy where asked for."""
        if self.relative:
            distances = distances / energies.clamp_min(1e-30)
        chosen = distances if self.layers is None else distances[list(self.layers)]
        return chosen.sum(dim=0)

    def __str__(self) -> str:
        return f"{super().__str__()} ({self.network})"


@dataclass(frozen=True)
class GramTerm(_NetworkTerm):
    """Distance of the Gram matrices: the style (Gatys et al. 2015, equation 5)."""

    source: Source = field(default="style", kw_only=True)

    def distance(self, views: Views) -> Tensor:
        """Gram distance over mean K_ss^2, summed over layers."""
        embedding = views.embedding(self.representation, self.network)
        return self._sum(self.network.gram_distance(embedding, self.target), self.target.gram_energy)


@dataclass(frozen=True)
class GoalTerm(GramTerm):
    """How far the style residual is above its goal; nothing pulls beyond.

        max(0, r - goal)^2,    r = sqrt(Gram distance / Gram distance of the content)

    Attributes
    ----------
    unit : Tensor (batch,)
        Gram distance of the content.
    goal : Tensor (batch,)
        Residual to be reached: 0 is the style, 1 the content.
    """

    unit: Tensor = field(kw_only=True)
    goal: Tensor = field(kw_only=True)

    def distance(self, views: Views) -> Tensor:
        """Squared way that is left."""
        ratio = super().distance(views) / self.unit.clamp_min(1e-12)
        return (ratio.clamp_min(1e-12).sqrt() - self.goal).relu().square()


@dataclass(frozen=True)
class ContentTerm(_NetworkTerm):
    """Distance of the features, position by position (Gatys et al. 2015, equation 1)."""

    def distance(self, views: Views) -> Tensor:
        """Content distance over mean K_cc[t, t], summed over layers."""
        embedding = views.embedding(self.representation, self.network)
        return self._sum(self.network.content_distance(embedding, self.target), self.target.energy)


@dataclass(frozen=True)
class EnvelopeTerm(Term):
    """Deviation of the energy envelope over time or over frequency (Verma & Smith 2018, section 3).

    The norm is not published; ours is the relative squared L2 norm of log1p energies.
    """

    target: Tensor  # (batch, frame) or (batch, bin)
    axis: str = "time"

    def distance(self, views: Views) -> Tensor:
        """Relative squared distance of the envelopes."""
        envelope = energy_envelope(views.spec(self.representation), self.axis)
        return (envelope - self.target).square().sum(dim=1) / self.target.square().sum(dim=1).clamp_min(1e-12)


@dataclass(frozen=True)
class SparsityTerm(Term):
    """Mean log magnitude: an L1 penalty that keeps breath out (Barry & Kim 2018, section 3)."""

    source: Source = field(default="none", kw_only=True)

    def distance(self, views: Views) -> Tensor:
        """Mean absolute value of the spec."""
        return views.spec(self.representation).abs().mean(dim=(1, 2, 3))


def energy_envelope(spec: Tensor, axis: str) -> Tensor:
    """Log1p of the energy over time (batch, frame) or frequency (batch, bin) of a log1p spec."""
    energy = spec_energy(spec)
    return torch.log1p(energy.sum(dim=1 if axis == "time" else 2))


def spec_energy(spec: Tensor) -> Tensor:
    """Squared magnitude (batch, bin, frame) of a log1p spec; what is below 0 is silent, as it will sound."""
    return torch.expm1(spec.clamp_min(0)).square().sum(dim=1)
