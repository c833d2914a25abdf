"""Networks as distances: random convolutions of finite width, or their limit in closed form."""

from __future__ import annotations

import torch

from nast_fx.networks.base import INFINITE, Architecture, Field, Network, Runs, Target
from nast_fx.networks.explicit import ExplicitNetwork
from nast_fx.networks.finite import FiniteNetwork
from nast_fx.networks.identity import IdentityNetwork
from nast_fx.networks.infinite import InfiniteNetwork

__all__ = [
    "INFINITE",
    "Architecture",
    "ExplicitNetwork",
    "Field",
    "FiniteNetwork",
    "IdentityNetwork",
    "InfiniteNetwork",
    "Network",
    "Runs",
    "Target",
    "build_network",
]


def build_network(
    architecture: Architecture, n_bins: int, *, seed: int, device: torch.device | str = "cpu"
) -> Network:
    """Make the network of a description: the closed form where `n_filters` is infinite."""
    if architecture.n_filters == INFINITE:
        return InfiniteNetwork(architecture)
    return FiniteNetwork(architecture, n_bins, seed=seed, device=device)
