"""Tables of plugins and of their parameters, and the same for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nast_fx.chain.host import HostedParameter, HostedPlugin
    from nast_fx.chain.scan import Scan

__all__ = [
    "PLUGIN_HEADS",
    "fact_rows",
    "parameter_rows",
    "plugin_rows",
    "value_text",
]

PLUGIN_HEADS = ("plugin", "is", "maker", "version", "parameters", "file")

Value = float | bool | str


def plugin_rows(found: Scan) -> list[tuple[str, ...]]:
    """One row a plugin, then those that failed, with the reason, and those that are denied."""
    rows: list[tuple[str, ...]] = []
    for file in found.files:
        for plugin in file.plugins:
            facts = (plugin.name, _kind(plugin.is_instrument), plugin.maker, plugin.version)
            rows.append((*facts, f"{plugin.n_parameters}", str(file.path)))
    for file in found.failures:
        reason = file.error.removeprefix(f"{file.path.stem}: ")
        rows.append((file.path.stem, "failed", "-", "-", "-", f"{file.path} ({reason})"))
    rows += [(path.stem, "denied", "-", "-", "-", str(path)) for path in found.denied]
    return [tuple(cell or "-" for cell in row) for row in rows]


def fact_rows(plugin: HostedPlugin) -> list[tuple[str, str]]:
    """Give label and value of what a plugin says of itself."""
    facts = plugin.facts
    milliseconds = 1000 * plugin.latency_samples / plugin.sample_rate
    rate = f"{plugin.sample_rate / 1000:g} kHz"
    channels = f"{facts.n_plugin_channels}"
    if plugin.mono_only:
        channels += ", so each channel of a recording gets a plugin of its own"
    rows = [
        ("plugin", facts.name),
        ("is", _kind(facts.is_instrument)),
        ("maker", facts.maker),
        ("version", facts.version),
        ("category", facts.category),
        ("identifier", facts.identifier),
        ("channels", channels),
        ("latency", f"{plugin.latency_samples} samples ({milliseconds:.3g} ms at {rate})"),
        ("file", str(plugin.path)),
    ]
    return [(label, value or "-") for label, value in rows]


def parameter_rows(parameters: Iterable[HostedParameter]) -> list[tuple[str, ...]]:
    """One row a parameter, by the name that a chain file needs."""
    return [
        (part.name, value_text(part.value), value_text(part.default), part.unit or "-", _range(part))
        for part in parameters
    ]


def value_text(value: Value) -> str:
    """Give a value as a chain file has it, without quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else value or '""'


def _range(part: HostedParameter) -> str:
    if part.choices:
        return ", ".join(part.choices)
    return "true or false" if isinstance(part.default, bool) else f"{part.low:g} to {part.high:g}"


def _kind(is_instrument: bool) -> str:
    return "instrument" if is_instrument else "effect"
