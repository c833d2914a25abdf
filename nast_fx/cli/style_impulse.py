"""`nast-fx style export-ir`: the linear part of a style, for any convolver."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nast_fx.cli.console import reporter_for
from nast_fx.cli.fields import field_option
from nast_fx.cli.options import OUTPUT, SOUND, ReportingOptions
from nast_fx.cli.parameters import checked, option_names
from nast_fx.errors import UsageError
from nast_fx.models import StyleReference, parse_style
from nast_fx.models.impulse import ImpulseSettings

__all__ = ["ImpulseOptions", "export_impulse"]


@dataclass(frozen=True, kw_only=True)
class ImpulseOptions(ReportingOptions):
    """What `style export-ir` takes."""

    style: Annotated[
        str,
        typer.Argument(
            metavar="STYLE",
            help="A style's name or file, or a recording as FILE\\[@START:LENGTH].",
        ),
    ]
    output: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE.wav", help="File to write, 32 bit float.", rich_help_panel=OUTPUT
        ),
    ]
    content: Annotated[
        str | None,
        typer.Option(
            "--content",
            metavar="FILE",
            help="Track that it is made for, as FILE\\[@START:LENGTH]; without one it fits a sound that is "
            "pink, which falls by 3 dB an octave.",
            rich_help_panel=SOUND,
        ),
    ] = None
    sample_rate: Annotated[
        str | None,
        field_option("--rate", model=ImpulseSettings, field="sample_rate", panel=OUTPUT, metavar="HZ"),
    ] = None
    length_seconds: Annotated[
        str | None,
        field_option("--length", model=ImpulseSettings, field="length_seconds", panel=OUTPUT, metavar="S"),
    ] = None
    phase: Annotated[
        str | None, field_option("--phase", model=ImpulseSettings, field="phase", panel=SOUND)
    ] = None
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.", rich_help_panel=OUTPUT)
    ] = False

    @property
    def settings(self) -> ImpulseSettings:
        """Check what is said of the response."""
        names = ImpulseSettings.model_fields
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        return checked(ImpulseSettings, given, names=option_names(type(self)))


def export_impulse(options: ImpulseOptions) -> None:
    """Write the linear part of a style as an impulse response, which any convolver plays in real time.

    It gives a track the style's long-term spectrum, as a match-EQ does: no texture, no rhythm.
    """
    from nast_fx.audio import check_writable, save_audio
    from nast_fx.audio.output_names import claim
    from nast_fx.evaluate.impulse import style_impulse
    from nast_fx.models.output import OutputFormat

    settings, style = options.settings, _reference(options.style)
    content = None if options.content is None else _reference(options.content)
    path = options.output
    if path.suffix.lower() != ".wav":
        raise UsageError(f"--out {path}: an impulse response is a WAV; give a name that ends in .wav")
    claim(path, [one.path for one in (style, content) if one], replace=options.overwrite)
    check_writable(path, OutputFormat(container="wav", bits="32f"), 48_000, 1, overwrite=options.overwrite)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    made = reporter.follow(style_impulse(style, content, settings))
    save_audio(path, made, bits="32f", overwrite=options.overwrite)
    fields = {
        "output": path,
        "style": style.path,
        "content": None if content is None else content.path,
        "sample_rate": made.sample_rate,
        "frames": made.n_frames,
        "phase": settings.phase,
        "latency": made.n_frames // 2 if settings.phase == "linear" else 0,
    }
    seconds = made.n_frames / made.sample_rate
    towards = "a pink sound" if content is None else content.path.name
    summary = (
        f"{seconds:.3f} s at {made.sample_rate} Hz, {settings.phase} phase: from {towards} to {style.path}"
    )
    reporter.result(fields, line=str(path), summary=summary)


def _reference(text: str) -> StyleReference:
    reference = parse_style(text)
    if reference.weight != 1:
        raise UsageError(f"{text}: one sound alone has no weight; leave ={reference.weight:g} out")
    return reference
