"""Parts of a chain's slot: what moves over time, a hosted plugin's state; errors that say where they are."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, TypeVar

from pydantic import field_validator, model_validator

from nast_fx.errors import UsageError
from nast_fx.models.base import Settings, setting, validated

__all__ = ["AutomationSpec", "StateSpec", "check_plain", "made", "tables"]

M = TypeVar("M", bound=Settings)


class AutomationSpec(Settings):
    """A value over time: straight lines between points, or a MIDI controller of the score."""

    points: tuple[tuple[float, float], ...] = setting((), "Pairs of a time in seconds and a value.")
    controller: int | None = setting(
        None, "MIDI controller that moves the value from low (0) to high (127).", ge=0, le=127, strict=True
    )
    low: float | None = setting(None, "Value at 0 of the controller.", strict=True)
    high: float | None = setting(None, "Value at 127 of the controller; it may be below low.", strict=True)

    @field_validator("points", mode="before")
    @classmethod
    def _points_are_pairs(cls, value: Any) -> Any:
        pairs = value if isinstance(value, (list, tuple)) else [value]
        for pair in pairs:
            is_pair = isinstance(pair, (list, tuple)) and len(pair) == 2
            if not is_pair or not all(type(number) in (int, float) for number in pair):
                raise ValueError("pairs of seconds and value, as in [[0, 0.2], [4, 0.8]]")
        return value

    @model_validator(mode="after")
    def _is_one_of_both(self) -> AutomationSpec:
        if bool(self.points) == (self.controller is not None):
            raise ValueError("it takes either points or a controller")
        if (self.controller is None) != (self.low is None) or (self.low is None) != (self.high is None):
            raise ValueError("a controller, its low and its high belong together")
        times = [seconds for seconds, _ in self.points]
        if times and times[0] < 0:
            raise ValueError(f"the time {times[0]:g} s must be at least 0")
        for before, after in pairwise(times):
            if after <= before:
                raise ValueError(f"the time {after:g} s must be later than {before:g} s, the one before")
        return self

    @property
    def values(self) -> tuple[float, ...]:
        """Values that it goes through; all others lie between them."""
        ends = tuple(end for end in (self.low, self.high) if end is not None)
        return ends or tuple(value for _, value in self.points)


class StateSpec(Settings):
    """What a hosted plugin remembers, and what to check it against after it is restored."""

    raw: str = setting("", "The plugin's own state, as base64.")
    identifier: str = setting("", "The plugin's own identifier.")
    version: str = setting("", "Version of the plugin that made it.")
    values: dict[str, float] = setting({}, "Each parameter as a share of its range, 0 ... 1.")

    # Checked as a whole: an error of the field itself would show all of the state.
    @model_validator(mode="after")
    def _can_be_restored(self) -> StateSpec:
        try:
            base64.b64decode(self.raw, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("raw is damaged: it must be base64") from None
        for name, value in self.values.items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name}={value:g} must be at least 0 and at most 1")
        return self


def made(model: type[M], raw: Any, where: str) -> M:
    """Make a part of a chain; an error begins with where it is."""
    if isinstance(raw, model):
        return raw
    if not isinstance(raw, Mapping):
        raise ValueError(f"{where} must be a table of names and values")
    try:
        return validated(model, raw)
    except UsageError as error:
        raise ValueError(f"{where}: {error}") from None


def check_plain(values: Mapping[str, Any]) -> None:
    """Check that each value is a finite number, true or false, or text."""
    for name, value in values.items():
        if not isinstance(value, (int, float, bool, str)):
            raise ValueError(f"{name} must be a number, true or false, or text in quotes")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name}={value} must be a finite number")


def tables(raw: Any, name: str, header: str) -> list[Any] | tuple[Any, ...]:
    """Take a list of tables that has to begin each of them with `header`."""
    if not isinstance(raw, (list, tuple)):
        raise ValueError(f"{name} must be a list of tables: each begins with {header}")
    return raw
