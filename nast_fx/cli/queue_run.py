"""What `batch` and `watch` do alike: plan, say what will be done, do it, and say what came of it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nast_fx.audio.stale import remove_stale
from nast_fx.cli.console import Reporter, write_error, write_json
from nast_fx.cli.queue_limits import QueueLimits, parse_resources
from nast_fx.cli.tables import write_table
from nast_fx.errors import AudioFileError, NastFxError, NothingToDoError, SomeFailedError
from nast_fx.jobs.batch import Queue, run_batch
from nast_fx.jobs.executors import WorkerExecutor, n_cores
from nast_fx.jobs.job_executor import JobExecutor
from nast_fx.jobs.journal import Journal
from nast_fx.jobs.manifest import MANIFEST_NAME, Manifest
from nast_fx.jobs.recipe import Plan
from nast_fx.jobs.space import lack_of_space_for_all
from nast_fx.jobs.task import Outcome
from nast_fx.progress import Steps

__all__ = ["Session", "judge", "make_executor", "show_plan", "tell_summary"]

MOST_SHOWN = 20  # names before the work, and rows of the summary that are no failures
MOST_JOBS = 4


@dataclass
class Session:
    """A batch as it runs: where it writes what, and whom it tells."""

    root: Path
    journal: Journal
    executor: JobExecutor
    limits: QueueLimits
    reporter: Reporter
    as_json: bool
    passed_over: Mapping[Path, str] = field(default_factory=dict)
    n_done: int = 0

    def run(self, plan: Plan) -> Steps[list[Outcome]]:
        """Do what is planned; gives all outcomes, those that ended before it too."""
        for folder in plan.folders:
            remove_stale(folder)
        if plan.tasks and (lack := lack_of_space_for_all(plan.tasks, self.root)):
            self.reporter.note(f"For all of it {lack}; the queue will pause when there is no room.")
        settings = self.limits.model_dump(mode="json")
        batch = self.journal.begin(self.root, settings, plan.tasks) if plan.tasks else ""
        made_root = not self.root.exists()
        manifest = Manifest(
            self.root / MANIFEST_NAME, self.root, plan.tasks, plan.ended, self.passed_over, self.journal
        )
        self._write(manifest, "running")
        state = "broken off"
        outcomes = list(plan.ended)

        def on_outcome(outcome: Outcome) -> None:
            outcomes.append(outcome)
            self.n_done += outcome.state == "done"
            manifest.add(outcome)
            self.tell(outcome)

        queue = Queue(
            self.executor, threads=self.executor.threads, stops_when_full=self.limits.when_full == "stop"
        )
        try:
            yield from run_batch(plan.tasks, queue, self.journal, batch, on_outcome=on_outcome)
            state = "finished"
        finally:
            self._write(manifest, state)
            if made_root and not any(outcome.state == "done" for outcome in outcomes):
                with contextlib.suppress(OSError):  # nothing was made: no folder is left behind
                    manifest.path.unlink(missing_ok=True)
                    self.root.rmdir()
        return outcomes

    def _write(self, manifest: Manifest, state: str) -> None:
        try:
            manifest.write(state)
        except AudioFileError as error:
            self.reporter.note(f"The manifest is not up to date: {error}.")

    def tell(self, outcome: Outcome) -> None:
        """Say how a file ended."""
        if outcome.state == "done":
            fields = {**outcome.result, "content": outcome.content, "state": "done"}
            self.reporter.result(fields, line=_short(outcome.output), summary="")
        elif self.as_json:
            write_json(
                {
                    "type": outcome.state,
                    "content": outcome.content,
                    "output": outcome.output,
                    "message": outcome.note,
                }
            )
        elif outcome.state != "cancelled":
            self.reporter.note(_sentence(outcome))


def make_executor(limits: QueueLimits) -> JobExecutor:
    """Make the workers: by default as many as have two processors each, at most four; or join a cluster."""
    if limits.cluster is not None:
        from nast_fx.jobs.cluster import ClusterExecutor
        from nast_fx.jobs.cluster_link import quiet

        quiet()
        return ClusterExecutor(
            limits.cluster,
            n_jobs=limits.n_jobs,
            threads=limits.threads,
            resources=parse_resources(limits.cluster_resources),
            storage=limits.storage,
        )
    n_jobs = limits.n_jobs or min(MOST_JOBS, max(1, n_cores() // 2))
    return WorkerExecutor(n_jobs, threads=limits.threads)


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


def judge(outcomes: Sequence[Outcome]) -> None:
    """End the program as it ought to.

    Raises
    ------
    SomeFailedError, NastFxError
        Some, or all, failed.
    NothingToDoError
        All were there already.
    """
    counts = Counter(outcome.state for outcome in outcomes)
    if counts["failed"]:
        first = next(_sentence(outcome) for outcome in outcomes if outcome.state == "failed")
        kind = SomeFailedError if counts["failed"] < len(outcomes) else NastFxError
        of = f"{counts['failed']} of {len(outcomes)}" if len(outcomes) > 1 else "the only one"
        raise kind(f"{of} failed; the first: {first}")
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
