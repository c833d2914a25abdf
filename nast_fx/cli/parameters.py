"""From a frozen class of options to Typer's parameters, and from values to models."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar, get_type_hints

from nast_fx.errors import UsageError
from nast_fx.models import Settings, validated

__all__ = ["checked", "option_names", "takes"]

T = TypeVar("T")
M = TypeVar("M", bound=Settings)


def option_names(options: type[Any]) -> dict[str, str]:
    """Map the fields of an options class to what a user types: ``segment_seconds`` to ``--segment``."""
    names = {}
    for field, hint in get_type_hints(options, include_extras=True).items():
        info = hint.__metadata__[0]
        decls = [info.default, *(info.param_decls or ())]
        names[field] = next((decl for decl in decls if str(decl).startswith("--")), field)
    return names


def checked(model: type[M], values: Mapping[str, Any], *, names: Mapping[str, str]) -> M:
    """Make a model as `validated` does; its messages name options as they are typed."""
    try:
        return validated(model, values)
    except UsageError as error:
        text = str(error)
        for field, option in names.items():
            text = re.sub(rf"\b{field}=", f"{option} ", text)
        raise UsageError(text) from None


def takes(
    options: type[T], *, without: Container[str] = ()
) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """Let a command take one frozen `options` object; Typer sees its fields as parameters.

    Those of `without` it does not see: they stay at their defaults.
    """

    def decorate(command: Callable[[T], None]) -> Callable[..., None]:
        def call(**values: Any) -> None:
            command(options(**values))

        hints = get_type_hints(options, include_extras=True)
        call.__name__, call.__doc__ = command.__name__, command.__doc__
        call.__annotations__ = {}
        call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=inspect.Parameter.empty if field.default is MISSING else field.default,
                    annotation=hints[field.name],
                )
                for field in _own_first(options)
                if field.name not in without
            ]
        )
        return call

    return decorate


def _own_first(options: type[Any]) -> list[Field[Any]]:
    """Give the fields of an options class: its own before those of its bases, as help shows them."""
    depth = {
        name: -index
        for index, base in enumerate(options.__mro__)
        for name in vars(base).get("__annotations__", {})
    }
    return sorted(fields(options), key=lambda field: -depth[field.name])
