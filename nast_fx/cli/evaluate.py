"""`nast-fx evaluate`: the figures of a result, beside a plain match-EQ and the untouched content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.console import Reporter, reporter_for
from nast_fx.cli.options import ReportingOptions
from nast_fx.cli.parameters import takes
from nast_fx.cli.tables import write_table
from nast_fx.errors import UsageError
from nast_fx.progress import Progress, Steps

if TYPE_CHECKING:
    from nast_fx.audio import Audio
    from nast_fx.evaluate import Evaluation

__all__ = ["app", "table_rows"]

MAX_SECONDS = 600.0  # of a longer file the beginning is measured: figures need whole signals in memory

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ReportingOptions):
    """What `evaluate` takes."""

    files: Annotated[list[Path], typer.Argument(metavar="[CONTENT] STYLE OUTPUT", help="Recordings.")]
    texture: Annotated[bool, typer.Option("--texture", help="OUTPUT is a texture: there is no CONTENT.")] = (
        False
    )
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE.html", help="Write a page with figures and spectrograms."),
    ] = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a report that is there.")] = False

    def named(self) -> dict[str, Path]:
        """Give the files by what they are."""
        names = ("style", "output") if self.texture else ("content", "style", "output")
        if len(self.files) != len(names):
            asked = " ".join(names).upper()
            flag = "--texture " if self.texture else ""
            raise UsageError(f"evaluate {flag}takes {asked}: {len(names)} files, not {len(self.files)}")
        return dict(zip(names, self.files, strict=True))


@app.command()
@takes(EvaluateOptions)
def evaluate(options: EvaluateOptions) -> None:
    """Measure a result against its content and its style.

    Give CONTENT STYLE OUTPUT; with --texture STYLE OUTPUT.
    """
    paths = options.named()
    if options.report is not None:
        _check_report(options.report, list(paths.values()), replace=options.overwrite)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    audios, found = reporter.follow(_measure(paths))
    if any(audio.seconds >= MAX_SECONDS for audio in audios.values()):
        reporter.note(f"Of files longer than {MAX_SECONDS:g} s the beginning was measured.")
    if options.report is not None:
        reporter.follow(_write(options.report, paths, audios, found))
        if not options.json:
            reporter.note(f"The report is {options.report}.")
    _tell(found, reporter, as_json=options.json, report=options.report)


def table_rows(found: Evaluation) -> list[tuple[str, ...]]:
    """Give one row a figure: what it is, the candidates that have figures, and which way is better."""
    from nast_fx.evaluate.explanations import EXPLANATIONS

    figures = found.as_dict()
    known = [name for name in figures if figures[name]["frames"] is not None]
    rows = [("figure", *(name.replace("_", "-") for name in known), "better is")]
    for key, meaning in EXPLANATIONS.items():
        cells = [_cell(figures[name][key], meaning.digits, meaning.unit) for name in known]
        rows.append((meaning.label, *cells, meaning.better))
    return rows


def _cell(value: float | bool | None, digits: int, unit: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.{digits}f} {unit}".strip()


def _check_report(path: Path, sources: list[Path], *, replace: bool) -> None:
    from nast_fx.audio.atomic import check_place
    from nast_fx.render.names import claim

    claim(path, sources, replace=replace)
    check_place(path, overwrite=replace)


def _measure(paths: dict[str, Path]) -> Steps[tuple[dict[str, Audio], Evaluation]]:
    from nast_fx.audio import ArraySource, check_samples, load_audio, probe
    from nast_fx.evaluate import evaluate as judge
    from nast_fx.evaluate import evaluate_texture
    from nast_fx.render.learnt import learnt_audio, learnt_file

    audios = {}
    for name, path in paths.items():
        yield Progress("read", note=path.name)
        file = learnt_file(path) if name == "style" else None
        audios[name] = learnt_audio(file) if file else load_audio(path, 0.0, MAX_SECONDS)
        if name != "output":  # whether a result is finite is one of the figures
            check_samples(ArraySource(audios[name]), str(path))
    yield Progress("evaluate", note="a few seconds a minute of sound")
    if "content" in audios:
        found = judge(audios["content"], audios["style"], audios["output"])
    else:
        found = evaluate_texture(audios["style"], audios["output"])
    return audios, replace(found, output=replace(found.output, frames=probe(paths["output"]).n_frames))


def _write(path: Path, paths: dict[str, Path], audios: dict[str, Audio], found: Evaluation) -> Steps[None]:
    from nast_fx.evaluate import write_report

    yield Progress("write", note=path.name)
    write_report(
        path,
        title=paths["output"].name,
        facts={name.capitalize(): str(file) for name, file in paths.items()},
        evaluation=found,
        content=audios.get("content"),
        style=audios["style"],
        output=audios["output"],
        history=None,
        notes=(),
    )


def _tell(found: Evaluation, reporter: Reporter, *, as_json: bool, report: Path | None) -> None:
    if as_json:
        reporter.result({**found.as_dict(), "report": report}, line="", summary="")
        return
    heads, *rows = table_rows(found)
    write_table(heads, rows)
