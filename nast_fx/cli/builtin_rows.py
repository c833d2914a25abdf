"""Tables of the built-in plugins and their parameters, and the same for programs."""

from __future__ import annotations

from nast_fx.models.plugin_table import BUILTINS, BuiltinInfo, ParameterInfo

__all__ = [
    "BUILTIN_HEADS",
    "BUILTIN_PARAMETER_HEADS",
    "builtin_parameter_rows",
    "builtin_row",
    "builtin_slot",
    "found_builtins",
]

BUILTIN_HEADS = ("built-in", "parameters", "what it does")
BUILTIN_PARAMETER_HEADS = ("parameter", "default", "unit", "range", "moves", "what it is")


def found_builtins(word: str) -> list[BuiltinInfo]:
    """Give those that have a word in their name or their help, in any case."""
    word = word.casefold()
    return [info for info in BUILTINS.values() if word in f"{info.name} {info.help}".casefold()]


def builtin_row(info: BuiltinInfo) -> tuple[str, ...]:
    """Give a row of the list."""
    return info.name, f"{len(info.parameters)}", info.help


def builtin_parameter_rows(info: BuiltinInfo) -> list[tuple[str, ...]]:
    """One row a parameter."""
    return [
        (
            part.name,
            _written(part.default),
            part.unit or "-",
            _range(part),
            "yes" if part.is_automatable else "no",
            part.help,
        )
        for part in info.parameters.values()
    ]


def builtin_slot(info: BuiltinInfo) -> str:
    """Give the plugin as a slot of a chain file, with all its defaults."""
    lines = ["[[slots]]", f'plugin = "{info.name}"']
    if info.parameters:
        lines.append("[slots.parameters]")
    for part in info.parameters.values():
        text = isinstance(part.default, str) or part.default is None
        value = f'"{part.default or "FILE"}"' if text else _written(part.default)
        lines.append(f"{part.name} = {value}")
    return "\n".join(lines)


def _range(part: ParameterInfo) -> str:
    if part.kind == "number":
        return f"{part.low:g} to {part.high:g}"
    if part.kind == "choice":
        return ", ".join(part.choices)
    return "true or false" if part.kind == "switch" else "a file"


def _written(value: float | bool | str | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
