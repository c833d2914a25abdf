"""What is known of a built-in plugin and its parameters, and how a value is checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nast_fx.errors import UsageError, did_you_mean

__all__ = ["BuiltinInfo", "ParameterInfo", "ParameterKind", "ParameterValue", "choice", "number", "switch"]

ParameterValue = float | bool | str
ParameterKind = Literal["number", "switch", "choice", "file"]


@dataclass(frozen=True)
class ParameterInfo:
    """One parameter of a plugin.

    Attributes
    ----------
    name : str
        As the plugin's own constructor has it.
    unit : str
        ``Hz``, ``dB``, ``ms``, ``s``, ``semitones``, ``bits``, or empty where the number has none.
    low, high : float or None
        Both ends of the range, both allowed; None where the value is no number.
    default : float, bool, str or None
        The plugin's own; None where a value must be given.
    help : str
        One sentence.
    choices : tuple of str
        All values of a choice; empty otherwise.
    is_automatable : bool
        Whether it may change while sound runs through the plugin.
    is_below_half_rate : bool
        Whether it must stay below half the sample rate: a filter there blows up without a word.
    """

    name: str
    unit: str
    low: float | None
    high: float | None
    default: ParameterValue | None
    help: str
    choices: tuple[str, ...] = ()
    is_automatable: bool = False
    is_below_half_rate: bool = False

    @property
    def kind(self) -> ParameterKind:
        """What its value is."""
        if self.choices:
            return "choice"
        if isinstance(self.default, bool):
            return "switch"
        return "file" if self.low is None else "number"

    def checked(self, value: ParameterValue) -> ParameterValue:
        """Give `value` as the plugin takes it.

        Raises
        ------
        UsageError
            It is of another type, out of range, or no known choice.
        """
        if self.kind == "number":
            fits = not isinstance(value, (bool, str)) and self._is_inside(value)
        elif self.kind == "switch":
            fits = isinstance(value, bool)
        else:
            fits = isinstance(value, str) and bool(value) and (not self.choices or value in self.choices)
        if not fits:
            near = did_you_mean(str(value), self.choices)
            raise UsageError(f"{self.name}={_as_written(value)} must be {self._rule()}{near}")
        return float(value) if self.kind == "number" else value

    def _is_inside(self, value: float) -> bool:
        return self.low is not None and self.high is not None and self.low <= value <= self.high

    def _rule(self) -> str:
        if self.kind == "number":
            unit = f" {self.unit}" if self.unit else ""
            return f"a number of at least {self.low:,.10g} and at most {self.high:,.10g}{unit}"
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        return "true or false" if self.kind == "switch" else "the name of a file"


@dataclass(frozen=True)
class BuiltinInfo:
    """One built-in plugin.

    Attributes
    ----------
    name : str
        As pedalboard exports it.
    help : str
        One sentence.
    parameters : Mapping[str, ParameterInfo]
        In the order of its constructor.
    is_chunk_safe : bool
        Whether sound may pass in blocks: then the result is that of one call.
    has_latency : bool
        Whether it gives fewer samples than it gets while sound runs through it.
    sample_rates : tuple of int
        All sample rates that it takes, in Hz; empty is any.
    max_channels : int or None
        Most channels that it takes; None is any.
    """

    name: str
    help: str
    parameters: Mapping[str, ParameterInfo]
    is_chunk_safe: bool = True
    has_latency: bool = False
    sample_rates: tuple[int, ...] = ()
    max_channels: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        parameters = [vars(part) | {"kind": part.kind} for part in self.parameters.values()]
        return {"name": self.name, "help": self.help, "parameters": parameters}

    def parameter(self, name: str) -> ParameterInfo:
        """Find a parameter.

        Raises
        ------
        UsageError
            There is none of this name.
        """
        if name not in self.parameters:
            near = did_you_mean(name, self.parameters)
            raise UsageError(f"{self.name} has no parameter '{name}'{near}")
        return self.parameters[name]

    def checked(self, values: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
        """Give `values` as the plugin takes them.

        Raises
        ------
        UsageError
            A name is unknown, a value does not fit, or one that must be given is missing.
        """
        fitting = {name: self.parameter(name).checked(value) for name, value in values.items()}
        for name, info in self.parameters.items():
            if info.default is None and name not in values:
                raise UsageError(f"{self.name} needs a value for {name}")
        return fitting

    def check_at_rate(
        self, values: Mapping[str, ParameterValue], sample_rate: float, n_channels: int = 1
    ) -> None:
        """Check `values`, and the defaults of the others, at a sample rate in Hz.

        Raises
        ------
        UsageError
            The plugin does not take this rate or so many channels, or a frequency is not below half of
            the rate.
        """
        if self.sample_rates and sample_rate not in self.sample_rates:
            rates = ", ".join(f"{rate:,}" for rate in self.sample_rates)
            raise UsageError(f"{self.name} works at {rates} Hz only, not at {sample_rate:,g} Hz")
        if self.max_channels is not None and n_channels > self.max_channels:
            raise UsageError(f"{self.name} takes at most {self.max_channels} channels, not {n_channels}")
        for name, info in self.parameters.items():
            value = values.get(name, info.default)
            if info.is_below_half_rate and isinstance(value, float) and value >= sample_rate / 2:
                half = f"half the sample rate, {sample_rate / 2:,g} Hz"
                raise UsageError(f"{name}={value:g} must be below {half}")


def number(
    name: str,
    unit: str,
    low: float,
    high: float,
    default: float,
    text: str,
    *,
    is_automatable: bool = True,
    is_below_half_rate: bool = False,
) -> ParameterInfo:
    """Describe a number; it may change over time unless said otherwise."""
    return ParameterInfo(name, unit, low, high, default, text, (), is_automatable, is_below_half_rate)


def choice(name: str, choices: tuple[str, ...], default: str, text: str) -> ParameterInfo:
    """Describe a choice among names."""
    return ParameterInfo(name, "", None, None, default, text, choices)


def switch(name: str, default: bool, text: str) -> ParameterInfo:
    """Describe a switch."""
    return ParameterInfo(name, "", None, None, default, text)


def _as_written(value: ParameterValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
