"""A chain of effects as data: slots, parallel branches, automation, a hosted plugin's state.

A chain names its plugins and their values and never runs; it is read from and written to a file by
`nast_fx.chain.spec_file`. An error says which slot it is in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import model_validator

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models.base import Settings, setting
from nast_fx.models.chain_parts import AutomationSpec, StateSpec, check_plain, made, tables
from nast_fx.models.plugin_table import BUILTINS, BuiltinInfo

__all__ = ["AutomationSpec", "BranchSpec", "ChainSpec", "SlotKind", "SlotSpec", "StateSpec", "check_at_rate"]

SlotKind = Literal["builtin", "style", "parallel", "vst3", "au"]

SCHEMA = 1
_SUFFIXES: Mapping[str, SlotKind] = {".vst3": "vst3", ".component": "au"}
_ONLY_HOSTED = ("path", "plugin_name", "if_missing", "state")
_STYLE_RANGES = {"amount": (0.0, 1.0)}  # what may change over time in the style slot


class SlotSpec(Settings):
    """One place in a chain: a plugin, its values, and how it is mixed in."""

    plugin: str = setting(
        ..., "A built-in plugin, 'style', 'parallel', or a plugin that ends in .vst3 or .component."
    )
    name: str = setting("", "What the slot is called; empty is its plugin.")
    path: str | None = setting(
        None, "File of a hosted plugin; left out, it is searched for by its name.", min_length=1
    )
    plugin_name: str | None = setting(None, "Which plugin of a file that holds several.")
    bypass: bool = setting(False, "Whether the sound passes the slot untouched.", strict=True)
    mix: float = setting(1.0, "Mix of what comes in (0) and what comes out (1).", ge=0, le=1, strict=True)
    gain_db: float = setting(
        0.0, "Gain after the plugin, ahead of the mix.", unit="dB", ge=-60, le=24, strict=True
    )
    if_missing: Literal["fail", "skip"] = setting("fail", "What to do if a hosted plugin is not there.")
    parameters: dict[str, float | bool | str] = setting({}, "Values by name; the others keep their defaults.")
    automation: dict[str, AutomationSpec] = setting({}, "Parameters that change over time, by name.")
    state: StateSpec | None = setting(None, "Saved state of a hosted plugin.")
    branches: tuple[BranchSpec, ...] = setting((), "What a parallel slot runs side by side and sums.")

    @property
    def kind(self) -> SlotKind:
        """What stands in the slot."""
        if self.path is None:
            if self.plugin in BUILTINS:
                return "builtin"
            if self.plugin == "style":
                return "style"
            if self.plugin == "parallel":
                return "parallel"
        return _hosted_kind(self.path or self.plugin)

    @property
    def is_idle(self) -> bool:
        """Whether sound passes as it is, by what is written: bypassed, mixed in at 0, a path of nothing."""
        if self.bypass or self.mix == 0:
            return True
        if len(self.branches) != 1 or self.gain_db or self.branches[0].gain_db:
            return False
        return all(slot.is_idle for slot in self.branches[0].slots)

    @property
    def label(self) -> str:
        """What it is called in messages."""
        return self.name or self.plugin

    @property
    def builtin(self) -> BuiltinInfo | None:
        """The table's entry of a built-in plugin."""
        return BUILTINS[self.plugin] if self.kind == "builtin" else None

    @model_validator(mode="before")
    @classmethod
    def _parts_say_where(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        if "plugin" not in values:
            raise ValueError('it names no plugin: write plugin = "Reverb", for example')
        for name in ("mix", "gain_db"):
            if isinstance(values.get(name), (str, bool)):
                raise ValueError(f"{name} must be a number, without quotes")
        if isinstance(values.get("parameters"), Mapping):
            check_plain(values["parameters"])
        parts: dict[str, Any] = {}
        if isinstance(values.get("automation"), Mapping):
            curves = values["automation"]
            parts["automation"] = {
                k: made(AutomationSpec, v, f"automation of {k}") for k, v in curves.items()
            }
        if isinstance(values.get("state"), Mapping):
            parts["state"] = made(StateSpec, values["state"], "state")
        if "branches" in values:
            branches = enumerate(tables(values["branches"], "branches", "[[slots.branches]]"), 1)
            parts["branches"] = tuple(made(BranchSpec, raw, f"branch {number}") for number, raw in branches)
        return {**values, **parts}

    @model_validator(mode="after")
    def _fits_its_kind(self) -> SlotSpec:
        kind = self.kind
        if kind not in ("vst3", "au"):
            for name in _ONLY_HOSTED:
                if getattr(self, name) != type(self).model_fields[name].default:
                    raise ValueError(
                        f"{name} is for hosted plugins (.vst3, .component), not for {self.plugin}"
                    )
        if bool(self.branches) != (kind == "parallel"):
            raise ValueError("a parallel slot needs branches, and only it has them")
        if kind == "parallel" and (self.parameters or self.automation):
            raise ValueError("a parallel slot has no parameters: they are in its branches")
        if kind == "style" and self.parameters:
            raise ValueError("the style slot is only a place: its settings are those of the render")
        try:
            self._check_values()
        except UsageError as error:
            raise ValueError(str(error)) from None
        return self

    def _check_values(self) -> None:
        """Hold parameters and automation against the table."""
        if self.builtin:
            self.builtin.checked(self.parameters)
        for name, curve in self.automation.items():
            if self.builtin:
                info = self.builtin.parameter(name)
                if not info.is_automatable:
                    raise UsageError(f"{name} of {self.plugin} cannot change over time")
                for value in curve.values:
                    info.checked(value)
            elif self.kind == "style":
                _check_style_curve(name, curve)


class BranchSpec(Settings):
    """One path of a parallel slot; without slots it is the untouched sound."""

    slots: tuple[SlotSpec, ...] = setting((), "Effects from first to last.")
    gain_db: float = setting(0.0, "Gain of the branch in the sum.", unit="dB", ge=-60, le=24, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _slots_say_where(cls, values: Any) -> Any:
        return _with_slots(values)

    @model_validator(mode="after")
    def _holds_no_style(self) -> BranchSpec:
        if any(slot.kind == "style" for slot in self.slots):
            raise ValueError("the style slot cannot stand in a branch")
        return self


class ChainSpec(Settings):
    """Effects from first to last."""

    schema_version: Literal[1] = setting(SCHEMA, "Version of the file's layout.", alias="schema")
    slots: tuple[SlotSpec, ...] = setting((), "Effects from first to last.")

    @model_validator(mode="before")
    @classmethod
    def _slots_say_where(cls, values: Any) -> Any:
        number = values.get("schema", SCHEMA) if isinstance(values, Mapping) else SCHEMA
        if type(number) is not int or number != SCHEMA:
            raise ValueError(f"schema={values['schema']} is unknown here; this version reads schema={SCHEMA}")
        return _with_slots(values)

    @model_validator(mode="after")
    def _has_one_style(self) -> ChainSpec:
        places = [str(number) for number, slot in enumerate(self.slots, 1) if slot.kind == "style"]
        if len(places) > 1:
            raise ValueError(f"slots {' and '.join(places)} are style slots; a chain has at most one")
        return self


def check_at_rate(spec: ChainSpec, sample_rate: float, n_channels: int = 1) -> None:
    """Check what depends on the sound: frequencies, rates and channels that plugins take.

    Parameters
    ----------
    spec : ChainSpec
    sample_rate : float
        Hz.
    n_channels : int

    Raises
    ------
    UsageError
        One sentence for the first slot that does not fit; a bypassed one always does.
    """
    for where, slot in _slots_within(spec.slots, ""):
        if slot.builtin is None:
            continue
        try:
            slot.builtin.check_at_rate(slot.parameters, sample_rate, n_channels)
            for name, curve in slot.automation.items():
                for value in curve.values:
                    slot.builtin.check_at_rate({name: value}, sample_rate, n_channels)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None


def _slots_within(slots: tuple[SlotSpec, ...], outside: str) -> Iterator[tuple[str, SlotSpec]]:
    """All slots that are heard, those in branches too, and how messages call their places."""
    for number, slot in enumerate(slots, 1):
        if slot.is_idle:
            continue
        where = f"{outside}slot {number} ({slot.label})"
        yield where, slot
        for n_branch, branch in enumerate(slot.branches, 1):
            yield from _slots_within(branch.slots, f"{where}: branch {n_branch}: ")


def _with_slots(values: Any) -> Any:
    if not isinstance(values, Mapping) or "slots" not in values:
        return values
    slots = []
    for number, raw in enumerate(tables(values["slots"], "slots", "[[slots]]"), 1):
        label = (raw.get("name") or raw.get("plugin")) if isinstance(raw, Mapping) else None
        slots.append(made(SlotSpec, raw, f"slot {number} ({label})" if label else f"slot {number}"))
    return {**values, "slots": tuple(slots)}


def _hosted_kind(file: str) -> SlotKind:
    for suffix, kind in _SUFFIXES.items():
        if file.lower().endswith(suffix):
            return kind
    near = did_you_mean(file, [*BUILTINS, "style", "parallel"])
    raise ValueError(f"there is no plugin '{file}'{near or '; a hosted one ends in .vst3 or .component'}")


def _check_style_curve(name: str, curve: AutomationSpec) -> None:
    if name not in _STYLE_RANGES:
        raise UsageError(
            f"the style slot has no '{name}' that changes over time{did_you_mean(name, _STYLE_RANGES)}"
        )
    low, high = _STYLE_RANGES[name]
    for value in curve.values:
        if not low <= value <= high:
            raise UsageError(f"{name}={value:g} must be at least {low:g} and at most {high:g}")
