"""What a method is: it prepares a style once a render, and transfers it to one segment at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor

from nast_fx.models import MethodSettings
from nast_fx.networks import Network, Runs, Target
from nast_fx.optimize import Minimum, Pinned, Solution
from nast_fx.progress import Steps
from nast_fx.representations import Representation

__all__ = [
    "LEVEL",
    "Method",
    "Segment",
    "StyleSound",
    "Targets",
    "View",
    "random_rows",
    "solution",
    "style_view",
]

LEVEL = 0.08  # RMS at which methods see content and style; log1p makes the loss depend on it

S = TypeVar("S", bound=MethodSettings)


@dataclass(frozen=True)
class StyleSound:
    """Excerpts of the reference recordings, at the content's rate and at `LEVEL`.

    Attributes
    ----------
    excerpts : tuple of Tensor (row, frame)
        A row for each row of the content that will be styled with it.
    weights : tuple of float
        Share of each excerpt.
    """

    excerpts: tuple[Tensor, ...]
    weights: tuple[float, ...]

    def to(self, device: torch.device) -> StyleSound:
        """Move the excerpts."""
        return replace(self, excerpts=tuple(excerpt.to(device) for excerpt in self.excerpts))


@dataclass(frozen=True)
class View:
    """One way to look at sound, and the style as it is seen that way."""

    representation: Representation
    network: Network
    style: Target


V = TypeVar("V", bound=Representation)


@dataclass(frozen=True)
class Targets(Generic[V]):
    """What a method made of a style: the same for all segments of a render.

    Attributes
    ----------
    representation : Representation
        What a method's segments are measured by: of a method with several, the main one.
    views : mapping of View
        By the name of the style term.
    norms : mapping of Tensor (row,)
        By the name of a term: what balances its gradient, where the method does that.
    facts : mapping of Tensor (row, ...)
        Whatever else of the style a method compares with.
    """

    representation: V
    views: Mapping[str, View]
    norms: Mapping[str, Tensor] = field(default_factory=dict)
    facts: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the segments are computed."""
        return next(iter(self.views.values())).style.energy.device

    def select(self, rows: Sequence[int]) -> Targets[V]:
        """Keep some rows."""
        index = list(rows)
        views = {
            name: replace(view, style=view.network.select(view.style, index))
            for name, view in self.views.items()
        }
        return replace(
            self,
            views=views,
            norms={name: norm[index] for name, norm in self.norms.items()},
            facts={name: fact[index] for name, fact in self.facts.items()},
        )


@dataclass(frozen=True)
class Segment:
    """What is styled at once: a batch of rows that do not see each other.

    Attributes
    ----------
    content : Tensor (batch, frame) or None
        At `LEVEL`; None makes a texture.
    n_frames : int
        Length in samples.
    keys : tuple of int
        Seed of each row's random draws.
    pinned : Pinned or None
        What the finished neighbors have decided.
    loop : bool
        The segment is a circle.
    strength : float
        How far toward the style, 0 ... 1.
    """

    content: Tensor | None
    n_frames: int
    keys: tuple[int, ...]
    pinned: Pinned | None = None
    loop: bool = False
    strength: float = 1.0


class Method(ABC, Generic[S]):
    """A style-transfer system; final classes are in the modules of this package."""

    name: ClassVar[str]
    stages: ClassVar[Mapping[str, tuple[float, float]]] = {"transfer": (0.0, 1.0)}
    """Which part of a segment's time each stage takes, for the time that is left."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    def min_frames(self, sample_rate: int) -> int:
        """Give the shortest signal, in samples, that has anything to compare."""

    @abstractmethod
    def prepare(
        self, style: StyleSound, *, sample_rate: int, seed: int, device: torch.device
    ) -> Targets[Any]:
        """Compute what does not depend on the content."""

    @abstractmethod
    def transfer(self, segment: Segment, targets: Targets[Any]) -> Steps[Solution]:
        """Style one segment; yields progress and returns the best that was found.

        Where `segment.pinned` holds a sample wholly or in part, the result has it as it is held: it is
        the cross-fade with the finished neighbors.
        """


def style_view(style: StyleSound, representation: Representation, network: Network) -> View:
    """Look at a weighted set of excerpts."""
    specs = [representation.forward(excerpt) for excerpt in style.excerpts]
    runs = Runs(tuple(spec.shape[-1] for spec in specs), style.weights)
    return View(representation, network, network.target(torch.cat(specs, dim=-1), runs))


def random_rows(keys: Sequence[int], *shape: int, device: torch.device, uniform: bool = False) -> Tensor:
    """Draw (batch, ...) normal or uniform numbers, a row a key, alike on every device."""
    draw = torch.rand if uniform else torch.randn
    rows = [draw(*shape, generator=torch.Generator().manual_seed(key)) for key in keys]
    return torch.stack(rows).to(device)


def solution(waveform: Tensor, minimum: Minimum) -> Solution:
    """Put a minimum and the waveform that was made of it together."""
    return Solution(
        waveform.detach(),
        minimum.outcomes,
        minimum.history,
        minimum.n_steps,
        minimum.n_evaluations,
        minimum.seconds,
    )
