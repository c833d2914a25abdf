"""What `batch` and `watch` say alike: what will be done, how each file ended, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nast_fx.cli.console import Reporter, write_error, write_json
from nast_fx.cli.tables import write_table
from nast_fx.errors import NastFxError, NothingToDoError, SomeFailedError
from nast_fx.jobs.manifest import MANIFEST_NAME
from nast_fx.jobs.recipe import Plan
from nast_fx.jobs.task import Outcome

if TYPE_CHECKING:
    from nast_fx.jobs.stems import StemVerdict

__all__ = ["judge", "show_plan", "tell", "tell_summary"]

MOST_SHOWN = 20  # names before the work, and rows of the summary that are no failures


def tell(outcome: Outcome, reporter: Reporter, *, as_json: bool) -> None:
    """Say how a file ended."""
    if outcome.state == "done":
        fields = {**outcome.result, "content": outcome.content, "state": "done"}
        reporter.result(fields, line=_short(outcome.output), summary="")
    elif as_json:
        write_json(
            {
                "type": outcome.state,
                "content": outcome.content,
                "output": outcome.output,
                "message": outcome.note,
            }
        )
    elif outcome.state != "cancelled":
        reporter.note(_sentence(outcome))


def show_plan(plan: Plan, reporter: Reporter, *, as_json: bool, whole: bool, quiet: bool) -> None:
    """Say before the work what will be named how; `whole` is a dry run's list on stdout."""
    if as_json:
        files = [
            {"content": task.content, "output": task.output, "state": "queued"} for task in plan.tasks
        ] + [
            {"content": one.content, "output": one.output, "state": one.state, "message": one.note}
            for one in plan.ended
        ]
        if whole or not quiet:
            write_json({"type": "plan", "dry_run": whole, "files": files})
        return
    for task in plan.tasks if whole else ():
        reporter.result(
            {}, line=_short(task.output), summary=f"{_short(task.content)} -> {_short(task.output)}"
        )
    if not whole and not quiet:
        for task in plan.tasks[:MOST_SHOWN]:
            write_error(f"{_short(task.content)} -> {_short(task.output)}", label="")
        if len(plan.tasks) > MOST_SHOWN:
            write_error(f"... and {len(plan.tasks) - MOST_SHOWN} more", label="")
    for outcome in plan.ended:
        if outcome.state == "failed":
            reporter.note(_sentence(outcome))
    n_skipped = sum(outcome.state == "skipped" for outcome in plan.ended)
    if n_skipped:
        reporter.note(f"{n_skipped} of {n_skipped + len(plan.tasks)} are there already, and are left alone.")


def tell_summary(outcomes: Sequence[Outcome], root: Path, seconds: float, *, as_json: bool) -> None:
    """Say what came of it: a table for people, an object for programs."""
    counts = Counter(outcome.state for outcome in outcomes)
    if as_json:
        numbers = {state: counts[state] for state in ("done", "skipped", "failed", "cancelled")}
        write_json({"type": "summary", **numbers, "seconds": seconds, "manifest": root / MANIFEST_NAME})
        return
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    others = [outcome for outcome in outcomes if outcome.state != "failed"]
    rows = [_row(outcome) for outcome in [*failed, *others[:MOST_SHOWN]]]
    if len(others) > MOST_SHOWN:
        rows.append(("...", "", f"and {len(others) - MOST_SHOWN} more: see {_short(root / MANIFEST_NAME)}"))
    write_table(("state", "time", "file"), rows, write=_to_people)
    said = ", ".join(f"{counts[state]} {state}" for state in counts)
    write_error(f"{said} in {seconds:.1f} s", label="")


def judge(outcomes: Sequence[Outcome], verdicts: Sequence[StemVerdict] = ()) -> None:
    """End the program as it ought to.

    Raises
    ------
    SomeFailedError, NastFxError
        Some, or all, failed; or stems do not sum to their mix.
    NothingToDoError
        All were there already.
    """
    counts = Counter(outcome.state for outcome in outcomes)
    if counts["failed"]:
        first = next(_sentence(outcome) for outcome in outcomes if outcome.state == "failed")
        kind = SomeFailedError if counts["failed"] < len(outcomes) else NastFxError
        of = f"{counts['failed']} of {len(outcomes)}" if len(outcomes) > 1 else "the only one"
        raise kind(f"{of} failed; the first: {first}")
    if problems := [text for verdict in verdicts for text in verdict.problems]:
        raise SomeFailedError(f"the stems do not sum to the mix any more: {' '.join(problems)}")
    if not counts["done"]:
        raise NothingToDoError(f"nothing to do: all {len(outcomes)} results are there already")


def _row(outcome: Outcome) -> tuple[str, str, str]:
    took = f"{outcome.seconds:.1f} s" if outcome.seconds else ""
    if outcome.state == "done":
        return outcome.state, took, _short(outcome.output)
    text = _sentence(outcome) if outcome.state == "failed" else f"{_short(outcome.output)}: {outcome.note}"
    return outcome.state, took, text


def _sentence(outcome: Outcome) -> str:
    """Give the reason with the file's name, which most reasons begin with."""
    names = (str(outcome.content), str(outcome.content.absolute()), str(outcome.output))
    return outcome.note if outcome.note.startswith(names) else f"{_short(outcome.content)}: {outcome.note}"


def _short(path: Path) -> str:
    """Name a path from where the user is, if it is below."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _to_people(text: str) -> None:
    write_error(text, label="")
