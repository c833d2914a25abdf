"""`nast-fx reproduce`: the papers' experiments, measured again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.console import Reporter, reporter_for
from nast_fx.cli.options import ReportingOptions
from nast_fx.cli.parameters import takes
from nast_fx.cli.tables import write_table
from nast_fx.errors import NastFxError, UsageError

if TYPE_CHECKING:
    from nast_fx.audio import Audio
    from nast_fx.reproductions.base import Reproduction, Setup

__all__ = ["app"]

app = typer.Typer(add_completion=False)

LIST, ALL = "list", "all"
LONGEST_SECONDS = 30.0  # of a user's own file


@dataclass(frozen=True, kw_only=True)
class ReproduceOptions(ReportingOptions):
    """What `reproduce` takes."""

    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...", help="Names of reproductions, 'all', or 'list' to see which there are."
        ),
    ]
    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the files.", show_default=True)
    ] = Path("nast-fx-reproductions")
    full: Annotated[
        bool, typer.Option("--full/--quick", help="The papers' sizes (hours), or minutes on two cores.")
    ] = False
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of every random draw.")] = 0
    content: Annotated[
        Path | None, typer.Option("--content", metavar="FILE", help="Your own content, where one is taken.")
    ] = None
    style: Annotated[
        Path | None, typer.Option("--style", metavar="FILE", help="Your own style, where one is taken.")
    ] = None
    audio: Annotated[bool, typer.Option("--audio", help="Write what is made as WAV files too.")] = False


@app.command()
@takes(ReproduceOptions)
def reproduce(options: ReproduceOptions) -> None:
    """Measure the claims of the papers again, and write pages, tables and pictures.

    Each reproduction writes NAME.md, NAME.csv, NAME.json and images; reproductions.md holds the verdicts
    of all that were run into the folder.
    """
    from nast_fx.reproductions import REPRODUCTIONS, find_reproduction
    from nast_fx.reproductions.output import OVERVIEW, prepare_folder

    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    if options.verbose:
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    if options.names == [LIST]:
        _list([find_reproduction(name) for name in REPRODUCTIONS], reporter, as_json=options.json)
        return
    names = list(REPRODUCTIONS) if ALL in options.names else list(dict.fromkeys(options.names))
    chosen = [find_reproduction(name) for name in names]
    setup = _setup(options, chosen)
    prepare_folder(options.output, names)
    failed = [error for one in chosen if (error := _run(one, setup, options, reporter, len(chosen)))]
    if not options.json:
        reporter.note(f"The page is in {options.output / OVERVIEW}.")
    if failed:
        raise _SomeFailedError(f"{len(failed)} of {len(chosen)} failed; the first: {failed[0]}")


class _SomeFailedError(NastFxError):
    exit_code = 3


def _run(
    one: Reproduction, setup: Setup, options: ReproduceOptions, reporter: Reporter, n_chosen: int
) -> NastFxError | None:
    """Run one; what ends it is raised if it was the only one, and else noted and given back."""
    from nast_fx.reproductions.output import reproduce as steps

    try:
        made = reporter.follow(steps(one, setup, options.output, keep_sounds=options.audio), title=one.name)
    except NastFxError as error:
        if n_chosen == 1:
            raise
        reporter.note(f"{one.name}: {error}")
        return error
    reporter.result(
        {
            "name": one.name,
            "files": {name: path.resolve() for name, path in made.files.items()},
            "seconds": made.seconds,
            "findings": [
                {"claim": found.claim.text, "ours": found.ours, "verdict": found.verdict.value}
                for found in made.findings
            ],
        },
        line=str(made.files["page"]),
        summary="\n".join(f"{one.name}: {found.claim.text} {found.sentence}" for found in made.findings),
    )
    return None


def _setup(options: ReproduceOptions, chosen: list[Reproduction]) -> Setup:
    from nast_fx.audio import load_audio
    from nast_fx.reproductions.base import Setup

    files: dict[str, Audio] = {}
    for role, path in (("content", options.content), ("style", options.style)):
        if path is None:
            continue
        refusing = [one.name for one in chosen if role not in one.takes]
        if refusing:
            raise UsageError(f"--{role} {path} must be left out: {', '.join(refusing)} makes its own sounds")
        files[role] = load_audio(path, 0.0, LONGEST_SECONDS)
    return Setup("full" if options.full else "quick", options.seed, files)


def _list(known: list[Reproduction], reporter: Reporter, *, as_json: bool) -> None:
    if as_json:
        heads = [{"name": one.name, "title": one.title, "paper": one.paper} for one in known]
        reporter.result({"reproductions": heads}, line="", summary="")
        return
    write_table(
        ("reproduction", "what is measured", "source"), [(one.name, one.title, one.paper) for one in known]
    )
