"""A whole render as data: what the command line, the worker and a batch hand to the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from nast_fx.models.base import Settings, setting
from nast_fx.models.chain import ChainSpec
from nast_fx.models.chain_walk import file_names, slot_places
from nast_fx.models.plan import RenderPlan
from nast_fx.models.style import StyleReference
from nast_fx.models.tracking import Tracking

__all__ = [
    "MAX_LOOP_SECONDS",
    "AnalyzeRequest",
    "ChainRequest",
    "ContentRequest",
    "ExampleRequest",
    "Overwrite",
    "RenderRequest",
    "TextureRequest",
    "WaitRequest",
]

Overwrite = Literal["fail", "skip", "rename", "overwrite"]
MAX_LOOP_SECONDS = 120.0  # a loop is made in one piece


class _Writing(Settings):
    output: Path | None = setting(None, "File to write; empty is a name beside the input.")
    format: str | None = setting(None, "Container of the result; empty follows the output's name.")
    bits: str | None = setting(None, "Bit depth of the result: 16, 24 or 32f.")
    overwrite: Overwrite = setting("fail", "What to do if the output is there already.")
    variation: int | None = setting(None, "Number that goes into the output's name.", ge=1)


class ContentRequest(_Writing):
    """A content, what plays it or stands beside it, and a chain that it passes."""

    content: Path = setting(..., "File to process: a recording, or a score with an instrument.")
    midi: Path | None = setting(
        None, "Score beside the content: tempo, keys, markers and controllers are read from it."
    )
    instrument: Path | None = setting(
        None, "What plays a content that is a score: a soundfont, or a plugin (.vst3, .component)."
    )
    start_seconds: float = setting(0.0, "Where the part begins that is rendered.", unit="s", ge=0)
    length_seconds: float | None = setting(None, "Length of the rendered part; empty is to the end.", gt=0)
    tail_seconds: float = setting(
        0.0, "How much longer the result is, for what rings on in a chain.", unit="s", ge=0, le=600
    )
    time_reference_seconds: float | None = setting(
        None,
        "Where the content begins on a timeline, for the bext chunk of a WAV; empty keeps its own.",
        unit="s",
        ge=0,
        le=1e6,
    )
    chain: ChainSpec = setting(
        ChainSpec(), "Effects from first to last; without a style slot, the style comes after them."
    )
    chain_file: Path | None = setting(
        None, "File that the chain was read from; relative names in it start from its folder."
    )

    @property
    def inputs(self) -> tuple[Path, ...]:
        """All files that are read; the content first."""
        beside = (self.midi, self.instrument, self.chain_file)
        return (self.content, *(path for path in beside if path is not None), *self.chain_inputs)

    @property
    def chain_inputs(self) -> tuple[Path, ...]:
        """Files that the chain reads."""
        folder = self.chain_folder or Path()
        names = [name for _, slot in slot_places(self.chain.slots) for name in file_names(slot).values()]
        return tuple(folder / Path(name).expanduser() for name in names)

    @property
    def chain_folder(self) -> Path | None:
        """Where relative names in the chain start."""
        return None if self.chain_file is None else self.chain_file.resolve().parent


class ChainRequest(ContentRequest):
    """Run one file through a chain of effects."""


class _Request(_Writing):
    styles: tuple[StyleReference, ...] = setting(..., "Reference recordings.", min_length=1)
    method: str = setting("infinite", "Name of the method.")
    settings: dict[str, Any] = setting({}, "The method's own settings.")
    plan: RenderPlan = setting(RenderPlan(), "Segments, stereo, mix, seed, device.")
    tracking: Tracking = setting(Tracking(), "Loudness and key.")


class RenderRequest(_Request, ContentRequest):
    """Style one file."""

    mix: Path | None = setting(
        None,
        "Mix that the content is a stem of: key, tempo, length and the gain to a loudness are the mix's.",
    )

    @property
    def inputs(self) -> tuple[Path, ...]:
        """All files that are read; the content first."""
        content, *beside = super().inputs
        mix = () if self.mix is None else (self.mix,)
        return (content, *(style.path for style in self.styles), *beside, *mix)


class TextureRequest(_Request):
    """Make a texture of a given length from a style alone."""

    @property
    def inputs(self) -> tuple[Path, ...]:
        """All files that are read."""
        return tuple(style.path for style in self.styles)

    duration_seconds: float = setting(..., "Length of the texture.", unit="s", gt=0, le=86_400)


class AnalyzeRequest(Settings):
    """Find loudness, key and tempo of one file."""

    content: Path = setting(..., "Recording to listen to.")


class ExampleRequest(Settings):
    """Make a content and a style to try the program with."""

    folder: Path = setting(..., "Where to put both files; what is there already is not made again.")


class WaitRequest(Settings):
    """Do nothing for a while: what a connection or a queue costs by itself."""

    seconds: float = setting(0.0, "How long.", unit="s", ge=0, le=3600)
