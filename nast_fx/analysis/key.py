"""The key of a recording, and how it changes: tuning, then chroma, then the best path through the keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.chroma import measure_chroma
from nast_fx.analysis.key_evidence import BLOCK_SECONDS, KEYS, block_chroma, key_evidence, note_fit
from nast_fx.analysis.key_path import find_path, runs
from nast_fx.analysis.tuning import Tuning, measure_tuning
from nast_fx.audio import AudioSource
from nast_fx.models.key import Key
from nast_fx.progress import Steps

__all__ = ["SAFE_CONFIDENCE", "KeyEstimate", "KeySpan", "detect_key"]

SAFE_CONFIDENCE = 0.5
SILENT = 1e-6  # mean magnitude of a note over its whole range


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
        The key of most of the time; None where nothing sounds.
    confidence : float
        0 ... 1; from `SAFE_CONFIDENCE` on it is safe to transpose by the key.
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
    if chroma.total.mean() < SILENT:
        return KeyEstimate(None, 0.0, None, ())
    notes = block_chroma(chroma.notes)
    path = find_path(key_evidence(chroma))
    seconds = mono.n_frames / mono.sample_rate
    spans = []
    for first, last in runs(path):
        end = seconds if last == len(path) else last * BLOCK_SECONDS
        key = KEYS[path[first]]
        spans.append(KeySpan(first * BLOCK_SECONDS, end, key, _confidence(notes[first:last], key, tuning)))
    key = KEYS[int(np.bincount(path, minlength=len(KEYS)).argmax())]
    confidence = max(span.confidence for span in spans if span.key == key)
    return KeyEstimate(key, confidence, tuning.cents, tuple(spans))


def _confidence(notes: npt.NDArray[np.float64], key: Key, tuning: Tuning) -> float:
    return max(0.0, note_fit(notes.mean(axis=0), key)) * min(1.0, 2 * tuning.concentration)
