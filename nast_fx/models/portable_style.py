"""What is known of a portable style: everything in its file but the frames and the picture."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from nast_fx.errors import UsageError
from nast_fx.models.base import Settings, setting
from nast_fx.models.key import parse_key

__all__ = [
    "STYLE_FORMAT",
    "STYLE_SUFFIX",
    "LearnSettings",
    "LearningFacts",
    "RecordingFacts",
    "SoundFacts",
    "StyleFacts",
]

STYLE_FORMAT = 1
STYLE_SUFFIX = ".naststyle"

Line = Annotated[str, Field(max_length=500)]
Weight = Annotated[float, Field(gt=0, le=1)]
Level = Annotated[float, Field(gt=0, le=100)]
Length = Annotated[int, Field(ge=2, le=1_000_000)]


class LearnSettings(Settings):
    """What a style is learnt with."""

    seconds: float = setting(
        8.0, "Most of the recordings that is kept: more is closer to them.", unit="s", ge=1.5, le=24
    )
    name: str = setting("", "Name of the style; empty is that of the file.", max_length=100)
    author: str = setting("", "Who made the recordings, or the style.", max_length=200)
    license: str = setting("", "Note on what may be done with the sound.", max_length=500)


class RecordingFacts(Settings):
    """A recording, or the part of one, that a style was learnt from."""

    file: Line = setting(..., "Name of the file, without folders.")
    sha256: str = setting(..., "Sum of the file.", pattern="^[0-9a-f]{64}$")
    start_seconds: float = setting(0.0, "Where the used part begins.", unit="s", ge=0)
    seconds: float = setting(..., "Length of what was used.", unit="s", gt=0)
    sample_rate: int = setting(..., "Rate of the file.", unit="Hz", gt=0)
    channels: int = setting(..., "Channels of the file.", ge=1)


class SoundFacts(Settings):
    """How the recordings sound: figures of `nast_fx.analysis`."""

    key: str | None = setting(None, "Key of most of the time.")
    key_confidence: float = setting(0.0, "How sure the key is.", ge=0, le=1)
    tuning_cents: float | None = setting(None, "Tuning above A = 440 Hz.", unit="cents", ge=-50, le=50)
    integrated_lufs: float | None = setting(None, "Loudness.", unit="LUFS", ge=-200, le=200)
    range_lu: float | None = setting(None, "Loudness range.", unit="LU", ge=0, le=400)
    bpm: float | None = setting(None, "Tempo.", unit="BPM", gt=0, le=2000)
    tempo_confidence: float = setting(0.0, "How sure the tempo is.", ge=0, le=1)

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, key: str | None) -> str | None:
        try:
            return None if key is None else parse_key(key).name
        except UsageError as error:
            raise ValueError(str(error)) from None


class LearningFacts(Settings):
    """How near a style is to its recordings: distances of Gram matrices, as shares of the recordings' own."""

    seconds: float = setting(..., "Length of the recordings.", unit="s", gt=0)
    candidates: int = setting(..., "Runs of the recordings to choose from.", ge=1)
    error: float = setting(..., "Distance of the kept runs from the recordings.", ge=0)
    error_with_phases: float = setting(..., "The same with phases found, as a render hears them.", ge=0)
    halves: float | None = setting(None, "Distance between the recordings' own halves.", ge=0)


class StyleFacts(Settings):
    """Facts of a style file; the frames of its runs follow one another."""

    format: Literal[1] = setting(STYLE_FORMAT, "Version of the file's layout.")
    name: str = setting(..., "Name of the style.", min_length=1, max_length=100)
    author: Line = setting("", "Who made it.")
    license: Line = setting("", "What may be done with it.")
    created: str = setting(..., "Date.", pattern=r"^\d{4}-\d{2}-\d{2}$")
    version: Line = setting(..., "Version of nast-fx that learnt it.")
    sample_rate: int = setting(..., "Rate of the frames.", unit="Hz", ge=4000, le=48_000)
    n_fft: int = setting(..., "Window.", unit="samples", ge=64, le=32_768, multiple_of=2)
    hop_length: int = setting(..., "Step between frames.", unit="samples", ge=8, le=16_384)
    window: Literal["hann"] = setting("hann", "Shape of the window.")
    parts: tuple[Literal["mid", "side"], ...] = setting(..., "What is kept of the stereo pair.")
    levels: tuple[Level, ...] = setting(..., "RMS of each part in the recordings.")
    run_frames: tuple[Length, ...] = setting(..., "Frames of each run.", min_length=1)
    weights: tuple[Weight, ...] = setting(..., "Share of each run.")
    recordings: tuple[RecordingFacts, ...] = setting(..., "Where it comes from.", min_length=1)
    sound: SoundFacts = setting(SoundFacts(), "Key, loudness and tempo.")
    learning: LearningFacts = setting(..., "How near it is.")

    @model_validator(mode="after")
    def _fits_together(self) -> StyleFacts:
        if self.parts not in {("mid",), ("mid", "side")} or len(self.levels) != len(self.parts):
            raise ValueError("the parts must be mid, or mid and side, with a level each")
        if len(self.weights) != len(self.run_frames) or abs(sum(self.weights) - 1) > 1e-3:
            raise ValueError("the weights must be one a run, and sum to 1")
        if not self.hop_length * 2 <= self.n_fft <= self.hop_length * 16:
            raise ValueError("hop_length must be from a sixteenth to a half of n_fft")
        # A signal that is mirrored at its ends must be longer than half a window.
        if (min(self.run_frames) - 1) * self.hop_length <= self.n_fft // 2:
            raise ValueError("a run must be longer than half a window")
        return self

    @property
    def seconds(self) -> float:
        """Length of all runs in seconds."""
        return sum(n - 1 for n in self.run_frames) * self.hop_length / self.sample_rate
