"""What a plugin's parameter says of itself: of the table of built-ins, or of what a hosted plugin tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from nast_fx.models.plugin_info import ParameterInfo

from .facts import FieldFacts, label_of

__all__ = ["N_DIGITS", "hosted_facts", "parameter_facts", "plugin_number"]

_KINDS = {"number": "number", "switch": "flag", "choice": "choice", "file": "path"}
_ACRONYMS = {"Vbr": "VBR", "impulse response filename": "impulse response"}
N_DIGITS = 6  # a plugin's own numbers are float32, with their noise


def parameter_facts(info: ParameterInfo) -> FieldFacts:
    """Describe a parameter of a built-in plugin."""
    name = info.name.removesuffix("_filename")
    for unit in ("_hz", "_ms", "_db", "_seconds"):
        name = name.removesuffix(unit)
    label = label_of(name)
    for written, right in _ACRONYMS.items():
        label = label.replace(written, right)
    kind = _KINDS[info.kind]
    return FieldFacts(
        name=info.name,
        label=label,
        help=info.help,
        unit=info.unit,
        kind=kind,
        default=info.default,
        low=info.low,
        high=info.high,
        choices=info.choices,
        source=_number(info.low, info.high) if kind == "number" else Any,
    )


def hosted_facts(said: Mapping[str, Any]) -> FieldFacts:
    """Describe a parameter of a hosted plugin, as the engine tells it."""
    default, choices = said["default"], tuple(said["choices"])
    kind = "choice" if choices else {bool: "flag", str: "text"}.get(type(default), "number")
    is_number = kind == "number"
    low, high = (float(said["low"]), float(said["high"])) if is_number else (None, None)
    return FieldFacts(
        name=said["name"],
        label=said["label"] or said["name"],
        help=said["name"],
        unit=said["unit"] if is_number else "",
        kind=kind,
        default=plugin_number(default, low, high) if is_number else default,
        low=low,
        high=high,
        choices=choices,
        source=_number(low, high) if is_number else Any,
    )


def plugin_number(value: float, low: float | None, high: float | None) -> float:
    """Give a plugin's number without the noise of its float32, and inside of its range."""
    return min(max(float(f"{value:.{N_DIGITS}g}"), low or 0.0), high or 0.0)


def _number(low: float | None, high: float | None) -> Any:
    return Annotated[float, Field(ge=low, le=high)]
