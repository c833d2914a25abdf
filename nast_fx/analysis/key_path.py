"""The path of keys through a recording: the best of all ways through 24 keys, where a change has its price.

A block of chroma c (two parts: treble and bass added, as loud in every block, square-rooted) speaks for
key k by ``c . p_k``, with p_k the key's profile, without its mean and of length 1. Scores add up over
blocks, so without changes the best key is the one with which the mean chroma correlates most. Viterbi's
algorithm finds the path with the largest sum of scores less the price of its changes.

Profiles: how often each degree of the scale occurs, from Albrecht & Shanahan 2013 (Music Perception 31).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.chroma import FRAME_SECONDS, Chroma
from nast_fx.models.key import Key

__all__ = ["BLOCK_SECONDS", "KEYS", "block_chroma", "correlations", "find_path", "runs"]

MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
KEYS = tuple([Key(tonic, "major") for tonic in range(12)] + [Key(tonic, "minor") for tonic in range(12)])

BLOCK_FRAMES = 5
BLOCK_SECONDS = BLOCK_FRAMES * FRAME_SECONDS
BASS_WEIGHT = 1.0
SOFTNESS = 0.3  # of the mean loudness: blocks below it count less
CHANGE_PRICE = 3.0  # seconds for which one key correlates with the chroma by 1 and the other by 0

Array = npt.NDArray[np.float64]


def block_chroma(chroma: Chroma) -> Array:
    """Make compressed chroma (block, 12) of blocks of `BLOCK_SECONDS`; a last part of a block is dropped."""
    frames = (chroma.treble + BASS_WEIGHT * chroma.bass).astype(np.float64)
    n_blocks = max(1, len(frames) // BLOCK_FRAMES)
    blocks = frames[: n_blocks * BLOCK_FRAMES].reshape(n_blocks, -1, 12).mean(axis=1)
    loudness = blocks.sum(axis=1, keepdims=True)
    return np.sqrt(blocks / np.maximum(loudness + SOFTNESS * loudness.mean(), 1e-12))


def correlations(chroma: Array) -> Array:
    """Correlate chroma (..., 12) with the profile of every key: (..., key), -1 ... 1; 0 where it is flat."""
    aside = chroma - chroma.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(aside, axis=-1, keepdims=True)
    return np.asarray(aside @ _profiles().T / np.maximum(length, 1e-12))


def find_path(blocks: Array) -> npt.NDArray[np.int64]:
    """Find the index into `KEYS` of each block of chroma (block, 12)."""
    mean = blocks.mean(axis=0)
    scale = max(float(np.linalg.norm(mean - mean.mean())), 1e-12)
    scores = blocks @ _profiles().T / scale
    price = CHANGE_PRICE / BLOCK_SECONDS
    total = np.zeros(len(KEYS))
    came_from = np.empty(scores.shape, dtype=np.int64)
    for index, score in enumerate(scores):
        best = int(total.argmax())
        changes = total < total[best] - price
        came_from[index] = np.where(changes, best, np.arange(len(KEYS)))
        total = np.where(changes, total[best] - price, total) + score
    path = np.empty(len(scores), dtype=np.int64)
    key = int(total.argmax())
    for index in range(len(scores) - 1, -1, -1):
        path[index] = key
        key = int(came_from[index, key])
    return path


def runs(path: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """First block and the one behind the last of every stretch in one key."""
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    return list(pairwise(edges))


def _profiles() -> Array:
    rows = np.array(
        [np.roll(MAJOR, key.tonic) if key.mode == "major" else np.roll(MINOR, key.tonic) for key in KEYS]
    )
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
