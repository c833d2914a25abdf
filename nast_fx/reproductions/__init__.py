"""The papers' own experiments, measured again; one a file, each with a quick and a full size.

To add one, write a module with ``REPRODUCTION`` (a `nast_fx.reproductions.base.Reproduction`) and add
its name here. A module is imported when its name is asked for.
"""

from __future__ import annotations

import importlib

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.reproductions.base import Reproduction

__all__ = ["REPRODUCTIONS", "find_reproduction"]

REPRODUCTIONS: dict[str, str] = {
    "ulyanov-textures": "ulyanov_textures",
    "ulyanov-alpha": "ulyanov_alpha",
    "ulyanov-trained": "ulyanov_trained",
    "mital-components": "mital_components",
    "mital-grid": "mital_grid",
    "barry-kim-texture": "barry_kim_texture",
    "barry-kim-keys": "barry_kim_keys",
    "barry-kim-table1": "barry_kim_table1",
    "barry-kim-ablations": "barry_kim_ablations",
    "verma-smith-tasks": "verma_smith_tasks",
    "vedak-bhatia-models": "vedak_bhatia_models",
    "mital-waveform": "mital_waveform",
    "published-sizes": "published_sizes",
}
"""Module of each name, in the order of the papers."""


def find_reproduction(name: str) -> Reproduction:
    """Load a reproduction.

    Raises
    ------
    UsageError
        There is none of this name.
    """
    if name not in REPRODUCTIONS:
        raise UsageError(f"there is no reproduction '{name}'{did_you_mean(name, REPRODUCTIONS)}")
    module = importlib.import_module(f"{__name__}.{REPRODUCTIONS[name]}")
    found: Reproduction = module.REPRODUCTION
    return found
