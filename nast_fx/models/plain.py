"""Checks of values that somebody else's file holds, ahead of any model: size, depth, kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from nast_fx.models.base import Settings

__all__ = ["check_plain_tree", "check_types"]

MAX_DEPTH = 64  # tables and lists within each other; a chain of parallel slots takes three a level
INT_BITS = 63  # TOML's whole numbers


def check_plain_tree(values: Mapping[str, Any]) -> None:
    """Check that values are what every later step can hold and show.

    Raises
    ------
    ValueError
        One sentence: nested too deeply, a number beyond 64 bits, a NUL character, half a character, a date.
    """
    rest: list[tuple[Any, int]] = [(dict(values), 0)]
    while rest:
        value, depth = rest.pop()
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        if isinstance(value, Mapping):
            rest += [(key, depth) for key in value]
            rest += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, (list, tuple)):
            rest += [(item, depth + 1) for item in value]
        elif isinstance(value, int) and value.bit_length() > INT_BITS:
            raise ValueError("a whole number in it is beyond 64 bits")
        elif isinstance(value, str) and "\0" in value:
            raise ValueError("a text in it holds a NUL character")
        elif isinstance(value, str) and not _is_text(value):
            raise ValueError("a text in it holds half a character")
        elif not isinstance(value, (str, int, float, Settings)) and value is not None:
            kind = "date or a time" if hasattr(value, "isoformat") else type(value).__name__
            raise ValueError(f"a {kind} in it has no meaning")


def _is_text(value: str) -> bool:
    """Whether it can be written: a name of a file that is no UTF-8 can, half a pair of UTF-16 cannot."""
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def check_types(model: type[Settings], values: Mapping[str, Any], where: str = "") -> None:
    """Check that true and false stand only where a field takes them: pydantic reads them as 1 and 0.

    Raises
    ------
    ValueError
        One sentence that names the field.
    """
    for key, value in values.items():
        field = model.model_fields.get(key)
        takes_flags = field is None or bool in (field.annotation, *get_args(field.annotation))
        if isinstance(value, bool) and not takes_flags:
            raise ValueError(f"{where}{key}={str(value).lower()} must be a number or a text")
