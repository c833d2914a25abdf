"""`nast-fx export-dawproject`: results and what they were made of, as a project for a DAW."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nast_fx.cli.console import reporter_for
from nast_fx.cli.options import ReportingOptions
from nast_fx.cli.parameters import takes
from nast_fx.errors import UsageError

if TYPE_CHECKING:
    from nast_fx.export.daw_arrange import Made
    from nast_fx.export.daw_song import Song

__all__ = ["app"]

SUFFIX = ".dawproject"

app = typer.Typer(add_completion=False)

EPILOG = (
    "What a result was made of is found in what --json of the render printed (give that file as RESULT), in "
    "a batch's manifest, or by its name, STEM.styled.EXT. Examples: "
    "nast-fx export-dawproject song.styled.wav; "
    "nast-fx export-dawproject stems-out/nast-fx-manifest.json -o song.dawproject; "
    "nast-fx export-dawproject take.wav --content song.wav --midi song.mid -o song.dawproject"
)


@dataclass(frozen=True, kw_only=True)
class ExportOptions(ReportingOptions):
    """What `export-dawproject` takes."""

    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULT...", help="Results, or files of JSON that tell of some."),
    ]
    output: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="SONG.dawproject",
            help="File to write; else beside the first RESULT.",
        ),
    ] = None
    content: Annotated[
        list[Path] | None,
        typer.Option(
            "--content",
            metavar="FILE",
            help="What was styled: once for all results, or once for each in their order.",
        ),
    ] = None
    midi: Annotated[
        Path | None,
        typer.Option(
            "--midi",
            metavar="FILE.mid",
            help="Score of the first content: tempo, meters, keys and markers are its; else they are heard.",
        ),
    ] = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False


@app.command("export-dawproject", epilog=EPILOG)
@takes(ExportOptions)
def export_dawproject(options: ExportOptions) -> None:
    """Put results and what they were made of into a project that Bitwig, Studio One and others open.

    A DAWproject with the audio inside: a track for each result and a muted one for each content, with the
    tempo map, meters, and keys and segments as markers.
    """
    from nast_fx.audio.atomic import check_place
    from nast_fx.audio.output_names import claim
    from nast_fx.export.daw_arrange import arrange
    from nast_fx.export.dawproject import write_dawproject
    from nast_fx.jobs.pairs import find_made

    if options.output is not None and options.output.suffix.lower() != SUFFIX:
        raise UsageError(f"--out {options.output}: a DAWproject ends in {SUFFIX}")
    made = find_made(options.results, options.content or (), options.midi)
    path = options.output or options.results[0].with_suffix(SUFFIX)
    claim(path, [*options.results, *_files(made)], replace=options.overwrite)
    check_place(path, overwrite=options.overwrite)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    song, notes = reporter.follow(arrange(made, path.stem))
    reporter.follow(write_dawproject(path, song, replace=options.overwrite))
    for text in notes:
        reporter.note(text)
    reporter.result(_facts(path, song, notes), line=str(path), summary=_summary(song))


def _files(made: list[Made]) -> list[Path]:
    return [path for one in made for path in (one.result, one.content, one.score) if path is not None]


def _facts(path: Path, song: Song, notes: tuple[str, ...]) -> dict[str, Any]:
    tracks = [
        {
            "name": track.name,
            "file": track.clip.file.path,
            "start_seconds": float(track.clip.start),
            "gain": track.gain,
            "muted": track.is_muted,
        }
        for track in song.tracks
    ]
    return {
        "output": path,
        "tracks": tracks,
        "tempos": song.tempos,
        "meters": song.meters,
        "markers": song.markers,
        "notes": notes,
    }


def _summary(song: Song) -> str:
    n_dry = sum(track.is_dry for track in song.tracks)
    markers = "1 marker" if len(song.markers) == 1 else f"{len(song.markers)} markers"
    tracks = "1 track" if len(song.tracks) == 1 else f"{len(song.tracks)} tracks"
    return f"{tracks}, {n_dry} dry and muted; {_tempo(song)}; {markers}."


def _tempo(song: Song) -> str:
    """Say the tempo that lasts longest: the first may only lead to the first beat."""
    if not song.tempos:
        return "no tempo"
    end = float(max(track.clip.start + track.clip.length for track in song.tracks))
    ends = [*(at for at, _ in song.tempos[1:]), end]
    _, bpm = max((until - at, bpm) for until, (at, bpm) in zip(ends, song.tempos, strict=True))
    return f"{bpm:.1f} bpm, {len(song.tempos)} tempos" if len(song.tempos) > 1 else f"{bpm:.1f} bpm"
