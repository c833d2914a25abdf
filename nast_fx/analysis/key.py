"""The key of a recording, and how it changes: tuning, then chroma, then the best path through the keys.

A change of key costs `nast_fx.analysis.key_path.CHANGE_PRICE`, so a borrowed chord or a phrase on the
dominant is none; a stretch in a new key is found when it lasts about 10 to 15 s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.chroma import Chroma, measure_chroma
from nast_fx.analysis.key_confidence import confidence_in
from nast_fx.analysis.key_evidence import BLOCK_SECONDS, KEYS, block_chroma, key_evidence
from nast_fx.analysis.key_path import find_path, runs
from nast_fx.analysis.tuning import Tuning, measure_tuning
from nast_fx.audio import AudioSource
from nast_fx.models.key import Key
from nast_fx.progress import Steps

__all__ = ["SAFE_CONFIDENCE", "KeyEstimate", "KeySpan", "detect_key"]

SAFE_CONFIDENCE = 0.5
SILENT = 1e-6  # sum of the notes' magnitudes, on the average; full scale is 1


@dataclass(frozen=True)
class KeySpan:
    """A stretch in one key.

    Attributes
    ----------
    start_seconds, end_seconds : float
    key : Key
    confidence : float
        0 ... 1; see `KeyEstimate`.
    """

    start_seconds: float
    end_seconds: float
    key: Key
    confidence: float


@dataclass(frozen=True)
class KeyEstimate:
    """What `detect_key` found.

    Attributes
    ----------
    key : Key or None
        The key of most of the time; None where no note sounds.
    confidence : float
        0 ... 1; from `SAFE_CONFIDENCE` on it is safe to transpose by the key. Less where other keys take
        up much of the time.
    tuning_cents : float or None
        Of the notes above A = 440 Hz, -50 ... 50; None where there are no notes to tell.
    spans : tuple of KeySpan
        In order of time, without gaps; none where `key` is None.
    """

    key: Key | None
    confidence: float
    tuning_cents: float | None
    spans: tuple[KeySpan, ...]

    @property
    def changes(self) -> tuple[KeySpan, ...]:
        """Spans that begin with a change of key: all but the first."""
        return self.spans[1:]

    def at(self, start_seconds: float, end_seconds: float) -> KeySpan | None:
        """Give the span that covers most of a stretch of time; None if none touches it."""

        def shared(span: KeySpan) -> float:
            return min(span.end_seconds, end_seconds) - max(span.start_seconds, start_seconds)

        touching = [span for span in self.spans if shared(span) > 0]
        return max(touching, key=shared, default=None)


def detect_key(mono: AudioSource) -> Steps[KeyEstimate]:
    """Find the key of a source of one channel, in bounded memory.

    Parameters
    ----------
    mono : AudioSource
        One channel, 22 050 Hz (see `mono_of`).
    """
    tuning = yield from measure_tuning(mono)
    chroma = yield from measure_chroma(mono, tuning.cents or 0.0)
    if chroma.tonal.mean() < SILENT:
        return KeyEstimate(None, 0.0, None, ())
    return _estimate(chroma, tuning, mono.n_frames / mono.sample_rate)


def _estimate(chroma: Chroma, tuning: Tuning, seconds: float) -> KeyEstimate:
    notes, evidence = block_chroma(chroma.notes), key_evidence(chroma)
    path = find_path(evidence)
    if tuning.cents is None:  # what changes there is no key
        path[:] = evidence.sum(axis=0).argmax()

    def confidence(blocks: slice | npt.NDArray[np.bool_], key: Key) -> float:
        return confidence_in(key, notes[blocks], evidence[blocks], tuning.concentration)

    spans = []
    for first, last in runs(path):
        end = seconds if last == len(path) else last * BLOCK_SECONDS
        key = KEYS[path[first]]
        spans.append(KeySpan(first * BLOCK_SECONDS, end, key, confidence(slice(first, last), key)))
    most = int(np.bincount(path, minlength=len(KEYS)).argmax())
    share = float(np.mean(path == most))
    whole = confidence(path == most, KEYS[most]) * share**0.5
    return KeyEstimate(KEYS[most], whole, tuning.cents, tuple(spans))
