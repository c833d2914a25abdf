"""One job from plain data to plain data: what a worker, a batch and any executor are given.

A job is a dict ``{"kind", "request", "side_files", "threads", "fresh", "receipt"}`` of what JSON has, so that
it passes any process and any computer; `run_request` is a plain function, so that anything can call it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.jobs.kind import Beside, Sides, Switch
from nast_fx.jobs.kinds import COMPUTING, KINDS, WITH_SIDES
from nast_fx.jobs.receipt import write_receipt
from nast_fx.models import validated
from nast_fx.models.messages import REQUESTS
from nast_fx.models.plain import check_plain_tree
from nast_fx.plain import plain
from nast_fx.progress import Steps, drain

__all__ = ["job_values", "request_values", "run_request", "steps_of"]


def run_request(values: Mapping[str, Any]) -> dict[str, Any]:
    """Do a job without a word and give its facts.

    Raises
    ------
    NastFxError
        One of its kinds, with a sentence; then no file of it is there.
    """
    return drain(steps_of(values))


def steps_of(values: Mapping[str, Any], switch: Switch | None = None) -> Steps[dict[str, Any]]:
    """Do a job; see `run_request`.

    Parameters
    ----------
    values : mapping
        ``kind`` is a name of `REQUESTS`, ``request`` holds its fields; optional are ``side_files`` (name to
        path), ``threads``, ``fresh`` (use and keep no finished segments) and ``receipt`` (see `receipt`).
    switch : Switch, optional
        Tells a job that has workers of its own when it is held.
    """
    kind = values["kind"]
    if kind not in KINDS:
        raise UsageError(f"there is no kind of job '{kind}'{did_you_mean(str(kind), KINDS)}")
    _check_texts(values)
    request = validated(REQUESTS[kind], values["request"])
    sides = {name: Path(path) for name, path in (values.get("side_files") or {}).items()}
    if sides and kind not in WITH_SIDES:
        raise UsageError(f"side_files are for render and texture, not for {kind}")
    threads = _set_threads(kind, values.get("threads"))
    receipt = Path(values["receipt"]) if values.get("receipt") else None
    beside = Beside(sides, bool(values.get("fresh")), switch or Switch(), receipt)
    with contextlib.closing(KINDS[kind](request, beside)) as steps:
        facts = yield from steps
    made: dict[str, Any] = plain(facts | ({"threads": threads} if threads else {}))
    if receipt is not None and made.get("output"):
        write_receipt(receipt, made, sides.values())
    return made


def job_values(
    kind: str,
    request: Any,
    *,
    side_files: Sides | None = None,
    threads: int | None = None,
    fresh: bool = False,
    receipt: Path | None = None,
) -> dict[str, Any]:
    """Make a job of a request."""
    sides = {name: str(path) for name, path in (side_files or {}).items()}
    values = {"kind": kind, "request": request_values(request), "side_files": sides}
    return values | {"threads": threads, "fresh": fresh, "receipt": receipt and str(receipt)}


def request_values(request: Any) -> dict[str, Any]:
    """Give a request as what JSON has; `validated` makes the same request of it."""
    values: dict[str, Any] = request.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return values


def _check_texts(values: Mapping[str, Any]) -> None:
    """Check what no file's name may hold, ahead of the system that would say it in its own words."""
    try:
        check_plain_tree({key: values.get(key) for key in ("request", "side_files", "receipt")})
    except ValueError as error:
        raise UsageError(f"the request cannot be used: {error}") from None


def _set_threads(kind: str, asked: int | None) -> int | None:
    """Compute with so many threads, and say with how many; torch is not loaded for what needs none."""
    if kind not in COMPUTING:
        return asked
    import torch

    if asked is not None and torch.get_num_threads() != asked:
        torch.set_num_threads(asked)
    return torch.get_num_threads()
