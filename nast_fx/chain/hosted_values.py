"""Parameters of a plugin inside of its process: their ranges, and the raw value that stands for a value."""

from __future__ import annotations

from typing import Any

__all__ = ["automatable", "describe", "raw_value", "value_of"]


def automatable(plugin: Any) -> dict[str, Any]:
    """Parameters by name, without those that report only, such as the size of a block."""
    return {name: part for name, part in plugin.parameters.items() if part.is_automatable}


def describe(plugin: Any) -> list[dict[str, Any]]:
    """Say of each parameter what `nast_fx.chain.host.HostedParameter` holds."""
    return [
        {
            "name": name,
            "label": part.name,
            "unit": (part.label or "").strip(),
            "low": float(part.min_value) if part.type is float else 0.0,
            "high": float(part.max_value) if part.type is float else 1.0,
            "default": _read(part, part.default_raw_value, _text_at(part, part.default_raw_value)),
            "choices": list(dict.fromkeys(part.valid_values)) if part.type is str else [],
            "value": value_of(part),
        }
        for name, part in automatable(plugin).items()
    ]


def value_of(parameter: Any) -> float | bool | str:
    """Give the value that a parameter has, in its own unit."""
    return _read(parameter, parameter.raw_value, parameter.string_value)


def raw_value(parameter: Any, value: float | bool | str) -> float:
    """Give the raw value, 0 ... 1, for a value in the parameter's own unit.

    pedalboard knows a thousand values of each and may answer with the nearest of them: off by up to 0.05 % of
    the range. Where the plugin itself reads the value better, its answer is taken.
    """
    known = float(parameter.get_raw_value_for(value))
    if parameter.type is not float:
        return known
    own = float(parameter.get_raw_value_for_text(str(value)))
    distances = {raw: _distance(parameter, raw, float(value)) for raw in (known, own)}
    return own if 0 <= own <= 1 and distances[own] < distances[known] else known


def _distance(parameter: Any, raw: float, value: float) -> float:
    """Distance of what a raw value stands for from a value."""
    read = _read(parameter, raw, _text_at(parameter, raw))
    return abs(float(read) - value) if isinstance(read, float) else float("inf")


def _text_at(parameter: Any, raw: float) -> str:
    return str(parameter.get_text_for_raw_value(raw))


def _read(parameter: Any, raw: float, text: str) -> float | bool | str:
    """Give the value that a raw value and its text stand for."""
    from pedalboard._pedalboard import strip_common_float_suffixes

    if parameter.type is bool:
        return raw >= 0.5
    if parameter.type is float:
        try:
            return float(strip_common_float_suffixes(text))
        except ValueError:
            return text
    return text
