"""The options that `batch` and `watch` share, and what they become: recipes, names, a queue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.content import INSTRUMENT, SNIPPET, snippet_values
from nast_fx.cli.fields import field_option
from nast_fx.cli.options import OUTPUT, RUN, SOUND, JobOptions
from nast_fx.cli.parameters import checked, option_names
from nast_fx.cli.style_options import StyleOptions
from nast_fx.errors import UsageError
from nast_fx.models import Overwrite, RenderRequest, Settings
from nast_fx.models.base import setting
from nast_fx.models.pattern import DEFAULT_PATTERN, TOKENS, default_pattern, parse_pattern
from nast_fx.models.queue import QueueLimits

if TYPE_CHECKING:
    from nast_fx.cli.jobs import Job
    from nast_fx.jobs.recipe import Naming, Recipe

__all__ = ["INPUT", "QueueOptions"]

INPUT = "Input"
CLUSTER = "Cluster"


@dataclass(frozen=True, kw_only=True)
class QueueOptions(StyleOptions, JobOptions):
    """What every command takes that renders many files; JobOptions' files are patterns here."""

    output: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Folder to write to.", rich_help_panel=OUTPUT),
    ] = None
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            metavar="PATTERN",
            help=f"Names of the results below FOLDER. Tokens: {', '.join(f'{{{name}}}' for name in TOKENS)}, "
            f"and the keys of --sweep. (default {DEFAULT_PATTERN})",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ] = None
    instrument: Annotated[Path | None, INSTRUMENT] = None
    snippet: Annotated[str | None, SNIPPET] = None
    history: Annotated[
        Path | None,
        typer.Option(
            "--history",
            metavar="PATTERN.csv",
            help="Write the losses of every step, named by such a pattern.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="PATTERN.html",
            help="Measure each result and write a page, named by such a pattern.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    export_midi: Annotated[
        Path | None,
        typer.Option(
            "--export-midi",
            metavar="PATTERN.mid",
            help="Write tempo, keys, segments and loudness as MIDI files, named by such a pattern.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    n_jobs: Annotated[
        str | None, field_option("--jobs", "-j", model=QueueLimits, field="n_jobs", panel=RUN, metavar="N")
    ] = None
    threads: Annotated[
        str | None, field_option("--threads", model=QueueLimits, field="threads", panel=RUN, metavar="N")
    ] = None
    when_full: Annotated[
        str | None, field_option("--when-full", model=QueueLimits, field="when_full", panel=RUN)
    ] = None
    cluster: Annotated[
        str | None,
        field_option("--cluster", model=QueueLimits, field="cluster", panel=CLUSTER, metavar="ADDRESS"),
    ] = None
    cluster_resources: Annotated[
        str | None,
        field_option(
            "--cluster-resources",
            model=QueueLimits,
            field="cluster_resources",
            panel=CLUSTER,
            metavar="NAME=N",
        ),
    ] = None
    storage: Annotated[
        str | None,
        field_option("--storage", model=QueueLimits, field="storage", panel=CLUSTER, metavar="URL"),
    ] = None
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            "--sweep",
            metavar="KEY=A,B,C",
            help="Render with each value of a setting of the method, of length or of loudness and key, as in "
            "strength=0.3,0.6,1; several make a grid.",
            rich_help_panel=SOUND,
        ),
    ] = None

    @property
    def root(self) -> Path:
        """The output folder.

        Raises
        ------
        UsageError
            There is none, or it is a file.
        """
        if self.output is None:
            raise UsageError("--out is missing; name a folder for the results with -o")
        if self.output.exists() and not self.output.is_dir():
            raise UsageError(f"--out {self.output}: is a file; name a folder")
        return self.output

    def limits(self) -> QueueLimits:
        """Check how the queue is worked off."""
        return checked(QueueLimits, self._given(QueueLimits), names=option_names(type(self)))

    def grid(self) -> dict[str, tuple[str, ...]]:
        """Read the sweep."""
        from nast_fx.jobs.sweep import parse_sweep

        return parse_sweep(self.sweep or [])

    def jobs(self, content: Path) -> list[Job]:
        """Make the requests of one content, one a variation."""
        from nast_fx.cli.jobs import make_jobs

        given = {**self.style_values(), **snippet_values(self.snippet)}
        return make_jobs(self, RenderRequest, content=content, instrument=self.instrument, **given)

    def recipes(self, jobs: list[Job]) -> list[Recipe]:
        """Make what is done to each content: a recipe a variation and point of the sweep."""
        from nast_fx.jobs.recipe import Recipe, recipe_tokens
        from nast_fx.jobs.sweep import swept

        recipes = []
        for job in jobs:
            if not isinstance(job.request, RenderRequest):
                raise TypeError("a batch renders")
            for request, point in swept(job.request, self.grid()):
                name = job.preset.preset.name if job.preset else ""
                recipes.append(Recipe(request, recipe_tokens(request, name) | point))
        return recipes

    def naming(self) -> Naming:
        """Read the patterns."""
        from nast_fx.jobs.recipe import Naming

        grid = self.grid()
        text = self.pattern or default_pattern(grid, has_variations=self.n_variations() > 1)
        sides = {}
        for kind, path in self.side_files().items():
            pattern = parse_pattern(str(path), grid)
            if pattern.suffix is None:
                raise UsageError(f"--{kind} {path}: the name must end with a suffix, as {{stem}}.html does")
            sides[kind] = pattern
        policy = checked(Policy, {"overwrite": self.overwrite}, names=option_names(type(self)))
        return Naming(self.root.absolute(), parse_pattern(text, grid), sides, policy.overwrite, self.fresh)


class Policy(Settings):
    """What to do with a name that is taken."""

    overwrite: Overwrite = setting("fail", "As of a render.")
