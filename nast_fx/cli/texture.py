"""`nast-fx texture`: a texture of any length from recordings alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from nast_fx.cli.fields import field_option
from nast_fx.cli.jobs import Job, make_jobs, run_jobs
from nast_fx.cli.options import PLACE, SOUND, JobOptions
from nast_fx.cli.parameters import takes
from nast_fx.errors import UsageError
from nast_fx.models import TextureRequest, parse_style

__all__ = ["app"]

app = typer.Typer(add_completion=False)

EPILOG = (
    "Without --out the result is STEM.texture.EXT beside the first style. Examples: "
    "nast-fx texture rain.wav --duration 60; nast-fx texture rain.wav bells.wav=0.5 --duration 8 --loop"
)


@dataclass(frozen=True, kw_only=True)
class TextureOptions(JobOptions):
    """What `texture` takes."""

    recordings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STYLE...",
            help="Recordings whose sound is taken, as FILE\\[@START:LENGTH]\\[=WEIGHT]; several are blended.",
        ),
    ] = None
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style", "-s", metavar="STYLE", help="Another way to name recordings.", rich_help_panel=SOUND
        ),
    ] = None
    duration_seconds: Annotated[
        str,
        field_option("--duration", model=TextureRequest, field="duration_seconds", panel=PLACE, metavar="S"),
    ]
    loop: Annotated[
        bool | None,
        typer.Option(
            "--loop/--no-loop",
            help="The end runs into the beginning without a seam.",
            show_default=False,
            rich_help_panel=PLACE,
        ),
    ] = None

    def jobs(self) -> list[Job]:
        """Make the requests, one a variation."""
        texts = [*(self.recordings or []), *(self.style or [])]
        if (self.segment_seconds or "").lower().startswith(("beats", "markers")):
            raise UsageError(
                f"--segment {self.segment_seconds}: a texture has no beats and no markers to cut at"
            )
        given = {"styles": tuple(parse_style(text) for text in texts)} if texts else {}
        return make_jobs(self, TextureRequest, duration_seconds=self.duration_seconds, **given)


@app.command(epilog=EPILOG)
@takes(TextureOptions)
def texture(options: TextureOptions) -> None:
    """Make a texture of any length from the sound of one or several recordings."""
    run_jobs(options.jobs(), options)
