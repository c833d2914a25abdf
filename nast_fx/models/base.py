"""What every settings model shares: frozen, no unknown keys, each field with help and unit.

A range is written once, here in `models`; command-line help, checks, the app's controls and the
reference pages are all made from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nast_fx.errors import UsageError, did_you_mean

__all__ = ["Settings", "parse_overrides", "setting", "validated"]

MOST_SHOWN = 200  # characters of a wrong value in a message


class Settings(BaseModel):
    """Base of all settings: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


S = TypeVar("S", bound=Settings)


def setting(default: Any, description: str, *, unit: str = "", **rules: Any) -> Any:
    """Declare a field: its default, one sentence of help, its unit and its range (``ge``, ``lt`` ...)."""
    return Field(default=default, description=description, json_schema_extra={"unit": unit}, **rules)


def validated(model: type[S], values: Mapping[str, Any]) -> S:
    """Make a `model` from `values`.

    Raises
    ------
    UsageError
        One sentence for the first wrong value: its name, the value and the rule.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise UsageError(_sentence(model, error)) from None


def parse_overrides(texts: Sequence[str]) -> dict[str, str]:
    """Split ``key=value`` texts, as given by ``--set``, at their first equals sign."""
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {text}: write it as key=value")
        pairs[key.strip()] = value.strip()
    return pairs


_RULES = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def _sentence(model: type[Settings], error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        known_names = [field.alias or key for key, field in model.model_fields.items()]
        return f"there is no setting '{_written(name)}'{did_you_mean(name, known_names)}"
    if name not in model.model_fields:
        return str(first["msg"]).removeprefix("Value error, ")
    # The words as the error has them: it may be about a key within the field.
    known = re.findall(r"'([^']*)'", first["ctx"]["expected"]) if first["type"] == "literal_error" else ()
    given = _written(first["input"])
    near = did_you_mean(given, known)
    return f"{name}={given} must be {_rule(model, name, first)}{near}"


def _written(value: Any) -> str:
    """Give a wrong value as text, cut where it is endless; Python writes no number of 5000 digits."""
    try:
        text = str(value)
    except (ValueError, RecursionError):
        return "..."
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def _rule(model: type[Settings], name: str, error: Any) -> str:
    """Say what a field takes, from its own declaration."""
    if error["type"] == "literal_error":
        return "one of " + str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
    bounds = []
    for rule in model.model_fields[name].metadata:
        bounds += [f"{word} {getattr(rule, key):,.10g}" for key, word in _RULES.items() if hasattr(rule, key)]
        bounds += [f"a multiple of {rule.multiple_of}"] if hasattr(rule, "multiple_of") else []
        bounds += [f"at most {rule.max_length} characters"] if hasattr(rule, "max_length") else []
    if bounds and error["type"] != "value_error":  # which is a model's own sentence
        return " and ".join(bounds)
    return str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
