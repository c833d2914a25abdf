"""Changes of a preset as functions: a preset in, another one out; it is checked as a file's would be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nast_fx.models import METHOD_SETTINGS, ChainSpec, MethodSettings, Preset, StyleReference, validated

__all__ = [
    "blank_preset",
    "method_settings",
    "with_chain",
    "with_method",
    "with_part",
    "with_setting",
    "with_styles",
    "with_values",
]


def blank_preset() -> Preset:
    """Give the preset of a new document: all defaults."""
    return Preset(name="Untitled")


def method_settings(preset: Preset) -> MethodSettings:
    """Give all settings of a preset's method, its defaults included."""
    return validated(METHOD_SETTINGS[preset.method], preset.settings)


def with_values(preset: Preset, **values: Any) -> Preset:
    """Give a preset with fields of its own (name, tags ...) changed.

    Raises
    ------
    UsageError
        A value is out of its range, or does not go with another one.
    """
    return validated(Preset, {**preset.values(), **values})


def with_method(preset: Preset, method: str, settings: Mapping[str, Any]) -> Preset:
    """Give a preset of another method, whose settings are `settings`."""
    return with_values(preset, method=method, settings=dict(settings))


def with_setting(preset: Preset, base: Preset, name: str, value: Any) -> Preset:
    """Give a preset with one setting of its method changed.

    The default is left out where `base`, from which the preset was made, left it out too.
    """
    default = METHOD_SETTINGS[preset.method].model_fields[name].default
    settings = {key: old for key, old in preset.settings.items() if key != name}
    is_said = base.method == preset.method and name in base.settings
    if value is not None and (is_said or value != default):
        settings[name] = value
    return with_values(preset, settings=settings)


def with_part(preset: Preset, part: str, **values: Any) -> Preset:
    """Give a preset with fields of its ``plan``, ``tracking`` or ``output`` changed; None leaves one out."""
    old = getattr(preset, part).model_dump(mode="json", exclude_unset=True, exclude_none=True)
    new = {key: value for key, value in {**old, **values}.items() if value is not None}
    return with_values(preset, **{part: new})


def with_styles(preset: Preset, styles: Iterable[StyleReference]) -> Preset:
    """Give a preset with other styles."""
    return with_values(preset, styles=[style.model_dump(mode="json") for style in styles])


def with_chain(preset: Preset, chain: ChainSpec) -> Preset:
    """Give a preset with another chain."""
    return with_values(preset, chain=chain.model_dump(mode="json", by_alias=True, exclude_defaults=True))
