"""Jobs of many files: a plan of what would be done, and the batch itself on workers of its own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nast_fx.errors import AudioFileError, NothingToDoError, UsageError
from nast_fx.jobs.kind import Beside
from nast_fx.models import RenderRequest, validated
from nast_fx.models.pattern import NamePattern, default_pattern, parse_pattern
from nast_fx.models.queue import BatchRequest, PlanRequest, QueueLimits
from nast_fx.progress import Progress, Steps

if TYPE_CHECKING:
    from nast_fx.jobs.find import Found
    from nast_fx.jobs.journal import Journal
    from nast_fx.jobs.recipe import Naming, Plan, Recipe
    from nast_fx.jobs.stem_group import StemGroup

__all__ = ["batch", "plan"]

Facts = dict[str, Any]


@dataclass
class _Prepared:
    """What a batch works off."""

    plan: Plan
    root: Path
    limits: QueueLimits
    n_contents: int
    passed_over: dict[Path, str] = field(default_factory=dict)


def plan(request: PlanRequest, beside: Beside) -> Steps[Facts]:
    """Say what would be done, and write nothing."""
    from nast_fx.jobs.batch_parts import planned_parts
    from nast_fx.jobs.journal import Journal

    with Journal() as journal:
        prepared = yield from _prepared(request, beside, journal)
    return {
        "folder": prepared.root,
        "files": planned_parts(prepared.plan),
        "n_contents": prepared.n_contents,
        "passed_over": [{"file": path, "reason": text} for path, text in prepared.passed_over.items()],
    }


def batch(request: BatchRequest, beside: Beside) -> Steps[Facts]:
    """Do a batch; its files are held and let go with the job, and stopped with it."""
    from nast_fx.jobs.batch_parts import Parts
    from nast_fx.jobs.journal import Journal
    from nast_fx.jobs.manifest import MANIFEST_NAME
    from nast_fx.jobs.session import Session, make_executor

    began = time.monotonic()
    with ExitStack() as stack:
        journal = stack.enter_context(Journal())
        prepared = yield from _prepared(request, beside, journal)
        parts = Parts(prepared.plan)
        with make_executor(prepared.limits) as executor:
            beside.switch.listen(lambda is_held: executor.pause() if is_held else executor.resume())
            stack.callback(beside.switch.listen, None)
            session = Session(
                prepared.root,
                journal,
                executor,
                prepared.limits,
                parts.on_outcome,
                parts.on_note,
                parts.on_begin,
                prepared.passed_over,
            )
            outcomes = yield from parts.told(session.run(prepared.plan))
        stems = yield from _stem_facts(prepared.plan.groups, journal)
    counts = Counter(outcome.state for outcome in outcomes)
    numbers = {state: counts[state] for state in ("done", "skipped", "failed", "cancelled")}
    manifest = prepared.root / MANIFEST_NAME
    seconds = time.monotonic() - began
    return {"folder": prepared.root, **numbers, "seconds": seconds, "manifest": manifest, "stems": stems}


def _prepared(request: BatchRequest, beside: Beside, journal: Journal) -> Steps[_Prepared]:
    if request.resume and not request.inputs:
        return _rest(request, journal)
    return (yield from _planned(request, beside, journal))


def _rest(request: BatchRequest, journal: Journal) -> _Prepared:
    """Find what a batch that was broken off has left to do."""
    from nast_fx.jobs.plan import plan_rest
    from nast_fx.jobs.stem_group import StemGroup

    found = journal.unfinished(request.output)
    if found is None:
        where = f" into {request.output}" if request.output else ""
        raise NothingToDoError(f"nothing to do: no batch{where} was broken off")
    settings, tasks = found
    root = Path(settings.pop("root"))
    if any(task.request.mix is not None and not task.request.mix.exists() for task in tasks):
        raise AudioFileError("the mix of these stems is gone; begin the batch anew")
    groups = [StemGroup.from_dict(values) for values in settings.pop("stems", [])]
    rest = replace(plan_rest(tasks, journal), groups=groups)
    return _Prepared(rest, root, validated(QueueLimits, settings), len(tasks))


def _planned(request: BatchRequest, beside: Beside, journal: Journal) -> Steps[_Prepared]:
    from nast_fx.jobs.plan import plan_batch
    from nast_fx.jobs.session import limits_of
    from nast_fx.jobs.stems import stem_mix

    if not request.inputs:
        raise UsageError("inputs are missing; name recordings, or folders of them")
    if request.mix is not None and not request.stems:
        raise UsageError("mix is for stems")
    yield Progress("read", note="looking for files")
    naming = _naming(request, beside)
    recipes = _recipes(request)
    found = _found(request, recipes[0].request, journal)
    contents = found.contents
    if not contents:
        raise NothingToDoError(f"nothing to do: there is no audio in {', '.join(map(str, request.inputs))}")
    if isinstance(request, PlanRequest) and request.first is not None:
        contents = contents[: request.first]
    mix = None
    if request.stems:
        mix = yield from stem_mix(contents, request.mix, journal.digest)
    made = yield from plan_batch(contents, recipes, naming, journal, mix=mix)
    return _Prepared(made, naming.root, limits_of(request), len(found.contents), found.passed_over)


def _naming(request: BatchRequest, beside: Beside) -> Naming:
    from nast_fx.jobs.recipe import Naming
    from nast_fx.jobs.sweep import parse_sweep

    if request.output is None:
        raise UsageError("output is missing; name a folder for the results")
    if request.output.exists() and not request.output.is_dir():
        raise UsageError(f"{request.output}: is a file; name a folder")
    grid = parse_sweep(request.sweep)
    pattern = parse_pattern(request.pattern or default_pattern(grid), grid)
    sides: dict[str, NamePattern] = {
        kind: parse_pattern(text, grid) for kind, text in request.side_patterns.items()
    }
    for kind, side in sides.items():
        if side.suffix is None:
            raise UsageError(f"{kind} {side.text}: the name must end with a suffix, as {{stem}}.html does")
    return Naming(request.output.absolute(), pattern, sides, request.overwrite, beside.is_fresh)


def _recipes(request: BatchRequest) -> list[Recipe]:
    from nast_fx.jobs.recipe import Recipe, recipe_tokens
    from nast_fx.jobs.sweep import parse_sweep, swept

    taken = {"content": request.inputs[0], "output": None, "overwrite": request.overwrite}
    if known := taken.keys() & request.request.keys():
        raise UsageError(f"the request of a batch has no {' and no '.join(sorted(known))}")
    made = validated(RenderRequest, request.request | taken)
    points = swept(made, parse_sweep(request.sweep))
    return [Recipe(one, recipe_tokens(one, request.preset) | point) for one, point in points]


def _found(request: BatchRequest, render: RenderRequest, journal: Journal) -> Found:
    from nast_fx.jobs.find import Selection, find_contents
    from nast_fx.jobs.made import without_made

    beside = (*render.inputs[1:], *([] if request.mix is None else [request.mix]))
    found = find_contents(
        request.inputs,
        Selection(request.recursive, request.include, request.exclude),
        output=request.output,
        beside=beside,
        plays_scores=render.instrument is not None,
    )
    return without_made(found, request.inputs, journal)


def _stem_facts(groups: Sequence[StemGroup], journal: Journal) -> Steps[list[Facts]]:
    """Compare styled stems with their styled mix."""
    from nast_fx.jobs.stems import check_group

    facts: list[Facts] = []
    for group in groups:
        try:
            facts.append(dict(vars((yield from check_group(group, journal.latest)))))
        except NothingToDoError as error:
            facts.append({"mix": group.mix, "problems": [f"{error}."]})
    return facts
