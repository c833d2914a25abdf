"""What a plan is made of and what it is: recipes, names, tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nast_fx.jobs.stem_group import StemGroup
from nast_fx.jobs.task import Outcome, Task
from nast_fx.models import Overwrite, RenderRequest
from nast_fx.models.pattern import NamePattern

__all__ = ["Naming", "Plan", "Recipe", "check_styles", "recipe_tokens"]

WITHOUT_PRESET = "styled"


@dataclass(frozen=True)
class Recipe:
    """What is done to each content.

    Attributes
    ----------
    request : RenderRequest
        With any content; each takes its place.
    tokens : mapping
        Values of the naming pattern that are the recipe's: preset, method, seed, keys of a sweep ...
    """

    request: RenderRequest
    tokens: Mapping[str, object]


def check_styles(recipes: Sequence[Recipe]) -> None:
    """Open the styles of all recipes: what fails for every content is said once, before any work.

    Raises
    ------
    AudioFileError, UsageError
        One cannot be used.
    """
    from nast_fx.render.style import open_references

    seen = set()
    for recipe in recipes:
        request = recipe.request
        if request.styles not in seen:
            seen.add(request.styles)
            with ExitStack() as stack:
                open_references(request.styles, stack, style_seconds=request.plan.style_seconds)


@dataclass(frozen=True)
class Naming:
    """Where results go.

    Attributes
    ----------
    root : Path
        The output folder.
    pattern : NamePattern
        Below it.
    sides : mapping of str to NamePattern
        Files beside the results, by their kinds.
    overwrite : str
        What to do with a name that is taken.
    fresh : bool
        Use no segments of earlier renders.
    """

    root: Path
    pattern: NamePattern
    sides: Mapping[str, NamePattern] = field(default_factory=dict)
    overwrite: Overwrite = "fail"
    fresh: bool = False


@dataclass
class Plan:
    """Tasks to do, what has ended before it began, and which results shall sum to which."""

    tasks: list[Task] = field(default_factory=list)
    ended: list[Outcome] = field(default_factory=list)
    groups: list[StemGroup] = field(default_factory=list)

    @property
    def folders(self) -> list[Path]:
        """Where results go or are, and the files beside them."""
        files = [path for task in self.tasks for path in task.files]
        files += [outcome.output for outcome in self.ended]
        return list(dict.fromkeys(path.parent for path in files))


def recipe_tokens(request: RenderRequest, preset: str) -> dict[str, Any]:
    """Give what names of results may hold of a request; `preset` is the preset's name, or empty."""
    return {
        "preset": preset or WITHOUT_PRESET,
        "method": request.method,
        "quality": request.plan.quality,
        "seed": request.plan.seed,
        "style": "+".join(style.path.stem for style in request.styles),
        "variation": request.variation or 1,
    }
