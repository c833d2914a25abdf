"""Help from the settings themselves: a range is written once, in `nast_fx.models`."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from nast_fx.models import Settings

__all__ = ["choices", "field_option", "limits", "unit"]

ENDLESS = 1e15  # a bound above it is none to a person


def choices(field: FieldInfo) -> tuple[str, ...]:
    """Give the words that a field takes, or an empty tuple."""
    return tuple(str(word) for word in _words(field.annotation))


def limits(field: FieldInfo) -> str:
    """Say the range of a field: ``0 to 1``, ``above 0``, ``mid-side, left-right or mono``."""
    if field.annotation is bool:
        return "true or false"
    words = choices(field)
    if words and not _takes_numbers(field.annotation):
        return _listed(words)
    bound = {key: getattr(rule, key) for rule in field.metadata for key in _KEYS if hasattr(rule, key)}
    if bound.get("le", 0) > ENDLESS:
        del bound["le"]
    if "ge" in bound and "le" in bound:
        return f"{_number(bound['ge'])} to {_number(bound['le'])}"
    said = [f"{_KEYS[key]} {_number(value)}" for key, value in bound.items()]
    if words and not said:
        said = ["a whole number"]
    return _listed([*words, " and ".join(said)]) if said else ""


def unit(field: FieldInfo) -> str:
    """Give the unit of a field, or an empty string."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def field_option(
    *names: str, model: type[Settings], field: str, panel: str, metavar: str = "", more: str = ""
) -> Any:
    """Declare an option that sets `field` of `model`; its help is the field's own, and `more`."""
    info = model.model_fields[field]
    rule = limits(info)
    words = choices(info)  # the metavar shows them
    facts = [f"{rule} {unit(info)}".strip() if rule and not words else "", _default(info)]
    said = f"{info.description} ({'; '.join(filter(None, facts))})" if any(facts) else info.description
    return typer.Option(
        *names,
        help=f"{said} {more}".strip(),
        metavar=metavar or "|".join(words) or "X",
        rich_help_panel=panel,
        show_default=False,
        autocompletion=_completion(words) if words else None,
    )


_KEYS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def _default(field: FieldInfo) -> str:
    if field.is_required() or field.default is None or field.default == "":
        return ""
    return f"default {_number(field.default)}"


def _completion(words: tuple[str, ...]) -> Callable[[str], list[str]]:
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


def _words(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return [word for part in get_args(annotation) for word in _words(part)]
    return []


def _takes_numbers(annotation: Any) -> bool:
    return any(part in (int, float) for part in get_args(annotation))


def _listed(words: Any) -> str:
    words = [word for word in words if word]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _number(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
