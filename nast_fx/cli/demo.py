"""`nast-fx demo`: everything once, with the program's own sounds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nast_fx.cli.console import reporter_for, write_out
from nast_fx.cli.options import ReportingOptions
from nast_fx.cli.parameters import takes
from nast_fx.cli.tables import write_table

__all__ = ["app"]

app = typer.Typer(add_completion=False)

LISTEN = {
    "song": "the content: a short song, as it was",
    "style": "the style: only its sound is taken, none of its notes",
    "styled": "the result: the same notes and beat, in the sound of the style",
    "texture": "the style alone, made anew: no second of it is in the recording",
    "report": "figures and spectrograms; open it in a browser",
}


@dataclass(frozen=True, kw_only=True)
class DemoOptions(ReportingOptions):
    """What `demo` takes."""

    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the files.", show_default=True)
    ] = Path("nast-fx-demo")


@app.command()
@takes(DemoOptions)
def demo(options: DemoOptions) -> None:
    """Render a demonstration from the program's own sounds, and say what to listen for.

    It takes about a minute on two cores. A second run replaces its own files.
    """
    from nast_fx.studies.demo import demo as steps

    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    made = reporter.follow(steps(options.output))
    for text in made.styled.notes:
        reporter.note(text)
    files = {name: path.resolve() for name, path in made.files.items()}
    if options.json:
        seconds = made.styled.seconds + made.texture.seconds
        fields = {"files": files, "seconds": seconds, **made.evaluation.as_dict()}
        reporter.result(fields, line="", summary="")
        return
    write_table(("", ""), [(str(path), LISTEN[name]) for name, path in files.items()])
    if options.quiet:
        return
    output, content = made.evaluation.output, made.evaluation.content
    write_out("")
    if output.style_residual is not None and output.onset_agreement is not None:
        write_out(
            f"Of the way to the style {100 * (1 - output.style_residual):.0f} % was gone "
            f"(untouched: {100 * (1 - (content.style_residual or 1)):.0f} %), with "
            f"{100 * output.onset_agreement:.0f} % of the onsets kept."
        )
    write_out("Next: nast-fx render YOUR_TRACK --style YOUR_SOUND --quality draft --snippet 30:10")
