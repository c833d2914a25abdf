"""`nast-fx bench`: speed and quality on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nast_fx.cli.console import reporter_for
from nast_fx.cli.options import ReportingOptions
from nast_fx.cli.parameters import takes
from nast_fx.errors import UsageError
from nast_fx.progress import Steps

__all__ = ["app"]

app = typer.Typer(add_completion=False)

FOLDER = Path("docs")
PAGES = {"quality": "results.md", "key": "key.md", "styles": "style-figures.md"}


@dataclass(frozen=True, kw_only=True)
class BenchOptions(ReportingOptions):
    """What `bench` takes."""

    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Against 100 iterations of the finite network, not 300; with --quality, published methods"
            " only where they were rendered before.",
        ),
    ] = False
    quality: Annotated[
        bool,
        typer.Option("--quality", help="How good the default is on real recordings, instead of how fast."),
    ] = False
    key: Annotated[
        bool,
        typer.Option("--key", help="How well keys are found, on scores that it renders and on real tracks."),
    ] = False
    styles: Annotated[
        bool,
        typer.Option(
            "--styles", help="How near portable styles come to their recordings, and what they cost."
        ),
    ] = False
    output: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE.md",
            help="Page to write; by default one of its own name in the folder docs.",
        ),
    ] = None


@app.command()
@takes(BenchOptions)
def bench(options: BenchOptions) -> None:
    """Measure speed and quality on this machine, and print the page."""
    from nast_fx.audio.atomic import check_place

    asked = {name: page for name, page in PAGES.items() if getattr(options, name)}
    if len(asked) > 1:
        names = " and ".join(f"--{name}" for name in asked)
        raise UsageError(f"{names} are {len(asked)} pages: give one of them")
    page_name = next(iter(asked.values()), "benchmarks.md")
    output = options.output or (FOLDER / page_name if FOLDER.is_dir() else None)
    if output is not None:
        check_place(output)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    page = reporter.follow(_steps(options, output))
    reporter.result({"output": output, "page": page}, line=page.rstrip("\n"), summary="")
    if output is not None and not options.json:
        reporter.note(f"The page is in {output}.")


def _steps(options: BenchOptions, output: Path | None) -> Steps[str]:
    if options.quality:
        from nast_fx.studies.results import results

        return results(output, quick=options.quick)
    if options.key:
        from nast_fx.studies.key_bench import key_bench

        return key_bench(output)
    if options.styles:
        from nast_fx.studies.style_bench import style_bench

        return style_bench(output)
    from nast_fx.studies.bench import bench as run_bench

    return run_bench(quick=options.quick, output=output)
