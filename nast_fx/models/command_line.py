"""The command that does what a window does: ``nast-fx render`` with the options of the same request."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from nast_fx.errors import UsageError
from nast_fx.models.base import Settings
from nast_fx.models.plan import RenderPlan
from nast_fx.models.request import RenderRequest
from nast_fx.models.style import StyleReference

__all__ = ["command_line"]

# Options that are not called as their fields; all others are, with dashes.
_NAMES = {
    "overlap_seconds": "overlap",
    "tail_seconds": "tail",
    "output": "out",
    "time_reference_seconds": "time-reference",
}
_OF_REQUEST = (
    "midi",
    "instrument",
    "tail_seconds",
    "time_reference_seconds",
    "output",
    "format",
    "bits",
    "overwrite",
    "method",
)
_CUTS = ("segment_seconds", "segment_beats", "segment_markers")


def command_line(request: RenderRequest, side_files: Mapping[str, Path] | None = None) -> list[str]:
    """Give program and arguments; joined by `shlex.join` they are a line for a terminal.

    Parameters
    ----------
    request : RenderRequest
        Its chain, if it has one, is what is in its `chain_file`: no option holds a chain.
    side_files : mapping of str to Path, optional
        Files beside the result, by the options that ask for them.

    Raises
    ------
    UsageError
        No options of a render make such a request.
    """
    _check(request)
    words = ["nast-fx", "render", _place(request.content)]
    for style in request.styles:
        words += ["--style", _style(style)]
    words += _options(request, _OF_REQUEST)
    words += _snippet(request)
    for name, value in request.settings.items():
        words += [] if value is None else ["--set", f"{name}={_text(value)}"]
    words += _cut(request.plan)
    words += _options(request.plan, [name for name in RenderPlan.model_fields if name not in _CUTS])
    words += _options(request.tracking, type(request.tracking).model_fields)
    if request.chain.slots:
        words += ["--chain", _place(request.chain_file or Path())]
    for name, path in (side_files or {}).items():
        words += [f"--{name}", _place(path)]
    return words


def _check(request: RenderRequest) -> None:
    """Raise for what has no option."""
    plan = request.plan
    if request.chain.slots and request.chain_file is None:
        raise UsageError("a chain has no options: save it as a file, which --chain reads")
    if request.mix is not None:
        raise UsageError("a stem of a mix is rendered by nast-fx batch --stems")
    if request.variation is not None:
        raise UsageError("one of several variations has no command of its own")
    if plan.loop:
        raise UsageError("loop is for textures")
    is_default = plan.segment_seconds == RenderPlan.model_fields["segment_seconds"].default
    if (plan.segment_beats or plan.segment_markers) and not is_default:
        raise UsageError("--segment takes seconds, beats or markers, and only one of them")


def _options(model: Settings, names: Any) -> Iterator[str]:
    """Give the options of those fields that are not left at their defaults."""
    for name in names:
        value = getattr(model, name)
        if value != type(model).model_fields[name].default and value is not None:
            yield f"--{_NAMES.get(name, name).replace('_', '-')}"
            yield _place(value) if isinstance(value, Path) else _text(value)


def _cut(plan: RenderPlan) -> list[str]:
    if plan.segment_markers:
        return ["--segment", "markers"]
    if plan.segment_beats:
        return ["--segment", f"beats:{plan.segment_beats}"]
    is_default = plan.segment_seconds == RenderPlan.model_fields["segment_seconds"].default
    return [] if is_default else ["--segment", _digits(plan.segment_seconds)]


def _snippet(request: RenderRequest) -> list[str]:
    if request.start_seconds == 0 and request.length_seconds is None:
        return []
    return ["--snippet", _stretch(request.start_seconds, request.length_seconds)]


def _style(style: StyleReference) -> str:
    """Write ``FILE[@START:LENGTH][=WEIGHT]``; what a name itself has of ``@`` and ``=`` is left in it."""
    text = _place(style.path)
    is_odd = "@" in text or "=" in text
    if style.start_seconds or style.length_seconds is not None or is_odd:
        text += f"@{_stretch(style.start_seconds, style.length_seconds)}"
    return text if style.weight == 1 and not is_odd else f"{text}={_digits(style.weight)}"


def _stretch(start: float, length: float | None) -> str:
    return f"{_digits(start)}:{'' if length is None else _digits(length)}"


def _place(path: Path) -> str:
    """Write a name that is never taken for an option."""
    text = str(path)
    return os.path.join(".", text) if text.startswith("-") else text


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _digits(value: float) -> str:
    """Write a number without an exponent, so that reading it gives the same."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
