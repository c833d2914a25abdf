"""What the engine is asked for a batch: the kinds ``plan``, ``batch`` and ``unfinished``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from nast_fx.errors import UsageError
from nast_fx.plain import plain

from ..translation import gettext as _
from .batch_setup import BatchDocument

__all__ = ["batch_request", "check_batch", "plan_request"]


def plan_request(batch: BatchDocument, *, n_files: int | None = None) -> dict[str, Any]:
    """Give the request of the names that the results will have.

    Parameters
    ----------
    batch : BatchDocument
    n_files : int, optional
        How many names are wanted; all by default.

    Raises
    ------
    UsageError
        The setup makes no batch; one sentence.
    """
    request = batch_request(batch, needs_style=False)
    return request if n_files is None else request | {"n_files": n_files}


def batch_request(
    batch: BatchDocument, *, only: Collection[str] = (), needs_style: bool = True
) -> dict[str, Any]:
    """Give the request of a batch.

    Parameters
    ----------
    batch : BatchDocument
    only : collection of str
        The contents that are rendered; all by default.
    needs_style : bool
        Whether a preset without a style is refused.

    Raises
    ------
    UsageError
        The setup makes no batch; one sentence.
    """
    check_batch(batch, needs_style=needs_style)
    setup = batch.setup
    request: dict[str, Any] = plain(
        {
            "inputs": setup.inputs,
            "left_out": sorted(setup.left_out),
            "only": sorted(only),
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


def check_batch(batch: BatchDocument, *, needs_style: bool = True) -> None:
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
    if needs_style and not batch.preset.styles:
        raise UsageError(_("choose a style first, in the render view"))


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
