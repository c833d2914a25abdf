"""What a field of a model says of itself: kind, name, help, unit, range, choices; controls are made of it."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from nast_fx.models import Settings

from ..translation import gettext as _

__all__ = ["FieldFacts", "facts_of", "label_of"]

# Parts of names, as people write them; the unit says what a suffix says.
_WORDS = {"cqt": "CQT", "stft": "STFT", "dft": "DFT", "max": "maximum"}
_PARTS = {
    "griffin_lim": "Griffin-Lim",
    "f_max": "highest frequency",
    "start_seconds": "start",
    "length_seconds": "length",
    "_seconds": " length",
    "_db": "",
    "n_fft": "FFT length",
}
PROSE_LENGTH = 1000  # characters; a text that may be so long has several lines

_KINDS = {bool: "flag", int: "integer", float: "number", str: "text", Path: "path"}


@dataclass(frozen=True)
class FieldFacts:
    """A field, as a control needs it.

    Attributes
    ----------
    name, label, help, unit : str
        ``label`` and ``help`` are for people, not yet translated.
    kind : str
        A name of `CONTROLS`, but for ``instead``.
    default : object
    low, high : float or None
        Range, its ends included; None where there is no end.
    step : int
        Whole numbers are multiples of it.
    choices : tuple
        What a ``choice`` takes.
    instead : tuple
        A value beside the kind's own (None, ``inf``), or nothing.
    source : type
        Type with its rules, as pydantic checks it.
    """

    name: str
    label: str
    help: str
    unit: str
    kind: str
    default: Any
    low: float | None = None
    high: float | None = None
    step: int = 1
    choices: tuple[Any, ...] = ()
    instead: tuple[Any, ...] = ()
    source: Any = field(default=Any, repr=False, compare=False)

    def check(self, value: Any) -> str:
        """Give one sentence on what is wrong with a value, or an empty one."""
        try:
            self._adapter.validate_python(value)
        except ValidationError as error:
            return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        return ""

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.source)


def facts_of(model: type[Settings], name: str) -> FieldFacts:
    """Read a field of a model.

    Raises
    ------
    TypeError
        No control is made for such a field.
    """
    info = model.model_fields[name]
    kind, choices, instead = _kind(info.annotation, f"{model.__name__}.{name}")
    low, high, step = _range(info)
    if kind == "text" and any(getattr(rule, "max_length", 0) >= PROSE_LENGTH for rule in info.metadata):
        kind = "prose"
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    return FieldFacts(
        name=name,
        label=label_of(name),
        help=info.description or "",
        unit=str(extra.get("unit", "")),
        kind=kind,
        default=info.default,
        low=low,
        high=high,
        step=step,
        choices=choices,
        instead=instead,
        source=Annotated[info.annotation, info],
    )


def label_of(name: str) -> str:
    """Give a field's name as words: ``n_filters`` is "Number of filters"."""
    for part, words in _PARTS.items():
        name = name.replace(part, words)
    if name.startswith("n_"):
        name = f"number of {name.removeprefix('n_')}"
    text = " ".join(_WORDS.get(word, word) for word in name.split("_"))
    return text[:1].upper() + text[1:]


def unit_text(facts: FieldFacts) -> str:
    """Unit behind a number, with the space ahead of it."""
    return f" {_(facts.unit)}" if facts.unit else ""


def _kind(annotation: Any, where: str) -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
    """Kind, choices, and the value beside the kind's own."""
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0], where)
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation), ()
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        instead: tuple[Any, ...] = (None,) if len(parts) < len(get_args(annotation)) else ()
        words = [part for part in parts if get_origin(part) is Literal and len(get_args(part)) == 1]
        if len(parts) == 2 and len(words) == 1 and not instead:
            parts = [part for part in parts if part is not words[0]]
            instead = get_args(words[0])
        if len(parts) == 1:
            kind, choices, _within = _kind(parts[0], where)
            return kind, choices, instead
    if get_origin(annotation) is tuple and _kind(get_args(annotation)[0], where)[0] == "text":
        return "words", (), ()
    if annotation in _KINDS:
        return _KINDS[annotation], (), ()
    raise TypeError(f"there is no control for {where}: {annotation}")


def _range(info: FieldInfo) -> tuple[float | None, float | None, int]:
    low: float | None = None
    high: float | None = None
    step = 1
    for rule in info.metadata:
        low = next((getattr(rule, key) for key in ("ge", "gt") if hasattr(rule, key)), low)
        high = next((getattr(rule, key) for key in ("le", "lt") if hasattr(rule, key)), high)
        step = getattr(rule, "multiple_of", step)
    return low, high, step
