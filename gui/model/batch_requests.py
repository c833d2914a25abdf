"""What the engine is asked for a batch: the kinds ``plan`` and ``batch``."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nast_fx.errors import UsageError
from nast_fx.plain import plain

from ..translation import gettext as _
from .batch_setup import BatchDocument

__all__ = ["batch_request", "check_batch", "plan_request", "resume_request"]


def plan_request(batch: BatchDocument, *, first: int | None = None) -> dict[str, Any]:
    """Give the request of the names that the results will have.

    Parameters
    ----------
    batch : BatchDocument
    first : int, optional
        How many files are looked at; all by default.

    Raises
    ------
    UsageError
        The setup makes no batch; one sentence.
    """
    request = batch_request(batch)
    # Of the first files alone no mix can be made, and their names need none.
    return request if first is None else request | {"first": first, "stems": False}


def batch_request(batch: BatchDocument) -> dict[str, Any]:
    """Give the request of a batch.

    Raises
    ------
    UsageError
        The setup makes no batch; one sentence.
    """
    check_batch(batch)
    setup = batch.setup
    request: dict[str, Any] = plain(
        {
            "inputs": setup.inputs,
            "exclude": sorted(_globs(setup.left_out, setup.inputs)),
            "output": setup.root,
            "pattern": setup.pattern,
            "overwrite": setup.overwrite,
            "n_jobs": setup.n_jobs or None,
            "stems": setup.is_stems,
            "recursive": setup.is_recursive,
            "preset": batch.preset_name,
            "request": _sound(batch),
        }
    )
    return request


def resume_request(folder: Path | None = None) -> dict[str, Any]:
    """Give the request of the last batch that was broken off, of all or of those into `folder`."""
    return {"resume": True} if folder is None else {"resume": True, "output": str(folder)}


def check_batch(batch: BatchDocument) -> None:
    """Check what needs no file.

    Raises
    ------
    UsageError
        The setup makes no batch; one sentence.
    """
    if not batch.setup.inputs:
        raise UsageError(_("add files or folders first"))
    if batch.setup.pattern_fault:
        raise UsageError(batch.setup.pattern_fault)
    if not batch.preset.styles:
        raise UsageError(_("choose a style first, in the render view"))


def _globs(left_out: Iterable[Path], inputs: Iterable[Path]) -> set[str]:
    """Name files of folders from those folders on, as the engine leaves them out."""
    folders = tuple(inputs)
    return {
        glob.escape(path.relative_to(folder).as_posix())
        for path in left_out
        for folder in folders
        if path.is_relative_to(folder) and path != folder
    }


def _sound(batch: BatchDocument) -> dict[str, Any]:
    """Fields of each file's render."""
    state = batch.document.state
    origin = batch.setup.origin or state.origin
    values: dict[str, Any] = {}
    for name, value in batch.preset.request_values().items():
        if hasattr(value, "model_dump"):
            value = value.model_dump(mode="json", by_alias=True, exclude_unset=True)
        elif name == "styles":
            value = [style.model_dump(mode="json", exclude_defaults=True) for style in value]
        values[name] = value
    if "chain" in values and origin is not None:
        values["chain_file"] = origin.path
    if state.instrument is not None:
        values["instrument"] = state.instrument
    return values
