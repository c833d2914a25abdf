"""What a batch says of each of its files while it runs, for a table that shows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from nast_fx.jobs.recipe import Plan
from nast_fx.jobs.task import Outcome, Task
from nast_fx.progress import Progress, Steps

__all__ = ["Parts", "planned_parts"]

Part = dict[str, Any]


class Parts:
    """Keeps what is to be said, and says it between the reports of a batch.

    A part has ``number`` (the file's place in the batch), ``content``, ``output``, ``state`` (queued,
    running, done, skipped, failed, cancelled), ``share``, ``seconds_left``, ``message``, and where it is done
    ``result``; or it has only ``note``, a sentence.
    """

    def __init__(self, plan: Plan) -> None:
        self._waiting = deque(planned_parts(plan))
        self._tasks = {task.output: task for task in plan.tasks}
        self._running: dict[Path, tuple[Future[Any], Progress | None]] = {}

    def on_begin(self, task: Task, future: Future[Any]) -> None:
        """Take up that a file begins."""
        self._running[task.output] = future, None
        self._waiting.append(_part(task.number, task.content, task.output, "running"))

    def on_outcome(self, outcome: Outcome) -> None:
        """Take up how a file ended."""
        self._running.pop(outcome.output, None)
        number = self._tasks[outcome.output].number
        self._waiting.append(_ended(number, outcome) | {"result": outcome.result})

    def on_note(self, sentence: str) -> None:
        """Take up what is said of the whole batch."""
        self._waiting.append({"note": sentence})

    def told(self, steps: Steps[list[Outcome]]) -> Steps[list[Outcome]]:
        """Follow a batch, and give a report with each part in between."""
        progress = Progress("batch")
        try:
            while True:
                try:
                    progress = next(steps)
                except StopIteration as stop:
                    outcomes: list[Outcome] = stop.value
                    yield from self._reports(replace(progress, share=1.0, seconds_left=0.0))
                    return outcomes
                self._look()
                yield progress
                yield from self._reports(progress)
        finally:
            steps.close()

    def _reports(self, progress: Progress) -> Iterator[Progress]:
        while self._waiting:
            yield replace(progress, part=self._waiting.popleft())

    def _look(self) -> None:
        """See how far running files are."""
        for output, (future, seen) in self._running.items():
            report: Progress | None = getattr(future, "progress", None)
            if report is not None and report is not seen:
                self._running[output] = future, report
                task = self._tasks[output]
                state = _part(task.number, task.content, output, "running", report.stage)
                known = {"share": report.share, "seconds_left": report.seconds_left}
                self._waiting.append(state | known)


def planned_parts(plan: Plan) -> list[Part]:
    """Give a part for each file, by numbers: those that wait, and those that ended before the work."""
    parts = [_part(task.number, task.content, task.output, "queued") for task in plan.tasks]
    taken = {task.number for task in plan.tasks}
    free = (number for number in count(1) if number not in taken)
    parts += [_ended(number, outcome) for number, outcome in zip(free, plan.ended, strict=False)]
    return sorted(parts, key=lambda part: int(part["number"]))


def _ended(number: int, outcome: Outcome) -> Part:
    part = _part(number, outcome.content, outcome.output, outcome.state, outcome.note)
    return part | {"share": 1.0 if outcome.state in ("done", "skipped") else 0.0}


def _part(number: int, content: Path, output: Path, state: str, message: str = "") -> Part:
    known = {"number": number, "content": content, "output": output, "state": state}
    return known | {"share": 0.0, "seconds_left": None, "message": message}
