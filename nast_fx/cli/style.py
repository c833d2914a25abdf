"""`nast-fx style`: learn styles from recordings, list them, show what one is, export an impulse response."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from nast_fx.cli.console import reporter_for, write_error, write_json
from nast_fx.cli.fields import field_option
from nast_fx.cli.groups import CommandGroup
from nast_fx.cli.options import OUTPUT, SOUND, ReportingOptions
from nast_fx.cli.parameters import checked, option_names, takes
from nast_fx.cli.style_impulse import ImpulseOptions, export_impulse
from nast_fx.cli.style_rows import STYLE_HEADS, fact_rows, learnt_summary, style_row
from nast_fx.cli.tables import write_table
from nast_fx.errors import AudioFileError, UsageError, did_you_mean
from nast_fx.models import Overwrite, RenderRequest, StyleReference, parse_style
from nast_fx.models.portable_style import STYLE_SUFFIX, LearnSettings

__all__ = ["app"]

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]

app = typer.Typer(
    cls=CommandGroup,
    help="Learn portable styles from recordings, list them, and show what one is.",
    epilog="For example: nast-fx style learn rain.wav -o rain.naststyle. Then: --style rain.naststyle",
    no_args_is_help=True,
    add_completion=False,
)


@dataclass(frozen=True, kw_only=True)
class LearnOptions(ReportingOptions):
    """What `style learn` takes."""

    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Recordings, each as FILE\\[@START:LENGTH] in seconds; they make one style.",
        ),
    ]
    output: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="NAME.naststyle",
            help="Style file to write; by default one of your own styles, found by its name from then on.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    name: Annotated[
        str, field_option("--name", model=LearnSettings, field="name", panel=OUTPUT, metavar="TEXT")
    ] = ""
    author: Annotated[
        str, field_option("--author", model=LearnSettings, field="author", panel=OUTPUT, metavar="TEXT")
    ] = ""
    license: Annotated[
        str, field_option("--license", model=LearnSettings, field="license", panel=OUTPUT, metavar="TEXT")
    ] = ""
    seconds: Annotated[
        str | None,
        field_option("--seconds", model=LearnSettings, field="seconds", panel=SOUND, metavar="S"),
    ] = None
    overwrite: Annotated[
        str, field_option("--overwrite", model=RenderRequest, field="overwrite", panel=OUTPUT)
    ] = "fail"

    @property
    def settings(self) -> LearnSettings:
        """Check what is said of the style."""
        given = {"name": self.name, "author": self.author, "license": self.license}
        given |= {} if self.seconds is None else {"seconds": self.seconds}
        return checked(LearnSettings, given, names=option_names(type(self)))


@app.command("learn", epilog="For example: nast-fx style learn rain.wav storm.wav@60:30 -o rain.naststyle")
@takes(LearnOptions)
def learn(options: LearnOptions) -> None:
    """Learn a style from recordings of any length, and keep it as a small file.

    The file holds what matters of their sound, not the recordings: at most 4 MB, and no code.
    """
    from nast_fx.audio.atomic import check_place
    from nast_fx.audio.output_names import place
    from nast_fx.jobs.library_kinds import learn_style
    from nast_fx.styles import write_style

    settings, references = options.settings, [_recording(text) for text in options.files]
    asked = _output(options.output, settings.name or references[0].path.stem)
    path, replace = place(asked, [one.path for one in references], _policy(options.overwrite))
    check_place(path, overwrite=replace)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    style = reporter.follow(learn_style(references, settings, settings.name or path.stem[:100]))
    write_style(path, style, overwrite=replace)
    fields = {"output": path, "bytes": path.stat().st_size, **style.facts.model_dump(mode="json")}
    reporter.result(fields, line=str(path), summary=learnt_summary(style.facts, path.stat().st_size))


@app.command("show", epilog="For example: nast-fx style show bells --picture bells.png")
def show(
    style: Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="A style's name, or its file.")],
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.png", help="Write its picture.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a picture that is there.")] = False,
    json: Json = False,
) -> None:
    """Show what is known of a style: where it comes from, how it sounds, how near it is."""
    from nast_fx.audio.atomic import AtomicFile, check_place
    from nast_fx.audio.output_names import claim
    from nast_fx.styles import find_style, read_style

    found = find_style(style)
    read = read_style(found.path)
    if picture is not None:
        if picture.suffix.lower() != ".png":
            raise UsageError(f"--picture {picture}: pictures are PNG; give a name that ends in .png")
        claim(picture, [found.path], replace=overwrite)
        check_place(picture, overwrite=overwrite)
        with AtomicFile(picture, overwrite=overwrite) as atomic:
            atomic.file.write(read.picture)
    if json:
        fields = {"file": found.path, "layer": found.layer, "bytes": found.path.stat().st_size}
        facts = read.facts.model_dump(mode="json")
        write_json({"type": "result", **fields, "picture": picture, "seconds": read.facts.seconds, **facts})
        return
    write_table(("", ""), fact_rows(found, read.facts))


@app.command("list", epilog="For example: nast-fx style list")
def list_all(json: Json = False) -> None:
    """List your own styles and those of the program; --style takes their names."""
    from nast_fx.jobs.library_kinds import style_fields
    from nast_fx.styles import list_styles, read_style

    rows, fields, faults = [], [], []
    for found in list_styles():
        try:
            facts = read_style(found.path).facts
        except AudioFileError as error:
            faults.append(str(error))
            continue
        rows.append(style_row(found, facts))
        fields.append(style_fields(found, facts))
    if json:
        write_json({"type": "result", "styles": fields, "faults": faults})
        return
    write_table(STYLE_HEADS, rows)
    for fault in faults:
        write_error(fault, label="note: ")


app.command(
    "export-ir", epilog="For example: nast-fx style export-ir strings -o strings.wav --content song.wav"
)(takes(ImpulseOptions)(export_impulse))


def _policy(word: str) -> Overwrite:
    """Check an overwrite policy."""
    known = get_args(Overwrite)
    if word not in known:
        near = did_you_mean(word, known)
        raise UsageError(f"--overwrite {word} must be one of {', '.join(known)}{near}")
    return cast(Overwrite, word)


def _recording(text: str) -> StyleReference:
    reference = parse_style(text)
    if reference.weight != 1:
        raise UsageError(f"{text}: recordings of one style have no weights; each counts by its length")
    if reference.path.suffix.lower() == STYLE_SUFFIX:
        raise UsageError(f"{text}: is a style already; several are mixed by --style A=0.7 --style B=0.3")
    return reference


def _output(asked: Path | None, name: str) -> Path:
    """Give the file to write: as asked, or among the user's own styles, whose folder is made."""
    from nast_fx.styles.find import made_user_folder

    if asked is None:
        if Path(name).name != name:
            raise UsageError(f"--name {name}: cannot be the name of a file; give one with -o")
        return made_user_folder() / f"{name}{STYLE_SUFFIX}"
    if asked.is_dir():
        return asked / f"{name}{STYLE_SUFFIX}"
    if asked.suffix.lower() == STYLE_SUFFIX:
        return asked
    if asked.suffix[1:2].isalpha():
        raise UsageError(f"--out {asked}: a style file ends in {STYLE_SUFFIX}")
    return asked.with_name(asked.name + STYLE_SUFFIX)
