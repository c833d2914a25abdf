"""The path of keys through a recording: the best of all ways through 24 keys, where a change has its price.

Viterbi's algorithm finds the path whose evidence, less the price of its changes, is largest; without
changes that is the key with the most evidence as a whole.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.key_evidence import BLOCK_SECONDS

__all__ = ["find_path", "runs"]

CHANGE_PRICE = 13.0  # seconds by which the evidence for a new key has to be ahead by 1

Path = npt.NDArray[np.int64]


def find_path(evidence: npt.NDArray[np.float64]) -> Path:
    """Find the index of the key of each block, from evidence (block, key)."""
    n_keys = evidence.shape[1]
    price = CHANGE_PRICE / BLOCK_SECONDS
    total = np.zeros(n_keys)
    came_from = np.empty(evidence.shape, dtype=np.int64)
    for index, heard in enumerate(evidence):
        best = int(total.argmax())
        changes = total < total[best] - price
        came_from[index] = np.where(changes, best, np.arange(n_keys))
        total = np.maximum(total, total[best] - price) + heard
    path = np.empty(len(evidence), dtype=np.int64)
    key = int(total.argmax())
    for index in range(len(evidence) - 1, -1, -1):
        path[index] = key
        key = int(came_from[index, key])
    return path


def runs(path: Path) -> list[tuple[int, int]]:
    """First block and the one behind the last of every stretch in one key."""
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    return list(pairwise(edges))
