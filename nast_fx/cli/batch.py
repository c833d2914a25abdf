"""`nast-fx batch`: folders of recordings."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.console import Reporter, reporter_for
from nast_fx.cli.options import RUN
from nast_fx.cli.parameters import checked, option_names, takes
from nast_fx.cli.queue_options import INPUT, QueueOptions
from nast_fx.errors import AudioFileError, CancelledError, NothingToDoError, UsageError
from nast_fx.models.queue import QueueLimits

if TYPE_CHECKING:
    from nast_fx.jobs.find import Found
    from nast_fx.jobs.journal import Journal
    from nast_fx.jobs.recipe import Plan

__all__ = ["app"]

app = typer.Typer(add_completion=False)

EPILOG = (
    "What is done already is skipped: the same command goes on where it was broken off. Examples: "
    "nast-fx batch stems -o out --style rain.wav --recursive -j 4; "
    "nast-fx batch loops -o tries --style bells.flac --sweep strength=0.3,0.6,1; nast-fx batch --resume"
)
MOST_NOTES = 5


@dataclass(frozen=True, kw_only=True)
class BatchOptions(QueueOptions):
    """What `batch` takes."""

    inputs: Annotated[
        list[Path] | None, typer.Argument(metavar="IN...", help="Recordings, and folders of them.")
    ] = None
    recursive: Annotated[
        bool,
        typer.Option("--recursive", "-r", help="Folders in folders too.", rich_help_panel=INPUT),
    ] = False
    include: Annotated[
        list[str] | None,
        typer.Option(
            "--include", metavar="GLOB", help="Of folders only such files: *.wav.", rich_help_panel=INPUT
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="GLOB", help="Of folders not such files.", rich_help_panel=INPUT),
    ] = None
    stems: Annotated[
        bool,
        typer.Option(
            "--stems",
            help="The files are stems of one mix: they get one key, tempo, length and gain; the mix is "
            "styled too, and it is checked that the results sum to it.",
            rich_help_panel=INPUT,
        ),
    ] = False
    mix: Annotated[
        Path | None,
        typer.Option(
            "--mix", metavar="FILE", help="The mix of the stems; their sum by default.", rich_help_panel=INPUT
        ),
    ] = None
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the last batch that was broken off (of FOLDER), with its own options; with IN "
            "it is what the command does anyway.",
            rich_help_panel=RUN,
        ),
    ] = False


@app.command(epilog=EPILOG)
@takes(BatchOptions)
def batch(options: BatchOptions) -> None:
    """Style many recordings; what fails does not stop the rest.

    Exit code 3 if some failed, 4 if all is there already.
    """
    from nast_fx.jobs.journal import Journal

    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    with Journal() as journal:
        if options.resume and not options.inputs:
            _go_on(options, journal, reporter)
        else:
            _begin(options, journal, reporter)


def _begin(options: BatchOptions, journal: Journal, reporter: Reporter) -> None:
    from nast_fx.jobs.plan import plan_batch
    from nast_fx.jobs.stems import stem_mix

    if not options.inputs:
        raise UsageError("IN is missing; see nast-fx batch --help")
    if options.mix is not None and not options.stems:
        raise UsageError("--mix is for --stems")
    naming, limits = options.naming(), options.limits()
    jobs = options.jobs(options.inputs[0])
    recipes = options.recipes(jobs)
    for text in (text for job in jobs for text in job.notes):
        reporter.note(text)
    beside = recipes[0].request.inputs[1:]
    found = _found(options, journal, beside if options.mix is None else (*beside, options.mix))
    for number, (path, reason) in enumerate(found.passed_over.items()):
        if number < MOST_NOTES or options.verbose:
            reporter.note(f"{path} is passed over: {reason}.")
    if (more := len(found.passed_over) - MOST_NOTES) > 0 and not options.verbose:
        reporter.note(f"{more} more files are passed over; --verbose names them.")
    if not found.contents:
        raise NothingToDoError(f"nothing to do: there is no audio in {', '.join(map(str, options.inputs))}")
    mix = None
    if options.stems:
        mix = reporter.follow(stem_mix(found.contents, options.mix, journal.digest))
    plan = reporter.follow(plan_batch(found.contents, recipes, naming, journal, mix=mix))
    _run(plan, options, naming.root, limits, journal, reporter, found)


def _go_on(options: BatchOptions, journal: Journal, reporter: Reporter) -> None:
    from nast_fx.jobs.plan import plan_rest
    from nast_fx.jobs.stem_group import StemGroup

    where = f" into {options.output}" if options.output else ""
    found = journal.unfinished(options.output)
    if found is None:
        raise NothingToDoError(f"nothing to do: no batch{where} was broken off")
    settings, tasks = found
    root = Path(settings.pop("root"))
    if any(task.request.mix is not None and not task.request.mix.exists() for task in tasks):
        raise AudioFileError("the mix of these stems is gone; give the batch's whole command again")
    groups = [StemGroup.from_dict(values) for values in settings.pop("stems", [])]
    reporter.note(f"Going on with {len(tasks)} files of {root}.")
    limits = checked(QueueLimits, settings | options._given(QueueLimits), names=option_names(BatchOptions))
    plan = plan_rest(tasks, journal)
    plan.groups = groups
    _run(plan, options, root, limits, journal, reporter, None)


def _found(options: BatchOptions, journal: Journal, beside: tuple[Path, ...]) -> Found:
    """Find the contents, without what earlier batches have made where they are."""
    from nast_fx.jobs.find import Selection, find_contents
    from nast_fx.jobs.made import without_made

    inputs = options.inputs or []
    selection = Selection(options.recursive, tuple(options.include or ()), tuple(options.exclude or ()))
    plays_scores = options.instrument is not None
    found = find_contents(inputs, selection, output=options.root, beside=beside, plays_scores=plays_scores)
    return without_made(found, inputs, journal)


def _run(
    plan: Plan,
    options: BatchOptions,
    root: Path,
    limits: QueueLimits,
    journal: Journal,
    reporter: Reporter,
    found: Found | None,
) -> None:
    from nast_fx.cli.queue_run import judge, show_plan, tell, tell_summary
    from nast_fx.cli.stem_check import check_groups
    from nast_fx.jobs.session import Session, make_executor

    show_plan(plan, reporter, as_json=options.json, whole=options.dry_run, quiet=options.quiet)
    if options.dry_run:
        if not plan.tasks:
            judge(plan.ended)
        return
    began = time.monotonic()
    with make_executor(limits) as executor:
        on_outcome = partial(tell, reporter=reporter, as_json=options.json)
        session = Session(root, journal, executor, limits, on_outcome, reporter.note)
        session.passed_over = found.passed_over if found else {}
        try:
            outcomes = reporter.follow(session.run(plan))
        except KeyboardInterrupt:
            n_done = session.n_done
            raise CancelledError(
                f"cancelled; {n_done} of {len(plan.tasks)} are finished; nast-fx batch --resume goes on"
            ) from None
    verdicts = check_groups(plan.groups, journal, reporter, as_json=options.json)
    if not options.quiet:
        tell_summary(outcomes, root, time.monotonic() - began, as_json=options.json)
    judge(outcomes, verdicts)
