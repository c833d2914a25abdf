"""`nast-fx watch`: a hot folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.console import reporter_for
from nast_fx.cli.fields import field_option
from nast_fx.cli.options import OUTPUT, RUN
from nast_fx.cli.parameters import checked, option_names, takes
from nast_fx.cli.queue_options import INPUT, QueueOptions
from nast_fx.errors import AudioFileError, CancelledError, NothingToDoError, UsageError
from nast_fx.models import RenderRequest, Settings
from nast_fx.models.base import setting
from nast_fx.progress import Steps

if TYPE_CHECKING:
    from nast_fx.jobs.find import Content
    from nast_fx.jobs.task import Outcome

__all__ = ["app"]

app = typer.Typer(add_completion=False)

EPILOG = "Example: nast-fx watch inbox -o out --preset NAME. Sources go to inbox/done and inbox/failed."


class Patience(Settings):
    """When a file counts as complete."""

    settle_seconds: float = setting(
        3.0, "How long size and time of a file must stand still.", unit="s", ge=0.1, le=3600
    )


@dataclass(frozen=True, kw_only=True)
class WatchOptions(QueueOptions):
    """What `watch` takes."""

    folder: Annotated[Path, typer.Argument(metavar="IN", help="Folder to watch.")]
    overwrite: Annotated[
        str, field_option("--overwrite", model=RenderRequest, field="overwrite", panel=OUTPUT)
    ] = "rename"
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Folders in it too.", rich_help_panel=INPUT)
    ] = False
    settle_seconds: Annotated[
        str | None,
        field_option("--settle", model=Patience, field="settle_seconds", panel=INPUT, metavar="S"),
    ] = None
    once: Annotated[
        bool,
        typer.Option("--once", help="Do what is there, and end.", rich_help_panel=RUN),
    ] = False


@app.command(epilog=EPILOG)
@takes(WatchOptions)
def watch(options: WatchOptions) -> None:
    """Style what is put into a folder as soon as it is complete, until it is interrupted.

    The source is moved to IN/done or, with the reason beside it, to IN/failed.
    """
    from nast_fx.cli.queue_run import judge, tell
    from nast_fx.jobs.find import Selection
    from nast_fx.jobs.journal import Journal
    from nast_fx.jobs.plan import plan_batch
    from nast_fx.jobs.session import Session, make_executor
    from nast_fx.jobs.watch import HotFolder, watch_folder

    _check(options)
    patience = checked(Patience, options._given(Patience), names=option_names(WatchOptions))
    naming, limits = options.naming(), options.limits()
    recipes = options.recipes(options.jobs(options.folder / "any"))
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    hot = HotFolder(
        options.folder,
        patience.settle_seconds,
        Selection(options.recursive),
        options.root,
        options.instrument is not None,
    )
    with Journal() as journal, make_executor(limits) as executor:
        on_outcome = partial(tell, reporter=reporter, as_json=options.json)
        session = Session(naming.root, journal, executor, limits, on_outcome, reporter.note)

        def work(contents: Sequence[Content]) -> Steps[list[Outcome]]:
            plan = yield from plan_batch(contents, recipes, naming, journal)
            for outcome in plan.ended:
                on_outcome(outcome)
            return (yield from session.run(plan))

        def on_moved(path: Path) -> None:
            reporter.note(f"moved: {path}")

        steps = watch_folder(hot, work, once=options.once, on_moved=on_moved)
        try:
            outcomes = reporter.follow(steps)
        except KeyboardInterrupt:
            raise CancelledError(f"stopped; {session.n_done} results were made") from None
    if not outcomes:
        raise NothingToDoError(f"nothing to do: there is nothing in {options.folder}")
    judge(outcomes)


def _check(options: WatchOptions) -> None:
    if not options.folder.is_dir():
        raise AudioFileError(f"{options.folder}: there is no such folder")
    if options.root.resolve() == options.folder.resolve():
        raise UsageError("IN and --out are one folder; results would be taken for sources")
    if "n" in options.naming().pattern.tokens:
        raise UsageError("--pattern: {n} has no meaning where files come one by one")
    if options.dry_run:
        raise UsageError(
            "--dry-run: a folder that is watched has nothing to show; try nast-fx batch --dry-run"
        )
