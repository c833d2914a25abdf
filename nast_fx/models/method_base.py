"""What the settings of all methods have in common."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from nast_fx.errors import UsageError
from nast_fx.models.base import Settings, setting

__all__ = [
    "MAX_FILTERS",
    "FilterCount",
    "MethodSettings",
    "Quality",
    "default_n_fft",
]

Quality = Literal["draft", "normal", "high"]
QUALITY_FACTORS: dict[str, float] = {"draft": 0.3, "normal": 1.0, "high": 3.0}

REFERENCE_RATE = 22_050  # Hz; the papers' rate, at which n_fft is 2048
REFERENCE_N_FFT = 2048  # samples, 93 ms at the papers' rate
MAX_FILTERS = 65_536


def _filter_count(value: object) -> object:
    if value == math.inf or str(value).strip().lower() == "inf":
        return "inf"
    try:
        count = int(str(value))
    except ValueError:
        count = 0
    if not 1 <= count <= MAX_FILTERS:
        raise ValueError(f"inf, or a whole number from 1 to {MAX_FILTERS}")
    return count


FilterCount = Annotated[int | Literal["inf"], BeforeValidator(_filter_count)]


def default_n_fft(sample_rate: int) -> int:
    """Window length that is nearest to the papers' 93 ms: a power of two, in samples."""
    return int(2 ** round(math.log2(REFERENCE_N_FFT * sample_rate / REFERENCE_RATE)))


class MethodSettings(Settings):
    """What all methods have in common."""

    title: ClassVar[str] = ""
    paper: ClassVar[str] = ""

    max_iterations: int = setting(100, "Most steps of the optimizer for a segment.", ge=0, le=100_000)
    content_weight: float = setting(0.1, "Pull toward the content; 0 makes a texture.", ge=0, le=1e6)
    style_weight: float = setting(1.0, "Pull toward the style.", ge=0, le=1e6)
    n_fft: int | None = setting(
        None,
        "Window of the spectrum; empty follows the rate (93 ms).",
        unit="samples",
        ge=64,
        le=32_768,
        multiple_of=2,
    )
    hop_length: int | None = setting(
        None, "Step between windows; empty is a quarter of n_fft.", unit="samples", ge=16, le=16_384
    )

    def geometry(self, sample_rate: int) -> tuple[int, int]:
        """Window and hop in samples at `sample_rate` Hz; a UsageError if they do not fit together."""
        n_fft = self.n_fft or default_n_fft(sample_rate)
        return n_fft, self.checked_hop(n_fft, self.hop_length or n_fft // 4)

    def geometry_like(self, sample_rate: int, known: tuple[int, int, int]) -> tuple[int, int]:
        """Window and hop in samples, as long in seconds as a known (sample rate, n_fft, hop_length)."""
        known_rate, known_n_fft, known_hop = known
        n_fft = self.n_fft or 2 * round(known_n_fft * sample_rate / known_rate / 2)
        return n_fft, self.checked_hop(n_fft, self.hop_length or round(known_hop * n_fft / known_n_fft))

    @staticmethod
    def checked_hop(n_fft: int, hop_length: int) -> int:
        """Give the hop; a UsageError if it is over half of the window."""
        if hop_length * 2 > n_fft:
            raise UsageError(f"hop_length={hop_length} must be at most half of n_fft={n_fft}")
        return hop_length

    def at_quality(self, quality: Quality) -> int:
        """Steps of the optimizer at a quality: 0.3, 1 or 3 times `max_iterations`."""
        return round(self.max_iterations * QUALITY_FACTORS[quality])
