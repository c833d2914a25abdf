"""`nast-fx presets import` and `validate`: presets of somebody else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.console import reporter_for, write_error, write_json, write_out
from nast_fx.cli.options import ReportingOptions
from nast_fx.cli.preset_save import PROJECT
from nast_fx.errors import NastFxError, UsageError

if TYPE_CHECKING:
    from nast_fx.presets import Layer

__all__ = ["ImportOptions", "import_file", "validate_files"]


class _SomeWrongError(NastFxError):
    exit_code = 3


@dataclass(frozen=True, kw_only=True)
class ImportOptions(ReportingOptions):
    """What `presets import` takes."""

    file: Annotated[Path, typer.Argument(metavar="FILE.toml|FILE.zip", help="Preset, or an archive of one.")]
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Another name for it; by default its own.")
    ] = None
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Agree to what is risky in it.")] = False
    project: Annotated[bool, PROJECT] = False


def import_file(options: ImportOptions) -> None:
    """Take a preset in, after asking where it brings what a plugin reads.

    Raises
    ------
    NastFxError
        As `nast_fx.presets.import_presets`; a UsageError where nobody can be asked.
    """
    from nast_fx.presets import find_preset, import_presets

    def agree(risks: Sequence[str]) -> bool:
        for risk in risks:
            reporter.note(f"{risk[:1].upper()}{risk[1:]}.")
        return options.yes or _asked(options.file, risks, can_ask=not options.json)

    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    layer: Layer = "project" if options.project else "user"
    path = import_presets(options.file, agree=agree, name=options.name, layer=layer)
    hidden = find_preset(path.stem).shadows
    if hidden:
        reporter.note(f"{path.stem} now hides that of the layer {hidden[0][0]}.")
    reporter.result({"path": path, "name": path.stem, "layer": layer}, line=str(path), summary="")


def validate_files(files: list[Path], *, as_json: bool) -> None:
    """Check preset files and archives, each with a line.

    Raises
    ------
    NastFxError
        One is wrong: its sentence where it is the only one, else how many.
    """
    wrong = []
    for path in files:
        try:
            risks = _checked(path)
        except NastFxError as error:
            wrong.append(error)
            if as_json:
                write_json({"type": "fault", "path": path, "message": str(error)})
            elif len(files) > 1:
                write_error(str(error), label="wrong: ")
            continue
        if as_json:
            write_json({"type": "result", "path": path, "risks": risks})
        else:
            write_out(f"{path}: right" + "".join(f"; {risk}" for risk in risks))
    if not wrong:
        return
    if len(files) == 1:
        raise wrong[0]
    kind = _SomeWrongError if len(wrong) < len(files) else UsageError
    raise kind(f"{len(wrong)} of {len(files)} are wrong")


def _checked(path: Path) -> tuple[str, ...]:
    """Check one file as taking it in would; gives what is risky in it."""
    from nast_fx.presets import open_incoming, read_preset, risks

    if path.suffix.lower() == ".zip":
        with ExitStack() as stack:
            return open_incoming(path, stack).risks
    return risks(read_preset(path))


def _asked(path: Path, risks: Sequence[str], *, can_ask: bool) -> bool:
    if not can_ask or not sys.stdin.isatty():
        raise UsageError(f"{path}: {risks[0]}; nobody can be asked here: agree with --yes, or leave it")
    return typer.confirm("Take it in all the same?", default=False, err=True)
