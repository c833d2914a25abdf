"""`nast-fx bench`: speed and quality on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nast_fx.cli.console import reporter_for
from nast_fx.cli.options import ReportingOptions, takes

__all__ = ["app"]

app = typer.Typer(add_completion=False)

PAGE = Path("docs") / "benchmarks.md"


@dataclass(frozen=True, kw_only=True)
class BenchOptions(ReportingOptions):
    """What `bench` takes."""

    quick: Annotated[bool, typer.Option("--quick", help="Three pairs of recordings, not six.")] = False
    output: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE.md",
            help="Page to write; by default docs/benchmarks.md where there is a folder docs.",
        ),
    ] = None


@app.command()
@takes(BenchOptions)
def bench(options: BenchOptions) -> None:
    """Measure speed and quality on this machine, and print the page."""
    from nast_fx.audio.atomic import check_place
    from nast_fx.studies.bench import bench as run_bench

    output = options.output or (PAGE if PAGE.parent.is_dir() else None)
    if output is not None:
        check_place(output)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    page = reporter.follow(run_bench(quick=options.quick, output=output))
    reporter.result({"output": output, "page": page}, line=page.rstrip("\n"), summary="")
    if output is not None and not options.json:
        reporter.note(f"The page is in {output}.")
