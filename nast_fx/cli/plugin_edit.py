"""`nast-fx plugins edit`: a plugin's own window, and the slot of a chain file that keeps what was done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.console import Reporter, reporter_for
from nast_fx.cli.options import ReportingOptions
from nast_fx.cli.plugin_rows import value_text
from nast_fx.cli.tables import write_table
from nast_fx.errors import AudioFileError, UsageError

if TYPE_CHECKING:
    from nast_fx.chain.scan import PluginFile
    from nast_fx.chain.slot_edit import Edit
    from nast_fx.models.chain import SlotSpec

__all__ = ["EditOptions", "edit_plugin"]

RATE, CHANNELS = 44_100, 2  # Hz; a window is told no other signal


@dataclass(frozen=True, kw_only=True)
class EditOptions(ReportingOptions):
    """What `plugins edit` takes."""

    plugin: Annotated[
        str, typer.Argument(metavar="NAME_OR_PATH", help="A plugin's name, or its file (.vst3, .component).")
    ]
    chain: Annotated[
        Path | None,
        typer.Option(
            "--chain", metavar="FILE", help="Chain file with a slot of it; one that is not there is made."
        ),
    ] = None
    slot: Annotated[
        str | None,
        typer.Option(
            "--slot",
            metavar="N",
            help="Which slot, as chain show counts them, where several have the plugin.",
        ),
    ] = None


@dataclass(frozen=True)
class _Target:
    """Where the state comes from and goes to; `place` is empty where the file is to be made."""

    slot: SlotSpec
    path: Path | None = None
    place: str = ""


def edit_plugin(options: EditOptions) -> None:
    """Show the window, tell what changed, and save it if that was asked for."""
    from nast_fx.chain.host import HostedPlugin
    from nast_fx.chain.scan import find_plugin
    from nast_fx.chain.slot_edit import edit_slot, named_plugin

    file = find_plugin(options.plugin)
    target = _target(options, file)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    name = target.slot.plugin_name or named_plugin(file)
    with HostedPlugin(file.path, name, sample_rate=RATE, n_channels=CHANNELS) as plugin:
        edited = reporter.follow(edit_slot(plugin, target.slot))
    for warning in edited.warnings:
        reporter.note(f"{warning}.")
    if not options.json:
        _tell(edited)
    saved = _save(edited, target, reporter)
    if options.json:
        changes = {name: {"before": old, "after": new} for name, (old, new) in edited.changes.items()}
        fields = {"plugin": file.path, "changes": changes, "changed": edited.is_changed}
        reporter.result(
            {**fields, "chain": saved, "slot": saved and (target.place or "1")}, line="", summary=""
        )


def _target(options: EditOptions, file: PluginFile) -> _Target:
    """Find the slot, and see that it can be saved, before anything is done that could be lost."""
    from nast_fx.audio.atomic import check_place
    from nast_fx.chain.slot_edit import new_slot
    from nast_fx.chain.slot_of_plugin import place_of_plugin
    from nast_fx.chain.spec_file import read_chain

    path, place = options.chain, options.slot
    if path is None:
        if place is not None:
            raise UsageError("--slot needs --chain FILE")
        return _Target(new_slot(file))
    try:
        spec = read_chain(path)
    except AudioFileError:
        if path.exists():
            raise
        if place is not None:
            raise UsageError(f"{path}: there is no such file; it is made without --slot") from None
        check_place(path)
        return _Target(new_slot(file), path)
    check_place(path)
    try:
        place, slot = place_of_plugin(spec, file, folder=path.parent, place=place)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    return _Target(slot, path, place)


def _tell(edited: Edit) -> None:
    rows = [(name, value_text(old), value_text(new)) for name, (old, new) in edited.changes.items()]
    if rows:
        write_table(("parameter", "before", "after"), rows)


def _save(edited: Edit, target: _Target, reporter: Reporter) -> Path | None:
    """Keep the state; gives the file that was written."""
    from nast_fx.chain.slot_file import save_slot
    from nast_fx.chain.spec_file import write_chain
    from nast_fx.models.chain import ChainSpec

    if not edited.is_changed and (target.place or target.path is None):
        reporter.note("Nothing changed.")
        return None
    if target.path is None:
        reporter.note("Nothing is kept: --chain FILE would keep it.")
        return None
    if target.place:
        save_slot(target.path, target.place, target.slot, edited.slot)
        reporter.note(f"Slot {target.place} of {target.path} has the new state.")
    else:
        write_chain(target.path, ChainSpec(slots=(edited.slot,)))
        reporter.note(f"{target.path} is made, with one slot.")
    return target.path
