"""What batches have made is no content of a batch, unless it is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nast_fx.jobs.find import Found
from nast_fx.jobs.journal import Journal

__all__ = ["without_made"]


def without_made(found: Found, inputs: Sequence[Path], journal: Journal) -> Found:
    """Pass over what earlier batches have made in folders that are `inputs`."""
    named = {path.absolute() for path in inputs}
    in_folders = [one for one in found.contents if one.path.absolute() not in named]
    made = [one for one in in_folders if journal.made_by_us(one.path)]
    passed = found.passed_over | {one.path: "a batch has made it" for one in made}
    return Found(tuple(one for one in found.contents if one not in made), passed)
