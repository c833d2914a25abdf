"""`nast-fx render`: style a recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nast_fx.cli.content import INSTRUMENT, MIDI, SNIPPET, TIME_REFERENCE, snippet_values
from nast_fx.cli.jobs import Job, make_jobs, run_jobs
from nast_fx.cli.options import OUTPUT, JobOptions
from nast_fx.cli.parameters import takes
from nast_fx.cli.style_options import StyleOptions
from nast_fx.models import RenderRequest

__all__ = ["app"]

app = typer.Typer(add_completion=False)

EPILOG = (
    "Without --out the result is STEM.styled.EXT beside the content. Examples: "
    "nast-fx render song.wav --style rain.wav --quality draft --snippet 30:10; "
    "nast-fx render song.wav --style rain.wav --preset subtle-glue --amount 0.3; "
    "nast-fx render song.wav --style bells.flac@5:20=2 --style rain.wav --amount 0.7 -o out.flac"
)


@dataclass(frozen=True, kw_only=True)
class RenderOptions(StyleOptions, JobOptions):
    """What `render` takes."""

    content: Annotated[
        Path,
        typer.Argument(
            metavar="CONTENT", help="Recording to style, or a score (.mid) that --instrument plays."
        ),
    ]
    midi: Annotated[Path | None, MIDI] = None
    instrument: Annotated[Path | None, INSTRUMENT] = None
    export_midi: Annotated[
        Path | None,
        typer.Option(
            "--export-midi",
            metavar="FILE.mid",
            help="Write tempo, keys, segments and the result's loudness as a MIDI file.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    save_preset: Annotated[
        Path | None,
        typer.Option(
            "--save-preset",
            metavar="FILE.toml",
            help="Write the settings, as they were in effect, as a preset.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    snippet: Annotated[str | None, SNIPPET] = None
    time_reference_seconds: Annotated[str | None, TIME_REFERENCE] = None

    def jobs(self) -> list[Job]:
        """Make the requests, one a variation."""
        return make_jobs(
            self,
            RenderRequest,
            content=self.content,
            midi=self.midi,
            instrument=self.instrument,
            time_reference_seconds=self.time_reference_seconds,
            **self.style_values(),
            **snippet_values(self.snippet),
        )


@app.command(epilog=EPILOG)
@takes(RenderOptions)
def render(options: RenderOptions) -> None:
    """Style a recording with the sound of one or several others.

    The result has the content's length (longer by --tail), rate and channels.
    """
    run_jobs(options.jobs(), options)
