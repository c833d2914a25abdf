"""The network that does nothing: a spec's own bins as filters, its frames as positions.

Its content distance compares spectra bin by bin; its Gram distance compares the covariance of bins.
Mital 2017 uses both beside the random layers.
"""

from __future__ import annotations

from torch import Tensor

from nast_fx.networks.base import Field
from nast_fx.networks.explicit import ExplicitNetwork, Features

__all__ = ["IdentityNetwork"]


class IdentityNetwork(ExplicitNetwork):
    """Parts and bins of a spec (batch, part, bin, frame), as they are."""

    n_layers = 1

    def embed(self, spec: Tensor) -> Features:
        """Give the spec as features (batch, part x bin, 1, frame)."""
        return (spec.flatten(1, 2)[:, :, None],)

    def field(self, layer: int) -> Field:
        """Each frame sees itself."""
        return Field()

    def __str__(self) -> str:
        return "as it is"
