"""`nast-fx analyze`: loudness, key and tempo of recordings."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nast_fx.cli.console import Reporter, reporter_for
from nast_fx.cli.options import ReportingOptions
from nast_fx.cli.parameters import takes
from nast_fx.cli.tables import write_table
from nast_fx.errors import NastFxError, SomeFailedError, UsageError
from nast_fx.progress import Progress, Steps

if TYPE_CHECKING:
    from nast_fx.analysis.analyze import Analysis

__all__ = ["app", "figure_rows"]

SURE_KEY, SURE_BEAT = 0.5, 0.3  # as in nast_fx.analysis, which takes long to import

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, kw_only=True)
class AnalyzeOptions(ReportingOptions):
    """What `analyze` takes."""

    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings.")]
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", metavar="FILE.png", help="Draw loudness, peaks and keys over time; of one file."
        ),
    ] = None
    export_midi: Annotated[
        Path | None,
        typer.Option(
            "--export-midi", metavar="FILE.mid", help="Write tempo, keys and loudness as MIDI; of one file."
        ),
    ] = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False

    @property
    def extra(self) -> dict[str, Path]:
        """Files to write, by the option that asks for them."""
        asked = {"--plot": self.plot, "--export-midi": self.export_midi}
        return {option: path for option, path in asked.items() if path is not None}


@app.command()
@takes(AnalyzeOptions)
def analyze(options: AnalyzeOptions) -> None:
    """Tell loudness, key and tempo of recordings.

    Loudness after EBU R 128, key in three notations with its changes, tempo. Several files give a table.
    """
    _check_extra(options)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    found, failed = _analyze_all(options, reporter)
    if not options.json:
        _tell(found, as_table=len(options.files) > 1)
    if failed:
        of = f"{len(failed)} of {len(options.files)}" if found else f"all {len(failed)}"
        error = SomeFailedError if found else NastFxError
        raise error(f"{of} failed; the first: {failed[0]}") from failed[0]


def figure_rows(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Give label and value of everything that is known of one recording (`Analysis.as_dict`)."""
    loudness, key = figures["loudness"], figures["key"]
    rows = [
        ("integrated loudness", _number(loudness["integrated_lufs"], "LUFS")),
        ("loudness range", _number(loudness["range_lu"], "LU")),
        ("momentary maximum", _number(loudness["momentary_max_lufs"], "LUFS")),
        ("short-term maximum", _number(loudness["short_term_max_lufs"], "LUFS")),
        ("true peak", _number(loudness["true_peak_dbtp"], "dBTP")),
        ("sample peak", _number(loudness["sample_peak_dbfs"], "dBFS")),
        ("key", _key(key)),
        *((f"key from {_clock(change['seconds'])}", _key(change)) for change in key["changes"]),
        ("tuning", _number(key["tuning_cents"], "cents from A = 440 Hz", digits=0, sign="+")),
        ("tempo", _sure(_number(figures["tempo"]["bpm"], "BPM"), figures["tempo"]["confidence"])),
        ("length", _clock(figures["duration_seconds"])),
        ("sample rate", f"{figures['sample_rate']} Hz"),
        ("channels", f"{figures['channels']}"),
    ]
    return rows


def _check_extra(options: AnalyzeOptions) -> None:
    from nast_fx.audio.atomic import check_place
    from nast_fx.audio.output_names import claim

    if options.plot is not None and options.plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {options.plot}: pictures are PNG; give a name that ends in .png")
    if len({os.path.realpath(path) for path in options.extra.values()}) < len(options.extra):
        raise UsageError(f"--plot and --export-midi are one file: {options.plot}")
    for option, path in options.extra.items():
        if len(options.files) > 1:
            raise UsageError(f"{option} takes one file, not {len(options.files)}")
        claim(path, options.files, replace=options.overwrite)
        check_place(path, overwrite=options.overwrite)


def _analyze_all(
    options: AnalyzeOptions, reporter: Reporter
) -> tuple[dict[Path, dict[str, Any]], list[NastFxError]]:
    """Analyze every file, and go on after one that cannot be used; an only one's error is the command's."""
    found: dict[Path, dict[str, Any]] = {}
    failed: list[NastFxError] = []
    many = len(options.files) > 1
    for number, path in enumerate(options.files, start=1):
        title = f"{number} of {len(options.files)}" if many else ""
        try:
            analysis = reporter.follow(_analyze(path), title=title)
        except NastFxError as error:
            if not many:
                raise
            reporter.note(str(error))
            failed.append(error)
            continue
        found[path] = analysis.as_dict()
        reporter.follow(_write(options, path, analysis))
        _report(path, found[path], options, reporter)
    return found, failed


def _analyze(path: Path) -> Steps[Analysis]:
    from nast_fx.analysis.analyze import analyze as find
    from nast_fx.audio import open_source

    yield Progress("read", note=path.name)
    with contextlib.closing(open_source(path)) as source:
        return (yield from find(source, str(path)))


def _write(options: AnalyzeOptions, path: Path, analysis: Analysis) -> Steps[None]:
    if options.plot is not None:
        from nast_fx.evaluate.analysis_plot import save_analysis

        yield Progress("write", note=options.plot.name)
        save_analysis(options.plot, analysis, title=path.name)
    if options.export_midi is not None:
        from nast_fx.export import export_analysis

        yield Progress("write", note=options.export_midi.name)
        loudness, key, tempo = analysis.loudness, analysis.key, analysis.tempo
        export_analysis(options.export_midi, loudness=loudness, key=key, tempo=tempo, replace=True)


def _report(path: Path, figures: dict[str, Any], options: AnalyzeOptions, reporter: Reporter) -> None:
    """Tell a program all of a file at once, and people what its figures do not say."""
    if options.json:
        written = {"plot": options.plot, "export_midi": options.export_midi}
        reporter.result({"file": path, **figures, **written}, line="", summary="")
        return
    for note in figures["notes"]:
        reporter.note(f"{path}: {note}" if len(options.files) > 1 else note)
    if options.plot is not None:
        reporter.note(f"The picture is {options.plot}.")
    if options.export_midi is not None:
        reporter.note(f"The MIDI file is {options.export_midi}.")


def _tell(found: dict[Path, dict[str, Any]], *, as_table: bool) -> None:
    if not as_table:
        write_table(("", ""), figure_rows(*found.values()))
    elif found:
        heads = ("loudness", "range", "true peak", "key", "tempo", "length", "file")
        write_table(heads, [_row(path, figures) for path, figures in found.items()])


def _row(path: Path, figures: dict[str, Any]) -> tuple[str, ...]:
    loudness, key, tempo = figures["loudness"], figures["key"], figures["tempo"]
    return (
        _number(loudness["integrated_lufs"], "LUFS"),
        _number(loudness["range_lu"], "LU"),
        _number(loudness["true_peak_dbtp"], "dBTP"),
        _doubted(f"{key['name']} {key['camelot']}" if key["name"] else "-", key["confidence"], SURE_KEY),
        _doubted(_number(tempo["bpm"], "BPM"), tempo["confidence"], SURE_BEAT),
        _clock(figures["duration_seconds"]),
        str(path),
    )


def _doubted(value: str, confidence: float, sure: float) -> str:
    return f"{value} ?" if value != "-" and confidence < sure else value


def _key(names: dict[str, Any]) -> str:
    known = names["name"] and f"{names['name']} ({names['camelot']}, {names['open_key']})"
    return _sure(known or "-", names["confidence"])


def _sure(value: str, confidence: float) -> str:
    return value if value == "-" else f"{value}, confidence {confidence:.2f}"


def _number(value: float | None, unit: str, *, digits: int = 1, sign: str = "") -> str:
    # With 0 added, what is rounded to -0 reads 0.
    return "-" if value is None else f"{round(value, digits) + 0.0:{sign}.{digits}f} {unit}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    return f"{minutes:.0f}:{rest:05.2f}"
