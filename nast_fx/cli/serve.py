"""`nast-fx serve`: the engine for several programs of one user, at a socket of this machine."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nast_fx.cli.console import write_json, write_out
from nast_fx.cli.fields import field_option
from nast_fx.cli.parameters import checked, option_names, takes
from nast_fx.errors import UsageError
from nast_fx.models.service import ServiceLimits

if TYPE_CHECKING:
    from nast_fx.service import Place

__all__ = ["app"]

app = typer.Typer(add_completion=False)

PLACE, LIMITS, RUN = "Place", "Limits", "Run"


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """What `serve` takes."""

    socket: Annotated[
        Path | None,
        typer.Option(
            "--socket",
            metavar="PATH",
            help="Unix socket to listen at; by default serve.sock in $XDG_RUNTIME_DIR/nast-fx, "
            "or in your state folder.",
            rich_help_panel=PLACE,
        ),
    ] = None
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="N",
            min=0,
            max=65_535,
            help="Port of this machine to listen at instead, with a token; 0 takes a free one.",
            rich_help_panel=PLACE,
        ),
    ] = None
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="File for the port and its token; by default in the same folder.",
            rich_help_panel=PLACE,
        ),
    ] = None
    n_workers: Annotated[
        str | None,
        field_option("--workers", model=ServiceLimits, field="n_workers", panel=LIMITS, metavar="N"),
    ] = None
    max_clients: Annotated[
        str | None,
        field_option("--max-clients", model=ServiceLimits, field="max_clients", panel=LIMITS, metavar="N"),
    ] = None
    max_jobs: Annotated[
        str | None,
        field_option("--max-jobs", model=ServiceLimits, field="max_jobs", panel=LIMITS, metavar="N"),
    ] = None
    max_line: Annotated[
        str | None,
        field_option("--max-line", model=ServiceLimits, field="max_line", panel=LIMITS, metavar="MIB"),
    ] = None
    max_minutes: Annotated[
        str | None,
        field_option("--max-minutes", model=ServiceLimits, field="max_minutes", panel=LIMITS, metavar="MIN"),
    ] = None
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout when it is ready.", rich_help_panel=RUN)
    ] = False

    def limits(self) -> ServiceLimits:
        """Check what was given."""
        names = ServiceLimits.model_fields
        values = {name: value for name in names if (value := getattr(self, name)) is not None}
        return checked(ServiceLimits, values, names=option_names(ServeOptions))


@app.command(epilog="Messages: docs/worker.md; clients and limits: docs/serve.md.")
@takes(ServeOptions)
def serve(options: ServeOptions) -> None:
    """Do jobs for several programs of yours at a time, by JSON lines, until Ctrl-C or SIGTERM."""
    limits = options.limits()
    place = _place(options)
    from nast_fx.service import run_service

    def on_ready() -> None:
        if options.json:
            write_json({"type": "ready", **place.facts})
        else:
            write_out(f"listening at {place}; Ctrl-C ends it")

    run_service(place, limits, on_ready)


def _place(options: ServeOptions) -> Place:
    from nast_fx.service import PortPlace, SocketPlace, default_place

    if options.socket is not None:
        if options.port is not None or options.token_file is not None:
            raise UsageError("--socket and --port exclude each other")
        if not hasattr(socket, "AF_UNIX"):
            raise UsageError("there are no Unix sockets on this system; use --port")
        return SocketPlace(options.socket)
    place = default_place()
    if options.port is None and options.token_file is None:
        return place
    return PortPlace(options.token_file or place.path.with_name("serve.json"), options.port or 0)
