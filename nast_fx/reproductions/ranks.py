"""Rank correlation: how far one figure rises with another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["rank_correlation"]


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's correlation of ranks, -1 ... 1."""
    ranks = [np.argsort(np.argsort(values)).astype(np.float64) for values in (first, second)]
    centered = [rank - rank.mean() for rank in ranks]
    norm = float(np.linalg.norm(centered[0]) * np.linalg.norm(centered[1]))
    return float(centered[0] @ centered[1]) / norm
