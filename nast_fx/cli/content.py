"""Options that say what is processed and through which chain: `render` and `chain run` share them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from nast_fx.cli.fields import field_option
from nast_fx.cli.options import OUTPUT, PLACE
from nast_fx.errors import UsageError
from nast_fx.models import ContentRequest, parse_snippet

__all__ = [
    "INSTRUMENT",
    "MIDI",
    "SCORE",
    "SNIPPET",
    "TAIL",
    "TIME_REFERENCE",
    "chain_values",
    "snippet_values",
]

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
TIME_REFERENCE = field_option(
    "--time-reference", model=ContentRequest, field="time_reference_seconds", panel=OUTPUT, metavar="S"
)
SNIPPET = typer.Option(
    "--snippet",
    metavar="START:LENGTH",
    help="Only this part of the content, in seconds: 30:10 is ten seconds from 0:30 on.",
    rich_help_panel=PLACE,
)


def snippet_values(text: str | None) -> dict[str, Any]:
    """Read ``--snippet`` into the fields of a request.

    Raises
    ------
    UsageError
        It is not START:LENGTH.
    """
    if text is None:
        return {}
    try:
        start, length = parse_snippet(text)
    except UsageError as error:
        raise UsageError(f"--snippet: {error}") from None
    return {"start_seconds": start, "length_seconds": length}


def chain_values(chain: Path | None) -> dict[str, Any]:
    """Read a chain file into the fields of a request.

    Raises
    ------
    AudioFileError, UsageError
        As `read_chain`.
    """
    from nast_fx.chain.spec_file import read_chain

    return {} if chain is None else {"chain": read_chain(chain), "chain_file": chain}
