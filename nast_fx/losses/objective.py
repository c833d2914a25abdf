"""The weighted sum of terms, with one forward a (representation, network).

Printing it prints the recipe.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch
from torch import Tensor

from nast_fx.losses.terms import Term
from nast_fx.networks import Network
from nast_fx.representations import Representation

__all__ = ["Objective", "Viewable", "gradient_norms"]

STRENGTH_DECADES = 3.0  # between a strength of 0 and of 1

log = logging.getLogger(__name__)


class Viewable(Protocol):
    """What an objective looks at: a canvas."""

    def spec(self, variable: Tensor, representation: Representation) -> Tensor:
        """View a variable as a spec."""


class _Cached:
    """Views of one point."""

    def __init__(self, canvas: Viewable, variable: Tensor) -> None:
        self._canvas, self._variable = canvas, variable
        self._specs: dict[int, Tensor] = {}
        self._embeddings: dict[tuple[int, int], Any] = {}

    def spec(self, representation: Representation) -> Tensor:
        key = id(representation)
        if key not in self._specs:
            self._specs[key] = self._canvas.spec(self._variable, representation)
        return self._specs[key]

    def embedding(self, representation: Representation, network: Network) -> Any:
        key = (id(representation), id(network))
        if key not in self._embeddings:
            self._embeddings[key] = network.embed(self.spec(representation))
        return self._embeddings[key]


class Objective:
    """A weighted sum of terms.

    Parameters
    ----------
    terms : sequence of Term
        Terms of weight 0 are left out. Names are unique.
    strength : float
        How far toward the style, 0 ... 1: the style's terms get ``10^(-3 (1 - strength))`` of their
        weight, and none at 0, as long as a term holds the content.
    """

    def __init__(self, terms: Sequence[Term], *, strength: float = 1.0) -> None:
        self.terms = tuple(term for term in terms if term.weight > 0)
        if strength < 1 and any(term.source == "content" for term in self.terms):
            self.terms = tuple(_weakened(term, strength) for term in self.terms if strength or _is_free(term))

    def __call__(self, canvas: Viewable, variable: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Evaluate a point: the total (batch,), and each term's share of it by name."""
        views = _Cached(canvas, variable)
        losses = {
            term.name: term.weight * term.distance(views) / (1.0 if term.norm is None else term.norm)
            for term in self.terms
        }
        if not losses:
            return variable.sum(dim=1) * 0, losses
        return torch.stack(list(losses.values())).sum(dim=0), losses

    def __str__(self) -> str:
        return " + ".join(map(str, self.terms)) or "nothing"


def _is_free(term: Term) -> bool:
    return term.source != "style"


def _weakened(term: Term, strength: float) -> Term:
    share = 10 ** (-STRENGTH_DECADES * (1 - strength))
    return term if _is_free(term) else replace(term, weight=term.weight * share)


def gradient_norms(objective: Objective, canvas: Viewable, noise: Tensor) -> dict[str, Tensor]:
    """Norm of each unweighted term's gradient at a noise (Barry & Kim 2018, equation 7).

    Parameters
    ----------
    noise : Tensor (batch, variable)
        A fixed noise, where the norms are measured once a render. A content start will not do: the
        content term's gradient is zero there.

    Returns
    -------
    dict of Tensor (batch,)
        By the term's name; 1 where a norm is zero or not finite, and a warning is logged.
    """
    norms = {}
    for term in objective.terms:
        variable = noise.detach().requires_grad_()
        loss = term.distance(_Cached(canvas, variable)).sum()
        (gradient,) = torch.autograd.grad(loss, variable)
        norm = gradient.norm(dim=1)
        usable = (norm > 0) & torch.isfinite(norm)
        if not usable.all():
            log.warning("The gradient of '%s' has no norm at noise; it keeps its weight.", term.name)
        norms[term.name] = torch.where(usable, norm, 1.0)
    return norms
