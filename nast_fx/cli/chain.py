"""`nast-fx chain`: show and check chains of effects, and run a file through one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.console import reporter_for, write_error, write_json, write_out
from nast_fx.cli.content import INSTRUMENT, MIDI, TAIL, TIME_REFERENCE, chain_values
from nast_fx.cli.fields import field_option
from nast_fx.cli.groups import CommandGroup
from nast_fx.cli.options import OUTPUT, ReportingOptions
from nast_fx.cli.parameters import checked, option_names, takes
from nast_fx.cli.tables import write_table
from nast_fx.models import ChainRequest
from nast_fx.models.output import OutputFormat

if TYPE_CHECKING:
    from nast_fx.models.chain import SlotSpec

__all__ = ["app"]

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
ChainFile = Annotated[Path, typer.Argument(metavar="CHAIN", help="Chain file, .toml or .json.")]

app = typer.Typer(
    cls=CommandGroup,
    help="Show and check chains of effects, and run a file through one.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("show")
def show(chain: ChainFile, json: Json = False) -> None:
    """Show the slots of a chain."""
    from nast_fx.chain.spec_file import read_chain

    spec = read_chain(chain)
    if json:
        write_json({"type": "result", **spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)})
        return
    write_table(("slot", "plugin", "mix", "gain", "parameters"), list(_rows(spec.slots, "")))


@app.command("validate")
def validate(chain: ChainFile, json: Json = False) -> None:
    """Check a chain file and look for what it needs: exit code 0 and a line if all is right."""
    from nast_fx.chain.slot_paths import check_files
    from nast_fx.chain.spec_file import read_chain

    spec = read_chain(chain)
    for note in check_files(spec, chain.resolve().parent):
        write_error(note, label="note: ")
    if json:
        write_json({"type": "result", "chain": chain, "slots": len(spec.slots)})
        return
    count = len(spec.slots)
    write_out(f"{chain}: right, {count} slot{'' if count == 1 else 's'}")


@app.command("save")
def save(
    chain: ChainFile,
    output: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Chain file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")] = False,
) -> None:
    """Write a chain with the states of its hosted plugins, so that it sounds the same everywhere."""
    from nast_fx.audio.atomic import check_place
    from nast_fx.chain.slot_paths import moved
    from nast_fx.chain.spec_file import read_chain, write_chain
    from nast_fx.chain.states import with_states

    reporter = reporter_for(as_json=json, quiet=quiet)
    spec, folder, notes = read_chain(chain), chain.resolve().parent, list[str]()
    check_place(output, overwrite=overwrite)
    made = reporter.follow(with_states(spec, folder=folder, notes=notes))
    made = moved(made, folder, output.resolve().parent)
    for note in notes:
        reporter.note(note)
    write_chain(output, made, overwrite=overwrite)
    reporter.result(
        {"output": output, "slots": len(made.slots), "notes": notes}, line=str(output), summary=""
    )


@dataclass(frozen=True, kw_only=True)
class RunOptions(ReportingOptions):
    """What `chain run` takes."""

    content: Annotated[Path, typer.Argument(metavar="IN", help="Recording to process.")]
    chain: Annotated[Path, typer.Option("--chain", "-c", metavar="CHAIN", help="Chain file, .toml or .json.")]
    output: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="File or folder to write to; by default beside IN."),
    ] = None
    midi: Annotated[Path | None, MIDI] = None
    instrument: Annotated[Path | None, INSTRUMENT] = None
    tail_seconds: Annotated[str, TAIL] = "0"
    time_reference_seconds: Annotated[str | None, TIME_REFERENCE] = None
    format: Annotated[
        str | None, field_option("--format", model=OutputFormat, field="container", panel=OUTPUT)
    ] = None
    bits: Annotated[str | None, field_option("--bits", model=OutputFormat, field="bits", panel=OUTPUT)] = None
    overwrite: Annotated[
        str, field_option("--overwrite", model=ChainRequest, field="overwrite", panel=OUTPUT)
    ] = "fail"


@app.command("run")
@takes(RunOptions)
def run(options: RunOptions) -> None:
    """Run a recording through a chain of effects; it is aligned with the recording, whatever the latency."""
    from nast_fx.render.chained import chain_file

    values = {name: getattr(options, name) for name in ChainRequest.model_fields if hasattr(options, name)}
    values |= chain_values(options.chain)
    request = checked(ChainRequest, values, names=option_names(RunOptions))
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    made = reporter.follow(chain_file(request))
    for note in made.notes:
        reporter.note(note)
    ran = ", ".join(made.slots) or "nothing"
    summary = f"{made.frames / made.sample_rate:.2f} s through {ran} in {made.seconds:.1f} s"
    reporter.result(vars(made), line=str(made.output), summary=summary)


def _rows(slots: tuple[SlotSpec, ...], place: str) -> list[tuple[str, ...]]:
    """One row a slot; those of branches are named 2.1.3: slot 2, branch 1, slot 3."""
    rows: list[tuple[str, ...]] = []
    for number, slot in enumerate(slots, 1):
        values = [
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
            for name, value in slot.parameters.items()
        ]
        values += [f"{name} moves" for name in slot.automation]
        mix = "bypassed" if slot.bypass else f"{slot.mix:g}"
        name = slot.plugin if slot.name == "" else f"{slot.plugin} ({slot.name})"
        rows.append((f"{place}{number}", name, mix, f"{slot.gain_db:+g} dB", ", ".join(values) or "-"))
        for n_branch, branch in enumerate(slot.branches, 1):
            rows += _rows(branch.slots, f"{place}{number}.{n_branch}.")
    return rows
