"""How far a key can be trusted: the product of what speaks for it, each between 0 and 1.

| what                                                                    | nothing at | all at |
|-------------------------------------------------------------------------|------------|--------|
| concentration: peaks keep to the tuning (noise, speech, drums do not)   | 0.10       | 0.22   |
| fit: correlation of the notes with the key's profile                    | 0.35       | 0.70   |
| lead: of its evidence over the best key with other notes, as a share    | -0.04      | 0.12   |
| variety: effective number of pitch classes (exponential of the entropy) | 3.5        | 6.0    |
| time for which notes sound                                              | 0 s        | 6 s    |

Where it is 0.5 or more the key's notes are safe to transpose by. A relative major and minor have the same
notes: which of the two it is, is not part of this.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.key_evidence import BLOCK_SECONDS, KEYS, note_fit
from nast_fx.models.key import Key

__all__ = ["confidence_in"]

CONCENTRATION = (0.10, 0.22)
FIT = (0.35, 0.70)
LEAD = (-0.04, 0.12)
VARIETY = (3.5, 6.0)
SOUNDING_SECONDS = (0.0, 6.0)
SOUNDING = 0.2  # of the largest block's compressed chroma
TINY = 1e-12

Array = npt.NDArray[np.float64]


def confidence_in(key: Key, notes: Array, evidence: Array, concentration: float) -> float:
    """Give the confidence, 0 ... 1, in the key of some blocks.

    Parameters
    ----------
    notes : ndarray, (block, 12)
        See `block_chroma`.
    evidence : ndarray, (block, key)
        See `key_evidence`.
    concentration : float
        Of the recording's tuning, 0 ... 1.
    """
    mean = notes.mean(axis=0)
    loudness = notes.sum(axis=1)
    sounding = BLOCK_SECONDS * int(np.count_nonzero(loudness > SOUNDING * loudness.max()))
    factors = (
        _between(concentration, CONCENTRATION),
        _between(note_fit(mean, key), FIT),
        _between(_lead(key, evidence.sum(axis=0)), LEAD),
        _between(_variety(mean), VARIETY),
        _between(sounding, SOUNDING_SECONDS),
    )
    return float(np.prod(factors))


def _between(value: float, limits: tuple[float, float]) -> float:
    nothing, everything = limits
    return min(1.0, max(0.0, (value - nothing) / (everything - nothing)))


def _lead(key: Key, evidence: Array) -> float:
    own = evidence[KEYS.index(key)]
    others = [heard for heard, other in zip(evidence, KEYS, strict=True) if other.semitones_to(key)]
    return float((own - max(others)) / max(own, TINY))


def _variety(mean: Array) -> float:
    shares = mean**2 / max(float(np.sum(mean**2)), TINY)
    return float(np.exp(-np.sum(shares * np.log(shares + TINY))))
