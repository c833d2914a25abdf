from __future__ import annotations

import pytest

from nast_fx.errors import UsageError
from nast_fx.models import ChainSpec, SlotSpec, validated
from nast_fx.models.chain import BranchSpec
from nast_fx_gui.model.chain_places import (
    STYLE,
    Place,
    inserted,
    item_at,
    moved,
    place_text,
    rows_of,
    stepped,
    whole,
    with_item,
    without,
)


def slot(name: str, *branches: BranchSpec) -> SlotSpec:
    return SlotSpec(plugin="parallel" if branches else "Gain", name=name, branches=branches)


def branch(*names: str) -> BranchSpec:
    return BranchSpec(slots=tuple(slot(name) for name in names))


def chain(*slots: SlotSpec) -> ChainSpec:
    return ChainSpec(slots=slots)


def written(spec: ChainSpec) -> str:
    """``a [b c|] S``: slots by name, branches in brackets, the style as S."""

    def text(one: SlotSpec) -> str:
        if one.kind == "style":
            return "S"
        if one.branches:
            return f"[{'|'.join(' '.join(map(text, part.slots)) for part in one.branches)}]"
        return one.name

    return " ".join(map(text, whole(spec).slots))


PARALLEL = slot("p", branch("b", "c"), branch())
SPEC = chain(slot("a"), PARALLEL, STYLE, slot("d"))


def test_rows_are_slots_and_branches_in_order() -> None:
    places = [place_text(row.place) for row in rows_of(SPEC)]
    assert places == ["1", "2", "2.1", "2.1.1", "2.1.2", "2.2", "3", "4"]
    assert [row.depth for row in rows_of(SPEC)] == [0, 0, 1, 2, 2, 1, 0, 0]
    assert [row.slot is None for row in rows_of(SPEC)] == [
        False,
        False,
        True,
        False,
        False,
        True,
        False,
        False,
    ]


def test_the_style_has_a_row_where_the_chain_leaves_it_out() -> None:
    assert written(chain()) == "S"
    assert written(chain(slot("a"))) == "a S"
    assert [row.place for row in rows_of(chain(slot("a")))] == [(0,), (1,)]


def test_a_plain_style_at_the_end_is_left_out() -> None:
    assert inserted(chain(), (0,), slot("a")) == chain(slot("a"))
    assert inserted(chain(), (1,), slot("a")) == chain(STYLE, slot("a"))
    loud = STYLE.model_copy(update={"gain_db": 3.0})
    assert with_item(chain(slot("a")), (1,), loud) == chain(slot("a"), loud)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((0,), "[b c|] S d"),
        ((1, 0, 0), "a [c|] S d"),
        ((1, 1), "a [b c] S d"),
        ((1,), "a S d"),
    ],
)
def test_what_is_taken_out_is_gone(place: Place, expected: str) -> None:
    assert written(without(SPEC, place)) == expected


def test_a_parallel_slot_goes_with_its_last_branch() -> None:
    assert written(without(without(SPEC, (1, 0)), (1, 0))) == "a S d"


@pytest.mark.parametrize(
    ("old", "new", "expected", "place"),
    [
        ((0,), (4,), "[b c|] S d a", (3,)),
        ((0,), (2,), "[b c|] a S d", (1,)),
        ((3,), (0,), "d a [b c|] S", (0,)),
        ((0,), (1, 1, 0), "[b c|a] S d", (0, 1, 0)),
        ((1, 0, 0), (0,), "b a [c|] S d", (0,)),
        ((1, 0, 0), (1, 0, 2), "a [c b|] S d", (1, 0, 1)),
        ((1, 0, 1), (1, 1, 0), "a [b|c] S d", (1, 1, 0)),
        ((1,), (1, 0, 0), "a [b c|] S d", (1,)),
        ((2,), (0,), "S a [b c|] d", (0,)),
        ((2,), (4,), "a [b c|] d S", (3,)),
    ],
)
def test_what_is_moved_is_there_and_nothing_else_moves(
    old: Place, new: Place, expected: str, place: Place
) -> None:
    spec, found = moved(SPEC, old, new)
    assert (written(spec), found) == (expected, place)
    assert item_at(spec, found) == item_at(SPEC, old)


def walk(spec: ChainSpec, place: Place, down: bool) -> list[str]:
    seen = []
    while (new := stepped(spec, place, down=down)) is not None:
        spec, place = moved(spec, place, new)
        seen.append(written(spec))
    return seen


def test_steps_down_lead_through_every_place() -> None:
    assert walk(SPEC, (0,), True) == [
        "[a b c|] S d",
        "[b a c|] S d",
        "[b c a|] S d",
        "[b c|a] S d",
        "[b c|] a S d",
        "[b c|] S a d",
        "[b c|] S d a",
    ]


def test_steps_up_are_the_way_back() -> None:
    down = walk(SPEC, (0,), True)
    last = chain(PARALLEL, STYLE, slot("d"), slot("a"))
    assert walk(last, (3,), False) == [*reversed(down[:-1]), "a [b c|] S d"]


def test_the_style_goes_past_branches() -> None:
    assert walk(SPEC, (2,), False) == ["a S [b c|] d", "S a [b c|] d"]
    assert walk(chain(STYLE, PARALLEL), (0,), True) == ["[b c|] S"]


def test_the_style_cannot_lie_in_a_branch() -> None:
    spec, _place = moved(SPEC, (2,), (1, 0, 0))
    with pytest.raises(UsageError, match="the style slot cannot stand in a branch"):
        validated(ChainSpec, spec.model_dump(mode="json", by_alias=True))
