"""The parameters of a slot with their values: of the table of built-ins, or as its plugin has said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nast_fx.models import RenderPlan, SlotSpec

from ..controls.facts import FieldFacts, facts_of
from ..controls.parameter_facts import parameter_facts
from .hosted import SaidPlugin

__all__ = ["SlotParameter", "parameters_of"]


@dataclass(frozen=True)
class SlotParameter:
    """A parameter of a slot.

    Attributes
    ----------
    facts : FieldFacts
    value : float, bool or str
        In its unit.
    base : float, bool, str or None
        Value that it has where the slot does not say one: the default, or that of the plugin's state.
    is_automatable : bool
    has_value : bool
        False for what is set elsewhere and only moves here.
    """

    facts: FieldFacts
    value: Any
    base: Any
    is_automatable: bool
    has_value: bool = True


def parameters_of(slot: SlotSpec, said: SaidPlugin | None = None) -> tuple[SlotParameter, ...]:
    """Give the parameters of a slot.

    Parameters
    ----------
    slot : SlotSpec
    said : SaidPlugin, optional
        Of a hosted plugin, what it said in the slot's state.
    """
    if slot.kind == "style":
        facts = facts_of(RenderPlan, "amount")
        return (SlotParameter(facts, facts.default, None, is_automatable=True, has_value=False),)
    if slot.builtin is not None:
        return tuple(
            SlotParameter(
                parameter_facts(info),
                slot.parameters.get(name, info.default),
                info.default,
                is_automatable=info.is_automatable,
            )
            for name, info in slot.builtin.parameters.items()
        )
    if said is None:
        return ()
    return tuple(
        SlotParameter(
            facts, slot.parameters.get(facts.name, value), value, is_automatable=facts.kind == "number"
        )
        for facts, value in said.parameters
    )
