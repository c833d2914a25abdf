"""`nast-fx worker`: the engine for other programs, by JSON lines."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog='Try: echo \'{"type": "hello"}\' | nast-fx worker. Messages: docs/worker.md.')
def worker(
    background: Annotated[
        bool, typer.Option("--background", help="Leave the processor to other programs that want it.")
    ] = False,
) -> None:
    """Do jobs for another program: JSON lines on stdin and stdout, until stdin closes."""
    from nast_fx.worker import main

    main(is_background=background)
