"""`nast-fx render`: style a recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nast_fx.cli.content import INSTRUMENT, MIDI, SCORE, TAIL, chain_values
from nast_fx.cli.fields import field_option
from nast_fx.cli.jobs import Job, make_jobs, run_jobs
from nast_fx.cli.options import OUTPUT, PLACE, SOUND, TRACKING, JobOptions
from nast_fx.cli.parameters import takes
from nast_fx.errors import UsageError
from nast_fx.models import RenderPlan, RenderRequest, Tracking, parse_snippet, parse_style

__all__ = ["app"]

app = typer.Typer(add_completion=False)

EPILOG = (
    "Without --out the result is STEM.styled.EXT beside the content. Examples: "
    "nast-fx render song.wav --style rain.wav --quality draft --snippet 30:10; "
    "nast-fx render song.wav --style bells.flac@5:20=2 --style rain.wav --amount 0.7 -o out.flac"
)


@dataclass(frozen=True, kw_only=True)
class RenderOptions(JobOptions):
    """What `render` takes."""

    content: Annotated[
        Path,
        typer.Argument(
            metavar="CONTENT", help="Recording to style, or a score (.mid) that --instrument plays."
        ),
    ]
    style: Annotated[
        list[str],
        typer.Option(
            "--style",
            "-s",
            metavar="FILE",
            help="Recording to take the sound of, as FILE\\[@START:LENGTH]\\[=WEIGHT]; several are blended.",
            rich_help_panel=SOUND,
        ),
    ]
    amount: Annotated[
        str | None, field_option("--amount", model=RenderPlan, field="amount", panel=SOUND, metavar="0..1")
    ] = None
    follow: Annotated[
        str | None, field_option("--follow", model=RenderPlan, field="follow", panel=SOUND, metavar="0..1")
    ] = None
    strength: Annotated[
        str | None,
        field_option("--strength", model=RenderPlan, field="strength", panel=SOUND, metavar="0..1"),
    ] = None
    loudness_follow: Annotated[
        str | None,
        field_option(
            "--loudness-follow", model=Tracking, field="loudness_follow", panel=TRACKING, metavar="0..1"
        ),
    ] = None
    gate: Annotated[
        str | None, field_option("--gate", model=Tracking, field="gate", panel=TRACKING, metavar="LU")
    ] = None
    chain: Annotated[
        Path | None,
        typer.Option(
            "--chain",
            "-c",
            metavar="CHAIN",
            help="Chain file: effects before and after the style. See nast-fx chain.",
            rich_help_panel=SOUND,
        ),
    ] = None
    tail_seconds: Annotated[str, TAIL] = "0"
    midi: Annotated[Path | None, MIDI] = None
    instrument: Annotated[Path | None, INSTRUMENT] = None
    amount_controller: Annotated[
        str | None,
        field_option(
            "--amount-controller", model=Tracking, field="amount_controller", panel=SCORE, metavar="CC"
        ),
    ] = None
    strength_controller: Annotated[
        str | None,
        field_option(
            "--strength-controller", model=Tracking, field="strength_controller", panel=SCORE, metavar="CC"
        ),
    ] = None
    export_midi: Annotated[
        Path | None,
        typer.Option(
            "--export-midi",
            metavar="FILE.mid",
            help="Write tempo, keys, segments and the result's loudness as a MIDI file.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    snippet: Annotated[
        str | None,
        typer.Option(
            "--snippet",
            metavar="START:LENGTH",
            help="Only this part of the content, in seconds: 30:10 is ten seconds from 0:30 on.",
            rich_help_panel=PLACE,
        ),
    ] = None

    def jobs(self) -> list[Job]:
        """Make the requests, one a variation."""
        start, length = 0.0, None
        if self.snippet is not None:
            try:
                start, length = parse_snippet(self.snippet)
            except UsageError as error:
                raise UsageError(f"--snippet: {error}") from None
        return make_jobs(
            self,
            RenderRequest,
            content=self.content,
            midi=self.midi,
            instrument=self.instrument,
            tail_seconds=self.tail_seconds,
            **chain_values(self.chain),
            styles=tuple(parse_style(text) for text in self.style),
            start_seconds=start,
            length_seconds=length,
        )


@app.command(epilog=EPILOG)
@takes(RenderOptions)
def render(options: RenderOptions) -> None:
    """Style a recording with the sound of one or several others.

    The result has the content's length (longer by --tail), rate and channels.
    """
    run_jobs(options.jobs(), options)
