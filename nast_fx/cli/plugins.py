"""`nast-fx plugins`: find, list and show plugins (VST3, Audio Unit), edit one, deny one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.builtin_rows import (
    BUILTIN_HEADS,
    BUILTIN_PARAMETER_HEADS,
    builtin_parameter_rows,
    builtin_row,
    builtin_slot,
    found_builtins,
)
from nast_fx.cli.console import reporter_for, write_error, write_json, write_out
from nast_fx.cli.fields import field_option
from nast_fx.cli.groups import CommandGroup
from nast_fx.cli.options import RUN, ReportingOptions
from nast_fx.cli.parameters import checked, option_names, takes
from nast_fx.cli.plugin_edit import EditOptions, edit_plugin
from nast_fx.cli.plugin_rows import PLUGIN_HEADS, fact_rows, parameter_rows, plugin_rows
from nast_fx.cli.tables import write_table
from nast_fx.models import Settings
from nast_fx.models.base import setting
from nast_fx.models.plugin_table import BUILTINS, BuiltinInfo
from nast_fx.progress import Steps

if TYPE_CHECKING:
    from nast_fx.chain.scan import Scan

__all__ = ["app"]

PASTE = "For a chain file (its first line is schema = 1):"
SHOWN_RATE, SHOWN_CHANNELS = 44_100, 2  # Hz, and of the signal that a plugin is shown for

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Plugin = Annotated[
    str, typer.Argument(metavar="NAME_OR_PATH", help="A plugin's name, or its file (.vst3, .component).")
]

app = typer.Typer(
    cls=CommandGroup,
    help="Find, list and show plugins (VST3, Audio Unit), edit one in its own window, deny one.",
    epilog="For example: nast-fx plugins scan. Then: nast-fx plugins list",
    no_args_is_help=True,
    add_completion=False,
)


class ScanLimits(Settings):
    """How long a scan waits."""

    seconds: float = setting(
        20.0, "Limit of time for opening a plugin; one that takes longer failed.", unit="s", gt=0, le=600
    )


@dataclass(frozen=True, kw_only=True)
class ScanOptions(ReportingOptions):
    """What `plugins scan` takes."""

    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER", help="Folders of plugins, besides the system's own."),
    ] = None
    rescan: Annotated[
        bool, typer.Option("--rescan", help="Open those that are known, or failed, once more.")
    ] = False
    seconds: Annotated[
        str, field_option("--limit", model=ScanLimits, field="seconds", panel=RUN, metavar="SECONDS")
    ] = "20"


@app.command("scan", epilog="For example: nast-fx plugins scan ~/plugins --limit 60")
@takes(ScanOptions)
def scan(options: ScanOptions) -> None:
    """Find the plugins of this computer; each is opened once, in a process of its own.

    One that fails is listed with the reason, and the exit code is 0 all the same.
    """
    from nast_fx.chain.scan import plugin_folders
    from nast_fx.chain.scan import scan as find

    limits = checked(ScanLimits, {"seconds": options.seconds}, names=option_names(ScanOptions))
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    steps = find(options.folders or (), rescan=options.rescan, seconds=limits.seconds)
    found = reporter.follow(steps if options.json else _told(steps))
    if options.json:
        reporter.result({**found.as_dict(), "opened": found.n_opened}, line="", summary="")
        return
    if rows := plugin_rows(found):
        write_table(PLUGIN_HEADS, rows)
    else:
        places = ", ".join(map(str, [*plugin_folders(), *(options.folders or ())]))
        reporter.note(f"There is no plugin in {places}.")
    if rows and not options.quiet:
        write_error(_summary(found), label="")


@app.command("list", epilog="For example: nast-fx plugins list --search compressor")
def list_plugins(
    search: Annotated[
        str, typer.Option("--search", metavar="WORD", help="Only those in whose row the word stands.")
    ] = "",
    json: Json = False,
) -> None:
    """List the built-in plugins, and those that the last scans found, failed or denied; none is opened."""
    from nast_fx.chain.known import known_plugins

    known, builtins = known_plugins(), found_builtins(search)
    found = _searched(known, search)
    if json:
        write_json({"type": "result", "builtins": [one.as_dict() for one in builtins], **found.as_dict()})
        return
    if builtins:
        write_table(BUILTIN_HEADS, [builtin_row(info) for info in builtins])
    if rows := plugin_rows(found):
        if builtins:
            write_out("")
        write_table(PLUGIN_HEADS, rows)
    elif not plugin_rows(known):
        write_error("No hosted plugin is known yet; scan first: nast-fx plugins scan", label="note: ")
    elif not builtins:
        write_error(f"No known plugin has '{search}' in its row.", label="note: ")


@app.command("show", epilog="For example: nast-fx plugins show ZamComp")
def show(plugin: Plugin, json: Json = False) -> None:
    """Show what a plugin says of itself, its parameters, and a slot with it for a chain file.

    Parameters have the names and units that a chain file needs.
    """
    for name, info in BUILTINS.items():
        if name.casefold() == plugin.casefold():
            _show_builtin(info, json)
            return
    from dataclasses import asdict

    from nast_fx.chain.host import HostedPlugin
    from nast_fx.chain.scan import find_plugin
    from nast_fx.chain.slot_edit import named_plugin, new_slot, own_values
    from nast_fx.chain.slot_file import slot_text

    file = find_plugin(plugin)
    one = named_plugin(file)
    with HostedPlugin(file.path, one, sample_rate=SHOWN_RATE, n_channels=SHOWN_CHANNELS) as hosted:
        parameters = hosted.parameters
        text = slot_text(new_slot(file, own_values(parameters)))
        if json:
            facts = vars(hosted.facts) | {"parameters": [asdict(part) for part in parameters.values()]}
            write_json({"type": "result", "path": hosted.path, **facts, "slot": text})
            return
        write_table(("", ""), fact_rows(hosted))
    write_out("")
    write_table(("parameter", "value", "default", "unit", "range"), parameter_rows(parameters.values()))
    write_out(f"\n{PASTE}\n\n{text.rstrip()}")


@app.command("edit", epilog="For example: nast-fx plugins edit ZamComp --chain rack.toml")
@takes(EditOptions)
def edit(options: EditOptions) -> None:
    """Open a plugin's own window; when it is closed, tell what changed and keep it in a chain file.

    With --chain the plugin begins with its slot's state and parameters, and the slot gets the new state.

    If the plugin crashes, the file stays as it was. Where there is no display the exit code is 1.
    """
    edit_plugin(options)


@app.command("deny", epilog="For example: nast-fx plugins deny ZamVerb")
def deny(plugin: Plugin, json: Json = False) -> None:
    """Never open a plugin again, in no scan and no chain, until it is allowed."""
    _set_denied(plugin, True, json)


@app.command("allow", epilog="For example: nast-fx plugins allow ZamVerb")
def allow(plugin: Plugin, json: Json = False) -> None:
    """Let a plugin that was denied be opened again."""
    _set_denied(plugin, False, json)


def _show_builtin(info: BuiltinInfo, json: bool) -> None:
    if json:
        write_json({"type": "result", **info.as_dict(), "slot": builtin_slot(info)})
        return
    write_out(f"{info.name}: {info.help}\n")
    if info.parameters:
        write_table(BUILTIN_PARAMETER_HEADS, builtin_parameter_rows(info))
        write_out("")
    write_out(f"{PASTE}\n\n{builtin_slot(info)}")


def _set_denied(plugin: str, is_denied: bool, json: bool) -> None:
    from nast_fx.chain.known import known_path, set_denied

    path = known_path(plugin)
    is_new = set_denied(path, is_denied)
    if json:
        write_json({"type": "result", "path": path, "denied": is_denied, "changed": is_new})
        return
    already = "" if is_new else " already"
    write_out(f"{path}: is {'denied' if is_denied else 'allowed'}{already}")


def _told(steps: Steps[Scan]) -> Steps[Scan]:
    """Let progress say which plugin is opened: one that hangs is to be seen."""
    try:
        while True:
            progress = next(steps)
            if progress.part:  # what was found is told at the end
                continue
            note = f"{progress.note} ({progress.step + 1} of {progress.n_steps})"
            yield replace(progress, step=0, n_steps=0, note=note)
    except StopIteration as stop:
        result: Scan = stop.value
        return result
    finally:
        steps.close()


def _summary(found: Scan) -> str:
    count = sum(len(file.plugins) for file in found.files)
    counts = [f"{count} plugin{'' if count == 1 else 's'}"]
    counts += [f"{len(found.failures)} failed (--rescan tries again)"] if found.failures else []
    counts += [f"{len(found.denied)} denied"] if found.denied else []
    n_files = len(found.files) + len(found.failures)
    return f"{', '.join(counts)}; {found.n_opened} of {n_files} files opened"


def _searched(found: Scan, word: str) -> Scan:
    """Keep what has a word in its row, in any case."""

    def fits(*texts: str) -> bool:
        return any(word.casefold() in text.casefold() for text in texts)

    files = []
    for file in found.files:
        plugins = [p for p in file.plugins if fits(p.name, p.maker, p.category, str(file.path))]
        files += [replace(file, plugins=tuple(plugins))] if plugins else []
    failures = tuple(file for file in found.failures if fits(str(file.path)))
    denied = tuple(path for path in found.denied if fits(str(path)))
    return replace(found, files=tuple(files), failures=failures, denied=denied)
