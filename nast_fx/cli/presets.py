"""`nast-fx presets`: find, show, save, edit, check, take in, give away and delete presets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nast_fx.cli.console import write_error, write_json, write_out
from nast_fx.cli.groups import CommandGroup
from nast_fx.cli.parameters import takes
from nast_fx.cli.preset_edit import edit_preset
from nast_fx.cli.preset_import import ImportOptions, import_file, validate_files
from nast_fx.cli.preset_save import SaveOptions, save
from nast_fx.cli.tables import write_table

if TYPE_CHECKING:
    from nast_fx.presets import FoundPreset

__all__ = ["app"]

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Name = Annotated[str, typer.Argument(metavar="PRESET", help="Name of a preset, or its file.")]

app = typer.Typer(
    cls=CommandGroup,
    help="List, show, save, edit, check, take in and give away presets.",
    epilog="For example: nast-fx presets list --tag drums. Then: nast-fx render song.wav --style rain.wav "
    "--preset subtle-glue",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("list", epilog="For example: nast-fx presets list --tag drums --search metal")
def list_presets(
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="WORD", help="Only those with the tag. Repeatable.")
    ] = None,
    search: Annotated[
        str, typer.Option("--search", metavar="WORD", help="Only those in whose texts the word stands.")
    ] = "",
    json: Json = False,
) -> None:
    """List presets: those of the project hide those of the user, and these the program's own."""
    from nast_fx.presets import list_presets as all_presets

    known, broken = all_presets()
    found = [one for one in known if _fits(one, tag or [], search)]
    if json:
        faults = [{"path": one.path, "layer": one.layer, "message": one.message} for one in broken]
        write_json({"type": "result", "presets": [_fields(one) for one in found], "broken": faults})
        return
    if found:
        write_table(("preset", "layer", "method", "tags", "what it does"), [_row(one) for one in found])
    elif known:
        write_error("No preset has that tag or that word.", label="note: ")
    for one in broken:
        write_error(one.message, label="broken: ")


@app.command("show", epilog="For example: nast-fx presets show subtle-glue")
def show(preset: Name, json: Json = False) -> None:
    """Show a preset: where it is from, what it hides, and its file."""
    from nast_fx.presets import find_preset, preset_text

    found = find_preset(preset)
    if json:
        write_json({"type": "result", **_fields(found), "values": found.preset.values()})
        return
    facts = [("preset", found.name), ("layer", found.layer), ("file", str(found.path))]
    facts += [(f"hides {layer}", str(path)) for layer, path in found.shadows]
    write_table(("", ""), facts)
    write_out(f"\n{preset_text(found.preset).rstrip()}")


@app.command("save", epilog="For example: nast-fx presets save 'Warm glue' --from subtle-glue --amount 0.3")
@takes(SaveOptions)
def save_preset(options: SaveOptions) -> None:
    """Save settings under a name, from the options of render, and from another preset (--preset, --from)."""
    save(options)


@app.command("edit", epilog="For example: nast-fx presets edit subtle-glue")
def edit(preset: Name, json: Json = False) -> None:
    """Edit a preset in $VISUAL or $EDITOR; it is checked, then replaced.

    One of the program's own is copied to the user's first.
    """
    edit_preset(preset, as_json=json)


@app.command("validate", epilog="For example: nast-fx presets validate nast-presets/*.toml")
def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Preset files, .toml or .zip.")],
    json: Json = False,
) -> None:
    """Check preset files: exit code 0 if all are right, 2 if none is, 3 if some are not."""
    validate_files(files, as_json=json)


@app.command("import", epilog="For example: nast-fx presets import glass-room.zip")
@takes(ImportOptions)
def import_preset(options: ImportOptions) -> None:
    """Take in a preset of somebody else, with its styles; nothing is replaced, nothing is run."""
    import_file(options)


@app.command("export", epilog="For example: nast-fx presets export glass-room -o glass-room.zip")
def export(
    preset: Name,
    output: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.zip", help="Archive to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Write a preset as an archive with its styles and impulse responses, to give away."""
    from nast_fx.presets import export_preset, find_preset

    held = export_preset(find_preset(preset), output, overwrite=overwrite)
    if json:
        write_json({"type": "result", "output": output, "files": held})
        return
    write_out(str(output))


@app.command("reference", epilog="For example: nast-fx presets reference > presets.md")
def reference() -> None:
    """Print every key of a preset with range and unit, and the program's own presets, as Markdown."""
    from nast_fx.cli.preset_page import preset_page

    write_out(preset_page().rstrip("\n"))


@app.command("delete", epilog="For example: nast-fx presets delete warm-glue")
def delete(preset: Name, json: Json = False) -> None:
    """Delete a preset of yours or of the project, and what was taken in with it."""
    from nast_fx.presets import delete_preset, find_preset

    found = find_preset(preset)
    gone = delete_preset(found)
    left = found.shadows[0] if found.shadows else None
    if json:
        write_json({"type": "result", "deleted": gone, "now": left and {"layer": left[0], "path": left[1]}})
        return
    for path in gone:
        write_out(f"deleted {path}")
    if left:
        write_error(f"{found.name} is now that of the layer {left[0]}: {left[1]}", label="note: ")


def _fits(found: FoundPreset, tags: list[str], word: str) -> bool:
    """Whether it has all tags, and the word in any of its texts, in any case."""
    preset = found.preset
    own = {tag.casefold() for tag in preset.tags}
    texts = (found.name, preset.name, preset.author, preset.description, preset.method, *preset.tags)
    return {tag.casefold() for tag in tags} <= own and word.casefold() in "\n".join(texts).casefold()


def _row(found: FoundPreset) -> tuple[str, ...]:
    preset = found.preset
    hidden = f", hides {' and '.join(layer for layer, _ in found.shadows)}" if found.shadows else ""
    words = " ".join(preset.description.split()) or preset.name
    return found.name, f"{found.layer}{hidden}", preset.method, " ".join(preset.tags) or "-", words


def _fields(found: FoundPreset) -> dict[str, Any]:
    preset = found.preset
    texts = {key: getattr(preset, key) for key in ("author", "description", "tags", "method")}
    shadows = [{"layer": layer, "path": path} for layer, path in found.shadows]
    place = {"layer": found.layer, "path": found.path, "shadows": shadows}
    return {"name": found.name, "title": preset.name, **texts, **place}
