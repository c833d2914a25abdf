"""`nast-fx render`: style a recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nast_fx.cli.fields import field_option
from nast_fx.cli.jobs import Job, make_jobs, run_jobs
from nast_fx.cli.options import PLACE, SOUND, JobOptions, takes
from nast_fx.errors import UsageError
from nast_fx.models import RenderPlan, RenderRequest, parse_snippet, parse_style

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

    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="Recording to style.")]
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
            styles=tuple(parse_style(text) for text in self.style),
            start_seconds=start,
            length_seconds=length,
        )


@app.command(epilog=EPILOG)
@takes(RenderOptions)
def render(options: RenderOptions) -> None:
    """Style a recording with the sound of one or several others.

    The result has the content's length, rate and channels.
    """
    run_jobs(options.jobs(), options)
