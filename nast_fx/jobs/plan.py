"""From contents and recipes to tasks: names, what is done already, what cannot be; nothing is written."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nast_fx.audio import FileInfo, probe
from nast_fx.audio.limits import estimated_bytes
from nast_fx.audio.names import shown
from nast_fx.audio.output_names import place
from nast_fx.audio.score_file import is_score
from nast_fx.errors import AudioFileError, NastFxError, NothingToDoError, UsageError
from nast_fx.jobs.find import Content
from nast_fx.jobs.fingerprint import fingerprint_of, setting_files
from nast_fx.jobs.journal import Journal
from nast_fx.jobs.recipe import Naming, Plan, Recipe
from nast_fx.jobs.stem_group import StemGroup
from nast_fx.jobs.task import Outcome, Task
from nast_fx.models import Overwrite, RenderRequest
from nast_fx.models.output import OutputFormat, choose_format
from nast_fx.progress import Progress, Steps

__all__ = ["plan_batch", "plan_rest"]


@dataclass(frozen=True)
class _Draft:
    """A result whose name is known."""

    number: int
    content: Content
    info: FileInfo | None
    recipe: Recipe
    format: OutputFormat
    wanted: Path
    sides: dict[str, Path]


def plan_batch(
    contents: Sequence[Content],
    recipes: Sequence[Recipe],
    naming: Naming,
    journal: Journal,
    *,
    mix: Content | None = None,
) -> Steps[Plan]:
    """Plan a batch.

    Parameters
    ----------
    contents : sequence of Content
    recipes : sequence of Recipe
    naming : Naming
    journal : Journal
    mix : Content, optional
        Of which the contents are stems; it is styled too.

    Raises
    ------
    UsageError
        Two results would have one name, or one that of an input; a pattern that does not say the format.
    """
    plan = Plan()
    drafts: list[_Draft] = []
    if mix is not None:
        contents = [*contents, mix]
        recipes = [_of_mix(recipe, mix.path) for recipe in recipes]
    for n, content in enumerate(contents, 1):
        yield Progress("read", share=0.3 * n / len(contents), note=f"looking at {content.path.name}")
        for recipe in recipes:
            number = len(drafts) + len(plan.ended) + 1
            try:
                drafts.append(_draft(number, n, len(contents), content, recipe, naming))
            except AudioFileError as error:
                output = naming.root / content.folder / content.path.name
                plan.ended.append(Outcome(content.path, output, "failed", str(error)))
                break  # it is no better for the other recipes
    drafts = _told_apart(drafts, naming, [content.path for content in contents])
    plan.groups = _groups(drafts, recipes, mix) if mix is not None else []
    taken: set[str] = set()
    for n, draft in enumerate(drafts, 1):
        yield Progress("read", share=0.3 + 0.7 * n / len(drafts), note=f"reading {draft.content.path.name}")
        made = _decided(draft, naming, journal, taken)
        if isinstance(made, Task):
            plan.tasks.append(made)
        else:
            plan.ended.append(made)
    return plan


def plan_rest(tasks: Sequence[Task], journal: Journal) -> Plan:
    """Plan what a batch that was broken off has left to do."""
    plan = Plan()
    for task in tasks:
        known = _known(task, journal) or task
        if isinstance(known, Task):
            plan.tasks.append(known)
        else:
            plan.ended.append(known)
    return plan


def _draft(number: int, n: int, count: int, content: Content, recipe: Recipe, naming: Naming) -> _Draft:
    request = recipe.request
    info = None if is_score(content.path) else probe(content.path)
    output = choose_format(
        path_suffix=naming.pattern.suffix,
        format=request.format,
        bits=request.bits,
        like_container=info.container if info else None,
        like_subtype=info.subtype if info else None,
    )
    tokens = {
        **recipe.tokens,
        "folder": content.folder,
        "stem": content.path.stem,
        "ext": output.container,
        "n": f"{n:0{len(str(count))}d}",
    }
    wanted = naming.root / naming.pattern.name(tokens)
    sides = {kind: naming.root / pattern.name(tokens) for kind, pattern in naming.sides.items()}
    return _Draft(number, content, info, recipe, output, wanted, sides)


def _of_mix(recipe: Recipe, mix: Path) -> Recipe:
    return replace(recipe, request=recipe.request.model_copy(update={"mix": mix.absolute()}))


def _groups(drafts: Sequence[_Draft], recipes: Sequence[Recipe], mix: Content) -> list[StemGroup]:
    """Find what each recipe makes of the stems and of the mix."""
    groups = []
    for recipe in recipes:
        own = [draft for draft in drafts if draft.recipe is recipe]
        stems = tuple(draft.wanted for draft in own if draft.content is not mix)
        groups += [StemGroup(draft.wanted, stems) for draft in own if draft.content is mix]
    return groups


def _told_apart(drafts: list[_Draft], naming: Naming, contents: Sequence[Path]) -> list[_Draft]:
    """Check that no two names are one, on any system, and that none is an input's."""
    inputs = {_folded(path) for path in contents}
    taken: dict[str, _Draft] = {}
    kept = []
    for draft in drafts:
        if _folded(draft.wanted) in inputs:
            raise UsageError(f"{shown(draft.wanted)} is an input; choose another output folder or --pattern")
        for path in (draft.wanted, *draft.sides.values()):
            other = taken.setdefault(_folded(path), draft)
            if other is not draft and naming.overwrite != "rename":
                raise UsageError(_collision(other, draft, path))
        kept.append(draft)
    return kept


def _collision(one: _Draft, other: _Draft, path: Path) -> str:
    if one.content == other.content:
        keys = [key for key in one.recipe.tokens if one.recipe.tokens[key] != other.recipe.tokens.get(key)]
        hint = "put " + " and ".join(f"{{{key}}}" for key in keys) + " into --pattern"
        return f"two results of {shown(one.content.path)} would be named {shown(path)}; {hint}"
    hint = "put {n} or {folder} into --pattern, or give the folder above both with --recursive"
    names = f"{shown(one.content.path)} and {shown(other.content.path)}"
    return f"the results of {names} would both be named {shown(path)}; {hint}"


def _folded(path: Path) -> str:
    """A text that is the same for names that are one on some system."""
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()


def _decided(draft: _Draft, naming: Naming, journal: Journal, taken: set[str]) -> Task | Outcome:
    """Make a task, or say why there is none."""
    content, wanted = draft.content.path, draft.wanted
    request = _absolute(draft.recipe.request, content)
    try:
        inputs: dict[Path, str] = {}

        def digest(path: Path) -> str:
            inputs[path.absolute()] = found = journal.digest(path)
            return found

        task = Task(
            number=draft.number,
            wanted=wanted,
            output=wanted,
            request=request,
            side_files=draft.sides,
            fingerprint=fingerprint_of(request, draft.format, digest),
            n_bytes=_n_bytes(draft),
            fresh=naming.fresh,
            inputs=inputs,
        )
        known = _known(task, journal)
        if known is not None:
            return known
        output, _ = place(wanted, request.inputs, naming.overwrite)
        return _written(task, _free(output, taken), naming.overwrite)
    except NothingToDoError:
        return Outcome(content, wanted, "skipped", "it is there already")
    except AudioFileError as error:
        mine = " (made with other settings, or of another content)" if journal.made_by_us(wanted) else ""
        text = str(error).replace(" is there already;", f" is there already{mine};")
        return Outcome(content, wanted, "failed", text)
    except NastFxError as error:
        return Outcome(content, wanted, "failed", str(error))


def _known(task: Task, journal: Journal) -> Task | Outcome | None:
    """Give how a task ended that was done before; or a task anew, if a file beside the result is missing."""
    has_sides = all(path.exists() for path in task.side_files.values())
    if found := journal.done(task.wanted, task.fingerprint):
        output, result = found
    elif seen := journal.finished_unseen(task):
        output, result = seen
        if has_sides:
            journal.adopt(task, result)
    else:
        return None
    if has_sides:
        return Outcome(task.content, output, "skipped", "done already", result)
    return _written(task, output, "overwrite")


def _free(output: Path, taken: set[str]) -> Path:
    """Give a name that no other task of the batch has; only under ``rename`` two may want one."""
    free, number = output, 2
    while _folded(free) in taken or (free != output and free.exists()):
        free, number = output.with_name(f"{output.stem}-{number}{output.suffix}"), number + 1
    taken.add(_folded(free))
    return free


def _written(task: Task, output: Path, overwrite: Overwrite) -> Task:
    """Give the task with its place; a name that was found free must still be so when the file appears."""
    policy: Overwrite = "fail" if overwrite == "rename" else overwrite
    request = task.request.model_copy(update={"output": output.absolute(), "overwrite": policy})
    return replace(task, output=output, request=request)


def _absolute(request: RenderRequest, content: Path) -> RenderRequest:
    """Give the request of a content, with paths that mean the same anywhere."""
    styles = tuple(
        style.model_copy(update={"path": style.path.absolute()}) if style.path.is_file() else style
        for style in request.styles
    )
    values: dict[str, Any] = {"content": content.absolute(), "styles": styles, "variation": None}
    files = {name: str(Path(value).absolute()) for name, value in setting_files(request).items()}
    values["settings"] = {**request.settings, **files}
    for name in ("midi", "instrument", "chain_file", "mix"):
        path = getattr(request, name)
        if path is not None and path.exists():
            values[name] = path.absolute()
    if values.get("mix") == values["content"]:
        values["mix"] = None  # it is no stem of itself
    return request.model_copy(update=values)


def _n_bytes(draft: _Draft) -> int:
    info, request = draft.info, draft.recipe.request
    if info is None:
        return 0
    seconds = min(request.length_seconds or info.seconds, info.seconds) + request.tail_seconds
    frames = round(seconds * info.sample_rate)
    return estimated_bytes(draft.format, info.sample_rate, info.n_channels, frames)
