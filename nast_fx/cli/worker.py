"""`nast-fx worker`: the engine for other programs, by JSON lines."""

from __future__ import annotations

import typer

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog='Try: echo \'{"type": "hello"}\' | nast-fx worker. Messages: docs/worker.md.')
def worker() -> None:
    """Do jobs for another program: JSON lines on stdin and stdout, until stdin closes."""
    from nast_fx.worker import main

    main()
