"""`nast-fx presets save`: settings under a name, from the options of `render`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nast_fx.cli.console import reporter_for
from nast_fx.cli.parameters import checked, option_names
from nast_fx.cli.preset_values import Sound, sound_of
from nast_fx.cli.style_options import StyleOptions
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models.preset import Preset

if TYPE_CHECKING:
    from nast_fx.presets import Layer

__all__ = ["PROJECT", "SaveOptions", "save"]

ABOUT = "About"
TEXTS = ("author", "description", "tags", "notes")

PROJECT = typer.Option(
    "--project",
    help="Keep it in the folder nast-presets of the working directory.",
    rich_help_panel=ABOUT,
)


def _text(field: str, option: str) -> Any:
    return typer.Option(
        option,
        metavar="TEXT",
        help=Preset.model_fields[field].description,
        rich_help_panel=ABOUT,
        show_default=False,
    )


@dataclass(frozen=True, kw_only=True)
class SaveOptions(StyleOptions):
    """What `presets save` takes."""

    name: Annotated[str, typer.Argument(metavar="NAME", help="What the preset is called.")]
    from_preset: Annotated[
        str | None,
        typer.Option("--from", metavar="PRESET", help="The same as --preset.", rich_help_panel=ABOUT),
    ] = None
    description: Annotated[str | None, _text("description", "--description")] = None
    tags: Annotated[list[str] | None, _text("tags", "--tag")] = None
    author: Annotated[str | None, _text("author", "--author")] = None
    notes: Annotated[str | None, _text("notes", "--notes")] = None
    project: Annotated[bool, PROJECT] = False
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace one that is there.")] = False


def save(options: SaveOptions) -> None:
    """Save what the options say, over the preset that they start from.

    Raises
    ------
    UsageError, AudioFileError
        A value cannot be, a style is not there, or a preset of the name is.
    """
    from nast_fx.presets import find_preset, save_preset, slug

    stem = slug(options.name)
    sound = sound_of(options, options.style_values(), preset=_start(options))
    preset = _preset(options, sound)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    for note in sound.notes:
        reporter.note(note)
    layer: Layer = "project" if options.project else "user"
    path = save_preset(preset, layer=layer, overwrite=options.overwrite)
    found = find_preset(stem)
    if not found.path.samefile(path):
        reporter.note(f"{stem} of the layer {found.layer} hides it here: {found.path}")
    fields = {"path": path, "layer": layer, "name": stem, "values": preset.values()}
    reporter.result(fields, line=str(path), summary="")


def _start(options: SaveOptions) -> str | None:
    if options.preset is not None and options.from_preset is not None:
        raise UsageError("--from and --preset are the same; give only one")
    return options.preset if options.from_preset is None else options.from_preset


def _preset(options: SaveOptions, sound: Sound) -> Preset:
    """Make the preset with whole file names, and see that its recordings are there."""
    from nast_fx.presets import placed_preset
    from nast_fx.styles import find_style

    texts = {key: getattr(sound.found.preset, key) for key in TEXTS} if sound.found else {}
    texts |= {key: value for key in TEXTS if (value := getattr(options, key)) is not None}
    told = {key: value for key, value in texts.items() if value}
    values = {**sound.preset_values(), **told, "name": options.name}
    preset = placed_preset(
        checked(Preset, values, names=option_names(SaveOptions)), sound.values.get("chain_file")
    )
    for style in preset.styles:
        if style.path.is_absolute() and not style.path.is_file():
            raise AudioFileError(f"{style.path}: there is no such file")
        if not style.path.is_absolute():
            find_style(style.path)
    return preset
