"""``--sweep strength=0.3,0.6,1``: a request for each point of a grid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models import METHOD_SETTINGS, RenderPlan, RenderRequest, Settings, Tracking, validated
from nast_fx.models.pattern import TOKENS

__all__ = ["parse_sweep", "swept"]

MOST_POINTS = 1000

Grid = Mapping[str, Sequence[str]]
Point = dict[str, str]


def parse_sweep(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read ``KEY=A,B,C`` texts, several keys make a grid.

    Raises
    ------
    UsageError
        One is written otherwise, or names a key or a value twice; or there are too many points.
    """
    grid: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, listed = text.partition("=")
        key, values = key.strip(), tuple(value.strip() for value in listed.split(","))
        if not equals or not key or not all(values):
            raise UsageError(f"--sweep {text}: write it as key=a,b,c")
        if key in grid:
            raise UsageError(f"--sweep {key}: is there twice; give all its values at once")
        if len(set(values)) < len(values):
            raise UsageError(f"--sweep {text}: a value is there twice")
        grid[key] = values
    count = math.prod(map(len, grid.values()))
    if count > MOST_POINTS:
        raise UsageError(f"--sweep asks for {count} results of each file; at most {MOST_POINTS} are made")
    return grid


def swept(request: RenderRequest, grid: Grid) -> Iterator[tuple[RenderRequest, Point]]:
    """Give a request, and its values, for each point of the grid; the last key changes first.

    Raises
    ------
    UsageError
        An unknown key, or a value out of its range.
    """
    settings = METHOD_SETTINGS[request.method]
    for key in grid:
        if not any(key in model.model_fields for model in (RenderPlan, Tracking, settings)):
            known = [*RenderPlan.model_fields, *Tracking.model_fields, *settings.model_fields]
            raise UsageError(f"--sweep {key}: there is no such setting{did_you_mean(key, known)}")
        if key in TOKENS and key not in RenderPlan.model_fields:
            raise UsageError(f"--sweep {key}: cannot take several values")
    for values in itertools.product(*grid.values()):
        point = dict(zip(grid, values, strict=True))
        yield _at(request, settings, point), point


def _at(request: RenderRequest, settings: type[Settings], point: Point) -> RenderRequest:
    plan, tracking = request.plan.model_dump(), request.tracking.model_dump()
    own = dict(request.settings)
    for key, value in point.items():
        place = plan if key in RenderPlan.model_fields else tracking if key in Tracking.model_fields else own
        place[key] = value
    chosen = validated(settings, own)
    return request.model_copy(
        update={
            "plan": validated(RenderPlan, plan),
            "tracking": validated(Tracking, tracking),
            "settings": chosen.model_dump(include=chosen.model_fields_set),
        }
    )
