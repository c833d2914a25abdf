"""Options that say what is processed and through which chain: `render` and `chain run` share them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from nast_fx.cli.fields import field_option
from nast_fx.cli.options import OUTPUT
from nast_fx.models import ContentRequest

__all__ = ["INSTRUMENT", "MIDI", "SCORE", "TAIL", "chain_values"]

SCORE = "Score"

MIDI = typer.Option(
    "--midi",
    metavar="FILE.mid",
    help=ContentRequest.model_fields["midi"].description,
    rich_help_panel=SCORE,
)
INSTRUMENT = typer.Option(
    "--instrument",
    metavar="FILE.sf2|PLUGIN.vst3",
    help=ContentRequest.model_fields["instrument"].description,
    rich_help_panel=SCORE,
)
TAIL = field_option("--tail", model=ContentRequest, field="tail_seconds", panel=OUTPUT, metavar="S")


def chain_values(chain: Path | None) -> dict[str, Any]:
    """Read a chain file into the fields of a request.

    Raises
    ------
    AudioFileError, UsageError
        As `read_chain`.
    """
    from nast_fx.chain.spec_file import read_chain

    return {} if chain is None else {"chain": read_chain(chain), "chain_file": chain}
