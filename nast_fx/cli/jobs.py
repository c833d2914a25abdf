"""From options to requests, through the engine, to results: what `render` and `texture` do alike."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nast_fx.cli.console import Reporter, reporter_for
from nast_fx.cli.options import JobOptions
from nast_fx.cli.parameters import checked, option_names
from nast_fx.cli.preset_values import folder_of, no_style, preset_facts, sound_of
from nast_fx.errors import CancelledError, NastFxError, NothingToDoError, SomeFailedError, UsageError
from nast_fx.models import InfiniteSettings, MethodSettings, RenderPlan, RenderRequest, TextureRequest

if TYPE_CHECKING:
    from nast_fx.presets import FoundPreset
    from nast_fx.render import Preview, Rendered

__all__ = ["Job", "make_jobs", "run_jobs", "show_preview", "summary_of"]

VARIATION_NOISE = 0.1  # start_noise where nothing else depends on the seed
SEEDLESS = f"The method draws nothing of its own: variations start with start_noise={VARIATION_NOISE}."

logger = logging.getLogger(__name__)

Request = RenderRequest | TextureRequest
R = TypeVar("R", RenderRequest, TextureRequest)


@dataclass(frozen=True)
class Job:
    """One result to make, the files that go with it by name, what to say about it, and how to make it."""

    request: Request
    side: Mapping[str, Path]
    title: str = ""
    notes: tuple[str, ...] = ()
    preset: FoundPreset | None = None
    is_fresh: bool = False


def make_jobs(options: JobOptions, model: type[R], **given: Any) -> list[Job]:
    """Check everything that needs no file, and make a job a variation.

    Parameters
    ----------
    given : any
        Fields of the request that are the command's own.

    Raises
    ------
    UsageError
        A value, a method or a setting that cannot be.
    """
    names, count = option_names(type(options)), options.n_variations()
    sound = sound_of(options, given, model=model, output=options.output, project=folder_of(given))
    if not sound.values.get("styles"):
        raise UsageError(no_style(model, sound))
    chosen, notes, many = sound.chosen, sound.notes, count > 1
    if many and model is RenderRequest and _ignores_seed(sound.settings):
        chosen["start_noise"] = VARIATION_NOISE
        notes += (
            f"The method draws nothing of its own: variations start with start_noise={VARIATION_NOISE}.",
        )
    jobs = []
    for number in range(1, count + 1):
        own = {
            "output": options.output,
            "settings": chosen,
            "overwrite": options.overwrite,
            "plan": _seeded(sound.plan, number, names),
            "variation": number if many else None,
        }
        title = f"{number} of {count}" if many else ""
        request = checked(model, {**sound.values, **own}, names=names)
        about = options.side_files(), title, notes if number == 1 else (), sound.found, options.fresh
        jobs.append(Job(request, *about))
    return jobs


def run_jobs(jobs: list[Job], options: JobOptions) -> None:
    """Do the jobs one after the other.

    Raises
    ------
    NastFxError
        The error of the only job, or of all; exit code 3 where only some failed.
    """
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    if options.verbose:
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    for job in jobs:
        for text in job.notes:
            reporter.note(text)
    if options.dry_run or len(jobs) > 1:
        jobs = _checked_all(jobs, reporter, show=options.dry_run)
    if options.dry_run:
        return
    finished: list[Path] = []
    try:
        failed = _run_all(jobs, reporter, finished)
    except KeyboardInterrupt:
        if finished:
            done = ", ".join(map(str, finished))
            raise CancelledError(f"cancelled; finished before that: {done}") from None
        raise
    if failed:
        raise SomeFailedError(f"{len(failed)} of {len(jobs)} failed; the first: {failed[0]}") from failed[0]


def _run_all(jobs: list[Job], reporter: Reporter, finished: list[Path]) -> list[NastFxError]:
    """Run jobs, and go on after an error if something has worked."""
    failed: list[NastFxError] = []
    for number, job in enumerate(jobs, start=1):
        try:
            _run(job, reporter, finished)
        except NastFxError as error:
            failed.append(error)
            if len(failed) == number:  # nothing has worked so far
                raise
    return failed


def _run(job: Job, reporter: Reporter, finished: list[Path]) -> None:
    from nast_fx.jobs.side_files import SideFiles
    from nast_fx.jobs.sound_kinds import render_facts
    from nast_fx.render import SegmentFiles, render_file, texture_file

    side = SideFiles(job.request, job.side, job.preset)
    request = job.request
    logger.info("%r", request)
    store = None if job.is_fresh else SegmentFiles()
    if isinstance(request, RenderRequest):
        steps = render_file(request, store)
    else:
        steps = texture_file(request, store)
    rendered = reporter.follow(steps, title=job.title)
    finished.append(rendered.output)
    for text in rendered.notes:
        reporter.note(text)
    extra: Mapping[str, Path] = {}
    try:
        if side.paths:
            extra = reporter.follow(side.write(rendered), title=job.title)
    except NastFxError as error:
        raise type(error)(f"{error}; the result itself is there: {rendered.output}") from error
    facts = render_facts(rendered, request, extra) | preset_facts(request, job.preset)
    reporter.result(facts, line=str(rendered.output), summary=summary_of(rendered))


def _checked_all(jobs: list[Job], reporter: Reporter, *, show: bool) -> list[Job]:
    """Check all jobs before any work; give those that are not skipped.

    Raises
    ------
    NothingToDoError
        All are there already.
    """
    from nast_fx.jobs.side_files import SideFiles
    from nast_fx.render import preview_render, preview_texture

    kept, skipped = [], ""
    for job in jobs:
        request = job.request
        try:
            if isinstance(request, RenderRequest):
                preview = preview_render(request)
            else:
                preview = preview_texture(request)
        except NothingToDoError as error:
            skipped = str(error)
            if len(jobs) > 1:
                reporter.note(f"{error}.")
            continue
        side = SideFiles(request, job.side, job.preset)
        if show:
            show_preview(preview, job, reporter, side.paths)
        kept.append(job)
    if not kept:
        raise NothingToDoError(skipped if len(jobs) == 1 else f"all {len(jobs)} results are there already")
    return kept


def show_preview(preview: Preview, job: Job, reporter: Reporter, more: Mapping[str, Path]) -> None:
    """Say what would be done; `more` are files beside the result."""
    from nast_fx.jobs.sound_kinds import preview_facts

    request = job.request
    for text in preview.notes:
        reporter.note(text)
    fields = {**preview_facts(preview), "dry_run": True, "method": request.method}
    fields |= {"seed": request.plan.seed, **_named(more)}
    fields |= preset_facts(request, job.preset)
    depth = f" {preview.format.bits}" if preview.format.bits else ""
    settings = (f"{key}={value}" for key, value in preview.settings.items() if value is not None)
    chain = f"chain: {', '.join(preview.effects)}\n" if preview.effects else ""
    segments = "1 segment" if preview.segments == 1 else f"{preview.segments} segments"
    summary = (
        f"would {'replace' if preview.replaces else 'write'}: {preview.format.container}{depth}, "
        f"{_shape(preview)}\n"
        f"work: {segments} at {preview.working_rate} Hz on {preview.device}\n"
        f"{chain}"
        f"method: {request.method} with seed {request.plan.seed}, {', '.join(settings)}"
    )
    reporter.result(fields, line=str(preview.output), summary=summary)


def _seeded(plan: RenderPlan, number: int, names: Mapping[str, str]) -> RenderPlan:
    """Give the plan of a variation: the first has the seed that was given, or that of none."""
    if number == 1:
        return plan
    values = plan.model_dump(exclude_unset=True) | {"seed": plan.seed + number - 1}
    return checked(RenderPlan, values, names=names)


def _ignores_seed(settings: MethodSettings) -> bool:
    """Whether nothing that is drawn would change the result."""
    return (
        isinstance(settings, InfiniteSettings)
        and settings.n_filters == "inf"
        and settings.start == "content"
        and "start_noise" not in settings.model_fields_set
    )


def _named(paths: Mapping[str, Path]) -> dict[str, Path]:
    """Files beside the result by the names of JSON."""
    return {name.replace("-", "_"): path for name, path in paths.items()}


def _shape(made: Rendered | Preview) -> str:
    channels = "1 channel" if made.channels == 1 else f"{made.channels} channels"
    return f"{made.frames / made.sample_rate:.2f} s of {channels} at {made.sample_rate} Hz"


def summary_of(rendered: Rendered) -> str:
    """Say to people what was made."""
    if not rendered.records:
        return f"{_shape(rendered)}, not styled. {rendered.tracked.summary}"
    loss = f" Loss {rendered.losses['loss']:.3g}." if "loss" in rendered.losses else ""
    made = f"made in {rendered.seconds:.1f} s on {rendered.device}"
    if rendered.effects:
        made += f", through {', '.join(rendered.effects)}"
    return f"{_shape(rendered)}, {made}. {rendered.outcome}{loss}\n{rendered.tracked.summary}"
