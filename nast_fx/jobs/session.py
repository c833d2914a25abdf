"""A batch as it runs: on its workers, with its journal and its manifest, and with someone who is told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nast_fx.audio.stale import remove_stale
from nast_fx.errors import AudioFileError
from nast_fx.jobs.batch import Queue, run_batch
from nast_fx.jobs.executors import WorkerExecutor, n_cores
from nast_fx.jobs.job_executor import JobExecutor
from nast_fx.jobs.journal import Journal
from nast_fx.jobs.manifest import MANIFEST_NAME, Manifest
from nast_fx.jobs.recipe import Plan
from nast_fx.jobs.space import lack_of_space_for_all
from nast_fx.jobs.task import Outcome, Task
from nast_fx.models.queue import QueueLimits, parse_resources
from nast_fx.progress import Steps

__all__ = ["Session", "limits_of", "make_executor"]

MOST_JOBS = 4


@dataclass
class Session:
    """Where a batch writes what, and whom it tells.

    Attributes
    ----------
    root : Path
        The output folder.
    journal : Journal
    executor : JobExecutor
        The caller shuts it down.
    limits : QueueLimits
    on_outcome : callable
        Called as each file ends.
    on_note : callable
        Is told sentences for the user.
    on_begin : callable, optional
        Called as each file begins, with the future of its job.
    passed_over : mapping of Path to str
        Files that are no contents, and why.
    n_done : int
        Results that were made so far.
    """

    root: Path
    journal: Journal
    executor: JobExecutor
    limits: QueueLimits
    on_outcome: Callable[[Outcome], None]
    on_note: Callable[[str], None]
    on_begin: Callable[[Task, Future[Any]], None] | None = None
    passed_over: Mapping[Path, str] = field(default_factory=dict)
    n_done: int = 0

    def run(self, plan: Plan) -> Steps[list[Outcome]]:
        """Do what is planned; gives all outcomes, those that ended before it too."""
        for folder in (self.root, *plan.folders):
            remove_stale(folder)
        if plan.tasks and (lack := lack_of_space_for_all(plan.tasks, self.root)):
            self.on_note(f"For all of it {lack}; the queue will pause when there is no room.")
        settings = limits_of(self.limits).model_dump(mode="json")
        settings |= {"stems": [group.as_dict() for group in plan.groups]} if plan.groups else {}
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
            self.on_outcome(outcome)

        queue = Queue(
            self.executor,
            threads=self.executor.threads,
            stops_when_full=self.limits.when_full == "stop",
        )
        try:
            yield from run_batch(
                plan.tasks, queue, self.journal, batch, on_outcome=on_outcome, on_begin=self.on_begin
            )
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
            self.on_note(f"The manifest is not up to date: {error}.")


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


def limits_of(asked: QueueLimits) -> QueueLimits:
    """Give only the limits of what asks for more than them."""
    return QueueLimits(**{name: getattr(asked, name) for name in QueueLimits.model_fields})
