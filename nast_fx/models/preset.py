"""A preset: all that makes a sound (method, plan, chain, styles) under a name; it describes and never runs.

What a preset leaves out it does not set: an option of the command line wins over the preset, the preset
over the default. Files in it are as they are written; `nast_fx.presets` knows where they start.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models.base import Settings, setting, validated
from nast_fx.models.chain import ChainSpec
from nast_fx.models.chain_parts import made, tables
from nast_fx.models.methods import METHOD_SETTINGS
from nast_fx.models.output import ALLOWED_BITS, Bits, Container
from nast_fx.models.plain import check_plain_tree, check_types
from nast_fx.models.plan import RenderPlan
from nast_fx.models.request import RenderRequest, TextureRequest
from nast_fx.models.style import StyleReference
from nast_fx.models.tracking import Tracking

__all__ = ["SCHEMA", "Preset", "PresetOutput", "migrate", "preset_of", "values_of"]

M = TypeVar("M", bound=Settings)

SCHEMA = 1
MAX_STYLES = 64
REQUEST_FIELDS = ("method", "settings", "plan", "tracking", "chain", "tail_seconds", "styles")
_PARTS: Mapping[str, type[Settings]] = {"plan": RenderPlan, "tracking": Tracking, "chain": ChainSpec}


def _one_line(value: Any) -> Any:
    if isinstance(value, str) and any(unicodedata.category(c) == "Cc" for c in value):
        raise ValueError("one line of text")
    return value.strip() if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_one_line)]
Tag = Annotated[Line, Field(min_length=1, max_length=40)]


class PresetOutput(Settings):
    """What a result is written as; an output's name with another suffix wins."""

    format: Container | None = setting(None, "Container of the result; empty is that of the content.")
    bits: Bits | None = setting(None, "Bit depth of the result; empty is that of the content.")

    @model_validator(mode="after")
    def _bits_fit(self) -> PresetOutput:
        if self.format is not None and self.bits is not None and self.bits not in ALLOWED_BITS[self.format]:
            taken = ", ".join(ALLOWED_BITS[self.format])
            raise ValueError(f"bits={self.bits} must be {taken or 'left out'} for {self.format}")
        return self


class Preset(Settings):
    """A sound by name."""

    schema_version: Literal[1] = setting(SCHEMA, "Version of the file's layout.", alias="schema")
    name: Line = setting(..., "What it is called.", min_length=1, max_length=80)
    author: Line = setting("", "Who made it.", max_length=200)
    description: str = setting("", "What it does, and to which material.", max_length=2000)
    tags: tuple[Tag, ...] = setting((), "Words to find it by.", max_length=32)
    notes: str = setting("", "Anything else: sources, licenses, hints.", max_length=20_000)
    method: str = setting("infinite", "Name of the method.")
    tail_seconds: float = setting(
        0.0, "How much longer the result is, for what rings on in a chain.", unit="s", ge=0, le=600
    )
    settings: dict[str, Any] = setting({}, "The method's own settings.")
    plan: RenderPlan = setting(RenderPlan(), "Segments, stereo, mix, quality, seed.")
    tracking: Tracking = setting(Tracking(), "Loudness and key.")
    output: PresetOutput = setting(PresetOutput(), "Container and bit depth.")
    styles: tuple[StyleReference, ...] = setting(
        (), "Reference recordings and styles.", max_length=MAX_STYLES
    )
    chain: ChainSpec = setting(ChainSpec(), "Effects before and after the style.")

    @model_validator(mode="before")
    @classmethod
    def _parts_say_where(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        check_plain_tree(values)
        if values.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(f"schema={values['schema']} is unknown here; this version reads schema={SCHEMA}")
        if "name" not in values:
            raise ValueError('it has no name: write name = "Warm glue", for example')
        if not isinstance(values.get("tags", ()), (list, tuple)):
            raise ValueError('tags must be a list of words, as in tags = ["drums", "dark"]')
        check_types(cls, values)
        parts: dict[str, Any] = {
            name: _part(model, values[name], name) for name, model in _PARTS.items() if name in values
        }
        if "output" in values:
            parts["output"] = _part(PresetOutput, values["output"], "output")
        if "styles" in values:
            parts["styles"] = _styles(values["styles"])
        if "settings" in values or "method" in values:
            parts["settings"] = _method_settings(values.get("method", "infinite"), values.get("settings", {}))
            if not parts["settings"] and "settings" not in values:
                del parts["settings"]
        return {**values, **parts}

    def request_values(self) -> dict[str, Any]:
        """Give the fields of a `RenderRequest` that it sets, with the files as they are written."""
        given = self.model_fields_set | ({"method"} if "settings" in self.model_fields_set else set())
        values = {name: getattr(self, name) for name in REQUEST_FIELDS if name in given}
        return values | self.output.model_dump(exclude_none=True)

    def values(self) -> dict[str, Any]:
        """Give all that it sets as plain values, as in its file."""
        values = self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
        if "chain" in values:
            values["chain"] = self.chain.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        if "styles" in values:
            values["styles"] = [
                style.model_dump(mode="json", exclude_defaults=True) | {"path": style.path.as_posix()}
                for style in self.styles
            ]
        return {"schema": SCHEMA, **{key: value for key, value in values.items() if value != {}}}


def preset_of(request: RenderRequest | TextureRequest, name: str) -> Preset:
    """Give what a request sets as a preset."""
    fields = [field for field in type(request).model_fields if field not in ("content", "output")]
    values = values_of({field: getattr(request, field) for field in fields})
    return validated(Preset, {**values, "name": name})


def values_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields of a preset that those of a request make.

    Content, device and place of the output are not of the sound.
    """
    values = {key: request[key] for key in REQUEST_FIELDS if request.get(key)}
    for part, left_out in (("plan", {"device"}), ("tracking", set[str]())):
        if part in values:
            values[part] = values[part].model_dump(exclude_unset=True, exclude_none=True, exclude=left_out)
    if "chain" in values and not values["chain"].slots:
        del values["chain"]
    values["output"] = {key: request[key] for key in ("format", "bits") if request.get(key) is not None}
    return {key: value for key, value in values.items() if value}


def migrate(values: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the values of a preset file of any schema to those of this one.

    Raises
    ------
    UsageError
        The schema is newer, or none at all.
    """
    schema = values.get("schema")
    if type(schema) is not int or schema < 0:
        raise UsageError(f"schema must be a whole number such as {SCHEMA}")
    if schema > SCHEMA:
        raise UsageError(f"its schema is that of a newer nast-fx; this one reads up to schema = {SCHEMA}")
    found = dict(values)
    while found["schema"] < SCHEMA:
        found = _MIGRATIONS[found["schema"]](found)
    return found


def _from_flat(values: dict[str, Any]) -> dict[str, Any]:
    """Schema 0 had no tables but that of the settings."""
    plan = {key: values[key] for key in ("amount", "strength", "quality") if key in values}
    kept = {key: value for key, value in values.items() if key not in plan}
    return {**kept, "schema": 1, **({"plan": plan} if plan else {})}


_MIGRATIONS = {0: _from_flat}


def _part(model: type[M], raw: Any, where: str) -> M:
    if isinstance(raw, Mapping):
        check_types(model, raw, f"{where}: ")
    return made(model, raw, where)


def _styles(raw: Any) -> tuple[StyleReference, ...]:
    styles = []
    for number, one in enumerate(tables(raw, "styles", "[[styles]]"), 1):
        where = f"style {number}"
        if isinstance(one, Mapping) and not one.get("path"):
            raise ValueError(f'{where}: it names no file: write path = "rain.wav", for example')
        styles.append(_part(StyleReference, one, where))
    return tuple(styles)


def _method_settings(method: Any, raw: Any) -> dict[str, Any]:
    """Check settings with their method's own model; give those that are set, each of its type."""
    if not isinstance(method, str) or method not in METHOD_SETTINGS:
        raise ValueError(f"there is no method '{method}'{did_you_mean(str(method), METHOD_SETTINGS)}")
    where = f"settings of {method}"
    found = _part(METHOD_SETTINGS[method], raw, where)
    return found.model_dump(mode="json", exclude_unset=True, exclude_none=True)
