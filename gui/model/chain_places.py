"""A chain as rows with places, and its changes as functions: a chain in, another one out.

A place counts from 0, outside in: ``(1,)`` is the second slot, ``(1, 0)`` its first branch, ``(1, 0, 2)`` the
third slot of that branch. The style has a row also where the chain leaves it out: then it comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from nast_fx.models import ChainSpec, SlotSpec
from nast_fx.models.chain import BranchSpec

__all__ = [
    "STYLE",
    "Place",
    "Row",
    "inserted",
    "item_at",
    "moved",
    "place_text",
    "rows_of",
    "slot_at",
    "stepped",
    "whole",
    "with_item",
    "without",
]

Place = tuple[int, ...]
Item = SlotSpec | BranchSpec
Items = tuple[Any, ...]

STYLE = SlotSpec(plugin="style")


@dataclass(frozen=True)
class Row:
    """A slot or a branch, where it stands."""

    place: Place
    item: Item

    @property
    def depth(self) -> int:
        """How many slots and branches it lies in."""
        return len(self.place) - 1

    @property
    def slot(self) -> SlotSpec | None:
        """The slot; None for a branch."""
        return self.item if isinstance(self.item, SlotSpec) else None


def place_text(place: Place) -> str:
    """Give a place as people and `nast_fx.models.chain_walk` count: ``2.1.3``."""
    return ".".join(str(number + 1) for number in place)


def whole(spec: ChainSpec) -> ChainSpec:
    """Give a chain with its style slot, also where it leaves it out."""
    if any(slot.kind == "style" for slot in spec.slots):
        return spec
    return spec.model_copy(update={"slots": (*spec.slots, STYLE)})


def rows_of(spec: ChainSpec) -> list[Row]:
    """Give all slots and branches, from first to last."""
    return [Row(place, item) for place, item in _walk(whole(spec).slots, ())]


def item_at(spec: ChainSpec, place: Place) -> Item:
    """Give what stands at a place; an IndexError where nothing does."""
    item: Any = whole(spec)
    for number in place:
        item = _items(item)[number]
    found: Item = item
    return found


def slot_at(spec: ChainSpec, place: Place) -> SlotSpec:
    """Give the slot at a place.

    Raises
    ------
    ValueError
        A branch is there.
    """
    item = item_at(spec, place)
    if not isinstance(item, SlotSpec):
        raise ValueError(f"place={place} must be a slot's")
    return item


def with_item(spec: ChainSpec, place: Place, item: Item) -> ChainSpec:
    """Put another slot or branch at a place."""
    return _trimmed(_edited(whole(spec), place, lambda items, at: (*items[:at], item, *items[at + 1 :])))


def inserted(spec: ChainSpec, place: Place, item: Item) -> ChainSpec:
    """Put a slot or branch ahead of what is at a place."""
    return _trimmed(_edited(whole(spec), place, lambda items, at: (*items[:at], item, *items[at:])))


def without(spec: ChainSpec, place: Place) -> ChainSpec:
    """Take a slot or branch out; a parallel slot goes with its last branch."""
    if len(place) % 2 == 0 and len(_items(item_at(spec, place[:-1]))) == 1:
        place = place[:-1]
    return _trimmed(_edited(whole(spec), place, _left_out))


def moved(spec: ChainSpec, old: Place, new: Place) -> tuple[ChainSpec, Place]:
    """Move a slot ahead of what is at `new`; give the chain, and the slot's place afterwards.

    A slot that would come to lie inside of itself stays.
    """
    if new[: len(old)] == old:
        return spec, old
    spec = whole(spec)
    item = item_at(spec, old)
    spec = _edited(spec, new, lambda items, at: (*items[:at], item, *items[at:]))
    return _trimmed(_edited(spec, _shifted(old, new, 1), _left_out)), _shifted(new, old, -1)


def stepped(spec: ChainSpec, place: Place, *, down: bool) -> Place | None:
    """Where a slot goes that is moved one step, as `moved` takes it; None at the end of the chain.

    A step leads into the branches of a parallel slot and out of them; the style goes past it.
    """
    is_style = getattr(item_at(spec, place), "kind", "") == "style"
    around, at = place[:-1], place[-1]
    siblings = _items(item_at(spec, around))
    next_at = at + 1 if down else at - 1
    if 0 <= next_at < len(siblings):
        branches = siblings[next_at].branches
        if not branches or is_style:
            return (*around, at + 2 if down else at - 1)
        if down:
            return (*around, next_at, 0, 0)
        return (*around, next_at, len(branches) - 1, len(branches[-1].slots))
    return _beside(spec, around, down=down) if around else None


def _beside(spec: ChainSpec, branch: Place, *, down: bool) -> Place:
    """Where a step out of a branch leads: into the next one, or out of the parallel slot."""
    parallel, number = branch[:-1], branch[-1]
    branches = _items(item_at(spec, parallel))
    if down:
        is_last = number + 1 == len(branches)
        return (*parallel[:-1], parallel[-1] + 1) if is_last else (*parallel, number + 1, 0)
    return (*parallel, number - 1, len(branches[number - 1].slots)) if number else parallel


def _walk(items: Items, around: Place) -> Iterator[tuple[Place, Item]]:
    for number, item in enumerate(items):
        yield (*around, number), item
        yield from _walk(_items(item), (*around, number))


def _items(holder: Any) -> Items:
    """What a chain, a branch or a parallel slot holds."""
    items: Items = holder.branches if isinstance(holder, SlotSpec) else holder.slots
    return items


def _edited(spec: ChainSpec, place: Place, change: Callable[[Items, int], Items]) -> ChainSpec:
    """Change what holds a place."""

    def within(holder: Any, path: Place) -> Any:
        items = _items(holder)
        if len(path) == 1:
            items = change(items, path[0])
        else:
            items = (*items[: path[0]], within(items[path[0]], path[1:]), *items[path[0] + 1 :])
        name = "branches" if isinstance(holder, SlotSpec) else "slots"
        return holder.model_copy(update={name: items})

    edited: ChainSpec = within(spec, place)
    return edited


def _left_out(items: Items, at: int) -> Items:
    return (*items[:at], *items[at + 1 :])


def _trimmed(spec: ChainSpec) -> ChainSpec:
    """Leave a plain style slot at the end out: it says nothing."""
    n_styles = sum(slot.kind == "style" for slot in spec.slots)
    if n_styles == 1 and spec.slots[-1] == STYLE:
        return spec.model_copy(update={"slots": spec.slots[:-1]})
    return spec


def _shifted(place: Place, at: Place, by: int) -> Place:
    """Place of something after a sibling of it, or of what holds it, was put in (1) or taken out (-1)."""
    deep = len(at) - 1
    if place[:deep] != at[:deep] or len(place) <= deep or place[deep] < at[deep] + (by < 0):
        return place
    return (*place[:deep], place[deep] + by, *place[deep + 1 :])
