"""Parameters of a hosted plugin as its parent knows them, and what a restored state is compared with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models.chain import StateSpec

__all__ = ["HostedParameter", "restore_warnings"]

SAME_RAW = 1e-4  # raw values, 0 ... 1, that are nearer than this are the same; plugins round them
_MOST_SHOWN = 8


@dataclass(frozen=True)
class HostedParameter:
    """A parameter of a plugin.

    Attributes
    ----------
    name : str
        As it is set; made of the label and the unit: ``attack_ms``.
    label, unit : str
        As the plugin shows them.
    low, high : float
        Range of a number, in its unit.
    default, value : float, bool or str
        In its unit; text where there are choices.
    choices : tuple of str
        Empty where the value is a number or a switch.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    default: float | bool | str
    choices: tuple[str, ...]
    value: float | bool | str

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> HostedParameter:
        """Make one of what the plugin's process says."""
        return cls(**{**facts, "choices": tuple(facts["choices"])})

    def check(self, value: float | bool | str) -> None:
        """Check a value.

        Raises
        ------
        UsageError
            It is out of the range, or none of the choices.
        """
        if self.choices:
            if value not in self.choices:
                known = ", ".join(self.choices[:_MOST_SHOWN])
                more = ", ..." if len(self.choices) > _MOST_SHOWN else ""
                near = did_you_mean(str(value), self.choices)
                raise UsageError(f"{self.name}={value} must be one of {known}{more}{near}")
        elif isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise UsageError(f"{self.name}={value} must be true or false")
        elif isinstance(value, (bool, str)) or not (math.isfinite(value) and self.low <= value <= self.high):
            unit = f" {self.unit}" if self.unit else ""
            raise UsageError(
                f"{self.name}={value} must be at least {self.low:g} and at most {self.high:g}{unit}"
            )


def restore_warnings(
    label: str, version: str, state: StateSpec, values: Mapping[str, float]
) -> tuple[str, ...]:
    """Compare the raw `values` of a plugin, 0 ... 1, with the state that was restored.

    Returns
    -------
    tuple of str
        A sentence for each difference.
    """
    warnings = []
    if state.version != version:
        warnings.append(f"{label}: the state is of version {state.version}, the plugin is {version}")
    for name, saved in state.values.items():
        if name not in values:
            warnings.append(f"{label}: '{name}' of the state is no parameter of the plugin any more")
        elif abs(values[name] - saved) > SAME_RAW:
            warnings.append(
                f"{label}: '{name}' was not restored: it was at {saved:.4g} of its range and is at "
                f"{values[name]:.4g}"
            )
    return tuple(warnings)
