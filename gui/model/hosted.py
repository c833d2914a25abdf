"""What hosted plugins say of themselves, asked once for each plugin and state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PyQt6.QtCore import QObject, pyqtSignal

from nast_fx.errors import NastFxError
from nast_fx.models import SlotSpec

from ..controls.facts import FieldFacts
from ..controls.parameter_facts import hosted_facts, plugin_number

__all__ = ["AsksEngine", "HostedPlugins", "SaidPlugin", "slot_values"]

Key = tuple[Any, ...]


class AsksEngine(Protocol):
    """The engine, as far as it is needed here."""

    def run(self, kind: str, request: Mapping[str, Any]) -> Any:
        """Ask for a job; see `nast_fx_gui.engine.Engine`."""


@dataclass(frozen=True)
class SaidPlugin:
    """A plugin in the state of a slot.

    Attributes
    ----------
    name, maker, version : str
    is_instrument : bool
        Then it cannot stand in a chain.
    parameters : tuple of (FieldFacts, value)
        What each is, and its value in that state.
    warnings : tuple of str
        What of the slot's state it did not take.
    """

    name: str
    maker: str
    version: str
    is_instrument: bool
    parameters: tuple[tuple[FieldFacts, Any], ...]
    warnings: tuple[str, ...]


class HostedPlugins(QObject):
    """Asks the engine, and remembers.

    Parameters
    ----------
    engine : Engine
    parent : QObject, optional
    """

    said = pyqtSignal()
    """A plugin has answered, or cannot."""

    def __init__(self, engine: AsksEngine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._known: dict[Key, SaidPlugin | str | None] = {}
        self._jobs: list[Any] = []

    def of(self, slot: SlotSpec, chain_file: Path | None) -> SaidPlugin | str | None:
        """Give what the plugin of a slot says; None while it is asked, a sentence if it cannot be."""
        key = (chain_file, *_key(slot))
        if key not in self._known:
            self._known[key] = None
            self._ask(key, {"action": "show", "slot": _asked(slot), "chain_file": chain_file})
        return self._known[key]

    def forget(self) -> None:
        """Ask anew from now on: plugins were scanned, or installed."""
        self._known.clear()

    def _ask(self, key: Key, request: Mapping[str, Any]) -> None:
        job = self._engine.run("chains", request)
        self._jobs.append(job)

        def keep(found: SaidPlugin | str) -> None:
            self._jobs.remove(job)
            self._known[key] = found
            self.said.emit()

        job.finished.connect(lambda facts: keep(_said(facts)))
        job.failed.connect(lambda error: keep(_sentence(error)))


def slot_values(slot: SlotSpec) -> dict[str, Any]:
    """Give a slot as plain values."""
    return slot.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _asked(slot: SlotSpec) -> dict[str, Any]:
    """Give what of a slot decides over the values of its other parameters: state and programs, no numbers."""
    values = slot_values(slot)
    kept = {name: values[name] for name in ("plugin", "path", "plugin_name", "state") if name in values}
    programs = _programs(slot)
    return kept | ({"parameters": programs} if programs else {})


def _key(slot: SlotSpec) -> Key:
    """Give the same, quickly: a state is megabytes."""
    state = None if slot.state is None else (slot.state.identifier, slot.state.version, slot.state.raw)
    return slot.plugin, slot.path, slot.plugin_name, state, tuple(sorted(_programs(slot).items()))


def _programs(slot: SlotSpec) -> dict[str, str]:
    return {name: value for name, value in slot.parameters.items() if isinstance(value, str)}


def _said(facts: Mapping[str, Any]) -> SaidPlugin:
    return SaidPlugin(
        name=facts["name"],
        maker=facts["maker"],
        version=facts["version"],
        is_instrument=facts["is_instrument"],
        parameters=tuple(_parameter(one) for one in facts["parameters"]),
        warnings=tuple(facts["warnings"]),
    )


def _parameter(said: Mapping[str, Any]) -> tuple[FieldFacts, Any]:
    facts, value = hosted_facts(said), said["value"]
    return facts, plugin_number(value, facts.low, facts.high) if facts.kind == "number" else value


def _sentence(error: NastFxError) -> str:
    return str(error)
