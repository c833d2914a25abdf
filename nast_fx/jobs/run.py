"""One job from plain data to plain data: what a worker, a batch and any executor are given.

A job is a dict ``{"kind", "request", "side_files", "threads", "fresh"}`` of what JSON has, so that it passes
any process and any computer; `run_request` is a plain function, so that anything can call it.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models import RenderRequest, TextureRequest, validated
from nast_fx.models.chains import ChainsRequest
from nast_fx.models.messages import REQUESTS
from nast_fx.models.request import AnalyzeRequest, ChainRequest, WaitRequest
from nast_fx.plain import plain
from nast_fx.progress import Progress, Steps, drain

__all__ = ["job_values", "render_facts", "request_values", "run_request", "steps_of"]

WAIT_STEP = 0.02  # seconds

_WITHOUT_TORCH = ("chains", "wait")

Sides = Mapping[str, Path]


@dataclass(frozen=True)
class Beside:
    """What a job has beside its request: files to write, and whether it begins from nothing."""

    sides: Sides
    is_fresh: bool


def run_request(values: Mapping[str, Any]) -> dict[str, Any]:
    """Do a job without a word and give its facts.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence; then no file of it is there.
    """
    return drain(steps_of(values))


def steps_of(values: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """Do a job; see `run_request`.

    Parameters
    ----------
    values : mapping
        ``kind`` is a name of `REQUESTS`, ``request`` holds its fields; optional are ``side_files`` (name to
        path), ``threads`` and ``fresh`` (use and keep no finished segments).
    """
    kind = values["kind"]
    if kind not in _RUNNERS:
        raise UsageError(f"there is no kind of job '{kind}'{did_you_mean(str(kind), _RUNNERS)}")
    request = validated(REQUESTS[kind], values["request"])
    sides = {name: Path(path) for name, path in (values.get("side_files") or {}).items()}
    if sides and kind not in ("render", "texture"):
        raise UsageError(f"side_files are for render and texture, not for {kind}")
    threads = _set_threads(kind, values.get("threads"))
    beside = Beside(sides, is_fresh=bool(values.get("fresh")))
    with contextlib.closing(_RUNNERS[kind](request, beside)) as steps:
        facts = yield from steps
    made: dict[str, Any] = plain(facts | ({"threads": threads} if threads else {}))
    return made


def job_values(
    kind: str,
    request: Any,
    *,
    side_files: Sides | None = None,
    threads: int | None = None,
    fresh: bool = False,
) -> dict[str, Any]:
    """Make a job of a request."""
    sides = {name: str(path) for name, path in (side_files or {}).items()}
    values = {"kind": kind, "request": request_values(request), "side_files": sides}
    return values | {"threads": threads, "fresh": fresh}


def request_values(request: Any) -> dict[str, Any]:
    """Give a request as what JSON has; `validated` makes the same request of it."""
    values: dict[str, Any] = request.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return values


def render_facts(rendered: Any, request: RenderRequest | TextureRequest, files: Sides) -> dict[str, Any]:
    """Give what is known of a finished render, and the files beside it, by their names in JSON."""
    facts = {name: value for name, value in vars(rendered).items() if name not in {"records", "tracked"}}
    facts |= rendered.tracked.as_dict([style.path.name for style in request.styles])
    return facts | {name.replace("-", "_"): path for name, path in files.items()}


def _set_threads(kind: str, asked: int | None) -> int | None:
    """Compute with so many threads, and say with how many; torch is not loaded for what needs none."""
    if kind in _WITHOUT_TORCH:
        return asked
    import torch

    if asked is not None and torch.get_num_threads() != asked:
        torch.set_num_threads(asked)
    return torch.get_num_threads()


def _render(request: RenderRequest, beside: Beside) -> Steps[dict[str, Any]]:
    from nast_fx.render import render_file

    return (yield from _with_sides(request, beside, render_file))


def _texture(request: TextureRequest, beside: Beside) -> Steps[dict[str, Any]]:
    from nast_fx.render import texture_file

    return (yield from _with_sides(request, beside, texture_file))


def _with_sides(request: Any, beside: Beside, render: Callable[..., Steps[Any]]) -> Steps[dict[str, Any]]:
    from nast_fx.render import SegmentFiles

    store = None if beside.is_fresh else SegmentFiles()
    if not beside.sides:
        return render_facts((yield from render(request, store)), request, {})
    from nast_fx.jobs.side_files import SideFiles

    files = SideFiles(request, beside.sides)
    rendered = yield from render(request, store)
    return render_facts(rendered, request, (yield from files.write(rendered)))


def _analyze(request: AnalyzeRequest, beside: Beside) -> Steps[dict[str, Any]]:
    from nast_fx.analysis.analyze import analyze
    from nast_fx.audio import open_source

    yield Progress("read", note=request.content.name)
    with contextlib.closing(open_source(request.content)) as source:
        analysis = yield from analyze(source, str(request.content))
    return {"file": request.content, **analysis.as_dict()}


def _chain(request: ChainRequest, beside: Beside) -> Steps[dict[str, Any]]:
    from nast_fx.render.chained import chain_file

    return dict(vars((yield from chain_file(request))))


def _chains(request: ChainsRequest, beside: Beside) -> Steps[dict[str, Any]]:
    from nast_fx.jobs.chains import chains_job

    return (yield from chains_job(request))


def _wait(request: WaitRequest, beside: Beside) -> Steps[dict[str, Any]]:
    end = time.monotonic() + request.seconds
    while (left := end - time.monotonic()) > 0:
        yield Progress("wait", share=1 - left / request.seconds, seconds_left=left)
        time.sleep(min(WAIT_STEP, left))
    return {"seconds": request.seconds, "python": sys.version.split()[0]}


_RUNNERS: Mapping[str, Callable[[Any, Beside], Steps[dict[str, Any]]]] = {
    "render": _render,
    "texture": _texture,
    "analyze": _analyze,
    "chain": _chain,
    "chains": _chains,
    "wait": _wait,
}
