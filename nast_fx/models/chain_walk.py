"""Slots of a chain by their places: ``2`` is the second one, ``2.1.3`` the third of its first branch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nast_fx.models.chain import ChainSpec, SlotSpec

__all__ = ["file_names", "slot_places", "with_file_names", "with_slot"]


def slot_places(slots: tuple[SlotSpec, ...], outside: str = "") -> Iterator[tuple[str, SlotSpec]]:
    """Give all slots with their places, those of branches after the slot that holds them."""
    for number, slot in enumerate(slots, 1):
        yield f"{outside}{number}", slot
        for n_branch, branch in enumerate(slot.branches, 1):
            yield from slot_places(branch.slots, f"{outside}{number}.{n_branch}.")


def with_slot(spec: ChainSpec, place: str, slot: SlotSpec) -> ChainSpec:
    """Give the chain with another slot at a place that is there."""
    numbers = [int(number) - 1 for number in place.split(".")]
    return spec.model_copy(update={"slots": _with(spec.slots, numbers, slot)})


def file_names(slot: SlotSpec) -> dict[str, str]:
    """Files that a slot names, by the key that does: an impulse response, a hosted plugin's path."""
    known = slot.builtin.parameters if slot.builtin else {}
    names = {
        name: str(value)
        for name, value in slot.parameters.items()
        if name in known and known[name].kind == "file" and value
    }
    return names if slot.path is None else {"path": slot.path}


def with_file_names(spec: ChainSpec, change: Callable[[str], str]) -> ChainSpec:
    """Give a chain with every file name in it changed."""
    for place, _ in list(slot_places(spec.slots)):
        slot = dict(slot_places(spec.slots))[place]
        names = {name: change(text) for name, text in file_names(slot).items()}
        if names:
            values: dict[str, Any] = names if "path" in names else {"parameters": slot.parameters | names}
            spec = with_slot(spec, place, slot.model_copy(update=values))
    return spec


def _with(slots: tuple[SlotSpec, ...], numbers: list[int], slot: SlotSpec) -> tuple[SlotSpec, ...]:
    number, *inner = numbers
    if inner:
        n_branch, *deeper = inner
        outer = slots[number]
        branch = outer.branches[n_branch]
        branch = branch.model_copy(update={"slots": _with(branch.slots, deeper, slot)})
        branches = (*outer.branches[:n_branch], branch, *outer.branches[n_branch + 1 :])
        slot = outer.model_copy(update={"branches": branches})
    return (*slots[:number], slot, *slots[number + 1 :])
