"""A whole render as data: what the command line, the worker and a batch hand to the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from nast_fx.models.base import Settings, setting
from nast_fx.models.plan import RenderPlan
from nast_fx.models.style import StyleReference
from nast_fx.models.tracking import Tracking

__all__ = ["MAX_LOOP_SECONDS", "ChainRequest", "Overwrite", "RenderRequest", "TextureRequest"]

Overwrite = Literal["fail", "skip", "rename", "overwrite"]
MAX_LOOP_SECONDS = 120.0  # a loop is made in one piece


class _Writing(Settings):
    output: Path | None = setting(None, "File to write; empty is a name beside the input.")
    format: str | None = setting(None, "Container of the result; empty follows the output's name.")
    bits: str | None = setting(None, "Bit depth of the result: 16, 24 or 32f.")
    overwrite: Overwrite = setting("fail", "What to do if the output is there already.")
    variation: int | None = setting(None, "Number that goes into the output's name.", ge=1)


class ChainRequest(_Writing):
    """Run one file through a chain of effects."""

    content: Path = setting(..., "File to process.")
    chain: Path = setting(..., "Chain file.")
    tail_seconds: float = setting(
        0.0, "How much longer the result is, for what rings on.", unit="s", ge=0, le=600
    )

    @property
    def inputs(self) -> tuple[Path, ...]:
        """All files that are read; the content first."""
        return (self.content, self.chain)


class _Request(_Writing):
    styles: tuple[StyleReference, ...] = setting(..., "Reference recordings.", min_length=1)
    method: str = setting("infinite", "Name of the method.")
    settings: dict[str, Any] = setting({}, "The method's own settings.")
    plan: RenderPlan = setting(RenderPlan(), "Segments, stereo, mix, seed, device.")
    tracking: Tracking = setting(Tracking(), "Loudness and key.")


class RenderRequest(_Request):
    """Style one file."""

    @property
    def inputs(self) -> tuple[Path, ...]:
        """All files that are read; the content first."""
        beside = (path for path in (self.midi, self.instrument) if path is not None)
        return (self.content, *(style.path for style in self.styles), *beside)

    content: Path = setting(..., "File to style: a recording, or a score with an instrument.")
    midi: Path | None = setting(
        None, "Score beside the content: tempo, keys, markers and controllers are read from it."
    )
    instrument: Path | None = setting(None, "Soundfont that plays a content that is a score.")
    start_seconds: float = setting(0.0, "Where the rendered part begins.", unit="s", ge=0)
    length_seconds: float | None = setting(None, "Length of the rendered part; empty is to the end.", gt=0)


class TextureRequest(_Request):
    """Make a texture of a given length from a style alone."""

    @property
    def inputs(self) -> tuple[Path, ...]:
        """All files that are read."""
        return tuple(style.path for style in self.styles)

    duration_seconds: float = setting(..., "Length of the texture.", unit="s", gt=0, le=86_400)
