"""Everything that is found in a recording, as one object: loudness, key, tempo."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from nast_fx.analysis.key import SAFE_CONFIDENCE, KeyEstimate, detect_key
from nast_fx.analysis.loudness import Loudness, measure_loudness
from nast_fx.analysis.mono import mono_of
from nast_fx.analysis.tempo import Tempo, detect_tempo
from nast_fx.audio import AudioSource
from nast_fx.models.key import Key
from nast_fx.progress import Progress, Steps, within

__all__ = ["Analysis", "analyze"]

SHARES = {"loudness": (0.0, 0.4), "read": (0.4, 0.5), "key": (0.5, 0.8), "tempo": (0.8, 1.0)}

CLEAR_BEAT = 0.3  # confidence of a tempo, from which on the beat is clear


@dataclass(frozen=True, eq=False)
class Analysis:
    """What is known of a recording.

    Attributes
    ----------
    loudness : Loudness
    key : KeyEstimate
    tempo : Tempo
    seconds : float
        Length.
    sample_rate : int
        Hz.
    n_channels : int
    """

    loudness: Loudness
    key: KeyEstimate
    tempo: Tempo
    seconds: float
    sample_rate: int
    n_channels: int

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for everything that is missing or uncertain."""
        notes = [*self.loudness.notes]
        if self.key.key is None:
            notes.append("No key was found.")
        elif self.key.confidence < SAFE_CONFIDENCE:
            notes.append("The key is uncertain.")
        if self.tempo.bpm is None:
            notes.append("No tempo was found.")
        elif self.tempo.confidence < CLEAR_BEAT:
            notes.append("The tempo is uncertain.")
        return tuple(notes)

    def as_dict(self) -> dict[str, Any]:
        """Give all figures by their names, as ``nast-fx analyze --json`` does; None is what has none.

        The changes begin with second 0 where the recording does not begin in the key of most of it.
        """
        changes = [span for span in self.key.spans if span.start_seconds > 0 or span.key != self.key.key]
        return {
            "loudness": self.loudness.figures,
            "key": {
                **_names(self.key.key, self.key.confidence),
                "tuning_cents": self.key.tuning_cents,
                "changes": [{"seconds": c.start_seconds, **_names(c.key, c.confidence)} for c in changes],
            },
            "tempo": {"bpm": self.tempo.bpm, "confidence": self.tempo.confidence},
            "duration_seconds": self.seconds,
            "sample_rate": self.sample_rate,
            "channels": self.n_channels,
            "notes": list(self.notes),
        }


def analyze(source: AudioSource, name: str = "the signal") -> Steps[Analysis]:
    """Find loudness, key and tempo of a source, in bounded memory.

    Parameters
    ----------
    source : AudioSource
        At least 8 kHz.
    name : str
        What messages call it.

    Raises
    ------
    AudioFileError
        There is no frame, a sample is not a number, or the sample rate is below 8 kHz.
    """
    loudness = yield from within(measure_loudness(source, name), *SHARES["loudness"])
    yield Progress("read", share=SHARES["read"][0])
    with contextlib.closing(mono_of(source, name)) as mono:
        key = yield from within(detect_key(mono), *SHARES["key"])
        tempo = yield from within(detect_tempo(mono), *SHARES["tempo"])
    seconds = source.n_frames / source.sample_rate
    return Analysis(loudness, key, tempo, seconds, source.sample_rate, source.n_channels)


def _names(key: Key | None, confidence: float) -> dict[str, str | float | None]:
    if key is None:
        return {"name": None, "camelot": None, "open_key": None, "confidence": confidence}
    return {"name": key.name, "camelot": key.camelot, "open_key": key.open_key, "confidence": confidence}
